"""Who gets the bed when everybody asks at once: over HTTP on two nodes, and with the database's rule taken away."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from accommodation.models import Stay
from accommodation.taking import OVERLAP_CONSTRAINT
from api.kept_answers import HEADER, REPLAYED
from placement.errors import UnitNotFree
from placement.holds import hold_unit
from placement.models import Hold
from tests.support.databases import Database
from tests.support.server import Answer, Client, Server, scratch_world, start_servers
from tests.support.world import Caller, World

CLIENTS = 32
ROUNDS = 313 if os.environ.get("ASSURE") else 50
FEWER_ROUNDS = 50 if os.environ.get("ASSURE") else 5
FREE_UNITS = 6
NODES = 2
HOLD_MINUTES = 90
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]


def test_of_32_who_ask_at_once_for_a_free_unit_exactly_one_gets_it(rivals: Rivals) -> None:
    for number in range(ROUNDS):
        wanted = rivals.units[number % len(rivals.units)]

        answers = rivals.all_at_once(lambda rival, wanted=wanted: rival.ask_for(wanted))

        statuses = sorted(answer.status for answer in answers)
        assert statuses == [201] + [409] * (CLIENTS - 1), f"round {number}: {statuses}"
        assert _overlaps(rivals.world.engine) == []
        for answer in answers:
            if answer.status == 409:
                _assert_offers_others(answer, wanted)
        rivals.release(answers)
    _assert_nothing_broke(rivals)


def test_one_request_sent_by_32_connections_at_once_under_one_key_is_done_once_and_answered_alike(rivals: Rivals) -> None:
    first = rivals.everybody[0]
    for number in range(FEWER_ROUNDS):
        body = {**first.body, "unit_id": rivals.units[number % len(rivals.units)]}
        headers = {HEADER: uuid.uuid4().hex}

        def send(rival: Rival, body: Any = body, headers: Any = headers) -> Answer:
            with closing(Client(rival.client.port, first.client.key)) as client:
                return client.call("POST", "/holds", body, headers)

        answers = rivals.all_at_once(send)

        assert [answer.status for answer in answers] == [201] * CLIENTS, f"round {number}"
        assert len({answer.body for answer in answers}) == 1
        assert sum(answer.headers.get(REPLAYED) == "true" for answer in answers) == CLIENTS - 1
        rivals.release(answers[:1])
    _assert_nothing_broke(rivals)


def test_one_who_wins_and_refers_at_once_does_not_deadlock_with_those_who_still_ask(rivals: Rivals) -> None:
    def ask_and_refer(rival: Rival, wanted: str) -> list[int]:
        answers = [rival.ask_for(wanted)]
        if answers[0].status == 201:
            answers.append(rival.client.post("/referrals", {"hold_id": answers[0].json()["id"]}))
        if answers[-1].status == 201:
            path = f"/referrals/{answers[-1].json()['id']}/withdraw"
            answers.append(rival.client.post(path, {"reason": "placed_elsewhere"}))
        return [answer.status for answer in answers]

    for number in range(FEWER_ROUNDS):
        wanted = rivals.units[number % len(rivals.units)]

        statuses = rivals.all_at_once(lambda rival, wanted=wanted: ask_and_refer(rival, wanted))

        assert {status for of_rival in statuses for status in of_rival} <= {200, 201, 409}, f"round {number}: {statuses}"
        assert _overlaps(rivals.world.engine) == []
    _assert_nothing_broke(rivals)


def test_editing_a_provider_does_not_deadlock_with_those_who_ask_for_its_units(rivals: Rivals) -> None:
    path = f"/providers/{rivals.provider_id}"
    etag = rivals.manager.call("GET", path).headers["ETag"]
    for number in range(FEWER_ROUNDS):
        wanted = rivals.units[number % len(rivals.units)]

        asking = rivals.start(lambda rival, wanted=wanted: rival.ask_for(wanted))
        edited = []
        while not all(future.done() for future in asking):
            edited.append(rivals.manager.call("PATCH", path, {"no_recourse_quota": number}, {"If-Match": etag}))
            etag = edited[-1].headers.get("ETag", etag)
        answers = [future.result() for future in asking]

        assert {answer.status for answer in edited} == {200}
        assert sorted(answer.status for answer in answers) == [201] + [409] * (CLIENTS - 1)
        rivals.release(answers)
    _assert_nothing_broke(rivals)


def test_when_a_hold_expires_one_of_32_gets_the_bed_though_no_job_ran(rivals: Rivals) -> None:
    world, wanted = rivals.world, rivals.units[0]
    officer = world.create_officer()
    begun = datetime.now(UTC) - timedelta(minutes=HOLD_MINUTES) + timedelta(seconds=2)
    held = _hold(world, officer, _searched(world, officer), uuid.UUID(wanted), begun)

    before = rivals.all_at_once(lambda rival: rival.ask_for(wanted))
    answered_at = datetime.now(UTC)
    time.sleep(max(0.0, (held.expires_at - answered_at).total_seconds()))
    after = rivals.all_at_once(lambda rival: rival.ask_for(wanted))

    assert answered_at < held.expires_at, "the machine was too slow for this test to mean anything"
    assert {answer.status for answer in before} == {409}
    assert sorted(answer.status for answer in after) == [201] + [409] * (CLIENTS - 1)
    assert _overlaps(world.engine) == []


def test_an_expired_hold_is_free_from_the_instant_of_its_end(world: World) -> None:
    officer, other, manager = world.create_officer(), world.create_officer(), world.create_manager()
    unit_id = uuid.UUID(world.create_unit(manager)["id"])
    first, second = _searched(world, officer), _searched(world, other)
    held = _hold(world, officer, first, unit_id, datetime.now(UTC))

    with pytest.raises(UnitNotFree):
        _hold(world, other, second, unit_id, held.expires_at - timedelta(microseconds=1))
    taken = _hold(world, other, second, unit_id, held.expires_at)

    assert taken.held_at == held.expires_at
    assert _overlaps(world.engine) == []


def test_the_database_itself_refuses_an_overlap_by_name(world: World) -> None:
    unit_id = uuid.UUID(world.create_unit(world.create_manager())["id"])
    with world.engine.begin() as connection:
        _insert_stay(connection, unit_id, NOW, NOW + timedelta(days=3))

    for starts_at, ends_at in (
        (NOW + timedelta(days=1), NOW + timedelta(days=2)),
        (NOW - timedelta(days=1), NOW + timedelta(microseconds=1)),
        (NOW - timedelta(days=1), None),
    ):
        with pytest.raises(IntegrityError, match=OVERLAP_CONSTRAINT), world.engine.begin() as connection:
            _insert_stay(connection, unit_id, starts_at, ends_at)


def test_a_stay_may_begin_at_the_instant_at_which_another_ends(world: World) -> None:
    unit_id = uuid.UUID(world.create_unit(world.create_manager())["id"])

    with world.engine.begin() as connection:
        _insert_stay(connection, unit_id, NOW, NOW + timedelta(days=3))
        _insert_stay(connection, unit_id, NOW + timedelta(days=3), None)

    assert _overlaps(world.engine) == []


class TestWithTheRuleTakenAway:
    """Positive control: the same programs, in a database without the constraint, find doubles."""

    def test_an_overlap_is_written_and_the_invariant_finds_it(self, defenceless: World) -> None:
        unit_id = uuid.UUID(defenceless.create_unit(defenceless.create_manager())["id"])

        with defenceless.engine.begin() as connection:
            _insert_stay(connection, unit_id, NOW, NOW + timedelta(days=3))
            _insert_stay(connection, unit_id, NOW + timedelta(days=1), None)

        assert _overlaps(defenceless.engine) == [unit_id.hex]

    def test_clients_at_a_barrier_who_look_before_they_take_all_get_the_bed(self, defenceless: World) -> None:
        """Without lock and constraint: everybody looks, finds it free, and takes it."""
        unit_id = uuid.UUID(defenceless.create_unit(defenceless.create_manager())["id"])
        barrier = threading.Barrier(CLIENTS // 4)

        def look_then_take() -> bool:
            with defenceless.engine.execution_options(harbour_read_only=True).connect() as connection:
                query = select(Stay.id).where(Stay.unit_id == unit_id, Stay.live)
                is_free = connection.execute(query).first() is None
            barrier.wait(timeout=30)
            if is_free:
                with defenceless.engine.begin() as connection:
                    _insert_stay(connection, unit_id, NOW, NOW + timedelta(hours=1))
            return is_free

        with ThreadPoolExecutor(CLIENTS // 4) as threads:
            took = [future.result() for future in [threads.submit(look_then_take) for _ in range(CLIENTS // 4)]]

        assert sum(took) > 1
        assert _overlaps(defenceless.engine) == [unit_id.hex]


@pytest.fixture
def defenceless(database: Database, gazetteer_directory: Path, tmp_path: Path) -> Iterator[World]:
    """A scratch Harbour on the same engine, its rule against overlaps dropped."""
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world:
        with world.engine.begin() as connection:
            if database.engine == "sqlite":
                for when in ("insert", "update"):
                    connection.execute(text(f"DROP TRIGGER {OVERLAP_CONSTRAINT}_{when}"))
            else:
                connection.execute(text(f"ALTER TABLE stay DROP CONSTRAINT {OVERLAP_CONSTRAINT}"))
        yield world


@pytest.fixture
def rivals(everybody: Rivals) -> Rivals:
    """Everybody, with free units that no other test has touched, and only what is logged from now on."""
    home = {"id": everybody.property_id}
    units = [everybody.world.create_unit(everybody.landlady, home)["id"] for _ in range(FREE_UNITS)]
    return replace(everybody, units=units, log_marks=[len(server.logged()) for server in everybody.servers])


@pytest.fixture(scope="module")
def everybody(database: Database, gazetteer_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rivals]:
    """Two nodes of two workers on a database of their own, and 32 households of four councils that have searched."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("races")
        world = stack.enter_context(scratch_world(database.engine, gazetteer_directory, directory))
        servers = stack.enter_context(start_servers(world.database, NODES, workers=2))
        threads = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        manager = world.create_manager()
        home = world.create_property(manager)
        officers = [world.create_officer() for _ in range(4)]
        rivals = []
        for number in range(CLIENTS):
            officer = officers[number % len(officers)]
            client = stack.enter_context(closing(Client(servers[number % NODES].port, officer.key)))
            ids = {name: str(identity) for name, identity in _searched(world, officer).items()}
            rivals.append(Rival(client, {"household_id": ids["household"], "search_id": ids["search"]}))
        by_http = stack.enter_context(closing(Client(servers[0].port, manager.key)))
        yield Rivals(world, servers, threads, rivals, manager, by_http, home["provider_id"], home["id"])


