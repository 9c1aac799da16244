"""What only the database's owner can do: take the append-only triggers away for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%is_append_only%'"
POSTGRESQL = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%is_append_only%'"


@contextmanager
def append_only_lifted(connection: Connection) -> Iterator[None]:
    """Let rows of append-only tables be changed until the block ends, in the connection's transaction."""
    if connection.dialect.name == "sqlite":
        triggers = connection.execute(text(SQLITE)).all()
        for name, _ in triggers:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        yield
        for _, sql in triggers:
            connection.exec_driver_sql(sql)
    else:
        tables = connection.execute(text(POSTGRESQL)).scalars().all()
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
