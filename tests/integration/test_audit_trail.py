"""The trail in both databases: append-only, one chain an organisation, signed, checked in place and outside."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import Result
from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from accommodation.base import DomainEvent, Principal
from accommodation.models import Organisation
from api.audit.chain import COLUMNS
from api.audit.checking import Outcome
from api.audit.checkpoints import make_checkpoints
from api.audit.diagnosis import Wrong
from api.audit.models import APPEND_ONLY_TABLES, AuditCheckpoint, AuditEvent, AuditReason
from api.audit.reasons import erase_reasons, open_reason
from api.audit.signing import derive_signing_key, key_id_of, public_text
from api.audit.verifying import check_stored
from api.audit.writing import EVENTS, chained, lock_chain
from api.auth.access import NOTING
from api.unit_of_work import begin_unit_of_work, constraint_of
from tests.support.append_only import append_only_lifted
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 16
TURNS = 40 if os.environ.get("ASSURE") else 5
LENGTH = 8
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Noted(DomainEvent):
    name: ClassVar[str] = "test:noted"


def create_organisation(world: World) -> uuid.UUID:
    """Create an organisation without a trail of its own."""
    organisation_id = uuid.uuid4()
    with world.engine.begin() as connection:
        row = {"id": organisation_id, "name": "A council", "kind": "council", "created_at": AT}
        connection.execute(insert(Organisation), row)
    return organisation_id


@contextmanager
def acting_for(world: World, organisation_id: uuid.UUID, now: datetime | None = None) -> Iterator[Any]:
    principal = Principal(worker_id=uuid.UUID(int=5), organisation_id=organisation_id, role="housing_officer")
    with begin_unit_of_work(world.engine, world.harbour.key_ring, principal, "request", now, operation=NOTING) as uow:
        yield uow


def note(world: World, organisation_id: uuid.UUID, events: int = 1, reason: str | None = None) -> None:
    """Write events to an organisation's trail, in one transaction."""
    with acting_for(world, organisation_id) as uow:
        for number in range(events):
            uow.record(Noted(subject_id=uuid.uuid4(), details={"number": number, "code": "a"}, reason=reason))


def sign(world: World) -> int:
    return make_checkpoints(world.engine, derive_signing_key(world.harbour.settings.auth_key))


def check(world: World, organisation_id: uuid.UUID, **options: Any) -> Outcome:
    public = derive_signing_key(world.harbour.settings.auth_key).public_key()
    keys = {key_id_of(public): public}
    (outcome,) = check_stored(world.engine, world.harbour.key_ring, keys, organisation_id, **options)
    return outcome


def positions(world: World, organisation_id: uuid.UUID) -> list[int]:
    with world.engine.connect() as connection:
        query = select(AuditEvent.position).where(AuditEvent.organisation_id == organisation_id)
        return list(connection.execute(query.order_by(AuditEvent.position)).scalars())


@contextmanager
def as_owner(world: World) -> Iterator[Connection]:
    """Open a transaction in which the owner of the database does as she likes."""
    with world.engine.begin() as connection, append_only_lifted(connection):
        yield connection


