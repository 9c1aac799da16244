"""Rules of reading an area to avoid, and of refusing one."""

import json
import math
import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely

from geo.areas import normalise_area, parse_area
from geo.cells import BLOCKED, CLEAR, REVIEW, CellPartition
from geo.errors import (
    AddressNotFound,
    AreaInvalid,
    AuthorityUnknown,
    DistrictUnknown,
    GeocoderUnavailable,
    GeoError,
    PointOutOfRange,
    PostcodeMalformed,
    PostcodePartial,
    PostcodeUnknown,
    PostcodeUnplaced,
)
from geo.gazetteer import Gazetteer
from geo.geocoding import Located
from geo.grid import GRID_UNCERTAINTY_METRES
from geo.postcode import Postcode

Spec = dict[str, Any]

CANARY = "cAnArY-7f3a"
SQUARE = [[0.70, 51.53], [0.72, 51.53], [0.72, 51.55], [0.70, 51.55], [0.70, 51.53]]
BOW_TIE = [[0.70, 51.53], [0.72, 51.55], [0.72, 51.53], [0.70, 51.55], [0.70, 51.53]]


def circle(radius_metres: Any = 5_000, **centre: Any) -> Spec:
    return {"type": "circle", "centre": centre or {"postcode": "SS1 1AA"}, "radius_metres": radius_metres}


