"""Keys and what is done with them: sealing, blind indexes, rotation, key services, escrow. Use cases meet `KeyRing`."""

from api.crypto.ring import KeyRing as KeyRing
from api.crypto.ring import SealBroken as SealBroken