# Append-only


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
@pytest.mark.parametrize(
    "act",
    ["UPDATE {} SET hash = hash", "DELETE FROM {}", "TRUNCATE {} CASCADE", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"],
)
def test_a_row_of_the_trail_can_be_neither_changed_nor_removed(world: World, table: str, act: str) -> None:
    note(world, create_organisation(world), 2)
    sign(world)
    if (act.startswith("TRUNCATE"), act.startswith("INSERT")) == (
        world.engine.name == "sqlite",
        world.engine.name != "sqlite",
    ):
        pytest.skip("the other engine's way")
    if act == "INSERT OR REPLACE":
        act = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"

    with world.engine.connect() as connection, pytest.raises(IntegrityError) as refused:
        connection.execute(text(act.format(table)))

    assert constraint_of(refused.value) == f"{table}_is_append_only"


def test_an_event_cannot_take_the_identity_of_another(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 1)
    verb = "INSERT OR REPLACE" if world.engine.name == "sqlite" else "INSERT"
    moved = "position" if world.engine.name == "sqlite" else '"position"'
    columns = ", ".join(f"{name} + 1" if name == "position" else name for name in COLUMNS)
    statement = f"{verb} INTO audit_event ({', '.join(COLUMNS)}) SELECT {columns} FROM audit_event WHERE {moved} = 1"

    with world.engine.connect() as connection, pytest.raises(IntegrityError) as refused:
        connection.execute(text(statement))

    assert constraint_of(refused.value) in ("audit_event_is_append_only", "pk_audit_event")


# One chain an organisation


def test_a_transaction_that_is_rolled_back_leaves_no_gap(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 2)

    with contextlib.suppress(ZeroDivisionError), acting_for(world, organisation_id) as uow:
        uow.record(Noted(subject_id=uuid.uuid4()))
        raise ZeroDivisionError
    note(world, organisation_id, 2)

    assert positions(world, organisation_id) == [1, 2, 3, 4]
    assert check(world, organisation_id).finding is None


def test_16_writers_of_one_organisation_make_one_chain_without_gaps(world: World) -> None:
    organisation_id = create_organisation(world)
    barrier = threading.Barrier(WRITERS)

    def write(_: int) -> None:
        barrier.wait()
        for _ in range(TURNS):
            note(world, organisation_id, 2)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    assert positions(world, organisation_id) == list(range(1, WRITERS * TURNS * 2 + 1))
    assert check(world, organisation_id).finding is None


def test_two_organisations_do_not_wait_for_one_another(world: World) -> None:
    if world.engine.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    one, other = create_organisation(world), create_organisation(world)

    with world.engine.begin() as connection:
        lock_chain(connection, one)
        note(world, other)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(note, world, one)
            _wait_until_somebody_waits(world)
            assert not waiting.done(), "two writers of one organisation must take turns"
            assert positions(world, other) == [1]
            connection.rollback()
            waiting.result()

    assert positions(world, one) == [1]


def test_the_chain_is_the_last_lock_of_a_transaction(world: World) -> None:
    """Whoever holds a chain waits for nothing more; so no two transactions can wait for each other over it."""
    organisation_id = create_organisation(world)
    statements: list[str] = []
    with acting_for(world, organisation_id) as uow:

        def remember(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        uow.record(Noted(subject_id=uuid.uuid4(), reason="in words"))
        uow.session.add(Organisation(id=uuid.uuid4(), name="Late", kind="council", created_at=AT))
        event.listen(world.engine, "before_cursor_execute", remember)
    event.remove(world.engine, "before_cursor_execute", remember)

    begun = ["INSERT INTO organisation", "SELECT position, hash", "INSERT INTO audit_event", "INSERT INTO audit_reason"]
    assert [next(start for start in begun if statement.startswith(start)) for statement in statements] == begun


def test_an_event_costs_one_statement_beside_its_own(world: World) -> None:
    organisation_id = create_organisation(world)
    statements: list[str] = []

    def remember(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(world.engine, "before_cursor_execute", remember)
    note(world, organisation_id, 3)
    event.remove(world.engine, "before_cursor_execute", remember)

    opening = ("BEGIN", "SELECT set_config")  # of every transaction, with events or without
    assert len([statement for statement in statements if not statement.startswith(opening)]) == 2


# Tampering


def _value(column: str, engine: str) -> Any:
    """Return another value for a column, as its database writes it."""
    identity, digest = uuid.UUID(int=77), b"\x07" * 32
    values: dict[str, Any] = {
        "action": "test:changed",
        "details": json.dumps({"number": 1, "code": "b"}),
        "happened_at": datetime(2026, 1, 5, 12, 0, 0, 1, tzinfo=UTC) if engine != "sqlite" else "2026-01-05 12:00:00.000001",
        "hash": digest,
        "position": 999,
        "previous_hash": digest,
        "reason_digest": digest,
        "request_id": None,
    }
    return values.get(column, identity.hex if engine == "sqlite" else identity)


@pytest.mark.parametrize("position", [1, 4])
@pytest.mark.parametrize("column", COLUMNS)
def test_tamper_one_row_and_the_verifier_says_which(world: World, column: str, position: int) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    value = _value(column, world.engine.name)
    with as_owner(world) as connection:
        about = select(AuditEvent.id).where(AuditEvent.organisation_id == organisation_id, AuditEvent.position == position)
        event_id = connection.execute(about).scalar_one()
        cast = "CAST(:value AS JSON)" if (column, world.engine.name) == ("details", "postgresql") else ":value"
        known = event_id.hex if world.engine.name == "sqlite" else event_id
        statement = text(f"UPDATE audit_event SET {column} = {cast} WHERE id = :id")
        assert connection.execute(statement, {"value": value, "id": known}).rowcount == 1

    finding = check(world, organisation_id).finding

    assert finding is not None
    named = str(uuid.UUID(int=77)) if column == "id" else str(event_id)
    assert (finding.position, finding.event_id) == (position, named)


@pytest.mark.parametrize(
    "text_", ['{"number": 3, "code": "b", "code": "a"}', '{"number": 3.0, "code": "a"}', '{"number": "3", "code": "a"}']
)
def test_details_that_only_look_the_same_are_found(world: World, text_: str) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    with as_owner(world) as connection:
        value = "CAST(:value AS JSON)" if world.engine.name == "postgresql" else ":value"
        connection.execute(text(f"UPDATE audit_event SET details = {value} WHERE position = 4"), {"value": text_})

    finding = check(world, organisation_id).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.TAMPERED, 4)


def test_what_sqlite_takes_into_any_column_is_found_and_breaks_no_verifier(world: World) -> None:
    if world.engine.name != "sqlite":
        pytest.skip("PostgreSQL refuses a value of another type")
    for column in COLUMNS:
        for value in ("rubbish", b"\xff\x00", -5, 2.5):
            organisation_id = create_organisation(world)
            note(world, organisation_id, 3)
            with as_owner(world) as connection:
                about = {"value": value, "of": organisation_id.hex}
                where = "organisation_id = :of AND position = 2"
                connection.execute(text(f"UPDATE audit_event SET {column} = :value WHERE {where}"), about)

            assert check(world, organisation_id).finding is not None, (column, value)
            with as_owner(world) as connection:
                connection.execute(text("DELETE FROM audit_event"))


def _delete_one(connection: Connection) -> None:
    connection.execute(text("DELETE FROM audit_event WHERE position = 4"))


def _swap_two(connection: Connection) -> None:
    for change in (
        "position = -1 WHERE position = 4",
        "position = 4 WHERE position = 6",
        "position = 6 WHERE position = -1",
    ):
        connection.execute(text(f"UPDATE audit_event SET {change}"))


def _insert_one(connection: Connection) -> None:
    for position in range(LENGTH, 3, -1):
        connection.execute(text("UPDATE audit_event SET position = position + 1 WHERE position = :at"), {"at": position})
    row = dict(connection.execute(select(EVENTS).where(EVENTS.c.position == 3)).mappings().one())
    forged = chained([{**row, "id": uuid.uuid4()}], 3, row["hash"].hex())
    connection.execute(insert(EVENTS), forged)


def _cut_the_tail(connection: Connection) -> None:
    connection.execute(text("DELETE FROM audit_event WHERE position >= 4"))


def _make_anew(connection: Connection) -> None:
    rows = [dict(row) for row in connection.execute(select(EVENTS).order_by(EVENTS.c.position)).mappings()]
    rows[3]["worker_id"] = uuid.UUID(int=6)
    anew = chained(rows[3:], 3, rows[2]["hash"].hex())
    connection.execute(text("DELETE FROM audit_event WHERE position >= 4"))
    connection.execute(insert(EVENTS), anew)


@pytest.mark.parametrize(
    ("tamper", "wrong", "position"),
    [
        (_delete_one, Wrong.MISSING, 4),
        (_swap_two, Wrong.REORDERED, 4),
        (_insert_one, Wrong.INSERTED, 4),
        (_cut_the_tail, Wrong.TRUNCATED, 4),
        (_make_anew, Wrong.REWRITTEN, 1),
    ],
)
def test_rows_that_are_gone_moved_put_in_cut_off_or_made_anew_are_found(
    world: World, tamper: Callable[[Connection], None], wrong: Wrong, position: int
) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    sign(world)
    assert check(world, organisation_id).finding is None
    with as_owner(world) as connection:
        tamper(connection)

    finding = check(world, organisation_id).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (wrong, position)


def test_a_trail_that_was_cut_is_still_found_after_more_was_written(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    sign(world)
    with as_owner(world) as connection:
        _cut_the_tail(connection)

    note(world, organisation_id, LENGTH)

    finding = check(world, organisation_id).finding
    assert finding is not None
    assert finding.wrong is Wrong.REWRITTEN


def test_another_organisations_trail_is_whole_while_one_is_not(world: World) -> None:
    bad, good = create_organisation(world), create_organisation(world)
    note(world, bad, 3)
    note(world, good, 3)
    with as_owner(world) as connection:
        about = {"of": bad.hex if world.engine.name == "sqlite" else bad}
        connection.execute(text("UPDATE audit_event SET action = 'x' WHERE organisation_id = :of"), about)

    assert check(world, bad).finding is not None
    assert check(world, good).finding is None


# Checkpoints


def test_a_checkpoint_is_made_of_each_trail_that_grew_and_of_no_other(world: World) -> None:
    one, other = create_organisation(world), create_organisation(world)
    note(world, one, 3)

    made = [sign(world), sign(world)]
    note(world, one)
    note(world, other)
    made.append(sign(world))

    assert made == [1, 0, 2]
    assert check(world, one).signed == 4
    with world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(AuditCheckpoint)).scalar_one() == 3


def test_a_checkpoint_that_the_database_owner_made_is_not_believed(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)

    make_checkpoints(world.engine, derive_signing_key(b"guessed".ljust(32)))

    finding = check(world, organisation_id).finding
    assert finding is not None
    assert finding.wrong is Wrong.CHECKPOINT_FORGED


# Somebody's own words


def test_words_can_be_erased_and_the_trail_stays_whole(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 2, reason="She quuxarrives at nine")
    with world.engine.connect() as connection:
        rows = connection.execute(select(AuditReason).order_by(AuditReason.id)).all()
    assert [open_reason(world.harbour.key_ring, row.id, row.reason_sealed)[1] for row in rows] == [
        "She quuxarrives at nine"
    ] * 2

    with acting_for(world, organisation_id) as uow:
        erased = erase_reasons(uow, [rows[0].id, uuid.uuid4()])

    with world.engine.connect() as connection:
        left = connection.execute(select(AuditReason.id)).scalars().all()
    assert (erased, left) == (1, [rows[1].id])
    assert positions(world, organisation_id) == [1, 2, 3]
    assert check(world, organisation_id).finding is None


def test_words_that_are_gone_without_a_record_are_missed(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 2, reason="in words")

    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_reason"))

    finding = check(world, organisation_id).finding
    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.REASON_MISSING, 1)


def test_words_of_another_event_are_not_taken_for_its_own(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 1, reason="in words")
    with world.engine.begin() as connection:
        event_id = connection.execute(select(AuditReason.id)).scalar_one()
        sealed = world.harbour.key_ring.seal(
            b"s" * 32 + b"others", table="audit_reason", column="reason_sealed", row_id=event_id
        )
        connection.execute(AuditReason.__table__.update().values(reason_sealed=sealed))

    finding = check(world, organisation_id).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.REASON_ALTERED, 1)


