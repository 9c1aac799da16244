"""Harbours with other keys on one database, as at a rotation, and what is sealed in it."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from click.testing import Result
from sqlalchemy import Engine, func, select

from accommodation.base import Base
from api.app import create_app
from api.auth.passwords import Passwords
from api.cli import register_commands
from api.crypto import KeyRing
from api.crypto.ring import key_id_of
from api.crypto.sealed_columns import SealedTable, list_sealed_tables
from api.settings import Settings
from placement.budgets import UNLIMITED
from tests.support.databases import TEST_KEYS, Database
from tests.support.world import CHEAP, World


def encoded(character: str) -> str:
    """Return a key of 32 equal characters as it stands in the settings."""
    return base64.b64encode(character.encode() * 32).decode()


OLD, NEW = TEST_KEYS["DATA_KEYS"], f"t2:{encoded('e')}"
OLD_INDEX, NEW_INDEX = TEST_KEYS["INDEX_KEY"], encoded("j")
ROTATING = {"DATA_KEYS": f"{NEW},{OLD}"}
PREPARING = {"DATA_KEYS": f"{OLD},{NEW}"}
INDEX_ROTATING = {"INDEX_KEY": NEW_INDEX, "OTHER_INDEX_KEYS": OLD_INDEX}
INDEX_PREPARING = {"INDEX_KEY": OLD_INDEX, "OTHER_INDEX_KEYS": NEW_INDEX}


@contextmanager
def node(database: Database, **keys: str) -> Iterator[World]:
    """Start one more Harbour on a database that is migrated, with these keys instead of the usual ones."""
    app = create_app(Settings.from_environment(database.environment(**keys)), passwords=Passwords(CHEAP))
    register_commands(app)
    app.extensions["harbour"].budgets = UNLIMITED
    with closing(World(app, database)) as world:
        yield world


def run(world: World, *arguments: str, **options: Any) -> Result:
    """Run `flask keys ...` in a node."""
    with world.app.app_context():
        result: Result = world.app.test_cli_runner().invoke(args=["keys", *arguments], **options)
    return result


def sealed_tables() -> list[SealedTable]:
    """Return every table with sealed columns."""
    return list_sealed_tables(Base.metadata)


def key_ids(engine: Engine) -> Counter[str]:
    """Count every sealed value by the id of its key, read one by one."""
    return Counter(key_id_of(value) for _, _, _, value in sealed_values(engine))


def sealed_values(engine: Engine) -> Iterator[tuple[str, str, Any, bytes]]:
    """Yield table, column, row id and ciphertext of all that is sealed."""
    with engine.execution_options(harbour_read_only=True).connect() as connection:
        for sealed in sealed_tables():
            for column in sealed.columns:
                query = select(sealed.identity, column).where(column.is_not(None)).order_by(sealed.identity)
                for row_id, value in connection.execute(query):
                    yield sealed.name, column.name, row_id, value


def open_everything(engine: Engine, ring: KeyRing) -> dict[tuple[str, str, Any], bytes]:
    """Return every plaintext by its place; raises SealBroken for one that does not open."""
    return {
        (table, column, row_id): ring.open(value, table=table, column=column, row_id=row_id)
        for table, column, row_id, value in sealed_values(engine)
    }


def fill_sealed_columns(world: World) -> None:
    """Put a sealed value wherever a row has none, so that no column of a table with rows stays empty."""
    ring = world.harbour.key_ring
    with world.engine.begin() as connection:
        for sealed in sealed_tables():
            for column in sealed.columns:
                for row_id in connection.execute(select(sealed.identity).where(column.is_(None))).scalars().all():
                    value = ring.seal(b'"Zebra"', table=sealed.name, column=column.name, row_id=row_id)
                    connection.execute(sealed.table.update().where(sealed.identity == row_id).values({column: value}))


def rows_of(engine: Engine, table: str) -> int:
    """Count a table's rows."""
    with engine.execution_options(harbour_read_only=True).connect() as connection:
        return connection.execute(select(func.count()).select_from(Base.metadata.tables[table])).scalar_one()
