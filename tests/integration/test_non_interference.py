"""Search never knows where a refuge is: move its secret inside its cell, and no answer changes by a byte.

Two runs begin from the same rows, under a clock that stands still and with ids that come in a fixed order. Between them
lies one difference alone: the sealed point, address, postcode and door name of a property, moved within its safety cell.
So nothing has to be masked: status, headers and body of every answer to everybody but the property's own provider are
compared as they are. Each run has a search engine of its own, so that a leak while the supply is read would show too.

It is done twice: for a property in its safety cell, and for one of special risk in its county, whose secret moves across
the county's cells.

ASSURE=1 draws 10,000 examples.
"""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import shapely
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, select, tuple_, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.base import Base
from accommodation.models import Property, SupplyVersion, Unit
from accommodation.sealing import seal_json
from accommodation.vault import Address, ExactPoint, VaultAddress, VaultDoor
from accommodation.vocabulary import Role
from geo import cells
from geo.areas import AreaGeometry
from geo.grid import wgs84_point
from geo.postcode import Postcode
from placement.area_verdicts import AreaVerdicts
from placement.index import VacancyIndex
from tests.support.append_only import append_only_lifted
from tests.support.world import Caller, World

ASSURE = bool(os.environ.get("ASSURE"))
EXAMPLES = {"sqlite": 10_000, "postgresql": 10_000} if ASSURE else {"sqlite": 60, "postgresql": 20}
SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much)
NOW = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
HOME = "SS1 1AA"
SUPPLY_VERSION = 1_000

Answers = list[tuple[str, int, list[tuple[str, str]], bytes]]


@dataclass(frozen=True)
class Secret:
    """Everything of a property that only its provider knows."""

    address: Address
    point: ExactPoint
    door_name: str
    meeting_point: str


@dataclass
class Stage:
    """Who asks, and what there is: one property with a secret, a free and a taken unit in it, others around."""

    world: World
    officer: Caller
    other_officer: Caller
    own_manager: Caller
    other_manager: Caller
    administrator: Caller
    auditor: Caller
    resettlement_worker: Caller
    commissioner: Caller
    home: dict[str, Any]
    free: dict[str, Any]
    taken: dict[str, Any]
    household: dict[str, Any]
    old_search: str
    cell: int
    postcodes: list[tuple[Any, Any]]

    @cached_property
    def shape(self) -> Any:
        partition = self.world.harbour.atlas.partition
        return shapely.union_all(partition.shapes[cells_of(partition, self.cell)])


def make_stage(world: World, *, special_risk: bool = False) -> Stage:
    """Arrange a property whose secret will move, one beside it in the same cell, and one far away."""
    atlas = world.harbour.atlas
    own_manager, other_manager = world.create_manager(), world.create_manager()
    officer, other_officer = world.create_officer(), world.create_officer()
    home = world.create_property(own_manager, HOME, special_risk=special_risk)
    cell = atlas.partition.index_of(home["area"]["code"])
    postcodes = [
        (postcode, place)
        for postcode, place in atlas.gazetteer.sample(np.random.default_rng(1), 3_000, authorities_of(atlas.partition, cell))
        if cell in (fine := filed(atlas.partition, place), atlas.partition.county_of(fine))
    ]
    free, taken = (world.create_unit(own_manager, home, door_name="Blue door") for _ in range(2))
    for postcode in (postcodes[0][0].text, "CM1 1QH", "NE1 4ST"):
        world.create_unit(other_manager, world.create_property(other_manager, postcode))
    elsewhere = world.create_household(other_officer)
    assert world.hold(other_officer, elsewhere, taken).status_code == 201
    household = world.create_household(officer)
    old_search = world.search(officer, household)["id"]
    return Stage(
        world=world,
        officer=officer,
        other_officer=other_officer,
        own_manager=own_manager,
        other_manager=other_manager,
        administrator=world.create_caller(Role.ADMINISTRATOR),
        auditor=world.create_caller(Role.AUDITOR, officer.organisation_id),
        resettlement_worker=world.create_caller(Role.RESETTLEMENT_WORKER),
        commissioner=world.create_caller(Role.COMMISSIONER),
        home=home,
        free=free,
        taken=taken,
        household=household,
        old_search=old_search,
        cell=cell,
        postcodes=postcodes,
    )


