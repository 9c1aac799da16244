"""An insider with an officer's key hunts for a refuge, over HTTP, with everything that the API offers (safeguarding page).

Without budgets: she halves what she still thinks possible with areas of every kind, asks again with bands, order, counts and
pairs of households, holds and releases. All that she may soundly conclude is concluded. It leads her to the safety cell, and
no further; and the same attack upon a unit elsewhere in that cell reads the same, byte for byte.

With budgets: her lead has an alert by the 20th distinct geometry, and the 40th is refused.

ASSURE=1 makes 2,000 searches on each database.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import time_machine

from accommodation.vocabulary import AlertKind, Role
from geo.areas import parse_area
from geo.cells import BLOCKED, CLEAR, REVIEW
from geo.grid import to_wgs84
from placement.budgets import DEFAULT_BUDGETS, UNLIMITED
from tests.integration.test_non_interference import (
    NOW,
    Secret,
    Stage,
    _exact_bands,
    _exact_verdicts,
    fixed_ids,
    hide,
    make_stage,
    rows_put_back,
    two_secrets,
)
from tests.support.problems import assert_problem
from tests.support.world import HOUSEHOLD, Caller, World

ASSURE = bool(os.environ.get("ASSURE"))
SEARCHES = {"sqlite": 2_000, "postgresql": 2_000} if ASSURE else {"sqlite": 200, "postgresql": 80}
SUSPECTED = ["E06000033", "E07000069", "E07000075", "E07000066", "E06000034", "E07000070", "E07000074"]
"""Southend and the authorities around it: where she thinks the refuge may be."""
REFERENCE = re.compile(rb'"reference":"[^"]+"')


@dataclass(frozen=True)
class Spot:
    """One postcode at which the refuge might be."""

    easting: float
    northing: float
    outward: str
    authority_code: str
    cell: int


@dataclass
class Insider:
    """An officer who writes down all that she is told, and keeps the spots that agree with all of it."""

    stage: Stage
    spots: list[Spot]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    told: list[tuple[str, int, list[tuple[str, str]], bytes]] = field(default_factory=list)
    searches: int = 0
    sizes: list[int] = field(default_factory=list)

    def hunt(self, searches: int) -> None:
        """Search so many times, each area chosen by what was learnt before."""
        for turn in itertools.count():
            if self.searches >= searches:
                return
            household = self._household(turn)
            geometry = self._next_geometry(turn)
            area = self._area(household, geometry)
            self._learn(geometry, self._search(household))
            if turn % 3 == 0:
                wishes = {"anchor_postcode": "SS2 6HT", "max_distance_band": "from_10_to_25_km"}
                self._search(household, limit=1, preferences=wishes)
            if turn % 4 == 1:  # the tracker's pair: the same household and a metre more
                wider = self._a_metre_more(geometry)
                self._ask(
                    "PATCH", f"/areas-to-avoid/{area['id']}", {"geometry": wider}, etag=f"/areas-to-avoid/{area['id']}"
                )
                self._learn(wider, self._search(household))
            if turn % 5 == 2:
                self._hold_and_release(household)
            if turn % 5 == 3:  # the pair with and without a name
                named = {"perpetrators": [{"name": f"Nobody Invented{turn}"}]}
                self._ask("PATCH", f"/households/{household}", named, etag=f"/households/{household}")
                self._search(household)
            if turn % 10 == 0:
                for path in ("/holds", "/referrals", "/placements", f"/households/{household}/areas-to-avoid"):
                    self._ask("GET", path)
            self.sizes.append(len(self.spots))

    def _next_geometry(self, turn: int) -> dict[str, Any]:
        """Choose an area of each kind in turn that parts what is still possible."""
        spot = self.spots[int(self.rng.integers(len(self.spots)))]
        eastings = np.array([each.easting for each in self.spots])
        northings = np.array([each.northing for each in self.spots])
        distances = np.hypot(eastings - spot.easting, northings - spot.northing)
        half = float(np.median(distances))
        match turn % 6:
            case 0:
                west, east = eastings.min() - 5_000, float(np.median(eastings)) + 0.5
                return _box(west, northings.min() - 5_000, east, northings.max() + 5_000)
            case 1:
                south, north = northings.min() - 5_000, float(np.median(northings)) + 0.5
                return _box(eastings.min() - 5_000, south, eastings.max() + 5_000, north)
            case 2:
                return _circle(spot, max(100.0, half))
            case 3:
                return _circle(spot, float(self.rng.uniform(100.0, 1_000.0)))
            case 4:
                line = [_position(spot.easting, spot.northing - 2_000), _position(spot.easting, spot.northing + 2_000)]
                return {
                    "type": "corridor",
                    "line": {"type": "LineString", "coordinates": line},
                    "half_width_metres": float(self.rng.uniform(50.0, max(60.0, half / 2))),
                }
            case _:
                if turn % 12 == 5:
                    return {"type": "local_authority", "code": spot.authority_code}
                return {"type": "postcode_districts", "districts": [spot.outward]}

    def _learn(self, geometry: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep the spots that agree: with what clear and blocked mean at a spot, and with what everybody knows of cells."""
        atlas = self.stage.world.harbour.atlas
        seen = self._verdict(answer)
        area = parse_area(geometry, atlas.gazetteer)
        of_cells = atlas.partition.verdicts(area)

        def agrees(spot: Spot) -> bool:
            inside = area.contains(spot.easting, spot.northing, spot.outward, spot.authority_code)
            if (seen == CLEAR and inside) or (seen == BLOCKED and not inside):
                return False
            return bool(of_cells[spot.cell] == seen) or self._believes_in_points

        self.spots = [spot for spot in self.spots if agrees(spot)]

    _believes_in_points: bool = False
    """Whether she reads answers as though they were about a point: so a leak of the point would show."""

    def _verdict(self, answer: dict[str, Any]) -> int:
        shown = {name: {unit["unit_id"] for unit in answer[name]} for name in ("matches", "confirm", "review")}
        if self.stage.free["id"] in shown["matches"] | shown["confirm"]:
            return CLEAR
        return REVIEW if self.stage.free["id"] in shown["review"] else BLOCKED

    def _household(self, turn: int) -> str:
        made = self._ask("POST", "/households", {**HOUSEHOLD, "risk_score": turn % 24})
        return str(made["id"])

    def _area(self, household: str, geometry: dict[str, Any]) -> dict[str, Any]:
        body = {"geometry": geometry, "reason": "his_home", "source": "survivor"}
        return self._ask("POST", f"/households/{household}/areas-to-avoid", body)

    def _search(self, household: str, **request: Any) -> dict[str, Any]:
        self.searches += 1
        body = {"needed_on": self.stage.world.today().isoformat(), "limit": 50, **request}
        return self._ask("POST", f"/households/{household}/searches", body)

    def _hold_and_release(self, household: str) -> None:
        search = self._search(household)["id"]
        body = {"household_id": household, "unit_id": self.stage.free["id"], "search_id": search}
        hold = self._ask("POST", "/holds", body, expected=(201, 409))
        if "id" in hold:
            self._ask("DELETE", f"/holds/{hold['id']}", etag=f"/holds/{hold['id']}")

    def _a_metre_more(self, geometry: dict[str, Any]) -> dict[str, Any]:
        for name in ("radius_metres", "half_width_metres"):
            if name in geometry:
                return {**geometry, name: geometry[name] + 1.0}
        return geometry

    def _ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        etag: str | None = None,
        expected: tuple[int, ...] = (200, 201, 204),
    ) -> dict[str, Any]:
        officer = self.stage.officer
        options = {} if etag is None else {"headers": {"If-Match": officer.get(etag).headers["ETag"]}}
        response = officer.call(method, path, json, **options)
        assert response.status_code in expected, response.get_data(as_text=True)
        body = REFERENCE.sub(b'"reference":"masked"', response.get_data().replace(b'": "', b'":"'))
        self.told.append((f"{method} {path}", response.status_code, _without_length(response.headers), body))
        answer: dict[str, Any] = response.get_json(silent=True) or {}
        return answer


