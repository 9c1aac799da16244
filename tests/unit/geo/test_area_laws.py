"""Laws of areas against cells: what is inside is never called clear, and what is blocked is inside throughout.

The truth is computed another way than the code computes it: geodesics by geopy on the ellipsoid, and outlines in
degrees.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from geopy.distance import geodesic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.areas import AreaGeometry, parse_area
from geo.cells import BLOCKED, CLEAR, REVIEW, CellPartition
from geo.gazetteer import Gazetteer, Place
from geo.grid import in_range, to_wgs84, wgs84_point
from tests.unit.geo.conftest import POOL_AUTHORITIES, Member

FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
Pool = list[list[Member]]
GROUPS = st.integers(0, len(POOL_AUTHORITIES) - 1)
MEMBERS = st.integers(0, 149)
ANGLES = st.floats(0, 2 * math.pi)


def unit_near(member: Member, angle: float, distance: float) -> tuple[float, float]:
    """Return a point that an address of the postcode might have, within its cell's margin."""
    return member.place.easting + distance * math.cos(angle), member.place.northing + distance * math.sin(angle)


def metres_between(point: tuple[float, float], other: tuple[float, float]) -> float:
    (longitude, latitude), (other_longitude, other_latitude) = wgs84_point(*point), wgs84_point(*other)
    return float(geodesic((latitude, longitude), (other_latitude, other_longitude)).m)


def check_inside(partition: CellPartition, area: AreaGeometry, member: Member, unit: tuple[float, float]) -> None:
    assert partition.verdicts(area)[member.cell] != CLEAR
    assert area.contains(*unit, member.place.outward, member.place.authority_code)


@FIXTURES
@given(GROUPS, MEMBERS, GROUPS, MEMBERS, ANGLES, st.floats(0, 249), st.floats(1.0, 1.02), st.booleans())
def test_a_unit_within_a_circle_is_never_clear(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    group: int,
    centre_at: int,
    unit_group: int,
    unit_at: int,
    angle: float,
    off: float,
    slack: float,
    by_postcode: bool,
) -> None:
    centre, member = pool[group][centre_at], pool[unit_group][unit_at]
    unit = unit_near(member, angle, off)
    distance = metres_between((centre.place.easting, centre.place.northing), unit)
    radius = max(distance * slack, 100.0)  # as tight as can be: the unit is on the circle, or just within it
    if radius > 200_000:
        return
    longitude, latitude = wgs84_point(centre.place.easting, centre.place.northing)
    there = {"postcode": centre.postcode.text} if by_postcode else {"latitude": latitude, "longitude": longitude}

    area = parse_area({"type": "circle", "centre": there, "radius_metres": radius}, gazetteer)

    check_inside(partition, area, member, unit)