def authorities_of(partition: cells.CellPartition, cell: int) -> list[str]:
    """Return the authorities that have postcodes in a cell or county."""
    own = cells_of(partition, cell)
    return sorted(code for code, (places, _) in partition._authorities.items() if not set(own).isdisjoint(places.tolist()))


def cells_of(partition: cells.CellPartition, cell: int) -> list[int]:
    """Return the fine cells of a county, or a fine cell alone."""
    return [fine for fine in range(partition.fine_count) if cell in (fine, partition.county_of(fine))]


def filed(partition: cells.CellPartition, place: Any) -> int:
    """Return the fine cell of a place."""
    return partition.cell_of(place.easting, place.northing, place.authority_code)


# ------------------------------------------------------------------------------------------------------------ secrets


def draw_secret(data: st.DataObject, stage: Stage) -> Secret:
    """Draw a place anywhere in the cell's shape, and an invented address at any postcode of the cell."""
    postcode, place = data.draw(st.sampled_from(stage.postcodes), label="postcode")
    west, south, east, north = (round(edge) for edge in shapely.bounds(stage.shape))
    spots = st.tuples(st.integers(west, east), st.integers(south, north))
    easting, northing = data.draw(spots.filter(lambda spot: shapely.intersects_xy(stage.shape, *spot)), label="point")
    words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60)
    lines, town, door, meeting = (data.draw(kind) for kind in (st.lists(words, min_size=1, max_size=3), words, words, words))
    point = ExactPoint(float(easting), float(northing), postcode.outward, place.authority_code)
    return Secret(Address(lines, town, postcode.text), point, door, meeting)


def draw_area(data: st.DataObject, first: Secret, second: Secret) -> dict[str, Any]:
    """Draw an area that an exact answer would tell the two secrets apart by, or one that takes the whole cell, or none."""
    kind = data.draw(st.sampled_from(["circle", "strip", "box", "district", "authority", "all", "nothing"]), label="area")
    longitude, latitude = wgs84_point(first.point.easting, first.point.northing)
    apart = np.hypot(first.point.easting - second.point.easting, first.point.northing - second.point.northing)
    radius = float(np.clip(apart * data.draw(st.floats(0.3, 0.98)), 100.0, 20_000.0))
    circle = {"type": "circle", "centre": {"latitude": latitude, "longitude": longitude}, "radius_metres": radius}
    step = radius / 111_320.0
    match kind:
        case "circle":
            return circle
        case "all":
            return {**circle, "radius_metres": 60_000.0}
        case "nothing":
            return {"type": "local_authority", "code": "S12000036"}
        case "district":
            return {"type": "postcode_districts", "districts": [first.point.outward]}
        case "authority":
            return {"type": "local_authority", "code": first.point.authority_code}
        case "strip":
            line = [[longitude, latitude - step], [longitude, latitude + step]]
            return {
                "type": "corridor",
                "line": {"type": "LineString", "coordinates": line},
                "half_width_metres": max(50.0, radius / 2),
            }
    corners = [(-step, -step), (step, -step), (step, step), (-step, step), (-step, -step)]
    ring = [[longitude + east, latitude + north] for east, north in corners]
    return {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [ring]}}


def hide(stage: Stage, secret: Secret) -> None:
    """Seal a secret straight into the vault, and put supply version and search engine back to one beginning."""
    world, key_ring = stage.world, stage.world.harbour.key_ring
    with Session(world.engine) as session:
        vault = session.get_one(VaultAddress, uuid.UUID(stage.home["id"]))
        seal_json(key_ring, vault, "address_sealed", asdict(secret.address))
        seal_json(key_ring, vault, "point_sealed", asdict(secret.point))
        seal_json(key_ring, vault, "meeting_point_sealed", secret.meeting_point)
        seal_json(key_ring, vault, "landlord_sealed", secret.address.town)
        for unit in (stage.free, stage.taken):
            door = session.get_one(VaultDoor, uuid.UUID(unit["id"]))
            seal_json(key_ring, door, "door_name_sealed", secret.door_name)
        session.execute(update(SupplyVersion).values(version=SUPPLY_VERSION))
        session.execute(update(Unit).values(supply_version=SUPPLY_VERSION))
        session.commit()
    engine = world.harbour.search_engine
    fresh = replace(engine, index=VacancyIndex(engine.atlas.partition), area_verdicts=AreaVerdicts(engine.atlas))
    world.harbour._engine = fresh