def test_words_sealed_under_a_new_key_are_still_the_ones_committed_to(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, 1, reason="in words")
    ring, place = world.harbour.key_ring, {"table": "audit_reason", "column": "reason_sealed"}
    with world.engine.begin() as connection:
        row = connection.execute(select(AuditReason)).one()
        anew = ring.seal(ring.open(row.reason_sealed, row_id=row.id, **place), row_id=row.id, **place)
        connection.execute(AuditReason.__table__.update().values(reason_sealed=anew))

    assert check(world, organisation_id).finding is None


# The commands, and outside


def test_verify_says_what_is_wrong_and_ends_with_1(world: World) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    sign(world)

    whole = run(world, "audit", "verify")
    one = run(world, "audit", "verify", "--organisation", str(organisation_id))
    with as_owner(world) as connection:
        _delete_one(connection)
    broken = run(world, "audit", "verify")

    assert (whole.exit_code, one.exit_code, broken.exit_code) == (0, 0, 1)
    assert f"{organisation_id}: whole: {LENGTH} events, signed up to {LENGTH}" in one.stdout
    assert f"{organisation_id}: missing at position 4" in broken.stdout


def test_an_export_is_checked_outside_without_settings_or_database(world: World, tmp_path: Path) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH, reason="in words")
    sign(world)
    note(world, organisation_id, 2)
    path, public = tmp_path / "trail.jsonl", _exported(world, organisation_id, tmp_path / "trail.jsonl")

    outcomes = {"whole": _outside(path, public, tmp_path)}
    for name, spoil in SPOILT.items():
        spoilt = tmp_path / f"{name}.jsonl"
        spoilt.write_text("".join(spoil(path.read_text().splitlines(keepends=True))))
        outcomes[name] = _outside(spoilt, public, tmp_path)
    other = public_text(derive_signing_key(b"other".ljust(32)).public_key())

    assert outcomes["whole"].returncode == 0, outcomes["whole"].stderr
    assert f"whole: {LENGTH + 2} events, signed up to {LENGTH + 2}" in outcomes["whole"].stdout
    assert {name: outcome.returncode for name, outcome in outcomes.items() if name != "whole"} == dict.fromkeys(SPOILT, 1)
    assert "tampered at position 3" in outcomes["changed"].stdout
    assert "missing at position 3" in outcomes["gone"].stdout
    assert "reordered at position 3" in outcomes["swapped"].stdout
    assert "truncated at position 9" in outcomes["cut"].stdout
    assert _outside(path, other, tmp_path).returncode == 1
    assert list(tmp_path.glob("instance*")) == []


