"""Nothing sealed escapes a rotation: what is ciphertext is found by its column's name, blind indexes too."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid

from accommodation.base import Base
from api.crypto.index_rotation import REMADE
from api.crypto.sealed_columns import IdentityMissing, list_sealed_tables
from tests.support.world import World as _World  # noqa: F401  (imports every model)

NOT_SEALED = {("api_key", "digest"): "an HMAC of a key that is shown once"}
"""Every other column of bytes, and what it holds."""


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
