"""Every answer of the search against the rules written a second time, household by household and unit by unit.

A national demo is loaded, loosened so that there is something to find, and given what demos lack: values nobody said,
points away from the postcode's middle, voids, quotas. Then random households with random areas search, and each of the
units is judged again by `tests.support.checker`. ASSURE=1 runs 500 households on PostgreSQL as well as on SQLite, and
measures every distance.
"""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
import time_machine
from geopy.distance import geodesic
from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.models import Property, Provider, Stay, Unit
from accommodation.sealing import open_json, seal_json
from accommodation.supply import touch_units
from accommodation.vault import VaultAddress
from api.demo import drawing, partnership
from api.demo.drawing import chance, draw_household, draw_id, pick
from api.demo.rows import DemoRows
from geo.gazetteer import Place
from geo.postcode import Postcode
from placement.models import Household, Placement
from placement.searches import SearchRequest, make_search
from tests.support.checker import (
    Finding,
    Outcome,
    Person,
    Reach,
    TruePlace,
    TrueUnit,
    check,
    is_free,
    reach_of,
    true_place,
    worst_reach,
)
from tests.support.world import Caller, World

ASSURE = bool(os.environ.get("ASSURE"))
UNITS = 2_000
HOUSEHOLDS = {"sqlite": 500, "postgresql": 500 if ASSURE else 100}
EVERY_UNIT = 100_000
COUNTED_AS = {"matches": "suitable", "confirm": "confirm", "review": "review"}
LISTED_IN = {
    Outcome.SUITABLE: ("matches", "review"),
    Outcome.NEEDS_CONFIRM: ("confirm", "review"),
    Outcome.NEEDS_PERSON: ("review",),
}
"""A unit that the rules take is under review where its cell and an area overlap, though it lies outside itself."""
SOUTHEND, BASILDON = "E06000033", "E07000066"

MOTHER = {"role": "survivor", "name": "Ayesha Testperson", "gender": "female", "born_on": "1989-04-02"}

DAY = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
NIGHT = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
"""Half past midnight in London, and the day before in UTC: `needed_on` is a London date."""


# ------------------------------------------------------------------------------------------------------------- supply


