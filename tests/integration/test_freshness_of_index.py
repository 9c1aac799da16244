"""A changed unit is seen by the next search, whichever process answers: no worker's memory of the supply is ever stale."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from accommodation.models import Unit
from accommodation.vacancies import withdraw_unit
from tests.support.databases import Database
from tests.support.server import Client, scratch_world, start_servers
from tests.support.world import Caller, World

WORKERS = 4
PAIRS = 1_000 if os.environ.get("ASSURE") else 100

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]


@dataclass(frozen=True)
class Workers:
    """Four processes on one database, each with a port of its own so that every one of them can be asked."""

    world: World
    ports: list[int]
    stack: ExitStack

    def clients(self, caller: Caller) -> list[Client]:
        """Return a client of this caller at each process."""
        return [self.stack.enter_context(closing(Client(port, caller.key))) for port in self.ports]


@pytest.fixture(scope="module")
def workers(database: Database, gazetteer_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Four processes that have started on an empty Harbour."""
    with ExitStack() as stack:
        world = stack.enter_context(scratch_world(database.engine, gazetteer_directory, tmp_path_factory.mktemp("fresh")))
        servers = stack.enter_context(start_servers(world.database, WORKERS, threads=2))
        yield Workers(world, [server.port for server in servers], stack)


@pytest.fixture
def world(workers: Workers) -> World:
    """What other tests offered is withdrawn: a search finds what its own test makes."""
    with workers.world.unit_of_work() as uow:
        units = uow.session.execute(select(Unit).where(Unit.withdrawn_at.is_(None))).scalars().all()
        for unit in units:
            withdraw_unit(uow, unit)
    return workers.world


def test_a_changed_unit_is_seen_by_the_next_search_of_every_worker(world: World, workers: Workers) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, bed_spaces=4)
    household = world.create_household(officer)
    officers, managers = workers.clients(officer), workers.clients(manager)
    path = f"/units/{unit['id']}"
    etag = managers[0].call("GET", path).headers["ETag"]
    stale = []
    for pair in range(PAIRS):
        bed_spaces = 2 + pair % 5

        changed = managers[pair % WORKERS].call("PATCH", path, {"bed_spaces": bed_spaces}, {"If-Match": etag})
        found = _search(world, officers[(pair + 1) % WORKERS], household)["matches"]

        etag = changed.headers["ETag"]
        if [match["bed_spaces"] for match in found] != [bed_spaces]:
            stale.append(pair)
    assert stale == []


def test_a_held_unit_is_gone_and_a_released_one_back_at_every_worker_at_once(world: World, workers: Workers) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household, other = world.create_household(officer), world.create_household(officer)
    clients = workers.clients(officer)
    wanted = {"household_id": household["id"], "unit_id": unit["id"]}
    wanted["search_id"] = _search(world, clients[0], household)["id"]
    for pair in range(PAIRS // (2 * WORKERS)):
        client = clients[pair % WORKERS]

        hold = client.post("/holds", wanted)
        while_held = [_search(world, each, other)["matches"] for each in clients]
        client.call("DELETE", f"/holds/{hold.json()['id']}", headers={"If-Match": hold.headers["ETag"]})
        afterwards = [_search(world, each, other)["matches"] for each in clients]

        assert hold.status == 201
        assert while_held == [[]] * WORKERS
        assert [[match["unit_id"] for match in found] for found in afterwards] == [[unit["id"]]] * WORKERS


def test_a_new_unit_and_a_withdrawn_one_are_seen_by_every_worker(world: World, workers: Workers) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    home = world.create_property(manager)
    first = world.create_unit(manager, home)
    household = world.create_household(officer)
    clients = workers.clients(officer)

    def seen() -> list[set[str]]:
        return [{match["unit_id"] for match in _search(world, each, household)["matches"]} for each in clients]

    assert seen() == [{first["id"]}] * WORKERS
    second = world.create_unit(manager, home)
    assert seen() == [{first["id"], second["id"]}] * WORKERS
    manager.made(f"/units/{first['id']}/withdrawal")
    assert seen() == [{second["id"]}] * WORKERS


def _search(world: World, client: Client, household: dict[str, Any]) -> Any:
    return client.made(f"/households/{household['id']}/searches", {"needed_on": world.today().isoformat()})
