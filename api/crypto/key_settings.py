"""Keys as settings: read from the environment, plain or wrapped, with every problem listed and no key told."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.crypto.fingerprints import DATA, INDEX, fingerprint_of, short_id_of
from api.crypto.key_service import KEY_BYTES, KeyService, KeyServiceFault, unwrap_data_key
from api.crypto.local_key_service import LocalKeyService
from api.crypto.ring import KeyRing

KEY_ID = re.compile(r"[a-z0-9]{1,8}")
NAMES = ("DATA_KEYS", "INDEX_KEY", "AUTH_KEY")

KEY_SERVICES: dict[str, Callable[[str], KeyService]] = {"local": lambda address: LocalKeyService(Path(address))}
"""What may stand before the colon of KEY_SERVICE, and what is made of what stands after it."""


@dataclass(frozen=True)
class KeySet:
    """Every key of one installation, 32 bytes each. The first data key and the first index key write; all are read with."""

    data_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    index_keys: tuple[bytes, ...] = field(repr=False)
    auth_key: bytes = field(repr=False)

    def ring(self) -> KeyRing:
        """Return what seals and opens with these keys."""
        return KeyRing(self.data_keys, self.index_keys[0], self.index_keys[1:])

    def fingerprints(self, purpose: str) -> dict[str, str]:
        """Return key id -> fingerprint of the keys of one purpose, the writer's first."""
        if purpose == DATA:
            return {key_id: fingerprint_of(DATA, key) for key_id, key in self.data_keys}
        keys = self.index_keys if purpose == INDEX else (self.auth_key,)
        return {short_id_of(purpose, key): fingerprint_of(purpose, key) for key in keys}


def open_key_service(text: str) -> KeyService:
    """Return the service that KEY_SERVICE names; raises KeyServiceFault for one that nobody knows."""
    kind, _, address = text.partition(":")
    if kind not in KEY_SERVICES or not address:
        raise KeyServiceFault(f"is not known: write kind:address, with a kind of {', '.join(sorted(KEY_SERVICES))}")
    return KEY_SERVICES[kind](address)


def read_keys(environ: Mapping[str, str], given: Mapping[str, str], problems: list[str]) -> KeySet:
    """Return the keys of an installation; adds what is wrong to `problems`. `given` holds the three by name.

    Wrapped data keys come before plain ones, so that the writer is wrapped while plain ones are still needed for reading.
    """
    service_text, wrapped_text = environ.get("KEY_SERVICE") or "", environ.get("WRAPPED_DATA_KEYS") or ""
    for name in NAMES:
        if name not in given and not (name == "DATA_KEYS" and wrapped_text):
            problems.append(f"{name} must be given.")
    wrapped = _pairs("WRAPPED_DATA_KEYS", wrapped_text, problems)
    data_keys = (
        *_unwrapped(service_text, wrapped, problems),
        *_plain(_pairs("DATA_KEYS", given.get("DATA_KEYS", ""), problems), problems),
    )
    if len({key_id for key_id, _ in data_keys}) < len(data_keys):
        problems.append("DATA_KEYS and WRAPPED_DATA_KEYS name an id twice.")
    others = [text.strip() for text in (environ.get("OTHER_INDEX_KEYS") or "").split(",") if text.strip()]
    index_keys = (
        _key("INDEX_KEY", given.get("INDEX_KEY"), problems),
        *(_key("OTHER_INDEX_KEYS", text, problems) for text in others),
    )
    auth_key = _key("AUTH_KEY", given.get("AUTH_KEY"), problems)
    seen = [key for key in (*(key for _, key in data_keys), *index_keys, auth_key) if key]
    if len(set(seen)) < len(seen):
        problems.append("DATA_KEYS, INDEX_KEY and AUTH_KEY must all be different.")
    return KeySet(data_keys, index_keys, auth_key)


def _pairs(name: str, text: str, problems: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for part in filter(None, text.split(",")):
        key_id, _, encoded = part.strip().partition(":")
        if not KEY_ID.fullmatch(key_id):
            problems.append(f"{name} must be id:base64 pairs parted by commas; an id is 1 to 8 of a-z and 0-9.")
            return []
        pairs.append((key_id, encoded))
    return pairs


def _plain(pairs: list[tuple[str, str]], problems: list[str]) -> list[tuple[str, bytes]]:
    return [(key_id, _key("DATA_KEYS", encoded, problems)) for key_id, encoded in pairs]


def _unwrapped(service_text: str, pairs: list[tuple[str, str]], problems: list[str]) -> list[tuple[str, bytes]]:
    if not pairs:
        return []
    if not service_text:
        problems.append("WRAPPED_DATA_KEYS needs KEY_SERVICE: who unwraps them.")
        return []
    keys = []
    try:
        service = open_key_service(service_text)
        for key_id, encoded in pairs:
            keys.append((key_id, unwrap_data_key(service, key_id, _decoded(encoded))))
    except KeyServiceFault as fault:
        # One fault is enough: asking again for every key would make a hanging service hang the refusal as well.
        about = f", asked for {pairs[len(keys)][0]}," if len(pairs) > len(keys) else ""
        problems.append(f"KEY_SERVICE{about} {fault}.")
    return keys


def _key(name: str, encoded: str | None, problems: list[str]) -> bytes:
    if encoded is None:
        return b""
    key = _decoded(encoded)
    if len(key) != KEY_BYTES:
        problems.append(f"{name} must hold base64 of exactly {KEY_BYTES} bytes.")
    return key


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