# --------------------------------------------------------------------------------------------------------------- runs


def answers(stage: Stage, secret: Secret) -> Answers:
    """Hide a secret and return everything that everybody but its provider is told, then put every row back."""
    hide(stage, secret)
    with fixed_ids(), rows_put_back(stage.world):
        return _ask_everything(stage)


def _ask_everything(stage: Stage) -> Answers:
    def ask(caller: Caller, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        response = caller.call(method, path, json, **options)
        said.append((f"{caller.role} {method} {path}", response.status_code, list(response.headers), response.get_data()))
        return response

    said: Answers = []
    household, home, free, taken = stage.household["id"], stage.home["id"], stage.free["id"], stage.taken["id"]
    searches, officer = f"/households/{household}/searches", stage.officer
    today = stage.world.today().isoformat()
    search = ask(officer, "POST", searches, {"needed_on": today}).get_json()["id"]
    wishes = {"anchor_postcode": "SS2 6HT", "max_distance_band": "from_10_to_25_km"}
    ask(officer, "POST", searches, {"needed_on": today, "limit": 1, "preferences": wishes})
    from_elsewhere = {
        "anchor_postcode": "CM1 1QH"
    }  # 25 km from there runs through the cell: here an exact distance would tell
    ask(officer, "POST", searches, {"needed_on": today, "limit": 50, "preferences": from_elsewhere})
    ask(officer, "GET", f"/searches/{search}")
    ask(officer, "GET", f"/searches/{stage.old_search}")
    ask(officer, "GET", f"/households/{household}/areas-to-avoid")
    ask(officer, "GET", f"/households/{household}/readings")
    ask(officer, "POST", "/holds", {"household_id": household, "unit_id": taken, "search_id": search})
    held = ask(officer, "POST", "/holds", {"household_id": household, "unit_id": free, "search_id": search})
    hold = held.get_json().get("id")
    referral = None
    if held.status_code == 201:
        ask(officer, "GET", f"/holds/{hold}")
        ask(officer, "POST", "/holds", {"household_id": household, "unit_id": free, "search_id": search})
        referral = ask(officer, "POST", "/referrals", {"hold_id": hold}).get_json()["id"]
        ask(officer, "GET", f"/referrals/{referral}")
    for path in ("/holds", "/referrals", "/placements", "/households"):
        ask(officer, "GET", path)
    strangers = (stage.other_officer, stage.other_manager, stage.resettlement_worker, stage.commissioner)
    for caller in (officer, *strangers, stage.administrator):
        for path in (f"/units/{free}", f"/properties/{home}", "/vacancies", "/units", "/properties", "/providers"):
            ask(caller, "GET", path)
        ask(caller, "POST", f"/properties/{home}/address-disclosures", {"reason": "I would like to know."})
        ask(caller, "GET", f"/properties/{home}/disclosures")
        ask(caller, "PATCH", f"/units/{free}", {"bed_spaces": 3}, headers={"If-Match": '"guessed"'})
        ask(caller, "PATCH", f"/properties/{home}", {"cctv": False}, headers={"If-Match": '"guessed"'})
        if referral is not None:
            for path in (
                f"/referrals/{referral}",
                f"/referrals/{referral}/exact-check",
                f"/referrals/{referral}/meeting-point",
                f"/holds/{hold}",
            ):
                ask(caller, "GET", path)
    if referral is not None:
        ask(stage.other_manager, "POST", f"/referrals/{referral}/accept")
        ask(officer, "POST", f"/referrals/{referral}/withdraw", {"reason": "made_in_error"})
    ask(officer, "POST", searches, {"needed_on": "2026-02-30"})
    ask(officer, "POST", f"/households/{home}/searches", {"needed_on": today})
    ask(officer, "POST", "/holds", {"household_id": household, "unit_id": home, "search_id": search})
    ask(stage.other_officer, "POST", "/holds", {"household_id": household, "unit_id": free, "search_id": search})
    ask(stage.auditor, "GET", "/audit-events?limit=200")
    ask(stage.auditor, "GET", f"/audit-events?subject_id={free}")
    return said


@contextmanager
def fixed_ids() -> Iterator[None]:
    """Let new ids come in a fixed order, so that two runs make the same ones."""
    numbers = itertools.count(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers) << 32 | 0xA, version=4))
        yield