@dataclass(frozen=True)
class Rival:
    """One of those who ask at once: a household with a search, and a connection to one node."""

    client: Client
    body: dict[str, str]

    def ask_for(self, unit_id: str) -> Answer:
        """Ask for a hold of the unit."""
        return self.client.post("/holds", {**self.body, "unit_id": unit_id})


@dataclass(frozen=True)
class Rivals:
    """Everybody who asks, each in a thread of its own, let go at a barrier."""

    world: World
    servers: list[Server]
    threads: ThreadPoolExecutor
    everybody: list[Rival]
    landlady: Caller
    manager: Client
    provider_id: str
    property_id: str
    units: list[str] = field(default_factory=list)
    log_marks: list[int] = field(default_factory=list)

    def start(self, act: Callable[[Rival], Any]) -> list[Future[Any]]:
        """Let everybody act at the same moment; returns at once."""
        barrier = threading.Barrier(len(self.everybody))

        def wait_and_act(rival: Rival) -> Any:
            rival.client.connect()
            barrier.wait(timeout=60)
            return act(rival)

        return [self.threads.submit(wait_and_act, rival) for rival in self.everybody]

    def all_at_once(self, act: Callable[[Rival], Any]) -> list[Any]:
        """Let everybody act at the same moment; returns what each got."""
        return [future.result() for future in self.start(act)]

    def release(self, answers: list[Answer]) -> None:
        """Give the winner's hold back."""
        for rival, answer in zip(self.everybody, answers, strict=False):
            if answer.status == 201:
                etag = answer.headers["ETag"]
                released = rival.client.call("DELETE", f"/holds/{answer.json()['id']}", headers={"If-Match": etag})
                assert released.status == 204, released.body