def polygon(*rings: Any) -> Spec:
    return {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": list(rings)}}


def corridor(coordinates: Any, half_width_metres: Any = 500) -> Spec:
    line = {"type": "LineString", "coordinates": coordinates}
    return {"type": "corridor", "line": line, "half_width_metres": half_width_metres}


def districts(*codes: Any) -> Spec:
    return {"type": "postcode_districts", "districts": list(codes)}


def authority(code: Any) -> Spec:
    return {"type": "local_authority", "code": code}


VALID = [
    circle(), circle(latitude=51.54, longitude=0.71), circle(100, latitude=51.54, longitude=0.71,
    uncertainty_metres=300),
    circle(200_000), districts("SS1", "ss2"), authority("E06000033"), polygon(SQUARE), polygon(SQUARE[::-1]),
    corridor(SQUARE), corridor(SQUARE[:2], 50), corridor(BOW_TIE, 50_000),
]  # fmt: skip


class FakeGeocoder:
    def __init__(self, answer: Located | GeoError) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def locate(self, text: str) -> Located:
        self.asked.append(text)
        if isinstance(self.answer, GeoError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("spec", VALID)
def test_an_area_that_is_stored_reads_again_as_the_same_area(gazetteer: Gazetteer, spec: Spec) -> None:
    stored = json.loads(json.dumps(normalise_area(spec, gazetteer), allow_nan=False))

    first, again = parse_area(spec, gazetteer), parse_area(stored, gazetteer)

    assert normalise_area(stored, gazetteer) == stored
    assert (first.outer, first.nominal, first.districts) == (again.outer, again.nominal, again.districts)
    assert first.authority_code == again.authority_code


@pytest.mark.parametrize("spec", VALID)
def test_every_kind_of_area_gives_a_verdict_on_every_cell(
    gazetteer: Gazetteer, partition: CellPartition, spec: Spec
) -> None:
    verdicts = partition.verdicts(parse_area(spec, gazetteer))

    assert verdicts.dtype == np.uint8
    assert verdicts.shape == (len(partition),)
    assert verdicts.max() >= REVIEW
    assert verdicts.min() == CLEAR


def test_a_wide_circle_blocks_near_reviews_at_its_edge_and_clears_far(
    gazetteer: Gazetteer, partition: CellPartition
) -> None:
    verdicts = partition.verdicts(parse_area(circle(60_000), gazetteer))

    assert verdicts[partition.index_of("E06000033")] == BLOCKED
    assert {CLEAR, REVIEW, BLOCKED} == set(verdicts.tolist())
    birmingham = [index for index, name in enumerate(partition.names) if "Birmingham" in name]
    assert verdicts[birmingham].max() == CLEAR


def test_an_address_is_stored_as_a_point_with_its_uncertainty_and_needs_no_network_again(gazetteer: Gazetteer) -> None:
    geocoder = FakeGeocoder(Located(51.54, 0.71, 400.0))

    stored = normalise_area(circle(address="12 Acacia Avenue"), gazetteer, geocoder)

    assert stored["centre"] == {"latitude": 51.54, "longitude": 0.71, "uncertainty_metres": 400.0}
    assert geocoder.asked == ["12 Acacia Avenue"]
    parse_area(stored, gazetteer)


@pytest.mark.parametrize(
    ("geocoder", "error"),
    [
        (None, GeocoderUnavailable),
        (FakeGeocoder(GeocoderUnavailable()), GeocoderUnavailable),
        (FakeGeocoder(AddressNotFound()), AddressNotFound),
        (FakeGeocoder(Located(0.0, 0.0, 1.0)), PointOutOfRange),
        (FakeGeocoder(Located(math.nan, math.nan, 1.0)), PointOutOfRange),
    ],
)
def test_an_address_that_cannot_be_placed_is_refused(
    gazetteer: Gazetteer, geocoder: FakeGeocoder | None, error: type[GeoError]
) -> None:
    with pytest.raises(error) as refused:
        parse_area(circle(address=CANARY), gazetteer, geocoder)

    assert refused.value.pointer == "/centre/address"
    assert CANARY not in refused.value.detail


REFUSED: list[tuple[Any, type[GeoError], str]] = [
    # the object
    (None, AreaInvalid, ""), ([], AreaInvalid, ""), ("circle", AreaInvalid, ""), (1, AreaInvalid, ""),
    ({}, AreaInvalid, "/type"), ({"type": CANARY}, AreaInvalid, "/type"), ({"type": ["circle"]}, AreaInvalid, "/type"),
    ({"type": None}, AreaInvalid, "/type"), ({"type": "CIRCLE"}, AreaInvalid, "/type"),
    ({**circle(), CANARY: 1}, AreaInvalid, ""), ({"type": "circle"}, AreaInvalid, "/centre"),
    ({"type": "circle", "centre": {"postcode": "SS1 1AA"}}, AreaInvalid, "/radius_metres"),
    # centres
    ({**circle(), "centre": CANARY}, AreaInvalid, "/centre"),
    ({**circle(), "centre": {}}, AreaInvalid, "/centre/latitude"),
    (circle(postcode="SS1"), PostcodePartial, "/centre/postcode"),
    (circle(postcode=CANARY), PostcodeMalformed, "/centre/postcode"),
    (circle(postcode="SS1\x001AA"), PostcodeMalformed, "/centre/postcode"),
    (circle(postcode=None), PostcodeMalformed, "/centre/postcode"),
    (circle(postcode="SS1 4QQ"), PostcodeUnknown, "/centre/postcode"),
    (circle(postcode="JE2 3QA"), PostcodeUnplaced, "/centre/postcode"),
    (circle(postcode="SS1 1AA", latitude=51.5, longitude=0.7), AreaInvalid, "/centre"),
    (circle(postcode="SS1 1AA", address="x"), AreaInvalid, "/centre"),
    (circle(latitude=51.5), AreaInvalid, "/centre/longitude"),
    (circle(latitude=0.71, longitude=51.54), PointOutOfRange, "/centre"),
    (circle(latitude=90, longitude=0), PointOutOfRange, "/centre"),
    (circle(latitude=2**63, longitude=0), PointOutOfRange, "/centre"),
    (circle(latitude=True, longitude=0), AreaInvalid, "/centre/latitude"),
    (circle(latitude="51.5", longitude=0), AreaInvalid, "/centre/latitude"),
    (circle(latitude=51.5, longitude=math.nan), AreaInvalid, "/centre/longitude"),
    (circle(latitude=51.5, longitude=[0.7]), AreaInvalid, "/centre/longitude"),
    (circle(latitude=51.5, longitude=0.7, uncertainty_metres=-1), AreaInvalid, "/centre/uncertainty_metres"),
    (circle(latitude=51.5, longitude=0.7, uncertainty_metres=10**6), AreaInvalid, "/centre/uncertainty_metres"),
    *((circle(address=text), AreaInvalid, "/centre/address")
      for text in ("", "  ", "a\x00b", "a\nb", "\ud800", "\u202eevil", "x" * 201, None, 1, True, ["x"])),
    # radii and half widths
    *((circle(radius), AreaInvalid, "/radius_metres")
      for radius in (-1, 0, -0.0, 99.9, 200_001, 1e9, 10**400, 2**63, math.nan, math.inf, -math.inf, True, "5000",
      None, [], {})),
    *((corridor(SQUARE, width), AreaInvalid, "/half_width_metres")
      for width in (-1, 0, 49.9, 50_001, 10**400, math.nan, math.inf, True, "500", None, [])),
    # districts and authorities
    ({"type": "postcode_districts"}, AreaInvalid, "/districts"), (districts(), AreaInvalid, "/districts"),
    (districts(*["SS1"] * 101), AreaInvalid, "/districts"),
    ({"type": "postcode_districts", "districts": "SS1"}, AreaInvalid, "/districts"),
    ({"type": "postcode_districts", "districts": {"SS1": 1}}, AreaInvalid, "/districts"),
    *((districts("SS1", code), DistrictUnknown, "/districts/1")
      for code in ("", "SS", "SS1 1AA", "ZZ9", CANARY, None, 1, True, [], "SS1\x00", "S" * 10**6)),
    (districts("SS1", "JE2"), PostcodeUnplaced, "/districts/1"),
    *((authority(code), AuthorityUnknown, "/code")
      for code in ("", "E99999999", "e06000033", "L99999999", CANARY, None, 1, True, [], {}, "E" * 10**6,
      "E06000033\x00")),
    # outlines
    ({"type": "polygon"}, AreaInvalid, "/geojson"), ({"type": "polygon", "geojson": []}, AreaInvalid, "/geojson"),
    ({"type": "polygon", "geojson": {"type": "Polygon"}}, AreaInvalid, "/geojson/coordinates"),
    ({"type": "polygon", "geojson": {"type": "Point", "coordinates": []}}, AreaInvalid, "/geojson/type"),
    ({"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [SQUARE], "crs": CANARY}}, AreaInvalid,
    "/geojson"),
    (polygon(), AreaInvalid, "/geojson/coordinates"),
    ({"type": "polygon", "geojson": {"type": "Polygon", "coordinates": CANARY}}, AreaInvalid, "/geojson/coordinates"),
    (polygon(SQUARE, SQUARE), AreaInvalid, "/geojson/coordinates/1"),
    (polygon([]), AreaInvalid, "/geojson/coordinates/0"),
    (polygon(CANARY), AreaInvalid, "/geojson/coordinates/0"),
    (polygon(SQUARE[:3]), AreaInvalid, "/geojson/coordinates/0"),
    (polygon(SQUARE[:4]), AreaInvalid, "/geojson/coordinates/0"),
    (polygon(SQUARE * 101), AreaInvalid, "/geojson/coordinates/0"),
    (polygon(BOW_TIE), AreaInvalid, "/geojson/coordinates/0"),
    (polygon([[0.7, 51.5]] * 5), AreaInvalid, "/geojson/coordinates/0"),
    (polygon([[0.7, 51.5], [0.8, 51.5], [0.9, 51.5], [0.7, 51.5]]), AreaInvalid, "/geojson/coordinates/0"),
    (polygon([[0.7, 51.5], [0.7 + 1e-6, 51.5], [0.7, 51.5 + 1e-6], [0.7, 51.5]]), AreaInvalid,
    "/geojson/coordinates/0"),
    (polygon([[y, x] for x, y in SQUARE]), AreaInvalid, "/geojson/coordinates/0/0"),
    *((polygon([SQUARE[0], position, *SQUARE[2:]]), AreaInvalid, f"/geojson/coordinates/0/1{suffix}")
      for position, suffix in (
          (None, ""), ([], ""), ([0.7], ""), ([0.7, 51.5, 3.0], ""), (CANARY, ""), ({"x": 1}, ""),
          ([-40.0, 51.5], ""), ([0.7, 91.0], ""),
          (["0.7", 51.5], "/0"), ([True, 51.5], "/0"), ([0.7, math.nan], "/1"), ([0.7, 10**400], "/1"),
          ([0.7, [51.5]], "/1"),
      )),
    # lines
    ({"type": "corridor", "half_width_metres": 500}, AreaInvalid, "/line"),
    (corridor([]), AreaInvalid, "/line/coordinates"),
    (corridor(SQUARE[:1]), AreaInvalid, "/line/coordinates"),
    (corridor([[0.7, 51.5]] * 3), AreaInvalid, "/line/coordinates"),
    (corridor(SQUARE * 101), AreaInvalid, "/line/coordinates"),
    (corridor([[0.7, 51.5], [0.7, "x"]]), AreaInvalid, "/line/coordinates/1/1"),
    (corridor([[-8, 50], [1, 60]] * 200), AreaInvalid, "/line/coordinates"),
    ({**corridor(SQUARE), "line": {"type": "Polygon", "coordinates": SQUARE}}, AreaInvalid, "/line/type"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "error", "pointer"), REFUSED)
def test_a_bad_area_is_refused_with_the_place_of_the_fault_and_not_its_value(
    gazetteer: Gazetteer, spec: Any, error: type[GeoError], pointer: str
) -> None:
    with pytest.raises(GeoError) as refused:
        parse_area(spec, gazetteer)

    assert type(refused.value) is error
    assert refused.value.pointer == pointer
    assert CANARY not in refused.value.detail + refused.value.pointer


@pytest.mark.parametrize("hostile", ["x" * 10**6, [0] * 10**6, dict.fromkeys(map(str, range(10**5))), 10**4_000, -(2**63)])
@pytest.mark.parametrize("field", ["type", "centre", "radius_metres", "districts", "code", "geojson", "line"])
def test_a_hostile_value_in_any_field_is_refused_at_once(gazetteer: Gazetteer, field: str, hostile: Any) -> None:
    kinds = [circle(), districts("SS1"), authority("E06000033"), polygon(SQUARE), corridor(SQUARE)]
    spec = next({**kind, field: hostile} for kind in kinds if field in kind)

    start = time.process_time()
    with pytest.raises(GeoError):
        parse_area(spec, gazetteer)

    assert time.process_time() - start < 0.05


def test_lists_of_any_depth_are_refused(gazetteer: Gazetteer) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    for spec in (polygon(deep), polygon([deep] * 5), corridor(deep), corridor([[deep, deep]] * 3), districts(deep)):
        with pytest.raises(GeoError):
            parse_area(spec, gazetteer)


def test_the_longest_line_is_drawn_in_reasonable_time(gazetteer: Gazetteer, partition: CellPartition) -> None:
    zigzag = [[-3.0 + 0.07 * (step % 2), 50.5 + 0.01 * step] for step in range(500)]

    def seconds() -> float:
        start = time.process_time()
        partition.verdicts(parse_area(corridor(zigzag, 50_000), gazetteer))
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 1.0  # a slow drawing is slow each time; a loaded machine is not


def test_a_hole_is_refused_with_the_reason(gazetteer: Gazetteer) -> None:
    with pytest.raises(AreaInvalid, match="declare its inside safe"):
        parse_area(polygon(SQUARE, SQUARE), gazetteer)


def test_a_point_that_is_nowhere_is_not_outside(gazetteer: Gazetteer) -> None:
    area = parse_area(circle(), gazetteer)

    with pytest.raises(PointOutOfRange):
        area.contains(math.nan, 186_223.0, "SS1", "E06000033")


def test_the_edge_of_an_area_is_inside(gazetteer: Gazetteer) -> None:
    for spec in (circle(), polygon(SQUARE), corridor(SQUARE[:3])):
        area = parse_area(spec, gazetteer)
        for easting, northing in shapely.get_coordinates(area.outer).tolist():
            assert area.contains(easting, northing, "ZZ1", "")


def test_uncertainty_widens_what_might_be_inside_and_leaves_what_is_inside_as_stated(gazetteer: Gazetteer) -> None:
    areas = [
        parse_area(circle(latitude=54.6, longitude=-5.93, uncertainty_metres=metres), gazetteer)
        for metres in (5, 50, 500, 5_000)
    ]

    for narrow, wide in pairwise(areas):
        assert shapely.contains_properly(wide.outer, narrow.outer)
        assert wide.nominal == narrow.nominal
    assert all(shapely.contains_properly(area.outer, area.nominal) for area in areas)


def test_a_point_is_never_called_surer_than_the_grid(gazetteer: Gazetteer) -> None:
    bare, sure = (
        parse_area(circle(latitude=54.6, longitude=-5.93, **more), gazetteer) for more in ({}, {"uncertainty_metres": 0})
    )

    assert bare.outer == sure.outer
    assert shapely.distance(bare.outer.exterior, bare.nominal) >= GRID_UNCERTAINTY_METRES


def test_a_circle_about_a_postcode_reaches_as_far_as_its_addresses_may_lie(gazetteer: Gazetteer) -> None:
    place = gazetteer.find(Postcode.parse("IV27 4QB"))

    area = parse_area(circle(10_000, postcode="IV27 4QB"), gazetteer)

    reach = (10_000 + place.uncertainty_metres) * 0.9995  # the grid's scale there
    assert area.contains(place.easting + reach, place.northing, place.outward, place.authority_code)
    assert not shapely.intersects_xy(area.nominal, place.easting + 10_001, place.northing)


def test_districts_and_authorities_are_compared_by_the_postcode_and_never_by_the_point(gazetteer: Gazetteer) -> None:
    southend, one = parse_area(authority("E06000033"), gazetteer), parse_area(districts("ss1"), gazetteer)

    for point in ((588_180.0, 186_223.0), (100_000.0, 900_000.0)):
        assert southend.contains(*point, "SS7", "E06000033")
        assert not southend.contains(*point, "SS1", "E07000069")
        assert one.contains(*point, "SS1", "E07000069")
        assert not one.contains(*point, "SS7", "E06000033")