@contextmanager
def rows_put_back(world: World) -> Iterator[None]:
    """Delete afterwards whatever row was not there before."""
    tables = [table for table in reversed(Base.metadata.sorted_tables) if table.name != "supply_version"]
    with world.engine.begin() as connection:
        before = {table: set(connection.execute(select(*table.primary_key.columns)).all()) for table in tables}
    yield
    with world.engine.begin() as connection, append_only_lifted(connection):
        for table in tables:
            _delete_all_but(connection, table, before[table])


def _delete_all_but(connection: Any, table: Table, kept: set[Any]) -> None:
    key = list(table.primary_key.columns)
    new = [tuple(row) for row in connection.execute(select(*key)).all() if row not in kept]
    if new:
        connection.execute(delete(table).where(tuple_(*key).in_(new)))


def differences(stage: Stage, first: Secret, second: Secret) -> list[str]:
    """Return in words each answer that differs between two secrets."""
    one, other = answers(stage, first), answers(stage, second)
    found = [f"{a[0]}: {a[1:]}\n    {b[1:]}" for a, b in zip(one, other, strict=False) if a != b]
    return found + [f"{len(one)} answers and {len(other)}"] * (len(one) != len(other))


@contextmanager
def area_recorded(stage: Stage, geometry: dict[str, Any]) -> Iterator[None]:
    """Let the household avoid one area for the length of a block."""
    with rows_put_back(stage.world):
        stage.world.create_area(stage.officer, stage.household, geometry)
        yield


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    """A stage under a clock that stands still."""
    with time_machine.travel(NOW, tick=False):
        yield make_stage(world)


@pytest.fixture
def hidden_stage(world: World) -> Iterator[Stage]:
    """The same with a property of special risk."""
    with time_machine.travel(NOW, tick=False):
        yield make_stage(world, special_risk=True)


@pytest.mark.slow
def test_no_answer_but_the_providers_depends_on_where_in_its_cell_a_refuge_is(stage: Stage) -> None:
    check_non_interference(stage, EXAMPLES[stage.world.database.engine])


@pytest.mark.slow
def test_no_answer_but_the_providers_depends_on_where_in_its_county_a_property_of_special_risk_is(
    hidden_stage: Stage,
) -> None:
    partition = hidden_stage.world.harbour.atlas.partition
    assert partition.is_county(hidden_stage.cell)
    assert len({filed(partition, place) for _, place in hidden_stage.postcodes}) > 5

    check_non_interference(hidden_stage, EXAMPLES[hidden_stage.world.database.engine] // 2)


def check_non_interference(stage: Stage, examples: int) -> None:
    """Draw pairs of secrets and an area between them, and compare all answers."""

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=not ASSURE, suppress_health_check=SLOW_IS_FINE
    )
    @given(data=st.data())
    def move_and_compare(data: st.DataObject) -> None:
        first, second = draw_secret(data, stage), draw_secret(data, stage)
        with area_recorded(stage, draw_area(data, first, second)):
            found = differences(stage, first, second)
        assert not found, "\n".join(found)

    move_and_compare()


def two_secrets(stage: Stage) -> tuple[Secret, Secret, dict[str, Any]]:
    """Return two secrets at the ends of a cell, and an area that holds the first alone."""
    (here, at), (there, other) = max(
        itertools.combinations(stage.postcodes[:40], 2),
        key=lambda pair: np.hypot(pair[0][1].easting - pair[1][1].easting, pair[0][1].northing - pair[1][1].northing),
    )
    first, second = (
        Secret(
            Address(["1 Canary Wharfside"], "Testtown", postcode.text),
            ExactPoint(float(place.easting), float(place.northing), postcode.outward, place.authority_code),
            "Blue door",
            "The clock",
        )
        for postcode, place in ((here, at), (there, other))
    )
    longitude, latitude = wgs84_point(at.easting, at.northing)
    area = {"type": "circle", "centre": {"latitude": latitude, "longitude": longitude}, "radius_metres": 500.0}
    return first, second, area


