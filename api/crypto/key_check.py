"""Do the keys fit the database: fingerprints of the keys that have written here, compared before anything is served.

A key is registered when a process first writes with it, and stays required until it is retired. So a wrong key, a missing
one and a retired one that would write again are all refused, at the price of one small read at start.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, String, UniqueConstraint, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id
from accommodation.sealing import open_sealed
from api.crypto.fingerprints import AUTH, DATA, INDEX, PURPOSES, SETTING_OF
from api.crypto.key_settings import KeySet
from api.crypto.ring import KeyRing, SealBroken, key_id_of
from api.crypto.sealed_columns import list_sealed_tables, row_id_of
from api.database import READ_ONLY
from placement.models import Household, PerpetratorLink
from placement.perpetrators import recognised_indexes


class KeyCheck(Base):
    """One key that has written in this database: its fingerprint, never the key."""

    __tablename__ = "key_check"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(String(10))
    key_id: Mapped[str] = mapped_column(String(8))
    fingerprint: Mapped[str] = mapped_column(String(32))
    registered_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("purpose", "key_id"),)


class KeysDoNotFit(Exception):
    """These keys are not this database's; `problems` say what is wrong, by the names of settings and of keys."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("The keys do not fit the database:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = tuple(problems)


def prove_keys(engine: Engine, keys: KeySet) -> None:
    """Compare the keys with those that have written here and register the ones that will. Raises KeysDoNotFit.

    Where no key of a purpose is registered yet, what lies in the database must open first.
    """
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        registered = list_registered(connection)
        if problems := [*compare(keys, registered)]:
            raise KeysDoNotFit(problems)
        new = [purpose for purpose in PURPOSES if _writer(keys, purpose) not in registered[purpose]]
        first = [purpose for purpose in new if not registered[purpose]]
        if problems := [*_prove_by_opening(connection, keys, first)]:
            raise KeysDoNotFit(problems)
    if new:
        with engine.begin() as connection:
            for purpose in new:
                held = keys.fingerprints(purpose)
                # At first nobody knows which keys have written before: all that are held count as having written.
                writing = held if purpose in first else {_writer(keys, purpose): held[_writer(keys, purpose)]}
                _register(connection, purpose, writing)
            # Another process may have been quicker, with another key of the same name.
            if problems := [*compare(keys, list_registered(connection))]:
                raise KeysDoNotFit(problems)


def list_registered(connection: Connection) -> dict[str, dict[str, KeyCheck]]:
    """Return purpose -> key id -> row, in order of registration; rows are plain and not tracked."""
    table = KeyCheck.__table__
    found: dict[str, dict[str, KeyCheck]] = {purpose: {} for purpose in PURPOSES}
    for row in connection.execute(select(table).order_by(KeyCheck.registered_at, KeyCheck.key_id)):
        found[row.purpose][row.key_id] = KeyCheck(**row._mapping)
    return found


def compare(keys: KeySet, registered: dict[str, dict[str, KeyCheck]]) -> Iterator[str]:
    """Yield what is wrong with these keys for a database in which those are registered."""
    for purpose in PURPOSES:
        setting, held = SETTING_OF[purpose], keys.fingerprints(purpose)
        for key_id, row in registered[purpose].items():
            if key_id not in held:
                if row.retired_at is None:
                    yield _lacks(purpose, key_id)
            elif held[key_id] != row.fingerprint:
                yield f"{setting}: {key_id} is another key than the {key_id} that this database was written with."
        writer = registered[purpose].get(_writer(keys, purpose))
        if writer is not None and writer.retired_at is not None:
            yield f"{setting}: {writer.key_id} is retired and must not write any more. Put another key first."


def _lacks(purpose: str, key_id: str) -> str:
    setting = SETTING_OF[purpose]
    if purpose == AUTH:
        return f"{setting} is not the one that this database was written with ({key_id}); every API key here needs that one."
    return f"{setting} lacks {key_id}, under which this database was written and which nobody has retired."


def _writer(keys: KeySet, purpose: str) -> str:
    return next(iter(keys.fingerprints(purpose)))


def _register(connection: Connection, purpose: str, fingerprints: dict[str, str]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for key_id, fingerprint in fingerprints.items():
        row = {"id": new_id(), "purpose": purpose, "key_id": key_id, "fingerprint": fingerprint}
        statement = insert(KeyCheck).values(registered_at=datetime.now(UTC), retired_at=None, **row)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["purpose", "key_id"]))


def _prove_by_opening(connection: Connection, keys: KeySet, purposes: Sequence[str]) -> Iterator[str]:
    """Try one value of every sealed column, and one blind index. What API keys were made with cannot be tried."""
    ring = keys.ring()
    if DATA in purposes:
        yield from _unopened(connection, ring)
    if INDEX in purposes:
        query = (
            select(PerpetratorLink.blind_index, Household.id, Household.details_sealed)
            .join(Household, Household.id == PerpetratorLink.household_id)
            .limit(1)
        )
        for blind_index, household_id, details in connection.execute(query):
            with contextlib.suppress(SealBroken):  # a value that does not open says nothing about the index key
                opened = open_sealed(ring, details, Household.__tablename__, "details_sealed", household_id)
                if blind_index not in recognised_indexes(ring, opened):
                    yield "INDEX_KEY: a blind index here was made under another key."


def _unopened(connection: Connection, ring: KeyRing) -> Iterator[str]:
    for sealed in list_sealed_tables(Base.metadata):
        for column in sealed.columns:
            for row_id, value in connection.execute(select(sealed.identity, column).where(column.is_not(None)).limit(1)):
                try:
                    ring.open(bytes(value), table=sealed.name, column=column.name, row_id=row_id_of(row_id))
                except SealBroken:
                    yield f"DATA_KEYS: {sealed.name}.{column.name}, sealed under {key_id_of(bytes(value))}, does not open."