@dataclass
class Supply:
    """The truth about every unit, read with the vault's key."""

    units: list[TrueUnit]
    places: dict[uuid.UUID, TruePlace]
    residents: list[Person]
    postcodes: list[tuple[Postcode, Place]]
    properties: list[uuid.UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.properties = list(self.places)


def vary_unit(rng: np.random.Generator, facts: dict[str, Any], *, for_families: float = 0.3) -> dict[str, Any]:
    """Loosen a demo unit and forget some of what its provider said."""
    varied = dict(facts)
    if chance(rng, for_families):
        varied |= {
            "bed_spaces": int(rng.integers(3, 8)),
            "cots": int(rng.integers(0, 3)),
            "boys_upper_age": pick(rng, {"12": 0.2, "14": 0.3, "16": 0.3, "none": 0.2}),
            "access": pick(rng, {0: 0.4, 1: 0.2, 2: 0.2, 3: 0.2}),
            "no_recourse": pick(rng, {"accepted": 0.3, "funded_place": 0.2, "quota": 0.4, "not_accepted": 0.1}),
            "pets": chance(rng, 0.5),
            "specialisms": [str(one) for one in drawing.Specialism if chance(rng, 0.3)],
        }
    for name in ("residents", "boys_upper_age", "access", "no_recourse", "mental_health", "substance_use", "pets"):
        if chance(rng, 0.03):
            varied[name] = None
    return varied


def load_supply(world: World, monkeypatch: pytest.MonkeyPatch, seed: int, now: datetime) -> Supply:
    """Load the national demo with about 40% of its units free, vary it, and read back the truth."""
    draw_unit = drawing.draw_unit
    monkeypatch.setattr(partnership, "OCCUPIED_SHARE", 0.6)
    monkeypatch.setattr(partnership, "draw_unit", lambda rng, **kind: vary_unit(rng, draw_unit(rng, **kind)))
    rows = DemoRows(np.random.default_rng(seed), world.harbour.atlas, world.harbour.key_ring, now)
    partnership.make_national(rows, world.harbour.atlas.gazetteer, UNITS)
    with Session(world.engine) as session:
        for _ in rows.write(session):
            pass
        vary_supply(world, session, np.random.default_rng(seed + 1), now)
        touch_units(session, rows.unit_ids)
        session.commit()
    return read_supply(world)


def vary_supply(world: World, session: Session, rng: np.random.Generator, now: datetime) -> None:
    """Give the supply what the demo lacks: night intakes nobody stated, quotas, voids and ends, points off the middle."""
    key_ring, partition = world.harbour.key_ring, world.harbour.atlas.partition
    for provider in session.execute(select(Provider).order_by(Provider.id)).scalars():
        provider.no_recourse_quota = pick(rng, {None: 0.2, 0: 0.1, 1: 0.2, 2: 0.2, 4: 0.3})
    for home in session.execute(select(Property).order_by(Property.id)).scalars():
        home.out_of_hours_intake = pick(rng, {None: 0.1, False: 0.4, True: 0.5})
        if not chance(rng, 0.25):
            continue
        vault = session.get_one(VaultAddress, home.id)
        point = open_json(key_ring, vault, "point_sealed")
        easting, northing = point_in(rng, partition.shapes[partition.index_of(home.cell)])
        seal_json(key_ring, vault, "point_sealed", {**point, "easting": easting, "northing": northing})
    taken = set(session.execute(select(Stay.unit_id)).scalars())
    hour = timedelta(hours=1)
    for unit in session.execute(select(Unit).order_by(Unit.id)).scalars():
        if chance(rng, 0.02):
            unit.withdrawn_at = now - hour
        if unit.id in taken or not chance(rng, 0.25):
            continue
        kind, starts_at, ends_at, live = (
            ("void", now - 48 * hour, now + 24 * hour * int(rng.integers(1, 30)), True),
            ("void", now + 24 * hour * int(rng.integers(1, 30)), None, True),
            ("hold", now - 2 * hour, now - hour / 2, True),
            ("hold", now - hour, now + hour / 2, True),
            ("hold", now - 2 * hour, now, True),
            ("placement", now - 900 * hour, None, False),
        )[int(rng.integers(6))]
        session.add(
            Stay(
                id=draw_id(rng),
                unit_id=unit.id,
                kind=kind,
                starts_at=starts_at,
                ends_at=ends_at,
                live=live,
                no_recourse=kind != "void" and chance(rng, 0.3),
            )
        )
    session.flush()


def point_in(rng: np.random.Generator, shape: Any) -> tuple[float, float]:
    """Return a point anywhere inside a cell, metres of EPSG:27700."""
    west, south, east, north = shapely.bounds(shape)
    while True:
        easting, northing = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        if shapely.intersects_xy(shape, easting, northing):
            return easting, northing


def read_supply(world: World) -> Supply:
    """Read every unit, its true place, its neighbours' perpetrators and its provider's places left."""
    key_ring = world.harbour.key_ring
    with Session(world.engine) as session:
        places = {
            row.id: true_place(open_json(key_ring, row, "point_sealed"))
            for row in session.execute(select(VaultAddress).order_by(VaultAddress.id)).scalars()
        }
        property_of = dict(session.execute(select(Unit.id, Unit.property_id)).all())
        provider_of = dict(session.execute(select(Property.id, Property.provider_id)).all())
        perpetrators: dict[uuid.UUID, set[Person]] = defaultdict(set)
        living = select(Placement.unit_id, Household).join(Household, Household.id == Placement.household_id)
        for unit_id, household in session.execute(living.where(Placement.state.in_(["planned", "living"]))):
            for person in open_json(key_ring, household, "details_sealed")["perpetrators"]:
                perpetrators[property_of[unit_id]].add(Person(person["name"], person["born_on"]))
        used: dict[uuid.UUID, list[float]] = defaultdict(list)
        busy: dict[uuid.UUID, float] = defaultdict(lambda: float("-inf"))
        for stay in session.execute(select(Stay).where(Stay.live)).scalars():
            end = float("inf") if stay.ends_at is None else stay.ends_at.timestamp()
            busy[stay.unit_id] = max(busy[stay.unit_id], end)
            if stay.no_recourse:
                used[provider_of[property_of[stay.unit_id]]].append(end)
        units = [
            _true_unit(
                unit, tuple(used[unit.property.provider_id]), frozenset(perpetrators[unit.property_id]), busy[unit.id]
            )
            for unit in session.execute(select(Unit).order_by(Unit.id)).scalars()
        ]
    everybody = sorted(
        {person for group in perpetrators.values() for person in group}, key=lambda one: (one.name, one.born_on or "")
    )
    postcodes = world.harbour.atlas.gazetteer.sample(np.random.default_rng(len(units)), 5_000)
    return Supply(units, places, everybody, postcodes)


def _true_unit(unit: Unit, taken_until: list[float], perpetrators: set[Person], busy_until: float) -> TrueUnit:
    same = ("id", "property_id", "self_contained", "bed_spaces", "cots", "residents", "boys_upper_age", "access")
    also = ("no_recourse", "mental_health", "substance_use", "pets")
    return TrueUnit(
        **{name: getattr(unit, name) for name in (*same, *also)},
        specialisms=frozenset(unit.specialisms),
        out_of_hours_intake=unit.property.out_of_hours_intake,
        quota=unit.property.provider.no_recourse_quota,
        quota_taken_until=tuple(taken_until),
        neighbours_perpetrators=frozenset(perpetrators),
        busy_until=busy_until,
        withdrawn=unit.withdrawn_at is not None,
    )


# ------------------------------------------------------------------------------------------------------------- demand


def birthday(rng: np.random.Generator, needed_on: date, age: int) -> str:
    """Return a birth date of somebody who turns `age` on the day, the day after, or some time in the year before."""
    year = needed_on.year - age
    on_the_day = date(year, 3, 1) if (needed_on.month, needed_on.day) == (2, 29) else needed_on.replace(year=year)
    moved = pick(rng, {0: 0.35, 1: 0.3, -1: 0.1, -int(rng.integers(2, 364)): 0.25})
    return (on_the_day + timedelta(days=moved)).isoformat()


def vary_household(
    rng: np.random.Generator, details: dict[str, Any], needed_on: date, residents: Sequence[Person]
) -> dict[str, Any]:
    """Make a drawn household harder: questions not asked, birthdays on the day, grown-up sons, known perpetrators."""
    members, needs = details["members"], details["needs"]

    def add(role: str, gender: str | None, born_on: str | None) -> None:
        members.append({"role": role, "name": "Robin Testperson", "gender": gender, "born_on": born_on})

    if chance(rng, 0.25):
        add("child", "male", birthday(rng, needed_on, pick(rng, {13: 1, 15: 1, 17: 1, 14: 0.5})))
    if chance(rng, 0.08):
        add("child", pick(rng, {"male": 0.6, "female": 0.4}), birthday(rng, needed_on, 18))
    if chance(rng, 0.15):
        add("child", pick(rng, {"male": 0.5, "female": 0.5}), birthday(rng, needed_on, 2))
    if chance(rng, 0.08):
        add("child", pick(rng, {"non_binary": 0.5, None: 0.5}), birthday(rng, needed_on, pick(rng, {13: 1, 15: 1})))
    if chance(rng, 0.08):
        add("child", pick(rng, {"male": 0.5, "female": 0.4, None: 0.1}), None)
    if chance(rng, 0.06):
        add("adult", pick(rng, {"male": 0.3, "female": 0.4, "non_binary": 0.2, None: 0.1}), birthday(rng, needed_on, 40))
    if chance(rng, 0.05):
        members[0]["gender"] = pick(rng, {"non_binary": 0.5, None: 0.5})
    if chance(rng, 0.01):
        add("child", "male", "2012-02-29")
    for name in ("access_need", "no_recourse", "mental_health", "substance_use", "pets", "risks"):
        if chance(rng, 0.05):
            needs[name] = None
    if chance(rng, 0.15):
        needs |= {"pets": True, "pets_must_come": True}
    if chance(rng, 0.15):
        needs["no_recourse"] = True
    if chance(rng, 0.1):
        wanted = list(drawing.Specialism)
        needs["specialisms_required"] = [str(wanted[int(rng.integers(len(wanted)))])]
    if chance(rng, 0.15):
        known = residents[int(rng.integers(len(residents)))]
        name = pick(rng, {known.name: 0.4, known.name.upper(): 0.3, " ".join(reversed(known.name.split())): 0.3})
        details["perpetrators"].append(
            {"name": name, "born_on": known.born_on if chance(rng, 0.5) else None, "relation": None}
        )
    del members[20:]
    return details


def draw_area(rng: np.random.Generator, supply: Supply) -> dict[str, Any]:
    """Return an area of any of the five kinds, often with its edge drawn right past a refuge."""
    postcode, place = supply.postcodes[int(rng.integers(len(supply.postcodes)))]
    home = supply.places[supply.properties[int(rng.integers(len(supply.properties)))]]
    centre = true_place({"easting": place.easting, "northing": place.northing, "outward": "", "authority_code": ""})
    around = home if chance(rng, 0.7) else centre
    shapes = {"circle": 0.3, "near_miss": 0.1, "in_doubt": 0.1, "postcode_districts": 0.15, "local_authority": 0.1}
    kind = pick(rng, {**shapes, "polygon": 0.15, "corridor": 0.1})
    radius = float(np.exp(rng.uniform(np.log(150), np.log(60_000))))
    if kind == "near_miss":
        distance = float(np.exp(rng.uniform(np.log(200), np.log(40_000))))
        longitude, latitude = walk(rng, around, distance)
        if not is_in_range(longitude, latitude):
            return draw_area(rng, supply)
        reach = max(100.0, distance * float(rng.uniform(0.99, 1.01)))
        return {"type": "circle", "centre": {"latitude": latitude, "longitude": longitude}, "radius_metres": reach}
    if kind == "in_doubt":
        some = [supply.postcodes[at] for at in rng.integers(len(supply.postcodes), size=50)]
        metres, (postcode, place) = min(((distance_to(home, one[1]), one) for one in some), key=lambda pair: pair[0])
        reach = float(np.clip(metres - place.uncertainty_metres * rng.uniform(0.05, 0.95), 100.0, 200_000.0))
        return {"type": "circle", "centre": {"postcode": postcode.text}, "radius_metres": reach}
    if kind == "circle":
        return {"type": "circle", "centre": {"postcode": postcode.text}, "radius_metres": radius}
    if kind == "postcode_districts":
        others = [
            supply.postcodes[int(rng.integers(len(supply.postcodes)))][0].outward for _ in range(int(rng.integers(0, 3)))
        ]
        return {"type": kind, "districts": [around.outward or postcode.outward, *others]}
    if kind == "local_authority":
        return {"type": kind, "code": around.authority_code or place.authority_code}
    if kind == "polygon":
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 12))))
        ring = [walk(rng, around, radius * float(rng.uniform(0.4, 1.0)), float(angle)) for angle in angles]
        positions, shape = [*ring, ring[0]], shapely.Polygon(ring)
        sketch = {"type": kind, "geojson": {"type": "Polygon", "coordinates": [positions]}}
        usable = shape.is_valid and shape.area > 1e-6
    else:
        position = (around.longitude, around.latitude)
        positions = [walk(rng, around, radius * float(rng.uniform(0.1, 0.5)))]
        for _ in range(int(rng.integers(1, 6))):
            position = walk(rng, TruePlace(*positions[-1], "", ""), radius * float(rng.uniform(0.1, 0.6)))
            positions.append(position)
        width = float(np.exp(rng.uniform(np.log(60), np.log(15_000))))
        sketch = {"type": kind, "line": {"type": "LineString", "coordinates": positions}, "half_width_metres": width}
        usable = True
    usable = usable and all(is_in_range(*position) for position in positions)
    return sketch if usable else draw_area(rng, supply)