def test_two_runs_with_the_same_secret_are_the_same(stage: Stage) -> None:
    first, second, area = two_secrets(stage)

    with area_recorded(stage, area):
        assert differences(stage, first, first) == []
        said = answers(stage, second)

    assert {status for _, status, _, _ in said} == {200, 201, 403, 404, 409, 422}


def test_two_ends_of_one_cell_are_told_apart_by_no_answer(stage: Stage) -> None:
    first, second, area = two_secrets(stage)
    anchor = stage.world.harbour.atlas.gazetteer.find(Postcode.parse("CM1 1QH"))
    away = [np.hypot(s.point.easting - anchor.easting, s.point.northing - anchor.northing) for s in (first, second)]
    assert min(away) < 25_000 < max(away)

    with area_recorded(stage, area):
        assert differences(stage, first, second) == []


def test_two_cells_of_one_county_are_told_apart_by_no_answer(hidden_stage: Stage) -> None:
    first, second, area = two_secrets(hidden_stage)
    partition = hidden_stage.world.harbour.atlas.partition
    ends = [partition.cell_of(int(s.point.easting), int(s.point.northing), s.point.authority_code) for s in (first, second)]
    assert ends[0] != ends[1]

    with area_recorded(hidden_stage, area):
        assert differences(hidden_stage, first, second) == []


def test_the_probe_notices_a_property_of_special_risk_that_is_filed_in_its_fine_cell(hidden_stage: Stage) -> None:
    first, second, area = two_secrets(hidden_stage)
    partition = hidden_stage.world.harbour.atlas.partition
    told = []

    with area_recorded(hidden_stage, area):
        for secret in (first, second):
            point = secret.point
            fine = partition.cell_of(int(point.easting), int(point.northing), point.authority_code)
            with Session(hidden_stage.world.engine) as session:
                home = session.get_one(Property, uuid.UUID(hidden_stage.home["id"]))
                home.cell = partition.codes[fine]
                session.commit()
            told.append(answers(hidden_stage, secret))

    assert told[0] != told[1]


def test_the_providers_exact_check_does_tell_the_two_secrets_apart(stage: Stage) -> None:
    first, second, area = two_secrets(stage)
    told = []

    with area_recorded(stage, area):
        for secret in (first, second):
            hide(stage, secret)
            with rows_put_back(stage.world):
                referral = stage.world.refer(stage.officer, stage.household, stage.free)
                told.append(stage.own_manager.get(f"/referrals/{referral['id']}/exact-check").get_json()["inside_any"])

    assert told == [True, False]


Leak = Callable[[pytest.MonkeyPatch, cells.CellPartition, ExactPoint], None]


def _exact_verdicts(patch: pytest.MonkeyPatch, _partition: cells.CellPartition, point: ExactPoint) -> None:
    """Let a search say whether the point itself is inside."""
    honest = cells.CellPartition.verdicts

    def exact(self: cells.CellPartition, area: AreaGeometry) -> Any:
        result = honest(self, area)
        cell = self.cell_of(int(point.easting), int(point.northing), point.authority_code)
        inside = area.contains(point.easting, point.northing, point.outward, point.authority_code)
        result[cell] = cells.BLOCKED if inside else cells.CLEAR
        return result

    patch.setattr(cells.CellPartition, "verdicts", exact)


def _exact_bands(patch: pytest.MonkeyPatch, partition: cells.CellPartition, point: ExactPoint) -> None:
    """Let distances tell one bit: whether the point is east of the middle of its cell."""
    cell = partition.cell_of(int(point.easting), int(point.northing), point.authority_code)
    centroids = partition.centroids.copy()
    centroids[cell, 0] += 12_000.0 if point.easting > centroids[cell, 0] else 0.0
    patch.setattr(partition, "centroids", centroids)


@pytest.mark.parametrize("leak", [_exact_verdicts, _exact_bands])
def test_the_probe_notices_a_leak(stage: Stage, leak: Leak) -> None:
    first, second, area = two_secrets(stage)
    told = []

    with area_recorded(stage, area):
        for secret in (first, second):
            with pytest.MonkeyPatch.context() as patch:
                leak(patch, stage.world.harbour.atlas.partition, secret.point)
                told.append(answers(stage, secret))

    assert {one[0] for one, other in zip(*told, strict=False) if one != other} >= {
        f"housing_officer POST /households/{stage.household['id']}/searches"
    }
