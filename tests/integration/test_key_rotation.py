"""Rotation: all comes under the new key while people work, whatever is killed, and nothing that anybody sees changes."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update

from accommodation.base import StaleVersion
from accommodation.models import Organisation, Worker
from accommodation.vocabulary import Role
from api.crypto import KeyRing, SealBroken
from api.crypto.key_status import RowsHidden, read_status
from api.crypto.rotation import seal_anew
from placement.budgets import UNLIMITED
from placement.households import edit_household, load_household, open_household
from placement.models import Household
from tests.support.databases import Database
from tests.support.keys import (
    NEW,
    OLD,
    PREPARING,
    ROTATING,
    fill_sealed_columns,
    key_ids,
    node,
    open_everything,
    run,
    sealed_tables,
    sealed_values,
)
from tests.support.server import ROOT, scratch_world
from tests.support.stage import Stage
from tests.support.world import Caller, World

LONG = bool(os.environ.get("ASSURE"))
KILLS = 30 if LONG else 2
EDITS = 200 if LONG else 25
WRITERS = 4
MANY = 6_000
START_SECONDS = 60.0


@pytest.fixture
def scratch(database: Database, gazetteer_directory: Path, tmp_path: Path) -> Iterator[World]:
    """A Harbour on a database of its own, since its keys are changed."""
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world:
        yield world


def test_every_sealed_value_comes_under_the_new_key_and_says_the_same(scratch: World) -> None:
    manager = Stage(scratch).own.callers[Role.REFUGE_MANAGER]
    scratch.create_unit(manager, door_name="The blue door")
    fill_sealed_columns(scratch)
    before = open_everything(scratch.engine, scratch.harbour.key_ring)

    with node(scratch.database, **ROTATING) as rotating:
        result = run(rotating, "rotate")

    assert result.exit_code == 0, result.output
    assert set(key_ids(scratch.engine)) == {"t2"}
    with node(scratch.database, DATA_KEYS=NEW) as after:
        assert open_everything(scratch.engine, after.harbour.key_ring) == before
    touched = {table for table, _, _ in before}
    assert {"household", "area_to_avoid", "vault_address", "vault_door", "worker", "search", "referral"} <= touched
    assert "flask --app wsgi keys retire data t1" in result.output


def test_a_rotation_changes_no_version_and_no_etag(scratch: World) -> None:
    officer = scratch.create_officer()
    household = scratch.create_household(officer)
    before = officer.get(f"/households/{household['id']}").headers["ETag"]

    with node(scratch.database, **ROTATING) as rotating:
        run(rotating, "rotate")
        client = Caller(rotating.app.test_client(), officer.key, officer.worker_id, officer.organisation_id, officer.role)

        assert client.get(f"/households/{household['id']}").headers["ETag"] == before


def test_a_dry_run_counts_by_key_and_column_and_changes_nothing(scratch: World) -> None:
    scratch.create_household(scratch.create_officer())
    before = list(sealed_values(scratch.engine))

    with node(scratch.database, **ROTATING) as rotating:
        result = run(rotating, "rotate", "--dry-run")

    assert result.exit_code == 0
    assert "1 values of household.details_sealed under t1" in result.output
    assert "1 values of worker.name_sealed under t1" in result.output
    assert f"{len(before)} values in all" in result.output
    assert list(sealed_values(scratch.engine)) == before


def test_a_second_rotation_finds_nothing_to_do(scratch: World) -> None:
    scratch.create_household(scratch.create_officer())
    with node(scratch.database, **ROTATING) as rotating:
        run(rotating, "rotate")
        before = list(sealed_values(scratch.engine))

        result = run(rotating, "rotate")

        assert result.exit_code == 0
        assert "0 values were sealed anew" in result.output
        assert list(sealed_values(scratch.engine)) == before


def test_an_edit_that_comes_between_reading_and_replacing_stays(scratch: World) -> None:
    officer = scratch.create_officer()
    household_id = uuid.UUID(scratch.create_household(officer)["id"])
    edited: list[bool] = []

    class Slow(KeyRing):
        """Opens a household, and somebody edits it before it is sealed anew."""

        def open(self, sealed: bytes, **place: Any) -> bytes:
            opened = super().open(sealed, **place)
            if place["column"] == "details_sealed" and not edited:
                edited.append(True)
                _edit(scratch, officer, household_id, "meanwhile")
            return opened

    keys = dict(pair.split(":") for pair in (NEW, OLD))
    ring = Slow(tuple((key_id, _raw(key)) for key_id, key in keys.items()), b"i" * 32)

    outcome = seal_anew(scratch.engine, ring, sealed_tables(), lambda _: None)

    assert edited
    assert outcome.done
    with node(scratch.database, **ROTATING) as rotating:
        assert _case_id(rotating, officer, household_id) == "meanwhile"
    assert set(key_ids(scratch.engine)) == {"t2"}


@pytest.mark.slow
def test_no_edit_of_those_who_work_meanwhile_is_lost(scratch: World) -> None:
    officer = scratch.create_officer()
    households = [uuid.UUID(scratch.create_household(officer)["id"]) for _ in range(3)]
    _add_searches(scratch, officer, 2_000)
    accepted = dict.fromkeys(households, 0)
    counting, working = threading.Lock(), threading.Event()

    def work(world: World, seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(EDITS):
            household_id = chosen.choice(households)
            with suppress(StaleVersion):
                _add_one(world, officer, household_id)
                with counting:
                    accepted[household_id] += 1
            working.set()

    with node(scratch.database, **ROTATING) as rotating, node(scratch.database, **PREPARING) as older:
        writers = [
            threading.Thread(target=work, args=(rotating if number % 2 else older, number)) for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        assert working.wait(60)
        runs = 0
        while runs == 0 or any(writer.is_alive() for writer in writers):
            run(rotating, "rotate")
            runs += 1
        for writer in writers:
            writer.join()
        result = run(rotating, "rotate")

        assert result.exit_code == 0, result.output
        assert {each: int(_case_id(rotating, officer, each)) for each in households} == accepted
        assert sum(accepted.values()) > 0
        assert set(key_ids(scratch.engine)) == {"t2"}
        open_everything(scratch.engine, rotating.harbour.key_ring)


@pytest.mark.slow
def test_a_rotation_killed_at_any_instant_is_taken_up_where_it_stopped(scratch: World) -> None:
    officer = scratch.create_officer()
    _add_searches(scratch, officer, MANY)
    with node(scratch.database, **ROTATING) as rotating:
        ring = rotating.harbour.key_ring
        before = open_everything(scratch.engine, ring)
        halfway = 0
        for number in range(KILLS):
            done = _under_new(scratch)
            if done == len(before):
                break
            with _start_rotation(scratch.database) as process:
                _wait_for(lambda done=done: _under_new(scratch) > done, process)
                time.sleep(random.Random(number).uniform(0, 0.05))
                process.send_signal(signal.SIGKILL)

            assert open_everything(scratch.engine, ring) == before
            halfway += 0 < _under_new(scratch) < len(before)
        with _start_rotation(scratch.database) as last:
            told = last.communicate(timeout=300)[0]

        assert last.returncode == 0, told
        assert halfway, "no kill met a rotation at work: this proves nothing"
        assert set(key_ids(scratch.engine)) == {"t2"}
        assert open_everything(scratch.engine, ring) == before


def test_what_is_sealed_anew_opens_in_its_own_row_alone(scratch: World) -> None:
    officer = scratch.create_officer()
    for _ in range(2):
        scratch.create_household(officer)
    with node(scratch.database, **ROTATING) as rotating:
        run(rotating, "rotate")
        ring = rotating.harbour.key_ring
        (_, _, one, value), (_, _, other, _) = [
            found for found in sealed_values(scratch.engine) if found[1] == "details_sealed"
        ]

        assert ring.open(value, table="household", column="details_sealed", row_id=one)
        with pytest.raises(SealBroken):
            ring.open(value, table="household", column="details_sealed", row_id=other)


def test_a_value_that_does_not_open_is_left_and_told_and_the_others_go_on(scratch: World) -> None:
    officer = scratch.create_officer()
    for _ in range(2):
        scratch.create_household(officer)
    (_, _, row_id, value), *_ = [found for found in sealed_values(scratch.engine) if found[1] == "details_sealed"]
    spoilt = value[:-1] + bytes([value[-1] ^ 1])
    with scratch.engine.begin() as connection:
        connection.execute(update(Household).where(Household.id == row_id).values(details_sealed=spoilt, version=1))

    with node(scratch.database, **ROTATING) as rotating:
        result = run(rotating, "rotate")

    assert result.exit_code == 1
    assert "does not open: 1 values of household.details_sealed under t1" in result.output
    assert key_ids(scratch.engine)["t1"] == 1
    assert spoilt in [found[3] for found in sealed_values(scratch.engine)]


def test_a_table_that_may_not_be_changed_is_told_and_the_others_go_on(scratch: World) -> None:
    scratch.create_household(scratch.create_officer())
    with scratch.engine.begin() as connection:
        if scratch.database.engine == "sqlite":
            connection.execute(text("CREATE TRIGGER fixed BEFORE UPDATE ON worker BEGIN SELECT RAISE(ABORT, 'fixed'); END"))
        else:
            body = "BEGIN RAISE EXCEPTION 'fixed'; END"
            connection.execute(text(f"CREATE FUNCTION fixed() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"))
            connection.execute(text("CREATE TRIGGER fixed BEFORE UPDATE ON worker FOR EACH ROW EXECUTE FUNCTION fixed()"))

    with node(scratch.database, **ROTATING) as rotating:
        result = run(rotating, "rotate")

    assert result.exit_code == 1
    assert "may not be changed: worker" in result.output
    left = {(table, column) for table, column, _, value in sealed_values(scratch.engine) if value.startswith(b"\x02t1")}
    assert left == {("worker", "name_sealed")}


def test_rows_that_somebody_holds_are_not_waited_for_and_come_again(scratch: World) -> None:
    if scratch.database.engine == "sqlite":
        pytest.skip("SQLite has one lock for all")
    scratch.create_household(scratch.create_officer())
    with node(scratch.database, **ROTATING) as rotating:
        with scratch.engine.connect() as holder:
            holder.execute(text("SELECT id FROM worker FOR UPDATE"))
            held = run(rotating, "rotate")
            left = {table for table, _, _, value in sealed_values(scratch.engine) if value.startswith(b"\x02t1")}
        freed = run(rotating, "rotate")

    assert held.exit_code == 1
    assert "under other keys still" in held.output
    assert left == {"worker"}
    assert freed.exit_code == 0, freed.output
    assert set(key_ids(scratch.engine)) == {"t2"}


def test_an_account_that_sees_a_part_is_refused_and_never_told_that_all_is_done(scratch: World) -> None:
    if scratch.database.engine == "sqlite":
        pytest.skip("SQLite has no row-level security")
    scratch.create_household(scratch.create_officer())
    role = f"harbour_part_{uuid.uuid4().hex[:8]}"
    with scratch.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text("ALTER TABLE household ENABLE ROW LEVEL SECURITY"))
    try:
        with node(scratch.database, **ROTATING) as rotating:

            @event.listens_for(rotating.engine, "begin")
            def _become(connection: Any) -> None:
                connection.exec_driver_sql(f"SET LOCAL ROLE {role}")

            with pytest.raises(RowsHidden, match="household"):
                read_status(rotating.engine, rotating.harbour.settings.keys)
            result = run(rotating, "rotate")
        assert result.exit_code == 1
        assert "Row-level security" in result.output
    finally:
        with scratch.engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))


def test_a_key_is_retired_only_when_nothing_needs_it(scratch: World) -> None:
    scratch.create_household(scratch.create_officer())
    with node(scratch.database, **ROTATING) as rotating:
        early = run(rotating, "retire", "data", "t1")
        run(rotating, "rotate")
        writing = run(rotating, "retire", "data", "t2")
        late = run(rotating, "retire", "data", "t1")
        status = run(rotating, "status")

    assert early.exit_code == 1
    assert "values still need t1" in early.output
    assert writing.exit_code == 1
    assert late.exit_code == 0, late.output
    assert "t1       0 values, retired" in status.output


def test_a_search_after_a_rotation_gives_the_same_verdicts(scratch: World) -> None:
    officer, manager = scratch.create_officer(), scratch.create_manager()
    scratch.create_unit(manager, scratch.create_property(manager, "SS1 1AA"))
    scratch.create_unit(manager, scratch.create_property(manager, "EH1 1YZ"))
    circle = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 30_000}
    household = scratch.create_household(officer, areas=[circle])

    with node(scratch.database, **ROTATING) as rotating:
        client = Caller(rotating.app.test_client(), officer.key, officer.worker_id, officer.organisation_id, officer.role)
        before = scratch.search(client, household)
        run(rotating, "rotate")
        after = scratch.search(client, household)

    assert before["matches"]
    assert [excluded["reason"] for excluded in before["excluded"]] == ["area_blocked"]
    differing = {"id", "searched_at"}
    assert {name: value for name, value in after.items() if name not in differing} == {
        name: value for name, value in before.items() if name not in differing
    }


def _raw(key: str) -> bytes:
    return base64.b64decode(key)


def _edit(world: World, officer: Caller, household_id: uuid.UUID, case_id: str) -> None:
    with world.unit_of_work(officer, operation="update_household") as uow:
        edit_household(uow, UNLIMITED, load_household(uow, household_id), {"external_case_id": case_id})


def _add_one(world: World, officer: Caller, household_id: uuid.UUID) -> None:
    """Read a household, add one to a number in it, and write it: an edit that is lost shows."""
    with world.unit_of_work(officer, operation="update_household") as uow:
        household = load_household(uow, household_id)
        number = int(open_household(uow, household).details.get("external_case_id") or 0)
        edit_household(uow, UNLIMITED, household, {"external_case_id": str(number + 1)})


def _case_id(world: World, officer: Caller, household_id: uuid.UUID) -> str:
    with world.unit_of_work(officer, operation="update_household") as uow:
        return str(open_household(uow, load_household(uow, household_id)).details.get("external_case_id") or 0)


def _add_searches(world: World, officer: Caller, number: int) -> None:
    """Add many rows with something sealed, without the work of making them one by one."""
    ring = world.harbour.key_ring
    ids = [uuid.uuid4() for _ in range(number)]
    organisation, created_at = officer.organisation_id, datetime.now(UTC)
    rows = [
        {
            "id": row_id,
            "organisation_id": organisation,
            "name_sealed": ring.seal(b'"Some Body"', table="worker", column="name_sealed", row_id=row_id),
            "created_at": created_at,
        }
        for row_id in ids
    ]
    with world.engine.begin() as connection:
        assert connection.execute(select(Organisation.id).where(Organisation.id == organisation)).first()
        connection.execute(insert(Worker), rows)


def _under_new(world: World) -> int:
    return key_ids(world.engine)["t2"]


def _start_rotation(database: Database) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "rotate"],
        cwd=ROOT,
        env={**os.environ, **database.environment(**ROTATING)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and not condition():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
