"""Databases of a test run: a SQLite file, or a PostgreSQL database that is created and dropped."""

from __future__ import annotations

import base64
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from api.settings import Settings

POSTGRES_FLAG = "HARBOUR_TEST_POSTGRES"
DEFAULT_POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"

TEST_KEYS = {
    "DATA_KEYS": "t1:" + base64.b64encode(b"d" * 32).decode(),
    "INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
    "AUTH_KEY": base64.b64encode(b"a" * 32).decode(),
}


UNLIMITED = {
    "REQUESTS_PER_MINUTE": "1000000",
    "ADDRESS_REQUESTS_PER_MINUTE": "1000000",
    "SIGN_INS_PER_MINUTE": "1000000",
}
"""The whole suite is one worker at one address; the limits have tests of their own."""


@dataclass(frozen=True)
class Database:
    """One database of this run and the environment in which Harbour finds it."""

    engine: str
    url: str
    directory: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment variables of an installation on this database."""
        return {
            "DATABASE_URL": self.url,
            "INSTANCE_PATH": str(self.directory),
            "LOG_LEVEL": "DEBUG",
            **TEST_KEYS,
            **UNLIMITED,
            **more,
        }

    def settings(self) -> Settings:
        """Return the settings of an installation on this database."""
        return Settings.from_environment(self.environment())


def postgres_url() -> URL:
    """Return the server at which databases are made, with our driver."""
    return make_url(os.environ.get("TEST_DATABASE_URL") or DEFAULT_POSTGRES).set(drivername="postgresql+psycopg")


def probe_postgres() -> bool:
    """Tell whether PostgreSQL answers at TEST_DATABASE_URL."""
    engine = create_engine(postgres_url(), connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()
    return True


def create_database(engine: str, directory: Path) -> Database:
    """Create and migrate a database of this run's own."""
    if engine == "sqlite":
        return Database(engine, f"sqlite:///{directory / 'harbour.sqlite3'}", directory)
    name = f"harbour_test_{uuid.uuid4().hex[:12]}"
    on_server(f'CREATE DATABASE "{name}"')
    # No test pulls the server's plug, so that none needs to wait for its disk at every commit.
    on_server(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    return Database(engine, postgres_url().set(database=name).render_as_string(hide_password=False), directory)


def drop_database(database: Database) -> None:
    """Drop what `create_database` made; whoever is still connected is not waited for."""
    if database.engine == "postgresql":
        on_server(f'DROP DATABASE IF EXISTS "{make_url(database.url).database}" WITH (FORCE)')


def on_server(statement: str) -> None:
    engine = create_engine(postgres_url(), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