class Literal(Insider):
    """She reads each answer as one about a point. Where search knows cells alone, that misleads her in nothing."""

    _believes_in_points = True


def _without_length(headers: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name != "Content-Length"]


def _position(easting: float, northing: float) -> list[float]:
    longitude, latitude = to_wgs84(easting, northing)
    return [float(longitude), float(latitude)]


def _circle(spot: Spot, radius_metres: float) -> dict[str, Any]:
    longitude, latitude = _position(spot.easting, spot.northing)
    return {"type": "circle", "centre": {"latitude": latitude, "longitude": longitude}, "radius_metres": radius_metres}


def _box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [[_position(*corner) for corner in corners]]}}


def spots_of(world: World) -> list[Spot]:
    """Return real postcodes of the suspected authorities, each with its cell."""
    atlas = world.harbour.atlas
    sample = atlas.gazetteer.sample(np.random.default_rng(3), 1_500, SUSPECTED)
    return [
        Spot(
            float(place.easting),
            float(place.northing),
            postcode.outward,
            place.authority_code,
            atlas.partition.cell_of(place.easting, place.northing, place.authority_code),
        )
        for postcode, place in sample
    ]


def attack(stage: Stage, secret: Secret, spots: list[Spot], searches: int, kind: type[Insider] = Insider) -> Insider:
    """Hide a secret, let the insider hunt for it, and put every row back."""
    hide(stage, secret)
    insider = kind(stage, list(spots))
    with fixed_ids(), rows_put_back(stage.world):
        insider.hunt(searches)
    return insider


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    """A stage under a clock that stands still, without budgets."""
    with time_machine.travel(NOW, tick=False):
        yield make_stage(world)


