"""AES-256-GCM bound to table, column and row, with key ids for rotation; HMAC-SHA-256 blind indexes with their own key."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealBroken(Exception):
    """A ciphertext was moved, altered, or belongs to a key that this installation does not have."""


class KeyRing:
    """Seals with the first key and opens with any. A sealed value is: id length, key id, nonce, ciphertext and tag."""

    def __init__(self, data_keys: tuple[tuple[str, bytes], ...], index_key: bytes) -> None:
        self._writer = data_keys[0][0].encode()
        self._ciphers = {key_id.encode(): AESGCM(key) for key_id, key in data_keys}
        self._index_key = index_key

    def seal(self, plaintext: bytes, *, table: str, column: str, row_id: uuid.UUID) -> bytes:
        """Encrypt for one place; the same plaintext never looks the same twice."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._writer].encrypt(nonce, plaintext, _place(table, column, row_id))
        return bytes([len(self._writer)]) + self._writer + nonce + sealed

    def open(self, sealed: bytes, *, table: str, column: str, row_id: uuid.UUID) -> bytes:
        """Decrypt what was sealed for this very place. Raises SealBroken."""
        start = 1 + sealed[0] if sealed else 0
        cipher = self._ciphers.get(bytes(sealed[1:start]))
        if cipher is None:
            raise SealBroken
        nonce, body = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, _place(table, column, row_id))
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def blind_index(self, purpose: str, normalised: str) -> str:
        """Return 64 hexadecimal digits under which equal values of one purpose are found."""
        message = f"{purpose}\x00{normalised}".encode("utf-8", "surrogatepass")
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()


def _place(table: str, column: str, row_id: uuid.UUID) -> bytes:
    return f"{table}\x00{column}\x00".encode() + row_id.bytes