def test_an_export_is_read_by_flask_too_and_never_overwrites(world: World, tmp_path: Path) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    path = tmp_path / "trail.jsonl"
    public = _exported(world, organisation_id, path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert run(world, "audit", "verify", "--file", str(path), "--public-key", public).exit_code == 0
    assert run(world, "audit", "verify", "--file", str(path)).exit_code == 2
    assert run(world, "audit", "verify", "--file", str(path), "--public-key", "rubbish").exit_code == 2
    assert run(world, "audit", "export", "--organisation", str(organisation_id), "--out", str(path)).exit_code == 1
    (tmp_path / "other").write_text("no trail\n")
    assert run(world, "audit", "verify", "--file", str(tmp_path / "other"), "--public-key", public).exit_code == 1


def test_a_trail_set_back_with_its_checkpoints_is_found_by_an_earlier_export(world: World, tmp_path: Path) -> None:
    organisation_id = create_organisation(world)
    note(world, organisation_id, LENGTH)
    sign(world)
    _exported(world, organisation_id, tmp_path / "earlier.jsonl")
    with as_owner(world) as connection:
        connection.execute(text("DELETE FROM audit_checkpoint"))
        _cut_the_tail(connection)

    alone = run(world, "audit", "verify", "--organisation", str(organisation_id))
    witnessed = run(world, "audit", "verify", "--witness", str(tmp_path / "earlier.jsonl"))

    assert alone.exit_code == 0, "the database alone cannot know"
    assert witnessed.exit_code == 1
    assert "truncated at position 4" in witnessed.stdout


def test_200_000_rows_are_verified_in_well_under_a_minute(world: World, record_property: Callable[[str, Any], None]) -> None:
    rows = 200_000 if os.environ.get("ASSURE") else 5_000
    organisation_id = create_organisation(world)
    facts = {"action": "household:read", "details": {"household_id": str(uuid.uuid4())}, "request_id": str(uuid.uuid4())}
    ids = {"worker_id": uuid.uuid4(), "subject_id": uuid.uuid4(), "organisation_id": organisation_id}
    happened_at = datetime.now(UTC) - timedelta(minutes=5)
    made = [{"id": uuid.uuid4(), "happened_at": happened_at, "reason_digest": None, **facts, **ids} for _ in range(rows)]
    with world.engine.begin() as connection:
        position, head = lock_chain(connection, organisation_id)
        connection.execute(insert(EVENTS), chained(made, position, head))
    begun = time.process_time()

    outcome = check(world, organisation_id)

    seconds = time.process_time() - begun
    record_property("events_per_second", round(rows / seconds))
    assert (outcome.events, outcome.finding) == (rows, None)
    assert rows / seconds > 200_000 / 30


SPOILT: dict[str, Callable[[list[str]], list[str]]] = {
    "changed": lambda lines: [line.replace('"number":2', '"number":7') if n == 3 else line for n, line in enumerate(lines)],
    "gone": lambda lines: [*lines[:3], *lines[4:]],
    "swapped": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "cut": lambda lines: [line for line in lines if '"position":9' not in line and '"position":10' not in line],
    "without its end": lambda lines: lines[:-1],
    "without its last checkpoint": lambda lines: [*lines[:-2], lines[-1].replace('"checkpoints":2', '"checkpoints":1')],
    "with rubbish": lambda lines: [*lines[:4], "rubbish\n", *lines[4:]],
    "with a twin key": lambda lines: [line.replace('"details":{', '"details":{"code":"b",') for line in lines],
    "later": lambda lines: [line.replace('"exported_at":"20', '"exported_at":"21') for line in lines],
    "of somebody else": lambda lines: [lines[0].replace('"organisation_id":"', '"organisation_id":"0'), *lines[1:]],
}


def run(world: World, *arguments: str) -> Result:
    """Run a command as `flask` runs it."""
    with world.app.app_context():
        return world.app.test_cli_runner().invoke(args=arguments)


def _exported(world: World, organisation_id: uuid.UUID, path: Path) -> str:
    """Export a trail to a file and return the public key."""
    exported = run(world, "audit", "export", "--organisation", str(organisation_id), "--out", str(path))
    assert exported.exit_code == 0, exported.output
    assert "in words" not in path.read_text()
    return str(run(world, "audit", "public-key").stdout.strip())


def _outside(path: Path, public: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Check a file with no setting in the environment, somewhere else."""
    command = [sys.executable, "-m", "api.audit.outside", str(path), "--public-key", public]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _wait_until_somebody_waits(world: World) -> None:
    until = time.monotonic() + 30
    query = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while time.monotonic() < until:
        with world.engine.connect() as connection:
            if connection.execute(query).scalar_one():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited for the chain")
