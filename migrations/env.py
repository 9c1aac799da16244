"""How migrations run: one at a time, with time limits, each in a transaction of its own, on the application's engine."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from accommodation.base import Base
from api.database import db

ADVISORY_LOCK = 7_276_318_202
LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 600_000


def run(connection: Connection) -> None:
    """Run the migrations that are asked for on a connection."""
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        # Two nodes that start at once must not both migrate: the second waits, then finds nothing to do.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.execute(text(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,
            render_as_batch=is_sqlite,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        if not is_sqlite:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()


assert current_app, "run migrations through `flask db`"  # noqa: S101
with db.engine.connect() as connection:
    run(connection)
