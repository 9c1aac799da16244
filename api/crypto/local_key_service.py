"""A key service for one machine: master keys in a file that only its owner reads, AES-256-GCM with the context bound."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.crypto.key_service import KEY_BYTES, DataKey, KeyServiceFault
from api.crypto.ring import NONCE_BYTES, prefix_of

LINE = re.compile(r"([a-z0-9]{1,8}):([A-Za-z0-9+/]+={0,2})")


class LocalKeyService:
    """Wraps with the first master key of its file and unwraps with any. A file holds one `id:base64` a line.

    A wrapped key is: id length, master key id, nonce, ciphertext and tag.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def generate_data_key(self, context: Mapping[str, str]) -> DataKey:
        """Make 32 random bytes and wrap them. Raises KeyServiceFault when the file is not as it must be."""
        master_id, master = next(iter(self._masters().items()))
        plaintext, nonce = secrets.token_bytes(KEY_BYTES), os.urandom(NONCE_BYTES)
        wrapped = prefix_of(master_id) + nonce + AESGCM(master).encrypt(nonce, plaintext, _bound(context))
        return DataKey(plaintext, wrapped)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Unwrap what was wrapped in this very context. Raises KeyServiceFault."""
        masters = self._masters()
        start = 1 + wrapped[0] if wrapped else 0
        master = masters.get(wrapped[1:start].decode("ascii", "replace"))
        if master is None:
            raise KeyServiceFault("has no master key under which this was wrapped")
        nonce, body = wrapped[start : start + NONCE_BYTES], wrapped[start + NONCE_BYTES :]
        try:
            return AESGCM(master).decrypt(nonce, body, _bound(context))
        except (InvalidTag, ValueError):
            raise KeyServiceFault("cannot unwrap it: another master key, another key id, or altered") from None

    def _masters(self) -> dict[str, bytes]:
        """Read the file anew each time: it is asked at start alone."""
        try:
            with self._path.open() as file:
                held = os.fstat(file.fileno())
                if stat.S_IMODE(held.st_mode) & 0o077 or held.st_uid not in (os.geteuid(), 0):
                    raise KeyServiceFault("refuses its file: only its owner may read it (mode 0600), and that must be us")
                lines = [line.strip() for line in file if line.strip()]
        except (OSError, UnicodeDecodeError):
            raise KeyServiceFault("cannot read its file") from None
        masters: dict[str, bytes] = {}
        for line in lines:
            found = LINE.fullmatch(line)
            key = _decoded(found[2]) if found else b""
            if found is None or found[1] in masters or len(key) != KEY_BYTES:
                raise KeyServiceFault("cannot use its file: it must hold `id:base64` of 32 bytes, one a line, ids once")
            masters[found[1]] = key
        if not masters:
            raise KeyServiceFault("has an empty file")
        return masters


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()
