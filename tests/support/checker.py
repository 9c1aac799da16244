"""The rules of matching a second time, for tests: one household, one unit, one answer at a time, by brute force.

Source: the domain page, "Needs and rules of matching". Written from the page and not from the code that it checks, so
that a misreading on one side shows. It shares with that code the vocabulary, the gazetteer and nothing else: distances
are geopy's geodesics, outlines are drawn on an azimuthal projection of this module's own.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyproj
import shapely
from geopy.distance import geodesic

from geo.gazetteer import Gazetteer
from geo.postcode import Postcode

LONDON = ZoneInfo("Europe/London")
LEVELS = ("none", "low", "medium", "high")
SPHERE_METRES = 6_371_000.0
SPHERE_ERROR = 0.01
"""A sphere's distance differs from the ellipsoid's by less than this share; it only decides what is worth measuring."""

_to_degrees = lru_cache(maxsize=1)(lambda: pyproj.Transformer.from_crs(27700, 4326, always_xy=True))


class Reach(IntEnum):
    """Whether a place lies in an area: as stated, only with all that is uncertain about it, or not at all."""

    OUTSIDE = 0
    POSSIBLE = 1
    INSIDE = 2


class Outcome(StrEnum):
    """What becomes of a unit for a household."""

    UNSAFE = "unsafe"
    UNSUITABLE = "unsuitable"
    NEEDS_PERSON = "needs_person"
    NEEDS_CONFIRM = "needs_confirm"
    SUITABLE = "suitable"


@dataclass(frozen=True)
class TruePlace:
    """Where a property really is: WGS84 degrees, and the district and authority of its own postcode."""

    longitude: float
    latitude: float
    outward: str
    authority_code: str


@dataclass(frozen=True)
class Person:
    """A perpetrator as somebody told it."""

    name: str
    born_on: str | None


@dataclass(frozen=True)
class TrueUnit:
    """A unit with everything that the rules ask of it; None = its provider has not said."""

    id: uuid.UUID
    property_id: uuid.UUID
    self_contained: bool
    bed_spaces: int
    cots: int
    residents: str | None
    boys_upper_age: str | None
    access: int | None
    no_recourse: str | None
    mental_health: str | None
    substance_use: str | None
    pets: bool | None
    specialisms: frozenset[str]
    out_of_hours_intake: bool | None
    quota: int | None
    quota_taken_until: tuple[float, ...]
    neighbours_perpetrators: frozenset[Person]
    busy_until: float
    withdrawn: bool


@dataclass
class Finding:
    """Why a unit is refused, what is unknown, what a person decides."""

    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    asks: set[str] = field(default_factory=set)

    @property
    def outcome(self) -> Outcome:
        """A refusal outweighs a question to a person, and that outweighs an unknown value."""
        if self.refused:
            return Outcome.UNSUITABLE
        if self.asks:
            return Outcome.NEEDS_PERSON
        return Outcome.NEEDS_CONFIRM if self.unknown else Outcome.SUITABLE


def check(
    details: Mapping[str, Any], reach: Reach, unit: TrueUnit, needed_on: date, now: datetime
) -> tuple[Outcome, Finding]:
    """Return the outcome of one unit for one household, given whether the unit lies in any of its areas."""
    finding = judge(details, unit, needed_on, now)
    return (Outcome.UNSAFE if reach is not Reach.OUTSIDE else finding.outcome), finding


# ---------------------------------------------------------------------------------------------------- needs and rules


def judge(details: Mapping[str, Any], unit: TrueUnit, needed_on: date, now: datetime) -> Finding:
    """Apply every rule but the areas and the dates of the unit itself."""
    finding = Finding()
    needs = details["needs"]
    members = [(m, None if m["born_on"] is None else age_on(m["born_on"], needed_on)) for m in details["members"]]
    _people_and_beds(finding, members, unit)
    _residents(finding, members, unit)
    _boys(finding, members, unit)
    _access(finding, needs["access_need"], unit.access)
    _no_recourse(finding, needs["no_recourse"], unit, needed_from(needed_on, now))
    _level(finding, "mental_health", needs["mental_health"], unit.mental_health)
    _level(finding, "substance_use", needs["substance_use"], unit.substance_use)
    _pets(finding, needs, unit)
    if not frozenset(needs["specialisms_required"]) <= unit.specialisms:
        finding.refused.add("specialism")
    if needs["risks"] is None:
        finding.unknown.add("risks")
    elif needs["risks"]:
        finding.asks.add("risks")
    if is_night(now, needed_on) and unit.out_of_hours_intake is not True:
        (finding.unknown if unit.out_of_hours_intake is None else finding.refused).add("out_of_hours_intake")
    _conflict(finding, details.get("perpetrators") or (), unit.neighbours_perpetrators)
    return finding


def age_on(born_on: str, day: date) -> int:
    """Return the age in whole years on a day; somebody born on 29 February is a year older on 1 March."""
    born = date.fromisoformat(born_on)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@lru_cache(maxsize=100)
def needed_from(needed_on: date, now: datetime) -> float:
    """Return the epoch second from which the bed is wanted: now, or the midnight that begins a later day in London."""
    return max(now, datetime(needed_on.year, needed_on.month, needed_on.day, tzinfo=LONDON)).timestamp()


def is_free(unit: TrueUnit, needed_on: date, now: datetime) -> bool:
    """Tell whether nothing takes a unit from the hour of need on; a stay's last instant is free already."""
    return not unit.withdrawn and unit.busy_until <= needed_from(needed_on, now)


