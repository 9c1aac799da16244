"""Where sealed values lie, found by name: every `*_sealed` column of every table, and how many rows each key still has."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, func, literal, select

from api.crypto.ring import LONGEST_KEY_ID, key_id_of, prefix_of

SUFFIX = "_sealed"
HEADS_AT_MOST = 1_000


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns. What is sealed is bound to the table's name, the column's, and the row's one key."""

    table: Table
    identity: Column[Any]
    columns: tuple[Column[Any], ...]

    @property
    def name(self) -> str:
        return self.table.name


@dataclass(frozen=True)
class KeyUse:
    """How many values of one column are sealed under one key; "?" for what does not look sealed."""

    table: str
    column: str
    key_id: str
    values: int


class IdentityMissing(Exception):
    """A table holds sealed values without one primary key of its own that they could be bound to."""


def list_sealed_tables(metadata: MetaData) -> list[SealedTable]:
    """List the tables with sealed columns, those that others refer to first. Raises IdentityMissing."""
    found = []
    for table in metadata.sorted_tables:
        columns = tuple(column for column in table.columns if column.name.endswith(SUFFIX))
        if not columns:
            continue
        keys = tuple(table.primary_key)
        if len(keys) != 1:
            raise IdentityMissing(table.name)
        found.append(SealedTable(table, keys[0], columns))
    return found


def row_id_of(value: Any) -> uuid.UUID:
    """Return a row's id, however a driver or a reflected column type gives it."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def is_under(column: Column[Any], key_id: str) -> Any:
    """Return the condition that a value is sealed under a key, for the database to decide."""
    prefix = prefix_of(key_id)
    return func.substr(column, 1, len(prefix), type_=LargeBinary) == literal(prefix, LargeBinary)


def count_sealed(connection: Connection, tables: Iterable[SealedTable], key_ids: Sequence[str]) -> list[KeyUse]:
    """Count values by column and key: under the keys that are known, then under whatever else is there."""
    return [use for sealed in tables for column in sealed.columns for use in _count(connection, column, key_ids)]


def _count(connection: Connection, column: Column[Any], key_ids: Sequence[str]) -> Iterator[KeyUse]:
    in_all = connection.execute(select(func.count()).where(column.is_not(None))).scalar_one()
    if not in_all:
        return
    counted = 0
    for key_id in [*key_ids, *_strangers(connection, column, key_ids)]:
        values = connection.execute(select(func.count()).where(column.is_not(None), is_under(column, key_id))).scalar_one()
        if values:
            yield KeyUse(column.table.name, column.name, key_id, values)
        counted += values
    if in_all > counted:
        yield KeyUse(column.table.name, column.name, "?", in_all - counted)


def _strangers(connection: Connection, column: Column[Any], key_ids: Sequence[str]) -> list[str]:
    """Return the ids that values name and that are not among those that are known."""
    head = func.substr(column, 1, 1 + LONGEST_KEY_ID, type_=LargeBinary)
    query = select(head).where(column.is_not(None), *(~is_under(column, key_id) for key_id in key_ids))
    heads = connection.execute(query.limit(HEADS_AT_MOST)).scalars()
    return sorted({key_id_of(bytes(each)) for each in heads} - {"?"})


def hidden_tables(connection: Connection, tables: Iterable[str]) -> list[str]:
    """Name the tables of which this database account sees only some rows, so that nobody calls a part the whole."""
    if connection.dialect.name != "postgresql":
        return []
    return [
        name
        for name in tables
        if connection.exec_driver_sql("SELECT row_security_active(quote_ident(%s)::regclass)", (name,)).scalar_one()
    ]