@FIXTURES
@given(GROUPS, MEMBERS, st.floats(100, 200_000))
def test_a_cell_that_a_circle_blocks_is_inside_it_throughout(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    members: dict[int, list[Place]],
    group: int,
    at: int,
    radius: float,
) -> None:
    centre = pool[group][at]
    spec = {"type": "circle", "centre": {"postcode": centre.postcode.text}, "radius_metres": radius}

    blocked = np.flatnonzero(partition.verdicts(parse_area(spec, gazetteer))[: partition.fine_count] == BLOCKED)

    middle = (centre.place.easting, centre.place.northing)
    for cell in blocked[:: max(1, len(blocked) // 5)].tolist():
        corners = shapely.get_coordinates(partition.shapes[cell])[::10].tolist()
        points = [(place.easting, place.northing) for place in members.get(cell, [])[:10]]
        assert all(metres_between(middle, (east, north)) <= radius for east, north in corners + points)


@FIXTURES
@given(GROUPS, MEMBERS, st.floats(0, 100_000), ANGLES, st.floats(100, 40_000))
def test_a_cell_that_is_clear_holds_no_point_of_the_circle(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    members: dict[int, list[Place]],
    group: int,
    at: int,
    away: float,
    angle: float,
    radius: float,
) -> None:
    longitude, latitude = wgs84_point(*unit_near(pool[group][at], angle, away))
    if not in_range(longitude, latitude):
        return
    spec = {
        "type": "circle",
        "centre": {"latitude": latitude, "longitude": longitude},
        "radius_metres": radius,
    }

    clear = np.flatnonzero(partition.verdicts(parse_area(spec, gazetteer))[: partition.fine_count] == CLEAR)

    places = [place for cell in clear.tolist() for place in members.get(cell, [])]
    eastings = np.array([place.easting for place in places], dtype=np.float64)
    northings = np.array([place.northing for place in places], dtype=np.float64)
    near = math.hypot(1, 1) * radius
    middle = unit_near(pool[group][at], angle, away)
    close = np.flatnonzero(np.hypot(eastings - middle[0], northings - middle[1]) < near)
    assert all(metres_between(middle, (eastings[row], northings[row])) > radius for row in close.tolist())


def star(member: Member, radii: list[float]) -> list[list[float]]:
    """Return a closed ring of WGS84 positions around a postcode, seen from which it never crosses itself."""
    angles = np.linspace(0, 2 * math.pi, len(radii), endpoint=False)
    longitudes, latitudes = to_wgs84(
        member.place.easting + np.array(radii) * np.cos(angles),
        member.place.northing + np.array(radii) * np.sin(angles),
    )
    ring = np.column_stack([longitudes, latitudes]).tolist()
    return [*ring, ring[0]]


@FIXTURES
@given(GROUPS, MEMBERS, MEMBERS, st.lists(st.floats(500, 60_000), min_size=3, max_size=40), ANGLES, st.floats(0, 249))
def test_a_unit_within_an_outline_is_never_clear_and_a_blocked_cell_is_within_it(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    members: dict[int, list[Place]],
    group: int,
    centre_at: int,
    unit_at: int,
    radii: list[float],
    angle: float,
    off: float,
) -> None:
    ring = star(pool[group][centre_at], radii)
    if not all(in_range(longitude, latitude) for longitude, latitude in ring):
        return
    truth = shapely.Polygon(ring)
    if not truth.is_valid:
        return
    member = pool[group][unit_at]
    unit = unit_near(member, angle, off)

    area = parse_area({"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [ring]}}, gazetteer)

    if truth.covers(shapely.Point(wgs84_point(*unit))):
        check_inside(partition, area, member, unit)
    for cell in np.flatnonzero(partition.verdicts(area) == BLOCKED)[:5].tolist():
        for place in members.get(cell, [])[:10]:
            assert truth.covers(shapely.Point(wgs84_point(place.easting, place.northing)))


def metres_to_line(line: list[list[float]], point: tuple[float, float], step: float) -> float:
    """Return the geodesic distance from a grid point to a line of WGS84 positions, walked in steps."""
    longitude, latitude = wgs84_point(*point)
    walked: list[npt.NDArray[np.float64]] = []
    for (x1, y1), (x2, y2) in pairwise(line):
        pieces = max(1, math.ceil(geodesic((y1, x1), (y2, x2)).m / step))
        walked.append(np.column_stack([np.linspace(x1, x2, pieces + 1), np.linspace(y1, y2, pieces + 1)]))
    spots = np.concatenate(walked)
    rough = np.hypot((spots[:, 0] - longitude) * math.cos(math.radians(latitude)), spots[:, 1] - latitude)
    nearest = spots[np.argsort(rough)[:20]]
    return min(float(geodesic((latitude, longitude), (y, x)).m) for x, y in nearest.tolist())


@FIXTURES
@given(GROUPS, st.lists(MEMBERS, min_size=2, max_size=6, unique=True), MEMBERS, ANGLES, st.floats(0, 249))
def test_a_unit_within_a_corridor_is_never_clear(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    group: int,
    along: list[int],
    unit_at: int,
    angle: float,
    off: float,
) -> None:
    line = [list(wgs84_point(pool[group][at].place.easting, pool[group][at].place.northing)) for at in along]
    if line[0] == line[-1]:
        return
    member = pool[group][unit_at]
    unit = unit_near(member, angle, off)
    half_width = max(metres_to_line(line, unit, 200.0), 50.0)  # the unit is on the very edge
    if half_width > 50_000:
        return

    area = parse_area(corridor(line, half_width), gazetteer)

    check_inside(partition, area, member, unit)


def corridor(line: list[list[float]], half_width: float) -> dict[str, Any]:
    return {
        "type": "corridor",
        "line": {"type": "LineString", "coordinates": line},
        "half_width_metres": half_width,
    }


@FIXTURES
@given(GROUPS, st.lists(MEMBERS, min_size=2, max_size=4, unique=True), st.floats(5_000, 50_000))
def test_a_cell_that_a_corridor_blocks_is_inside_it_throughout(
    gazetteer: Gazetteer,
    partition: CellPartition,
    pool: Pool,
    members: dict[int, list[Place]],
    group: int,
    along: list[int],
    half_width: float,
) -> None:
    line = [list(wgs84_point(pool[group][at].place.easting, pool[group][at].place.northing)) for at in along]
    if line[0] == line[-1]:
        return

    verdicts = partition.verdicts(parse_area(corridor(line, half_width), gazetteer))

    for cell in np.flatnonzero(verdicts == BLOCKED)[:3].tolist():
        for place in members.get(cell, [])[:5]:
            assert metres_to_line(line, (place.easting, place.northing), 200.0) <= half_width


@FIXTURES
@given(st.lists(st.integers(0, 1_199), min_size=1, max_size=12))
def test_districts_are_exact(gazetteer: Gazetteer, partition: CellPartition, pool: Pool, chosen: list[int]) -> None:
    wanted = {pool[at // 150][at % 150].place.outward for at in chosen}
    area = parse_area({"type": "postcode_districts", "districts": sorted(wanted)}, gazetteer)

    verdicts = partition.verdicts(area)

    for member in (member for group in pool for member in group):
        inside = member.place.outward in wanted
        assert area.contains(0.0, 0.0, member.place.outward, member.place.authority_code) == inside
        assert not (inside and verdicts[member.cell] == CLEAR)
        assert inside or verdicts[member.cell] != BLOCKED


def test_districts_and_authorities_are_exact_over_every_postcode(gazetteer: Gazetteer, partition: CellPartition) -> None:
    columns = gazetteer.placed_columns()
    trees = [partition.cell_of(*row) for row in rows_of(gazetteer, columns, 40_000)]
    sample = rows_of(gazetteer, columns, 40_000)
    for code in ("E09000001", "E06000033", "S12000023", "N09000006"):
        verdicts = partition.verdicts(parse_area({"type": "local_authority", "code": code}, gazetteer))
        inside = np.array([row[2] == code for row in sample])
        cells = np.array(trees)
        assert (verdicts[cells[inside]] != CLEAR).all()
        assert (verdicts[cells[~inside]] != BLOCKED).all()
        fine = verdicts[: partition.fine_count]
        assert set(np.flatnonzero(fine).tolist()) == set(partition._authorities[code][0].tolist())


def rows_of(gazetteer: Gazetteer, columns: dict[str, Any], count: int) -> list[tuple[int, int, str]]:
    every = len(columns["easting"]) // count
    codes = gazetteer.authority_codes
    return [
        (east, north, codes[authority])
        for east, north, authority in zip(
            columns["easting"][::every].tolist(),
            columns["northing"][::every].tolist(),
            columns["authority"][::every].tolist(),
            strict=True,
        )
    ]


@FIXTURES
@given(GROUPS, MEMBERS, st.floats(100, 100_000), st.floats(1.0, 2.0))
def test_a_wider_circle_never_makes_a_cell_safer(
    gazetteer: Gazetteer, partition: CellPartition, pool: Pool, group: int, at: int, radius: float, factor: float
) -> None:
    centre = {"postcode": pool[group][at].postcode.text}
    narrow, wide = (
        partition.verdicts(parse_area({"type": "circle", "centre": centre, "radius_metres": metres}, gazetteer))
        for metres in (radius, radius * factor)
    )

    assert (wide >= narrow).all()
    assert set(wide.tolist()) <= {CLEAR, REVIEW, BLOCKED}


@FIXTURES
@given(GROUPS, st.lists(MEMBERS, min_size=2, max_size=5, unique=True), st.floats(100, 50_000), st.sampled_from("clp"))
def test_what_the_exact_check_calls_inside_is_never_in_a_clear_cell_and_the_rest_never_in_a_blocked_one(
    gazetteer: Gazetteer, partition: CellPartition, pool: Pool, group: int, along: list[int], size: float, kind: str
) -> None:
    line = [list(wgs84_point(pool[group][at].place.easting, pool[group][at].place.northing)) for at in along]
    specs: dict[str, dict[str, Any]] = {
        "c": {
            "type": "circle",
            "centre": {"longitude": line[0][0], "latitude": line[0][1], "uncertainty_metres": 50},
            "radius_metres": size,
        },
        "l": corridor(line, size),
        "p": {
            "type": "polygon",
            "geojson": {"type": "Polygon", "coordinates": [star(pool[group][along[0]], [size, size / 2, size])]},
        },
    }
    if (kind == "l" and line[0] == line[-1]) or not all(
        in_range(*position) for position in specs["p"]["geojson"]["coordinates"][0]
    ):
        return
    area = parse_area(specs[kind], gazetteer)

    verdicts = partition.verdicts(area)

    for member in pool[group]:
        place = member.place
        inside = area.contains(place.easting, place.northing, place.outward, place.authority_code)
        assert verdicts[member.cell] != (CLEAR if inside else BLOCKED)
