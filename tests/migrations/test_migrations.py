"""Migrations go up, down and up again on both engines, end where the code expects, and leave no drift."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from accommodation.base import Base
from api.app import create_app
from api.cli import register_commands
from api.database import db
from api.schema_head import SCHEMA_HEAD
from tests.support.databases import POSTGRES_FLAG, Database, create_database, drop_database
from tests.support.world import MIGRATIONS


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty database of this test's own."""
    import os

    if request.param == "postgresql" and os.environ[POSTGRES_FLAG] == "no":
        pytest.skip("PostgreSQL does not answer at TEST_DATABASE_URL (see the summary)")
    database = create_database(request.param, tmp_path)
    yield database
    drop_database(database)


def test_the_schema_goes_up_down_and_up_again_without_drift(fresh: Database) -> None:
    app = create_app(fresh.settings())
    register_commands(app)
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        downgrade(directory=MIGRATIONS, revision="base")
        left = set(inspect(db.engine).get_table_names())
        upgrade(directory=MIGRATIONS)
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            drift = compare_metadata(context, Base.metadata)
            versions = connection.execute(text("SELECT version FROM supply_version")).scalars().all()
        db.engine.dispose()

    assert left == {"alembic_version"}
    assert drift == []
    assert versions == [0]


def test_there_is_one_head_and_the_code_is_pinned_to_it() -> None:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)

    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_HEAD]


def test_readiness_tells_a_database_that_is_not_migrated(fresh: Database, gazetteer_directory: Path) -> None:
    (fresh.directory / "gazetteer").symlink_to(gazetteer_directory)
    app = create_app(fresh.settings())

    answer = app.test_client().get("/ready")
    with app.app_context():
        db.engine.dispose()

    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "not migrated", "gazetteer": "ok", "keys": "not checked"}