def distance_to(home: TruePlace, place: Place) -> float:
    """Return the metres between a property and a postcode."""
    there = true_place({"easting": place.easting, "northing": place.northing, "outward": "", "authority_code": ""})
    return float(geodesic((home.latitude, home.longitude), (there.latitude, there.longitude)).meters)


def walk(rng: np.random.Generator, place: TruePlace, metres: float, angle: float | None = None) -> tuple[float, float]:
    """Return longitude and latitude some metres from a place."""
    angle = float(rng.uniform(0, 2 * np.pi)) if angle is None else angle
    latitude = place.latitude + metres * np.cos(angle) / 111_320
    longitude = place.longitude + metres * np.sin(angle) / (111_320 * np.cos(np.radians(place.latitude)))
    return float(longitude), float(latitude)


def is_in_range(longitude: float, latitude: float) -> bool:
    """Tell whether an area may be drawn there."""
    return 49.9 < latitude < 60.9 and -8.6 < longitude < 1.8


# --------------------------------------------------------------------------------------------------------- comparison


@dataclass
class Tally:
    """What was compared, and each disagreement in words."""

    compared: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    safety: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def expect(self, holds: bool, what: str, *where: object) -> None:
        """Note a disagreement under a headline, with an example of each."""
        if not holds:
            self.wrong[what] += 1
            self.examples.setdefault(what, "\n".join(f"    {one}" for one in where))

    def __str__(self) -> str:
        lines = [f"{self.wrong.total()} disagreements in {self.compared} comparisons"]
        for what, times in self.wrong.most_common():
            lines += [f"{times} x {what}", self.examples[what]]
        return "\n".join(lines)


