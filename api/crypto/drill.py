"""The drill: does an old backup open with the keys in escrow? Reads a copy, writes nothing, and believes only what opened.

The backup's own tables are asked, not this version's models: a backup is older than the code.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from accommodation.sealing import open_sealed
from api.crypto.fingerprints import PURPOSES, SETTING_OF
from api.crypto.index_rotation import COLUMN, TABLE
from api.crypto.key_settings import KeySet
from api.crypto.ring import KeyRing, SealBroken, key_id_of
from api.crypto.sealed_columns import SealedTable, hidden_tables, list_sealed_tables, row_id_of
from placement.perpetrators import recognised_indexes

CHUNK = 500


class BackupUnusable(Exception):
    """A backup cannot be read at all; the message says why."""


@dataclass
class DrillReport:
    """What opened and what did not, by column and key id, and what else is wrong."""

    opened: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def is_proof(self) -> bool:
        """Whether everything that was tried opened, and something was tried."""
        return not self.failed and not self.problems and bool(self.opened)


@contextmanager
def open_backup(where: str) -> Iterator[Engine]:
    """Open a SQLite file, by way of a copy, or a PostgreSQL database by its URL. Raises BackupUnusable."""
    if "://" in where:
        if where.startswith(("postgres://", "postgresql://")):
            where = "postgresql+psycopg://" + where.split("://", 1)[1]
        try:
            is_postgresql = make_url(where).get_backend_name() == "postgresql"
        except ArgumentError:
            is_postgresql = False
        if not is_postgresql:
            raise BackupUnusable(
                "Give a SQLite file, or the URL of a PostgreSQL database that the backup was restored into."
            )
        engine = create_engine(where, connect_args={"options": "-c default_transaction_read_only=on", "connect_timeout": 5})
        yield from _disposing(engine)
        return
    source = Path(where)
    if not source.is_file():
        raise BackupUnusable(f"There is no file {source}.")
    with tempfile.TemporaryDirectory(prefix="harbour-drill-") as directory:
        copy = Path(directory) / "backup.sqlite3"
        shutil.copyfile(source, copy)
        write_ahead_log = source.with_name(source.name + "-wal")
        if write_ahead_log.exists():  # SQLite makes the third file, -shm, anew
            shutil.copyfile(write_ahead_log, copy.with_name(copy.name + "-wal"))
        yield from _disposing(create_engine(f"sqlite:///{copy}"))


def drill(engine: Engine, keys: KeySet, sample: int | None, progress: Callable[[int], None]) -> DrillReport:
    """Open `sample` values at random of every sealed column, or all, and as many blind indexes. Raises BackupUnusable."""
    report, ring = DrillReport(), keys.ring()
    metadata = MetaData()
    try:
        with engine.connect() as connection:
            metadata.reflect(connection)
            tables = list_sealed_tables(metadata)
            if hidden := hidden_tables(connection, [sealed.name for sealed in tables]):
                raise BackupUnusable("Row-level security hides rows from this account: " + ", ".join(hidden))
            _compare_keys(connection, metadata, keys, report)
            for sealed in tables:
                _open_columns(connection, ring, sealed, sample, report, progress)
            _recognise_indexes(connection, metadata, ring, sample, report)
    except SQLAlchemyError as error:
        raise BackupUnusable(f"The backup cannot be read ({type(error).__name__}).") from None
    if not report.opened:
        report.problems.append("Nothing sealed was found: this proves nothing.")
    return report


def _disposing(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


def _compare_keys(connection: Connection, metadata: MetaData, keys: KeySet, report: DrillReport) -> None:
    """Compare with the fingerprints in the backup: that is all that can be told of the key of API keys."""
    table = metadata.tables.get("key_check")
    if table is None:  # from before there were any
        return
    for row in connection.execute(select(table).order_by(table.c.purpose, table.c.key_id)):
        held = keys.fingerprints(row.purpose) if row.purpose in PURPOSES else {}
        if row.key_id not in held and row.retired_at is None:
            report.problems.append(f"The escrow lacks {row.key_id} of {SETTING_OF[row.purpose]}, which this backup needs.")
        elif held.get(row.key_id, row.fingerprint) != row.fingerprint:
            report.problems.append(
                f"{SETTING_OF[row.purpose]}: {row.key_id} in the escrow is another key than the backup's."
            )


def _open_columns(
    connection: Connection,
    ring: KeyRing,
    sealed: SealedTable,
    sample: int | None,
    report: DrillReport,
    progress: Callable[[int], None],
) -> None:
    for column in sealed.columns:
        query = select(sealed.identity, column).where(column.is_not(None))
        if sample is not None:
            query = query.order_by(func.random()).limit(sample)
        place = f"{sealed.name}.{column.name}"
        for row_id, value in connection.execution_options(yield_per=CHUNK).execute(query):
            try:
                ring.open(bytes(value), table=sealed.name, column=column.name, row_id=row_id_of(row_id))
            except SealBroken:
                report.failed[place, key_id_of(bytes(value))] += 1
            else:
                report.opened[place] += 1
            progress(1)


def _recognise_indexes(
    connection: Connection, metadata: MetaData, ring: KeyRing, sample: int | None, report: DrillReport
) -> None:
    links, households = metadata.tables.get(TABLE), metadata.tables.get("household")
    if links is None or households is None:
        return
    query = _with_details(links, households)
    if sample is not None:
        query = query.order_by(func.random()).limit(sample)
    for blind_index, household_id, details in connection.execution_options(yield_per=CHUNK).execute(query):
        try:
            opened = open_sealed(ring, bytes(details), "household", "details_sealed", row_id_of(household_id))
        except SealBroken:
            continue  # counted where the column is
        if blind_index in recognised_indexes(ring, opened):
            report.opened[f"{TABLE}.{COLUMN}"] += 1
        else:
            report.failed[f"{TABLE}.{COLUMN}", blind_index.partition(":")[0][:8]] += 1


def _with_details(links: Table, households: Table) -> Any:
    return select(links.c.blind_index, households.c.id, households.c.details_sealed).join(
        households, households.c.id == links.c.household_id
    )
