"""Never blind: under no fault of what a search leans on is a unit offered that the search without the fault does not offer.

A refusal is an answer as good as any. Twenty searches of each fault here; with ASSURE=1, two hundred.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from accommodation.models import SupplyVersion
from geo import cells
from geo.authorities import DATA
from geo.gazetteer_file import FILE_NAME
from geo.geocoding import StreetGeocoder
from placement.area_verdicts import AreaVerdicts
from placement.index import VacancyIndex
from tests.support.world import HOUSEHOLD, Caller, World
from tests.unit.geo.test_geocoding import ADDRESS, FAULTS, Answer, FarEnd

SEARCHES = 200 if os.environ.get("ASSURE") else 20
AT_HOME = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 20_000}
AT_AN_ADDRESS = {"type": "circle", "centre": {"address": ADDRESS}, "radius_metres": 20_000}
POSTCODES = ("SS1 1AA", "SS2 6HT", "CM1 1QH", "EH1 1YZ")
"""Of one unit each: some are blocked, or for their provider to judge, and some are clear."""


@dataclass
class Supply:
    """A council that searches, and units inside and outside its household's area."""

    world: World
    officer: Caller
    manager: Caller
    units: list[dict[str, Any]]

    def household(self, *areas: dict[str, Any]) -> dict[str, Any]:
        """Create a household with these areas."""
        return self.world.create_household(self.officer, areas=areas)

    def offered(self, household: dict[str, Any]) -> set[str]:
        """Search; return the units shown as clear of every area (matches, confirm). A problem shows none."""
        body = {"needed_on": self.world.today().isoformat(), "limit": 100}
        answer = self.officer.post(f"/households/{household['id']}/searches", body)
        if answer.status_code != 201:
            assert answer.content_type == "application/problem+json"
            return set()
        said = answer.get_json()
        return {found["unit_id"] for name in ("matches", "confirm") for found in said[name]}

    def offered_without_fault(self, household: dict[str, Any]) -> set[str]:
        """Search while all is well: what is offered then is never nothing, or a fault could add nothing to it unseen."""
        found = self.world.search(self.officer, household, limit=100)
        offered = {match["unit_id"] for name in ("matches", "confirm") for match in found[name]}
        assert offered, found
        assert self.units[0]["id"] not in offered
        return offered

    def forget(self) -> None:
        """Let nothing be remembered of places and supply: the next search opens them again."""
        self.world.harbour._engine = None


@pytest.fixture
def supply(world: World) -> Iterator[Supply]:
    officer, manager = world.create_officer(), world.create_manager()
    units = [world.create_unit(manager, world.create_property(manager, postcode)) for postcode in POSTCODES]
    engine = world.harbour.search_engine
    yield Supply(world, officer, manager, units)
    world.harbour._engine = replace(engine, index=VacancyIndex(engine.atlas.partition))


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.close()


def listen_to(world: World, far_end: FarEnd) -> None:
    """Let the street geocoder be the far end."""
    engine = world.harbour.search_engine
    geocoder = StreetGeocoder(far_end.host, scheme="http", timeout_seconds=0.3)
    atlas = replace(engine.atlas, street_geocoder=geocoder)
    world.harbour._engine = replace(engine, atlas=atlas, area_verdicts=AreaVerdicts(atlas))