@dataclass(frozen=True)
class Asked:
    """One household's search: what was asked, and the answer with nothing cut off."""

    details: Mapping[str, Any]
    areas: Sequence[Mapping[str, Any]]
    needed_on: date
    now: datetime
    answer: Mapping[str, Any]


def ask(
    world: World,
    officer: Caller,
    tally: Tally,
    details: dict[str, Any],
    areas: Sequence[Mapping[str, Any]],
    needed_on: date,
    over: Sequence[Mapping[str, Any]] = (),
) -> Asked:
    """Record a household with its areas, search over HTTP twice, and without a limit where one cuts the answer off.

    Areas in `over` are recorded with a last day before the day of need: they no longer count.
    """
    household = officer.made("/households", details)
    path = f"/households/{household['id']}/areas-to-avoid"
    for geometry in areas:
        officer.made(path, {"geometry": geometry, "reason": "his_home", "source": "survivor"})
    for geometry in over:
        last = (needed_on - timedelta(days=1)).isoformat()
        officer.made(path, {"geometry": geometry, "reason": "his_work", "source": "police", "valid_to": last})
    body = {"needed_on": needed_on.isoformat(), "limit": 200}
    first, second = (officer.made(f"/households/{household['id']}/searches", body) for _ in range(2))
    masked = [{key: value for key, value in one.items() if key not in ("id", "searched_at")} for one in (first, second)]
    tally.expect(json.dumps(masked[0]) == json.dumps(masked[1]), "the same search twice differs", household["id"])
    answer = first
    if max(first["found"].values()) > body["limit"]:
        with world.unit_of_work(officer, operation="create_search") as uow:
            request = SearchRequest(needed_on=needed_on, limit=EVERY_UNIT)
            answer = make_search(uow, world.harbour.search_engine, uuid.UUID(household["id"]), request)
        answer = json.loads(answer)
    for part, count in COUNTED_AS.items():
        tally.expect(first[part] == answer[part][:200], f"{part} is no beginning of the whole list")
        tally.expect(answer["found"][count] == len(answer[part]), f"{part} is counted wrongly")
    for key in ("found", "considered", "excluded"):
        tally.expect(first[key] == answer[key], f"{key} depends on the limit")
    return Asked(details, areas, needed_on, datetime.now(UTC), answer)


