"""A wrong key is refused at start: of data, of blind indexes, of API keys; by every way in, before anything is served."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select

from api.app import PREFIX
from api.crypto.key_check import KeyCheck, KeysDoNotFit, prove_keys
from api.settings import Settings
from placement.models import AreaToAvoid
from tests.support.databases import TEST_KEYS, Database
from tests.support.keys import NEW, NEW_INDEX, OLD, ROTATING, encoded, node, rows_of, run, sealed_values
from tests.support.problems import assert_problem
from tests.support.server import ROOT, scratch_world
from tests.support.world import HOUSEHOLD, World

WRONG = {
    "another data key of the same name": ({"DATA_KEYS": f"t1:{encoded('x')}"}, "t1 is another key"),
    "a data key is missing": ({"DATA_KEYS": NEW}, "DATA_KEYS lacks t1"),
    "another index key": ({"INDEX_KEY": NEW_INDEX}, "INDEX_KEY lacks"),
    "another key of API keys": ({"AUTH_KEY": encoded("x")}, "AUTH_KEY is not the one"),
}
PERPETRATOR = [{"name": "Terence Testson", "born_on": None, "relation": "husband"}]


@pytest.fixture
def scratch(database: Database, gazetteer_directory: Path, tmp_path: Path) -> Iterator[World]:
    """A Harbour with a household in a database of its own."""
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world:
        world.create_household(world.create_officer(), perpetrators=PERPETRATOR)
        yield world


@pytest.mark.parametrize("keys", [wrong for wrong, _ in WRONG.values()], ids=list(WRONG))
def test_nothing_is_served_with_a_wrong_key_and_nothing_is_written(scratch: World, keys: dict[str, str]) -> None:
    officer = scratch.create_officer()
    rows = rows_of(scratch.engine, "household"), rows_of(scratch.engine, "audit_event")

    with node(scratch.database, **keys) as wrong:
        client = wrong.app.test_client()
        headers = {"Authorization": f"Bearer {officer.key}"}
        answers = [
            client.get(f"{PREFIX}/me", headers=headers),
            client.post(f"{PREFIX}/households", json=HOUSEHOLD, headers=headers),
        ]
        ready = client.get("/ready")

    for answer in answers:
        assert_problem(answer, "keys-do-not-fit")
    assert (ready.status_code, ready.get_json()["checks"]["keys"]) == (503, "do not fit")
    assert (rows_of(scratch.engine, "household"), rows_of(scratch.engine, "audit_event")) == rows


@pytest.mark.parametrize(("keys", "told"), list(WRONG.values()), ids=list(WRONG))
def test_the_problem_names_the_setting_and_tells_no_key(scratch: World, keys: dict[str, str], told: str) -> None:
    settings = Settings.from_environment(scratch.database.environment(**keys))

    with pytest.raises(KeysDoNotFit, match=told) as refused:
        prove_keys(scratch.engine, settings.keys)

    for secret in [*keys.values(), *TEST_KEYS.values()]:
        assert secret.rpartition(":")[2] not in str(refused.value)


@pytest.mark.parametrize("name", ["DATA_KEYS", "INDEX_KEY"])
def test_where_no_key_is_registered_yet_what_lies_there_must_open(scratch: World, name: str) -> None:
    with scratch.engine.begin() as connection:
        connection.execute(delete(KeyCheck))
    keys = {"DATA_KEYS": f"t1:{encoded('x')}"} if name == "DATA_KEYS" else {"INDEX_KEY": NEW_INDEX}

    with pytest.raises(KeysDoNotFit, match=name):
        prove_keys(scratch.engine, Settings.from_environment(scratch.database.environment(**keys)).keys)

    assert rows_of(scratch.engine, "key_check") == 0
    prove_keys(scratch.engine, scratch.harbour.settings.keys)
    assert rows_of(scratch.engine, "key_check") == 3


def test_a_node_that_is_not_told_of_the_new_key_shuts_when_another_writes_with_it(scratch: World) -> None:
    client = scratch.app.test_client()
    assert client.get("/ready").status_code == 200

    with node(scratch.database, **ROTATING) as rotating:
        assert rotating.app.test_client().get("/ready").status_code == 200

    assert client.get("/ready").get_json()["checks"]["keys"] == "do not fit"
    assert_problem(client.get(f"{PREFIX}/me"), "keys-do-not-fit")


def test_a_retired_key_must_not_write_again_and_may_go(scratch: World) -> None:
    with node(scratch.database, **ROTATING) as rotating:
        run(rotating, "rotate")
        assert run(rotating, "retire", "data", "t1").exit_code == 0

    with node(scratch.database, DATA_KEYS=f"{OLD},{NEW}") as backwards:
        assert backwards.app.test_client().get("/ready").get_json()["checks"]["keys"] == "do not fit"
    with node(scratch.database, DATA_KEYS=NEW) as without:
        assert without.app.test_client().get("/ready").get_json()["checks"]["keys"] == "ok"


def test_a_key_of_api_keys_that_was_lost_can_be_given_up(scratch: World) -> None:
    with scratch.engine.connect() as connection:
        lost = connection.execute(select(KeyCheck.key_id).where(KeyCheck.purpose == "auth")).scalar_one()
    with node(scratch.database, AUTH_KEY=encoded("x")) as changed:
        client = changed.app.test_client()
        assert client.get("/ready").status_code == 503

        result = run(changed, "retire", "auth", lost, "--yes")

        assert result.exit_code == 0, result.output
        assert client.get("/ready").status_code == 200


def test_processes_that_start_at_once_register_each_key_once(scratch: World) -> None:
    with scratch.engine.begin() as connection:
        connection.execute(delete(KeyCheck))
    barrier, faults = threading.Barrier(6), []

    def start() -> None:
        barrier.wait(30)
        try:
            prove_keys(scratch.engine, scratch.harbour.settings.keys)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not faults
    assert rows_of(scratch.engine, "key_check") == 3


def test_a_proven_key_costs_no_statement_more(scratch: World) -> None:
    officer = scratch.create_officer()
    statements: list[str] = []

    @event.listens_for(scratch.engine, "before_cursor_execute")
    def _watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    officer.get("/me")

    assert statements
    assert not [statement for statement in statements if "key_check" in statement]


def test_the_table_of_fingerprints_holds_no_key(scratch: World) -> None:
    with scratch.engine.connect() as connection:
        rows = [repr(tuple(row)).encode() for row in connection.execute(select(KeyCheck.__table__))]

    assert len(rows) == 3
    for row in rows:
        for key in (b"d" * 32, b"i" * 32, b"a" * 32):
            assert key not in row
            assert key.hex().encode() not in row


@pytest.mark.slow
@pytest.mark.parametrize("command", [["-m", "flask", "--app", "wsgi", "scheduler"], ["-m", "api.serve"]])
def test_no_process_starts_with_a_wrong_key(scratch: World, command: list[str]) -> None:
    environment = scratch.database.environment(DATA_KEYS=f"t1:{encoded('x')}", HARBOUR_ENV="production", PORT="1024")

    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode in (1, 2), ended.stderr
    assert "t1 is another key than the t1 that this database was written with" in ended.stderr
    assert "leads" not in ended.stderr


def test_a_ciphertext_in_the_place_of_another_area_costs_the_answer(scratch: World) -> None:
    """Even when the verdicts of the first are remembered: what is remembered was never opened in this place."""
    officer = scratch.create_officer()
    circles = [{"type": "circle", "centre": {"postcode": code}, "radius_metres": 9_000} for code in ("SS1 1AA", "EH1 1YZ")]
    one, other = (scratch.create_household(officer, areas=[circle]) for circle in circles)
    scratch.search(officer, one)
    values = {row: value for table, _, row, value in sealed_values(scratch.engine) if table == "area_to_avoid"}
    assert len(values) == 2
    with scratch.engine.begin() as connection:
        table = AreaToAvoid.__table__
        known = {str(row.household_id): row.id for row in connection.execute(select(table))}
        here, there = known[one["id"]], known[other["id"]]
        connection.execute(table.update().where(table.c.id == there).values(facts_sealed=values[here]))

    answer = officer.post(f"/households/{other['id']}/searches", {"needed_on": scratch.today().isoformat()})

    assert answer.status_code == 500


def test_a_new_key_is_printed_as_it_stands_in_the_settings(scratch: World, tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text(f"m1:{encoded('m')}\n")
    (tmp_path / "master.key").chmod(0o600)

    plain = run(scratch, "new", "--id", "k9")
    with node(scratch.database, KEY_SERVICE=f"local:{tmp_path / 'master.key'}") as served:
        wrapped = run(served, "new", "--id", "k9")
        taken = run(served, "new", "--id", "t1")
    with node(scratch.database, KEY_SERVICE="local:/nowhere/master.key") as broken:
        failed = run(broken, "new", "--id", "k9")

    assert len(base64.b64decode(plain.stdout.strip().removeprefix("k9:"))) == 32
    made = {"KEY_SERVICE": f"local:{tmp_path / 'master.key'}", "WRAPPED_DATA_KEYS": wrapped.stdout.strip()}
    settings = Settings.from_environment(scratch.database.environment(**made))
    assert [key_id for key_id, _ in settings.keys.data_keys] == ["k9", "t1"]
    assert taken.exit_code == 1
    assert (failed.exit_code, failed.stdout) == (1, "")
