"""Escrow: each holder opens the file alone, nobody else does, and what can be read of it cannot be altered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from api.crypto.escrow import EscrowUnusable, Holder, open_escrow, read_holder, read_identity, settings_of, write_escrow
from api.crypto.key_settings import KeySet
from api.settings import Settings

KEYS = KeySet((("k2", b"2" * 32), ("k1", b"1" * 32)), (b"i" * 32, b"o" * 32), b"a" * 32)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def sealed_for(*identities: X25519PrivateKey) -> str:
    return write_escrow(KEYS, [Holder(identity.public_key()) for identity in identities], NOW)


def test_each_holder_opens_it_alone_and_nobody_else_does() -> None:
    one, other, stranger = (X25519PrivateKey.generate() for _ in range(3))
    text = sealed_for(one, other)

    assert open_escrow(text, one) == KEYS
    assert open_escrow(text, other) == KEYS
    with pytest.raises(EscrowUnusable, match="not sealed for the holder"):
        open_escrow(text, stranger)


def test_another_holder_s_part_does_not_open_under_one_s_name() -> None:
    one, stranger = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    file = json.loads(sealed_for(one))
    file["sealed_for"] = {Holder(stranger.public_key()).fingerprint: value for value in file["sealed_for"].values()}

    with pytest.raises(EscrowUnusable, match="altered"):
        open_escrow(json.dumps(file), stranger)


@pytest.mark.parametrize("altered", [{"made_at": "2020-01-01"}, {"keys": {"data": ["k9"]}}])
def test_what_can_be_read_of_it_cannot_be_altered(altered: dict[str, object]) -> None:
    one = X25519PrivateKey.generate()

    with pytest.raises(EscrowUnusable, match="altered"):
        open_escrow(json.dumps({**json.loads(sealed_for(one)), **altered}), one)


@pytest.mark.parametrize("junk", ["", "[]", "{}", "null", '{"format": "harbour-escrow-1", "sealed_for": []}'])
def test_junk_is_not_an_escrow_file(junk: str) -> None:
    with pytest.raises(EscrowUnusable):
        open_escrow(junk, X25519PrivateKey.generate())


def test_it_says_which_keys_are_in_it_and_holds_none_of_them() -> None:
    text = sealed_for(X25519PrivateKey.generate())

    assert json.loads(text)["keys"]["data"] == ["k2", "k1"]
    for value in settings_of(KEYS).values():
        for part in value.split(","):
            assert part.rpartition(":")[2] not in text


def test_what_is_recovered_are_settings_to_start_with(tmp_path: Path) -> None:
    settings = Settings.from_environment({"INSTANCE_PATH": str(tmp_path), **settings_of(KEYS)})

    assert settings.keys == KEYS


def test_keys_of_another_kind_and_wrong_passphrases_are_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    (tmp_path / "pub").write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "priv").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "junk").write_text("junk")

    for path in (tmp_path / "pub", tmp_path / "junk", tmp_path / "none"):
        with pytest.raises(EscrowUnusable):
            read_holder(path)
    for path in (tmp_path / "priv", tmp_path / "junk", tmp_path / "none"):
        with pytest.raises(EscrowUnusable):
            read_identity(path, None)