def is_night(now: datetime, needed_on: date) -> bool:
    """Tell whether the bed is needed tonight, between 20:00 and 08:00 in London."""
    local = now.astimezone(LONDON)
    return local.date() == needed_on and (local.hour >= 20 or local.hour < 8)


@lru_cache(maxsize=10_000)
def _name(name: str) -> tuple[str, ...]:
    return tuple(sorted(name.casefold().split()))


def _conflict(finding: Finding, these: Iterable[Mapping[str, Any]], others: Iterable[Person]) -> None:
    """The same name is the same man, unless two birth dates say otherwise."""
    for person in these:
        for other in others:
            contradicted = None not in (person["born_on"], other.born_on) and person["born_on"] != other.born_on
            if not contradicted and _name(person["name"]) == _name(other.name):
                finding.refused.add("conflict")


_Members = Sequence[tuple[Mapping[str, Any], int | None]]


def _is_adult(member: Mapping[str, Any], age: int | None) -> bool:
    return member["role"] != "child" or (age is not None and age >= 18)


def _people_and_beds(finding: Finding, members: _Members, unit: TrueUnit) -> None:
    babies = sum(member["role"] == "child" and age is not None and age < 2 for member, age in members)
    perhaps = sum(member["role"] == "child" and age is None for member, age in members)
    most = len(members) - min(babies, unit.cots)
    least = len(members) - min(babies + perhaps, unit.cots)
    if unit.bed_spaces < least:
        finding.refused.add("bed_spaces")
    elif unit.bed_spaces < most:
        finding.unknown.add("bed_spaces")


def _residents(finding: Finding, members: _Members, unit: TrueUnit) -> None:
    if unit.residents == "any":
        return
    genders = {member["gender"] for member, age in members if _is_adult(member, age)}
    if unit.residents is None or None in genders:
        finding.unknown.add("residents")
    wanted = {"women": "female", "men": "male"}.get(unit.residents or "")
    if wanted is not None:
        if genders & ({"female", "male"} - {wanted}):
            finding.refused.add("residents")
        if "non_binary" in genders:
            finding.asks.add("residents")


def _boys(finding: Finding, members: _Members, unit: TrueUnit) -> None:
    boys = [age for m, age in members if m["role"] == "child" and m["gender"] != "female" and not _is_adult(m, age)]
    if not boys or unit.boys_upper_age == "none":
        return
    if unit.boys_upper_age is None:
        finding.unknown.add("boys_upper_age")
    elif any(age is not None and age > int(unit.boys_upper_age) for age in boys):
        finding.refused.add("boys_upper_age")
    elif None in boys:
        finding.unknown.add("boys_upper_age")


def _access(finding: Finding, need: int | None, given: int | None) -> None:
    if need == 3 or given == 0:
        return
    if need is None or given is None:
        finding.unknown.add("access")
    elif given > need:
        finding.refused.add("access")


def _no_recourse(finding: Finding, need: bool | None, unit: TrueUnit, instant: float) -> None:
    """A quota is of the provider, counts whoever is there at the hour of need, and is unknown where nobody said it."""
    taken = sum(end > instant for end in unit.quota_taken_until)
    has_place = unit.no_recourse == "quota" and unit.quota is not None and taken < unit.quota
    if need is False or unit.no_recourse in ("accepted", "funded_place") or has_place:
        return
    if need is None or unit.no_recourse is None or (unit.no_recourse == "quota" and unit.quota is None):
        finding.unknown.add("no_recourse")
    else:
        finding.refused.add("no_recourse")


def _level(finding: Finding, name: str, need: str | None, given: str | None) -> None:
    if need == "none" or given == "high":
        return
    if need is None or given is None:
        finding.unknown.add(name)
    elif LEVELS.index(need) > LEVELS.index(given):
        finding.refused.add(name)


def _pets(finding: Finding, needs: Mapping[str, Any], unit: TrueUnit) -> None:
    if needs["pets"] and needs["pets_must_come"] and unit.pets is not True:
        (finding.unknown if unit.pets is None else finding.refused).add("pets")


# -------------------------------------------------------------------------------------------------------------- places