@pytest.mark.slow
def test_without_budgets_an_insider_finds_the_cell_and_nothing_below_it(stage: Stage) -> None:
    first, second, _ = two_secrets(stage)
    spots, searches = spots_of(stage.world), SEARCHES[stage.world.database.engine]
    cell = {spot for spot in spots if spot.cell == stage.cell}

    here, there = (attack(stage, secret, spots, searches) for secret in (first, second))

    assert stage.world.harbour.budgets is UNLIMITED
    assert here.searches >= searches
    assert len(spots) > 5 * len(cell) > 500
    assert min(here.sizes) >= len(cell)
    assert set(here.spots) == cell, "she has found the cell, and every spot in it is still possible"
    assert [each for each, other in zip(here.told, there.told, strict=True) if each != other] == []


def test_an_answer_about_a_cell_never_misleads_whoever_reads_it_as_one_about_a_point(stage: Stage) -> None:
    first, _, _ = two_secrets(stage)
    spots = spots_of(stage.world)
    cell = {spot for spot in spots if spot.cell == stage.cell}

    reader = attack(stage, first, spots, 40, Literal)

    assert cell <= set(reader.spots)


@pytest.mark.parametrize("leak", [_exact_verdicts, _exact_bands])
def test_the_insider_would_notice_a_leak(stage: Stage, leak: Any) -> None:
    first, second, _ = two_secrets(stage)
    spots = spots_of(stage.world)
    told = []

    for secret in (first, second):
        with pytest.MonkeyPatch.context() as patch:
            leak(patch, stage.world.harbour.atlas.partition, secret.point)
            told.append(attack(stage, secret, spots, 25, Literal))

    here, there = told
    assert here.told != there.told
    if leak is _exact_verdicts:
        inside = {spot for spot in spots if spot.cell == stage.cell}
        assert len(set(here.spots) & inside) < len(inside) / 2


# ---------------------------------------------------------------------------------------------------------- with budgets


@pytest.fixture
def limited(world: World) -> Iterator[World]:
    """A world with the budgets that an installation has."""
    world.harbour.budgets = DEFAULT_BUDGETS
    yield world
    world.harbour.budgets = UNLIMITED


@dataclass
class Probing:
    """What came of many distinct areas: how many were taken, when the lead had an alert, and how the rest was refused."""

    taken: int = 0
    alert_at: int | None = None
    refused: list[Any] = field(default_factory=list)


def probe(lead: Caller, officers: list[Caller], areas_each: int, areas: int) -> Probing:
    """Record so many distinct circles, a metre apart, over households of `areas_each`, the officers taking turns."""
    seen, households = Probing(), [""] * len(officers)
    for number in range(areas):
        who = number % len(officers)
        officer = officers[who]
        if (number // len(officers)) % areas_each == 0:
            households[who] = officer.made("/households", HOUSEHOLD)["id"]
        circle = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 2_000 + number}
        body = {"geometry": circle, "reason": "his_home", "source": "survivor"}
        response = officer.post(f"/households/{households[who]}/areas-to-avoid", body)
        if response.status_code == 201:
            seen.taken += 1
            kinds = {alert["kind"] for alert in lead.get("/alerts").get_json()["items"]}
            if seen.alert_at is None and AlertKind.GEOMETRY_BUDGET in kinds:
                seen.alert_at = seen.taken
        else:
            seen.refused.append(response)
    return seen


@pytest.mark.parametrize(
    ("officers", "areas_each", "taken"),
    [(1, 100, 19), (1, 10, 39), (1, 2, 39), (2, 10, 39), (2, 2, 39)],
    ids=["one household", "some", "many", "two officers", "two officers and many"],
)
def test_with_budgets_an_alert_comes_by_the_20th_area_and_the_40th_is_refused(
    limited: World, officers: int, areas_each: int, taken: int
) -> None:
    first = limited.create_officer()
    lead = limited.create_caller(Role.SAFEGUARDING_LEAD, first.organisation_id)
    others = [limited.create_caller(Role.HOUSING_OFFICER, first.organisation_id) for _ in range(officers - 1)]

    seen = probe(lead, [first, *others], areas_each, 45)

    assert seen.alert_at is not None
    assert seen.alert_at <= 20
    assert seen.taken == taken
    assert len(seen.refused) == 45 - taken
    for response in seen.refused:
        problem = assert_problem(response, "budget-spent")
        assert int(response.headers["Retry-After"]) > 6 * 24 * 3_600
        assert "safeguarding lead" in problem["detail"]
