"""A trail that was there before it was a chain becomes one, words and all, and goes back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import JSON, LargeBinary, Uuid, column, insert, select, table, text

from accommodation.base import UtcDateTime
from api.app import create_app
from api.audit.models import AuditReason
from api.audit.reasons import open_reason
from api.audit.verifying import check_stored
from api.cli import register_commands
from api.crypto import KeyRing
from api.database import db
from tests.support.databases import POSTGRES_FLAG, create_database, drop_database
from tests.support.world import MIGRATIONS

AT = datetime.now(UTC) - timedelta(hours=1)
ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
WORDS = "She arrives at nine"

OLD_EVENT = table(
    "audit_event",
    column("id", Uuid()),
    column("happened_at", UtcDateTime()),
    column("organisation_id", Uuid()),
    column("worker_id", Uuid()),
    column("action"),
    column("subject_id", Uuid()),
    column("request_id"),
    column("details", JSON()),
    column("reason_sealed", LargeBinary()),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database is at the revision before."""
    import os

    if request.param == "postgresql" and os.environ[POSTGRES_FLAG] == "no":
        pytest.skip("PostgreSQL does not answer at TEST_DATABASE_URL (see the summary)")
    database = create_database(request.param, tmp_path)
    app = create_app(database.settings())
    register_commands(app)
    with app.app_context():
        upgrade(directory=MIGRATIONS, revision="0003")
        yield app
        db.engine.dispose()
    drop_database(database)


def test_a_trail_from_before_becomes_a_chain_and_goes_back_with_its_words(old: Flask) -> None:
    ring: KeyRing = old.extensions["harbour"].key_ring
    place = {"table": "audit_event", "column": "reason_sealed"}
    rows = [
        {
            "id": uuid.uuid4(),
            "happened_at": AT + timedelta(seconds=number),
            "organisation_id": ONE if number % 3 else OTHER,
            "worker_id": uuid.UUID(int=3),
            "action": "address:disclosed",
            "subject_id": uuid.uuid4(),
            "request_id": None,
            "details": {"number": number},
            "reason_sealed": None,
        }
        for number in range(10)
    ]
    with_words = rows[4]
    with_words["reason_sealed"] = ring.seal(WORDS.encode(), row_id=with_words["id"], **place)  # type: ignore[arg-type]
    with db.engine.begin() as connection:
        connection.execute(insert(OLD_EVENT), rows)

    upgrade(directory=MIGRATIONS)

    outcomes = list(check_stored(db.engine, ring, {}))
    with db.engine.connect() as connection:
        reason = connection.execute(select(AuditReason)).one()
        of_one = text("SELECT CAST(details AS TEXT) FROM audit_event WHERE organisation_id = :of ORDER BY position")
        known = ONE.hex if db.engine.name == "sqlite" else ONE
        numbers = connection.execute(of_one, {"of": known}).scalars().all()
    assert [(outcome.finding, outcome.events) for outcome in outcomes] == [(None, 6), (None, 4)]
    assert numbers == [f'{{"number": {number}}}' for number in range(10) if number % 3]
    assert open_reason(ring, reason.id, reason.reason_sealed)[1] == WORDS

    downgrade(directory=MIGRATIONS, revision="0003")

    with db.engine.connect() as connection:
        moved_back = select(OLD_EVENT.c.id, OLD_EVENT.c.reason_sealed).where(OLD_EVENT.c.reason_sealed.is_not(None))
        event_id, sealed = connection.execute(moved_back).one()
        triggers = "SELECT count(*) FROM sqlite_master WHERE name LIKE '%append_only%'"
        if db.engine.name == "postgresql":
            triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%append_only%'"
        left = connection.execute(text(triggers)).scalar_one()
    assert (event_id, left) == (with_words["id"], 0)
    assert ring.open(sealed, row_id=event_id, **place).decode() == WORDS  # type: ignore[arg-type]