def compare(world: World, supply: Supply, asked: Asked, tally: Tally) -> Counter[Outcome]:
    """Judge every unit again and note where the answer differs."""
    answer, gazetteer = asked.answer, world.harbour.atlas.gazetteer
    found = {one["unit_id"]: (part, one) for part in COUNTED_AS for one in answer[part]}
    excluded = {one["reason"]: one["units"] for one in answer["excluded"]}
    tally.expect(len(found) == sum(answer["found"].values()), "a unit is listed twice")
    tally.expect(answer["considered"] == sum(excluded.values()) + len(found), "the funnel does not add up", excluded)
    places = list(supply.places.values())
    reaches = [reach_of(area, places, gazetteer, measure_all=ASSURE) for area in asked.areas]
    reach = dict(zip(supply.places, worst_reach(reaches, len(places)), strict=True))
    outcomes: Counter[Outcome] = Counter()
    refused: Counter[str] = Counter()
    for unit in supply.units:
        tally.compared += 1
        part, entry = found.pop(str(unit.id), (None, {}))
        if not is_free(unit, asked.needed_on, asked.now):
            refused["not_available"] += 1
            tally.expect(part is None, "a taken unit is offered", unit)
            continue
        outcome, finding = check(asked.details, reach[unit.property_id], unit, asked.needed_on, asked.now)
        outcomes[outcome] += 1
        refused.update(finding.refused)
        # A conflict is told as "not available": the answer must not say that he has a victim living there already.
        refused["not_available"] += "conflict" in finding.refused
        refused["area_blocked"] += reach[unit.property_id] is Reach.INSIDE
        if not finding.refused:
            told = part or "nothing"
            if "area_overlap" in entry.get("asks", ()):
                told = "under review"
            tally.safety[f"{reach[unit.property_id].name.lower()}, told {told}"] += 1
        for mistake in mistakes(outcome, finding, reach[unit.property_id], part, entry):
            tally.expect(False, mistake, unit, entry, asked.details, asked.areas, asked.needed_on)
    tally.expect(not found, "units nobody knows", found)
    tally.expect(answer["considered"] == UNITS, "not every unit is considered", answer["considered"])
    for reason, units in excluded.items():
        most = refused[reason]
        tally.expect(units <= most, f"{reason} excludes more than it may", units, most, asked.details, asked.needed_on)
    tally.outcomes.update(outcomes)
    return outcomes


