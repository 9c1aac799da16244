"""Keys derived from keys (HKDF-SHA-256), and fingerprints by which a key is recognised and from which it cannot be found.

A fingerprint of 32 random bytes may lie in the database in the clear: nobody can try 2 to the power of 256 keys.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DATA, INDEX, AUTH = "data", "index", "auth"
PURPOSES = (DATA, INDEX, AUTH)
"""What a key is for. A fingerprint says which: the same bytes in two purposes have two fingerprints."""
SETTING_OF = {DATA: "DATA_KEYS", INDEX: "INDEX_KEY", AUTH: "AUTH_KEY"}
FINGERPRINT_BYTES = 16
SHORT_ID = 8


def derived_key(key: bytes, what_for: str) -> bytes:
    """Return 32 bytes that depend on the key and on what they are for."""
    return _hkdf(key, what_for, 32)


def fingerprint_of(purpose: str, key: bytes) -> str:
    """Return 32 hexadecimal digits that tell this key from every other."""
    return _hkdf(key, f"key check\x00{purpose}", FINGERPRINT_BYTES).hex()


def short_id_of(purpose: str, key: bytes) -> str:
    """Return the id of a key that has no name: the beginning of its fingerprint."""
    return fingerprint_of(purpose, key)[:SHORT_ID]


def _hkdf(key: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"harbour\x00" + info.encode()).derive(key)