def test_without_a_fault_some_units_are_offered_and_some_are_not(supply: Supply, far_end: FarEnd) -> None:
    listen_to(supply.world, far_end)

    for area in (AT_HOME, AT_AN_ADDRESS):
        assert supply.units[3]["id"] in supply.offered_without_fault(supply.household(area))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_street_geocoder_at_fault_clears_nothing(supply: Supply, far_end: FarEnd, fault: Answer) -> None:
    listen_to(supply.world, far_end)
    body = {"geometry": AT_AN_ADDRESS, "reason": "his_home", "source": "survivor"}
    known = supply.household(AT_AN_ADDRESS)
    told = supply.offered_without_fault(known)
    unknown = supply.officer.made("/households", HOUSEHOLD)  # about whom nothing is stated
    far_end.give = fault

    refused = supply.officer.post(f"/households/{unknown['id']}/areas-to-avoid", body)

    assert refused.status_code == 503
    for _ in range(SEARCHES // 10):
        assert supply.offered(unknown) == set()
        supply.world.harbour._engine = replace(
            supply.world.harbour.search_engine, area_verdicts=AreaVerdicts(supply.world.harbour.atlas)
        )
        assert supply.offered(known) == told


Damage = Callable[[bytes], bytes | None]


def moved(whole: bytes) -> bytes:
    """Give postcodes the eastings of others: a file of the right size in which he lives somewhere else."""
    first, last, by = len(whole) * 30 // 100, len(whole) * 42 // 100, 400_000
    return whole[:first] + whole[first - by : last - by] + whole[last:]


DAMAGES: dict[str, Damage] = {
    "gone": lambda _: None,
    "empty": lambda _: b"",
    "cut short": lambda whole: whole[: len(whole) // 2],
    "one byte less": lambda whole: whole[:-1],
    "garbage": lambda whole: b"\xa5" * len(whole),
    "another format": lambda _: b'{"rows": []}',
    "header damaged": lambda whole: whole[:40] + b"\xff" * 8 + whole[48:],
    "columns of nothing": lambda whole: whole[:-2_000_000] + bytes(2_000_000),
    "columns shifted": lambda whole: whole[: len(whole) // 3] + b"\x01" + whole[len(whole) // 3 : -1],
    "places of others": moved,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_gazetteer_clears_nothing(
    supply: Supply, damage: Damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = supply.household(AT_HOME)
    told = supply.offered_without_fault(household)
    whole = (supply.world.harbour.settings.gazetteer_directory / FILE_NAME).read_bytes()
    if (damaged := damage(whole)) is not None:
        (tmp_path / FILE_NAME).write_bytes(damaged)
    monkeypatch.setattr(type(supply.world.harbour.settings), "gazetteer_directory", tmp_path)

    for _ in range(SEARCHES // 10):
        supply.forget()
        assert supply.offered(household) <= told


@pytest.mark.parametrize("damage", list(DAMAGES.values())[:6], ids=list(DAMAGES)[:6])
def test_a_damaged_table_of_cells_clears_nothing(
    supply: Supply, damage: Damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = supply.household(AT_HOME)
    told = supply.offered_without_fault(household)
    name = f"cells-{cells.CURRENT_VERSION}.msgpack"
    if (damaged := damage((DATA / name).read_bytes())) is not None:
        (tmp_path / name).write_bytes(damaged)
    monkeypatch.setattr(cells, "DATA", tmp_path)
    cells._load.cache_clear()

    try:
        supply.forget()
        assert supply.offered(household) <= told
    finally:
        cells._load.cache_clear()


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_is_wrong_clears_nothing(supply: Supply, hours: int) -> None:
    household = supply.household(AT_HOME)
    told = supply.offered_without_fault(household)

    with time_machine.travel(supply.world.now() + timedelta(hours=hours)):
        for _ in range(SEARCHES):
            assert supply.offered(household) <= told


def test_a_supply_that_goes_back_clears_nothing(supply: Supply) -> None:
    """As after a restored backup: what was taken since is free again in nobody's memory."""
    household, other = supply.household(AT_HOME), supply.household(AT_HOME)
    assert supply.world.hold(supply.officer, other, supply.units[3]).status_code == 201
    told = supply.offered_without_fault(household)

    with supply.world.engine.begin() as connection:
        newest = connection.execute(select(SupplyVersion.version)).scalar_one()
    try:
        for number in range(SEARCHES):
            with supply.world.engine.begin() as connection:
                connection.execute(update(SupplyVersion).values(version=newest - number % 3))
            assert supply.offered(household) <= told
    finally:
        with supply.world.engine.begin() as connection:
            connection.execute(update(SupplyVersion).values(version=newest))