def mistakes(outcome: Outcome, finding: Finding, reach: Reach, part: str | None, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the list (or none) in which a free unit was found."""
    asks, unknown = set(entry.get("asks", ())), set(entry.get("unknown", ()))
    if finding.refused:
        if part is not None:
            yield f"refused by {sorted(finding.refused)} and yet in {part}"
        return
    if outcome is Outcome.UNSAFE:
        if part not in (None, "review"):
            yield f"UNSAFE ({reach.name}) and yet in {part}"
        if part is None and reach is Reach.POSSIBLE:
            yield "blocked though only possibly inside"
        if part is not None and "area_overlap" not in asks:
            yield f"unsafe, and in {part} without a word of it"
        return
    if part not in LISTED_IN[outcome] or (part == "review") != bool(asks):
        yield f"{outcome} {_codes(finding)} but is in {part}"
    elif asks - {"area_overlap"} != finding.asks or unknown != finding.unknown:
        yield f"{_codes(finding)} but says {sorted(asks)} {sorted(unknown)}"


def _codes(finding: Finding) -> str:
    return f"(asks {sorted(finding.asks)}, unknown {sorted(finding.unknown)})"


@pytest.fixture(params=["by day", "at night"])
def now(request: pytest.FixtureRequest) -> Iterator[datetime]:
    """A moment at which the clock stands still, by day or at night."""
    moment = DAY if request.param == "by day" else NIGHT
    with time_machine.travel(moment, tick=False):
        yield moment


PUT_TO_THE_TEST = (
    "inside, told nothing",
    "inside, told under review",
    "outside, told under review",
    "outside, told matches",
)


@pytest.mark.slow
def test_every_answer_is_what_the_rules_say(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = 20260701 + (now is NIGHT)
    supply = load_supply(world, monkeypatch, seed, now)
    officer, rng, tally = world.create_officer(), np.random.default_rng(seed + 2), Tally()

    for _ in range(HOUSEHOLDS[world.database.engine] // 2):
        needed_on = world.today() + timedelta(days=pick(rng, {0: 0.75, int(rng.integers(2, 40)): 0.23, 242: 0.02}))
        details = vary_household(rng, draw_household(rng, needed_on), needed_on, supply.residents)
        areas = [draw_area(rng, supply) for _ in range(int(rng.integers(1, 5)))]
        over = [draw_area(rng, supply)] if chance(rng, 0.1) and needed_on > world.today() else []
        compare(world, supply, ask(world, officer, tally, details, areas, needed_on, over), tally)

    print(world.database.engine, tally.compared, dict(tally.outcomes), dict(tally.safety))
    assert not tally.wrong, str(tally)
    assert all(tally.safety[told] for told in PUT_TO_THE_TEST), tally.safety
    assert tally.safety["possible, told under review"] or HOUSEHOLDS[world.database.engine] < 500


def test_a_boy_over_the_limit_is_refused_beside_a_child_of_unknown_age(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    world.create_unit(manager, boys_upper_age="14")
    boy = {"role": "child", "gender": "male", "born_on": f"{world.today().year - 17}-01-01"}
    sibling = {"role": "child", "gender": "male", "born_on": None}

    answer = world.search(officer, world.create_household(officer, members=[MOTHER, boy, sibling]))

    assert answer["excluded"] == [{"reason": "boys_upper_age", "units": 1}]


def test_a_child_of_unknown_age_may_be_a_baby_with_a_cot(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    world.create_unit(manager, bed_spaces=1, cots=1)
    child = {"role": "child", "gender": "female", "born_on": None}

    answer = world.search(officer, world.create_household(officer, members=[MOTHER, child]))

    assert [one["unknown"] for one in answer["confirm"]] == [["bed_spaces"]]


def test_a_quota_that_nobody_stated_is_to_be_confirmed(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager(no_recourse_quota=None)
    world.create_unit(manager, no_recourse="quota")

    answer = world.search(officer, world.create_household(officer, needs={"no_recourse": True}))

    assert [one["unknown"] for one in answer["confirm"]] == [["no_recourse"]]


def test_a_family_fleeing_southend_is_offered_nothing_there_or_in_basildon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        _flee_southend(world, monkeypatch)


def _flee_southend(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    supply = load_supply(world, monkeypatch, 7, NIGHT)
    officer, tally, needed_on = world.create_officer(), Tally(), world.today()
    details = draw_household(np.random.default_rng(7), needed_on)
    details["members"] = [
        MOTHER,
        {"role": "child", "name": "Bilal Testperson", "gender": "male", "born_on": "2010-07-02"},
        {"role": "child", "name": "Chloe Testperson", "gender": "female", "born_on": "2016-01-31"},
        {"role": "child", "name": "Dev Testperson", "gender": "male", "born_on": "2019-11-05"},
    ]
    details["needs"] = {
        "access_need": 0,
        "no_recourse": False,
        "mental_health": "low",
        "substance_use": "none",
        "pets": False,
        "pets_must_come": False,
        "specialisms_wanted": [],
        "specialisms_required": [],
        "risks": [],
    }
    areas = [{"type": "local_authority", "code": SOUTHEND}, {"type": "local_authority", "code": BASILDON}]

    asked = ask(world, officer, tally, details, areas, needed_on)
    outcomes = compare(world, supply, asked, tally)

    assert not tally.wrong, str(tally)
    assert outcomes[Outcome.SUITABLE] > 0
    assert asked.answer["found"]["suitable"] > 0
