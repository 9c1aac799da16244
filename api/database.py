"""The engine: one behaviour on SQLite and PostgreSQL. `db` is Flask-SQLAlchemy over our own declarative base."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from accommodation.base import Base
from api.settings import Settings

READ_ONLY = "harbour_read_only"
BUSY_TIMEOUT_MS = 15_000
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 15_000
POOL_WAIT_SECONDS = 2
"""Somebody who waits longer for a connection is better told to try again than kept: the others wait behind her."""

db = SQLAlchemy(metadata=Base.metadata)


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return create_engine options: a connection a thread, a bounded wait for one, time limits on the server."""
    options: dict[str, Any] = {"pool_size": settings.threads, "max_overflow": 2, "pool_timeout": POOL_WAIT_SECONDS}
    if settings.is_sqlite:
        options["connect_args"] = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    else:
        limits = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
        options |= {"pool_pre_ping": True, "connect_args": {"options": limits, "connect_timeout": 5}}
    return options


def prepare_engine(engine: Engine) -> None:
    """Make SQLite behave: WAL, foreign keys, full sync, and BEGIN IMMEDIATE for whatever may write.

    Python's driver would open transactions late and deferred, so that two writers could both read before either wrote.
    Checkpoints belong to one process, the scheduler: two connections that checkpoint and write at once can corrupt the
    WAL in SQLite before 3.51.3.
    """
    if engine.dialect.name != "sqlite":
        return
    _keep_private(engine)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _keep_private(engine: Engine) -> None:
    """Make the database file readable by its owner alone; SQLite gives its log the same mode."""
    if engine.url.database:
        path = Path(engine.url.database)
        if path.parent.is_dir():
            path.touch(mode=0o600)


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def checkpoint(engine: Engine) -> None:
    """Move SQLite's WAL into its file; the scheduler alone calls this."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            raw.close()