def true_place(point: Mapping[str, Any]) -> TruePlace:
    """Return a place from what the vault holds of it: metres of EPSG:27700."""
    longitude, latitude = _to_degrees().transform(point["easting"], point["northing"])
    return TruePlace(longitude, latitude, point["outward"], point["authority_code"])


def worst_reach(areas: Iterable[Sequence[Reach]], count: int) -> list[Reach]:
    """Return for each of `count` places how deep it lies in the worst of several areas."""
    worst = [Reach.OUTSIDE] * count
    for reaches in areas:
        worst = [max(pair) for pair in zip(worst, reaches, strict=True)]
    return worst


def reach_of(
    area: Mapping[str, Any], places: Sequence[TruePlace], gazetteer: Gazetteer, *, measure_all: bool = False
) -> list[Reach]:
    """Return how each place lies to one area. `measure_all` measures even what a glance tells to be far away."""
    match area["type"]:
        case "circle":
            return _circle(area, places, gazetteer, measure_all)
        case "postcode_districts":
            return [Reach.INSIDE if place.outward in area["districts"] else Reach.OUTSIDE for place in places]
        case "local_authority":
            return [Reach.INSIDE if place.authority_code == area["code"] else Reach.OUTSIDE for place in places]
        case "polygon":
            ring = area["geojson"]["coordinates"][0]
            local = _local_plane(ring)
            outline = shapely.polygons(np.column_stack(local.transform(*_dense(ring))))
            shapely.prepare(outline)
            return _sharp(shapely.intersects_xy(outline, *_project(local, places)))
        case "corridor":
            ring = area["line"]["coordinates"]
            local = _local_plane(ring)
            line = shapely.linestrings(np.column_stack(local.transform(*_dense(ring))))
            distances = shapely.distance(line, shapely.points(*_project(local, places)))
            return _sharp(distances <= area["half_width_metres"])
    raise AssertionError(area["type"])


def _circle(area: Mapping[str, Any], places: Sequence[TruePlace], gazetteer: Gazetteer, measure_all: bool) -> list[Reach]:
    centre, radius = area["centre"], area["radius_metres"]
    uncertainty = float(centre.get("uncertainty_metres") or 0.0)
    if "postcode" in centre:
        found = gazetteer.find(Postcode.parse(centre["postcode"]))
        longitude, latitude = _to_degrees().transform(found.easting, found.northing)
        uncertainty = float(found.uncertainty_metres)
    else:
        longitude, latitude = centre["longitude"], centre["latitude"]
    reaches = []
    for place in places:
        near = (radius + uncertainty) * (1 + SPHERE_ERROR) + 10.0
        if not measure_all and _on_sphere(latitude, longitude, place.latitude, place.longitude) > near:
            reaches.append(Reach.OUTSIDE)
            continue
        metres = geodesic((latitude, longitude), (place.latitude, place.longitude)).meters
        reaches.append(
            Reach.INSIDE if metres <= radius else Reach.POSSIBLE if metres <= radius + uncertainty else Reach.OUTSIDE
        )
    return reaches


def _on_sphere(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    one, other = math.radians(latitude), math.radians(other_latitude)
    half = math.radians(other_longitude - longitude) / 2
    chord = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(half) ** 2
    return 2 * SPHERE_METRES * math.asin(math.sqrt(chord))


def _local_plane(positions: Sequence[Sequence[float]]) -> pyproj.Proj:
    """Return an azimuthal equidistant projection about the middle of an outline, from degrees to metres."""
    longitude, latitude = np.mean(np.asarray(positions, dtype=float), axis=0)
    return _Plane(longitude, latitude)


class _Plane:
    def __init__(self, longitude: float, latitude: float) -> None:
        self._projection = pyproj.Proj(proj="aeqd", lon_0=longitude, lat_0=latitude, ellps="WGS84")

    def transform(self, longitudes: Any, latitudes: Any) -> tuple[Any, Any]:
        eastings, northings = self._projection(longitudes, latitudes)
        return eastings, northings


def _project(local: Any, places: Sequence[TruePlace]) -> tuple[Any, Any]:
    return local.transform(np.array([place.longitude for place in places]), np.array([place.latitude for place in places]))


def _dense(positions: Sequence[Sequence[float]]) -> tuple[Any, Any]:
    """Cut straight lines of GeoJSON, which are straight in degrees (RFC 7946), into pieces of half a kilometre."""
    longitudes: list[float] = []
    latitudes: list[float] = []
    for (west, south), (east, north) in pairwise(positions):
        pieces = max(1, math.ceil(_on_sphere(south, west, north, east) / 500.0))
        longitudes += np.linspace(west, east, pieces, endpoint=False).tolist()
        latitudes += np.linspace(south, north, pieces, endpoint=False).tolist()
    return np.array([*longitudes, positions[-1][0]]), np.array([*latitudes, positions[-1][1]])


def _sharp(inside: Iterable[Any]) -> list[Reach]:
    return [Reach.INSIDE if one else Reach.OUTSIDE for one in inside]
