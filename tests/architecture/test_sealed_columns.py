"""Nothing sealed escapes a rotation: what is ciphertext is found by its column's name, blind indexes too."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid

from accommodation.base import Base
from api.crypto.index_rotation import REMADE
from api.crypto.sealed_columns import IdentityMissing, list_sealed_tables
from tests.support.server import ROOT
from tests.support.world import World as _World  # noqa: F401  (imports every model)

NOT_SEALED = {
    ("api_key", "digest"): "an HMAC of a key that is shown once",
    ("invitation", "token_hash"): "SHA-256 of 256 random bits that are shown once",
    ("audit_checkpoint", "hash"): "the end of a chain",
    ("audit_checkpoint", "signature"): "of that end",
    ("audit_event", "hash"): "of the event",
    ("audit_event", "previous_hash"): "of the event before",
    ("audit_event", "reason_digest"): "of salted words, which lie sealed elsewhere",
    ("enrolment", "digest"): "an HMAC of a token that is shown once",
    ("kept_answer", "asked"): "an HMAC of what was asked for",
    ("kept_answer", "slot"): "an HMAC of who asked under which key of hers",
    ("oidc_attempt", "browser_digest"): "an HMAC of a cookie",
    ("oidc_attempt", "state_digest"): "an HMAC of what the provider sends back",
    ("recovery_code", "digest"): "an HMAC of a code that is shown once",
    ("worker_session", "digest"): "an HMAC of a cookie",
}
"""Every other column of bytes, and what it holds."""

MAKES_BLIND_INDEXES = {
    "api/auth/credentials.py": "kept in credential and made anew",
    "api/auth/oidc_trips.py": "kept in external_identity and made anew",
    "placement/perpetrators.py": "kept in perpetrator_link and made anew; and a fingerprint for counting, which fades",
    "placement/area_changes.py": "a fingerprint for counting: fades with the window of its budget",
    "placement/households.py": "a fingerprint for counting: fades with the window of its budget",
    "placement/spending.py": "a fingerprint for counting: fades with the window of its budget",
}
"""Every module that makes a blind index, and what becomes of it when the index key changes."""


def test_every_column_of_bytes_is_sealed_or_has_a_reason() -> None:
    found = {(sealed.name, column.name) for sealed in list_sealed_tables(Base.metadata) for column in sealed.columns}
    of_bytes = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert of_bytes - found == set(NOT_SEALED)
    assert found <= of_bytes


def test_every_blind_index_is_made_anew_when_its_key_changes() -> None:
    found = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if "blind_index" in column.name
    }

    assert found == REMADE


def test_every_module_that_makes_a_blind_index_says_what_becomes_of_it() -> None:
    callers = {
        str(path.relative_to(ROOT))
        for package in ("accommodation", "placement", "api")
        for path in (ROOT / package).rglob("*.py")
        if path.parent.name != "crypto" and re.search(r"\.blind_index(es)?\(", path.read_text())
    }

    assert callers == set(MAKES_BLIND_INDEXES)


def test_every_sealed_value_is_bound_to_one_random_id() -> None:
    assert all(isinstance(sealed.identity.type, Uuid) for sealed in list_sealed_tables(Base.metadata))


def test_a_table_without_an_identity_would_be_found() -> None:
    metadata = MetaData()
    Table(
        "t",
        metadata,
        Column("a", String, primary_key=True),
        Column("b", String, primary_key=True),
        Column("c_sealed", LargeBinary),
    )

    with pytest.raises(IdentityMissing):
        list_sealed_tables(metadata)
