"""Escrow: every key of an installation in one file, sealed for people who keep it. Any one of them can open it alone.

HPKE (RFC 9180) with X25519, HKDF-SHA-256 and AES-256-GCM, once for each holder. What can be read without a holder's key (the
date, which keys, for whom) is bound to what cannot.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_pem_public_key

from api.crypto.fingerprints import PURPOSES
from api.crypto.key_settings import KeySet

FORMAT = "harbour-escrow-1"
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class EscrowUnusable(Exception):
    """An escrow file or a holder's key cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Holder:
    """Somebody who keeps an escrow file, by her public key."""

    public_key: X25519PublicKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key: 64 hexadecimal digits, to compare over the telephone."""
        digest = Hash(SHA256())
        digest.update(self.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        return digest.finalize().hex()


def read_holder(path: Path) -> Holder:
    """Read a holder's public key, PEM, X25519. Raises EscrowUnusable."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise EscrowUnusable(f"{path} is not a public key in PEM.") from None
    if not isinstance(key, X25519PublicKey):
        raise EscrowUnusable(f"{path} is not an X25519 key.")
    return Holder(key)


def read_identity(path: Path, passphrase: bytes | None) -> X25519PrivateKey:
    """Read a holder's private key, PEM, X25519. Raises EscrowUnusable, for a wrong passphrase too."""
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise EscrowUnusable(f"{path} is not a private key in PEM, or its passphrase is another.") from None
    if not isinstance(key, X25519PrivateKey):
        raise EscrowUnusable(f"{path} is not an X25519 key.")
    return key


def write_escrow(keys: KeySet, holders: Sequence[Holder], now: datetime) -> str:
    """Return the text of an escrow file: JSON, safe to lie about, opened by any one of the holders."""
    header = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "keys": {purpose: list(keys.fingerprints(purpose)) for purpose in PURPOSES},
    }
    content = json.dumps(
        {
            "data_keys": [[key_id, _text(key)] for key_id, key in keys.data_keys],
            "index_keys": [_text(key) for key in keys.index_keys],
            "auth_key": _text(keys.auth_key),
        }
    ).encode()
    sealed = {holder.fingerprint: _text(SUITE.encrypt(content, holder.public_key, _bound(header))) for holder in holders}
    return json.dumps({**header, "sealed_for": sealed}, indent=2) + "\n"


def open_escrow(text: str, identity: X25519PrivateKey) -> KeySet:
    """Return the keys in an escrow file. Raises EscrowUnusable when it is not for this holder, or was altered."""
    try:
        file: dict[str, Any] = json.loads(text)
        sealed: dict[str, str] = file.pop("sealed_for")
        if file["format"] != FORMAT:
            raise EscrowUnusable("This is not an escrow file that this version can read.")
        mine = sealed.get(Holder(identity.public_key()).fingerprint)
        if mine is None:
            raise EscrowUnusable("This escrow file is not sealed for the holder of this key.")
        content = json.loads(SUITE.decrypt(_bytes(mine), identity, _bound(file)))
        return KeySet(
            data_keys=tuple((key_id, _bytes(key)) for key_id, key in content["data_keys"]),
            index_keys=tuple(_bytes(key) for key in content["index_keys"]),
            auth_key=_bytes(content["auth_key"]),
        )
    except InvalidTag:
        raise EscrowUnusable("This escrow file was altered.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EscrowUnusable("This is not an escrow file.") from None


def settings_of(keys: KeySet) -> dict[str, str]:
    """Return keys as the settings that an installation starts with."""
    found = {
        "DATA_KEYS": ",".join(f"{key_id}:{_text(key)}" for key_id, key in keys.data_keys),
        "INDEX_KEY": _text(keys.index_keys[0]),
        "AUTH_KEY": _text(keys.auth_key),
    }
    if others := keys.index_keys[1:]:
        found["OTHER_INDEX_KEYS"] = ",".join(_text(key) for key in others)
    return found


def _bound(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EscrowUnusable("This escrow file was altered.") from None
