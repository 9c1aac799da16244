"""Checkpoints: a chain's head at a time, signed with Ed25519. Pure; whoever has the public key can check one.

Whoever writes to the database could make a whole chain anew, for its hashes need no secret. She cannot make the
signatures: the private key is derived from AUTH_KEY, which the database does not have.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.audit.chain import canonical

PURPOSE = b"harbour audit checkpoints 1"
KEY_BYTES = 32


@dataclass(frozen=True)
class Checkpoint:
    """That an organisation's event at `position` had `hash` at `made_at`. Values are written as in an event's record."""

    organisation_id: str
    position: int
    hash: str
    made_at: str
    key_id: str = ""
    signature: str = ""

    def message(self) -> bytes:
        """Return what is signed."""
        parts = ("organisation_id", "position", "hash", "made_at", "key_id")
        return canonical({"checkpoint": {name: getattr(self, name) for name in parts}})


def derive_signing_key(auth_key: bytes) -> Ed25519PrivateKey:
    """Return the installation's signing key: the same AUTH_KEY makes the same key."""
    seed = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(auth_key)
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_text(key: Ed25519PublicKey) -> str:
    """Return a public key as people pass it on: base64 of its 32 bytes."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def read_public_key(text: str) -> Ed25519PublicKey:
    """Return the public key that `public_text` wrote. Raises ValueError."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("A public key is base64 of 32 bytes, as `flask audit public-key` prints it.") from None


def key_id_of(key: Ed25519PublicKey) -> str:
    """Return 16 hexadecimal digits that name a public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, organisation_id: str, position: int, head: str, made_at: str) -> Checkpoint:
    """Return a signed checkpoint."""
    key_id = key_id_of(key.public_key())
    message = Checkpoint(organisation_id, position, head, made_at, key_id).message()
    return Checkpoint(organisation_id, position, head, made_at, key_id, key.sign(message).hex())


def is_genuine(checkpoint: Checkpoint, keys: Mapping[str, Ed25519PublicKey]) -> bool:
    """Tell whether a checkpoint was signed with one of these keys, by key id."""
    key = keys.get(checkpoint.key_id)
    if key is None:
        return False
    try:
        key.verify(bytes.fromhex(checkpoint.signature), checkpoint.message())
    except (InvalidSignature, ValueError):
        return False
    return True
