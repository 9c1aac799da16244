"""AES-256-GCM bound to table, column and row; HMAC-SHA-256 blind indexes. Both say under which key they were made."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.crypto.fingerprints import INDEX, derived_key, short_id_of

NONCE_BYTES = 12
LONGEST_KEY_ID = 8
INDEX_DIGITS = 48
"""192 bits of the HMAC: with the key's id in front a blind index fits 64 characters."""


class SealBroken(Exception):
    """A ciphertext was moved, altered, or belongs to a key that this installation does not have."""


class KeyRing:
    """Seals with the first key and opens with any. A sealed value is: id length, key id, nonce, ciphertext and tag.

    A blind index is the id of the index key, a colon and hexadecimal digits: HMAC under a key of its own for each purpose,
    derived from the index key. The first release made 64 digits without an id, directly under the index key: those are
    still looked for.
    """

    def __init__(
        self, data_keys: tuple[tuple[str, bytes], ...], index_key: bytes, other_index_keys: Sequence[bytes] = ()
    ) -> None:
        self._writer = data_keys[0][0].encode()
        self._ciphers = {key_id.encode(): AESGCM(key) for key_id, key in data_keys}
        self._index_keys = (index_key, *other_index_keys)
        self._index_ids = tuple(short_id_of(INDEX, key) for key in self._index_keys)
        self._derived: dict[tuple[int, str], bytes] = {}

    @property
    def writer(self) -> str:
        """The id of the data key that seals."""
        return self._writer.decode()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all data keys, the writer's first."""
        return tuple(key_id.decode() for key_id in self._ciphers)

    @property
    def index_key_ids(self) -> tuple[str, ...]:
        """The ids of all index keys, the writer's first."""
        return self._index_ids

    def seal(self, plaintext: bytes, *, table: str, column: str, row_id: uuid.UUID) -> bytes:
        """Encrypt for one place; the same plaintext never looks the same twice."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._writer].encrypt(nonce, plaintext, _place(table, column, row_id))
        return prefix_of(self.writer) + nonce + sealed

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
        """Return the text that is stored, under which equal values of one purpose are found."""
        return self._index_under(0, purpose, normalised)

    def blind_indexes(self, purpose: str, normalised: str) -> tuple[str, ...]:
        """Return every text under which an equal value may have been stored: what to look for while a key is changed."""
        places = range(len(self._index_keys))
        under_ids = (self._index_under(place, purpose, normalised) for place in places)
        first_release = (
            _hmac(key, f"{purpose}\x00{normalised}") for key in self._index_keys
        )  # until `keys rotate` has made them anew
        return (*under_ids, *first_release)

    def _index_under(self, place: int, purpose: str, normalised: str) -> str:
        key = self._derived.get((place, purpose))
        if key is None:
            key = derived_key(self._index_keys[place], f"blind index\x00{purpose}")
            self._derived[place, purpose] = key
        return f"{self._index_ids[place]}:{_hmac(key, normalised)[:INDEX_DIGITS]}"


def prefix_of(key_id: str) -> bytes:
    """Return how a value sealed under a data key begins."""
    encoded = key_id.encode()
    return bytes([len(encoded)]) + encoded


def key_id_of(sealed: bytes) -> str:
    """Return the id of the data key that a value says it is sealed under; "?" when it does not look sealed."""
    encoded = sealed[1 : 1 + sealed[0]] if sealed else b""
    is_id = 0 < len(encoded) <= LONGEST_KEY_ID and len(encoded) == sealed[0] and encoded.isalnum()
    return encoded.decode("ascii") if is_id else "?"


def _hmac(key: bytes, message: str) -> str:
    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def _place(table: str, column: str, row_id: uuid.UUID) -> bytes:
    return f"{table}\x00{column}\x00".encode() + row_id.bytes