def _assert_nothing_broke(rivals: Rivals) -> None:
    marked = zip(rivals.servers, rivals.log_marks, strict=True)
    logged = b"".join(server.logged()[mark:] for server, mark in marked)
    assert b"database_busy" not in logged
    assert b"unforeseen" not in logged


def _assert_offers_others(answer: Answer, taken: str) -> None:
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/problems/unit-already-held"
    offered = [match["unit_id"] for match in problem["next_best"]]
    assert offered
    assert taken not in offered


def _overlaps(engine: Engine) -> list[str]:
    """Return the units with two live stays that overlap, compared pair by pair from the raw table."""
    query = text(
        """
        SELECT DISTINCT one.unit_id FROM stay AS one JOIN stay AS two
        ON one.unit_id = two.unit_id AND one.id < two.id AND one.live AND two.live
        AND (two.ends_at IS NULL OR one.starts_at < two.ends_at)
        AND (one.ends_at IS NULL OR two.starts_at < one.ends_at)
        """
    )
    with engine.execution_options(harbour_read_only=True).connect() as connection:
        return [str(row.unit_id).replace("-", "") for row in connection.execute(query)]


def _insert_stay(connection: Connection, unit_id: uuid.UUID, starts_at: datetime, ends_at: datetime | None) -> None:
    connection.execute(
        insert(Stay).values(
            id=uuid.uuid4(), unit_id=unit_id, kind="hold", starts_at=starts_at, ends_at=ends_at, live=True, no_recourse=False
        )
    )


def _searched(world: World, officer: Caller) -> dict[str, uuid.UUID]:
    household = world.create_household(officer)
    return {"household": uuid.UUID(household["id"]), "search": uuid.UUID(world.search(officer, household)["id"])}


def _hold(world: World, officer: Caller, ids: dict[str, uuid.UUID], unit_id: uuid.UUID, now: datetime) -> Hold:
    with world.unit_of_work(officer, now, operation="create_hold") as uow:
        return hold_unit(uow, world.harbour.search_engine, world.harbour.budgets, ids["household"], unit_id, ids["search"])
