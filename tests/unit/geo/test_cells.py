"""Laws of the partition into safety cells."""

import math

import msgpack
import numpy as np
import pytest
import shapely

from geo import cells
from geo.areas import parse_area
from geo.authorities import DATA, authorities
from geo.cell_division import MIN_HOUSEHOLDS, MIN_SQUARE_METRES, Country
from geo.cell_shaping import MARGIN_METRES
from geo.cells import BLOCKED, REVIEW, CellPartition, combine
from geo.counties import MIN_CELLS, PREFIX
from geo.errors import (
    GazetteerCorrupt,
    GazetteerMissing,
    PointOutOfRange,
    PointOutsideCell,
    PostcodeUnknown,
    PostcodeUnplaced,
)
from geo.gazetteer import Gazetteer
from geo.household_estimate import estimate_households
from geo.postcode import Postcode

SOUTHEND = "E06000033"


def test_there_are_some_seven_hundred_cells_with_codes_and_names_of_their_own(partition: CellPartition) -> None:
    assert 600 <= partition.fine_count < len(partition) <= 900
    assert len(set(partition.codes)) == len(set(partition.names)) == len(partition)
    assert len(partition.shapes) == partition.fine_count
    assert max(map(len, partition.codes)) <= 60
    assert [partition.index_of(code) for code in partition.codes] == list(range(len(partition)))


def test_no_cell_is_small(partition: CellPartition) -> None:
    assert partition.household_counts.min() >= MIN_HOUSEHOLDS
    assert partition.square_metres.min() >= MIN_SQUARE_METRES
    assert shapely.area(partition.shapes).min() >= MIN_SQUARE_METRES


def test_the_households_told_are_those_estimated_in_the_cell(partition: CellPartition, gazetteer: Gazetteer) -> None:
    columns = gazetteer.placed_columns()
    authority = np.array(gazetteer.authority_codes)[columns["authority"]]
    in_scotland = np.char.startswith(authority, "S")
    households = estimate_households(columns["easting"], columns["northing"], columns["uncertainty"], in_scotland)
    for index in (partition.index_of(SOUTHEND), int(partition.household_counts[: partition.fine_count].argmin())):
        codes = [code for code, (places, _) in partition._authorities.items() if index in places]
        rows = np.flatnonzero(np.isin(authority, codes))
        filed = [
            partition.cell_of(int(columns["easting"][row]), int(columns["northing"][row]), str(authority[row])) == index
            for row in rows.tolist()
        ]

        assert households[rows[filed]].sum() == partition.household_counts[index]
        assert len(rows[filed]) == partition.postcode_counts[index]


def test_every_cell_is_one_valid_piece_without_holes(partition: CellPartition) -> None:
    # `verdicts` leans on it: a cell that an edge does not touch is wholly on one side.
    assert shapely.is_valid(partition.shapes).all()
    assert {shape.geom_type for shape in partition.shapes} == {"Polygon"}
    assert shapely.get_num_interior_rings(partition.shapes).max() == 0


def test_every_placed_postcode_is_in_one_cell(partition: CellPartition, gazetteer: Gazetteer) -> None:
    fine = partition.postcode_counts[: partition.fine_count]
    assert fine.sum() == partition.postcode_counts[partition.fine_count :].sum()
    assert fine.sum() == len(gazetteer.placed_columns()["easting"])
    for table in (partition._authorities, partition._districts):
        per_cell = np.zeros(partition.fine_count, dtype=np.int64)
        for indexes, counts in table.values():
            per_cell[indexes] += counts
        assert (per_cell == fine).all()


def test_a_postcode_lies_well_within_the_outline_of_its_cell(partition: CellPartition, gazetteer: Gazetteer) -> None:
    places = [place for _, place in gazetteer.sample(np.random.default_rng(3), 50_000)]
    index = [partition.cell_of(place.easting, place.northing, place.authority_code) for place in places]

    points = shapely.points([(place.easting, place.northing) for place in places])
    shapes = partition.shapes[index]

    assert shapely.covers(shapes, points).all()
    assert shapely.distance(shapely.get_exterior_ring(shapes), points).min() >= MARGIN_METRES


def test_a_cell_of_two_authorities_holds_one_that_is_too_small_alone(partition: CellPartition, gazetteer: Gazetteer) -> None:
    columns = gazetteer.placed_columns()
    authority = np.array(gazetteer.authority_codes)[columns["authority"]]
    in_scotland = np.char.startswith(authority, "S")
    households = estimate_households(columns["easting"], columns["northing"], columns["uncertainty"], in_scotland)
    country = Country(np.stack([columns["easting"], columns["northing"]], axis=1), households)
    members: dict[int, list[str]] = {}
    for code, (places, _) in partition._authorities.items():
        for index in places.tolist():
            members.setdefault(index, []).append(code)

    joined = [codes for codes in members.values() if len(codes) > 1]

    assert 5 < len(joined) < 30
    assert all(any(country.piece(np.flatnonzero(authority == code)).is_small for code in codes) for codes in joined)


def test_a_county_is_five_whole_cells_or_more(partition: CellPartition) -> None:
    counties = np.array([partition.county_of(cell) for cell in range(partition.fine_count)])

    assert set(counties.tolist()) == set(range(partition.fine_count, len(partition)))
    assert np.bincount(counties)[partition.fine_count :].min() >= MIN_CELLS
    assert [partition.is_county(cell) for cell in (0, partition.fine_count - 1, partition.fine_count)] == [
        False,
        False,
        True,
    ]
    assert all(code.startswith(PREFIX) for code in partition.codes[partition.fine_count :])
    assert not any(code.startswith(PREFIX) for code in partition.codes[: partition.fine_count])


def test_a_county_is_clear_where_all_its_cells_are_and_blocked_where_all_are(
    partition: CellPartition, gazetteer: Gazetteer
) -> None:
    rng = np.random.default_rng(9)
    counties = np.array([partition.county_of(cell) for cell in range(partition.fine_count)])
    for postcode, place in gazetteer.sample(rng, 60):
        for area in (
            {
                "type": "circle",
                "centre": {"postcode": postcode.text},
                "radius_metres": float(rng.choice((900, 9_000, 90_000))),
            },
            {"type": "local_authority", "code": place.authority_code},
            {"type": "postcode_districts", "districts": [postcode.outward]},
        ):
            verdicts = partition.verdicts(parse_area(area, gazetteer))
            fine = verdicts[: partition.fine_count]
            for county in set(counties.tolist()):
                own = set(fine[counties == county].tolist())
                assert verdicts[county] == (own.pop() if len(own) == 1 else REVIEW)


def test_no_cell_joins_two_nations(partition: CellPartition) -> None:
    nations: dict[int, set[str]] = {}
    for code, (indexes, _) in partition._authorities.items():
        for index in indexes.tolist():
            nations.setdefault(index, set()).add(authorities()[code].nation)

    assert set(map(len, nations.values())) == {1}


def test_an_authority_that_was_too_small_is_joined_to_a_neighbour(partition: CellPartition) -> None:
    # The City of London has 3 km2, and Rutland 1,500 postcodes.
    for code in ("E09000001", "E06000017"):
        (index,) = partition._authorities[code][0].tolist()
        assert len([other for other, (cells_, _) in partition._authorities.items() if index in cells_]) > 1


def test_the_cell_follows_from_the_postcode_and_not_from_the_point(partition: CellPartition, gazetteer: Gazetteer) -> None:
    rng = np.random.default_rng(11)
    for postcode, place in gazetteer.sample(rng, 300):
        home = partition.assign(postcode, gazetteer, place.easting, place.northing)
        for angle in rng.uniform(0, 2 * math.pi, 4):
            east, north = place.easting + 249 * math.cos(angle), place.northing + 249 * math.sin(angle)
            assert partition.assign(postcode, gazetteer, east, north) == home


def test_a_point_outside_the_cell_of_its_postcode_is_refused(partition: CellPartition, gazetteer: Gazetteer) -> None:
    with pytest.raises(PointOutsideCell):
        partition.assign(Postcode.parse("SS1 1AA"), gazetteer, 530_000.0, 180_000.0)


def test_a_point_on_the_boundary_of_its_cell_is_inside(partition: CellPartition, gazetteer: Gazetteer) -> None:
    cell = partition.index_of(SOUTHEND)
    corner = shapely.get_coordinates(partition.shapes[cell])[0]

    assert partition.assign(Postcode.parse("SS1 1AA"), gazetteer, *corner.tolist()) == cell


@pytest.mark.parametrize("point", [(math.nan, 1.0), (1.0, math.inf)])
def test_a_point_that_is_nowhere_is_in_no_cell(
    partition: CellPartition, gazetteer: Gazetteer, point: tuple[float, float]
) -> None:
    with pytest.raises(PointOutOfRange):
        partition.assign(Postcode.parse("SS1 1AA"), gazetteer, *point)


@pytest.mark.parametrize(("text", "error"), [("SS1 4QQ", PostcodeUnknown), ("JE2 3QA", PostcodeUnplaced)])
def test_a_postcode_without_a_place_has_no_cell(
    partition: CellPartition, gazetteer: Gazetteer, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        partition.assign(Postcode.parse(text), gazetteer, 588_180.0, 186_223.0)


@pytest.mark.parametrize("table", ["authorities", "districts"])
def test_a_postcode_newer_than_the_table_of_cells_has_no_cell(gazetteer: Gazetteer, table: str) -> None:
    content = msgpack.unpackb((DATA / f"cells-{cells.CURRENT_VERSION}.msgpack").read_bytes())
    del content[table]["SS1" if table == "districts" else SOUTHEND]

    with pytest.raises(PostcodeUnplaced, match="newer"):
        CellPartition(content).assign(Postcode.parse("SS1 1AA"), gazetteer, 588_180.0, 186_223.0)


def test_southend_is_blocked_as_a_whole_by_its_own_authority_and_nothing_else_is(
    partition: CellPartition, gazetteer: Gazetteer
) -> None:
    verdicts = partition.verdicts(parse_area({"type": "local_authority", "code": SOUTHEND}, gazetteer))

    index = partition.index_of(SOUTHEND)
    assert np.flatnonzero(verdicts[: partition.fine_count]).tolist() == [index]
    assert verdicts[index] == BLOCKED
    assert partition.names[index] == "Southend-on-Sea"
    # Of its county it is only a part.
    assert {partition.codes[at] for at in np.flatnonzero(verdicts == REVIEW)} == {
        partition.codes[partition.county_of(index)]
    }


def test_an_authority_in_parts_is_blocked_in_every_part(partition: CellPartition, gazetteer: Gazetteer) -> None:
    verdicts = partition.verdicts(parse_area({"type": "local_authority", "code": "E08000025"}, gazetteer))

    parts = [index for index, name in enumerate(partition.names) if "part of Birmingham" in name]
    assert len(parts) > 1
    assert np.flatnonzero(verdicts == BLOCKED).tolist() == parts
    assert not (verdicts[: partition.fine_count] == REVIEW).any()


def test_nearly_every_authority_is_avoided_exactly(partition: CellPartition, gazetteer: Gazetteer) -> None:
    exact = []
    for code in partition._authorities:
        verdicts = partition.verdicts(parse_area({"type": "local_authority", "code": code}, gazetteer))
        exact.append(not (verdicts[: partition.fine_count] == REVIEW).any())

    assert len(exact) == 361
    assert sum(exact) >= 320


def test_part_of_a_joined_cell_is_for_review(partition: CellPartition, gazetteer: Gazetteer) -> None:
    verdicts = partition.verdicts(parse_area({"type": "local_authority", "code": "E09000001"}, gazetteer))

    index, county = np.flatnonzero(verdicts)
    assert verdicts[index] == REVIEW
    assert partition.county_of(int(index)) == county
    assert "City of London" in partition.names[index]


def test_the_worst_verdict_of_several_areas_counts() -> None:
    first, second = np.array([0, 1, 2, 0], dtype=np.uint8), np.array([1, 0, 1, 0], dtype=np.uint8)

    assert combine([first, second]).tolist() == [1, 1, 2, 0]
    assert combine(iter([first])).tolist() == first.tolist()
    assert combine([first]).dtype == np.uint8


def test_no_verdict_at_all_is_not_called_clear() -> None:
    with pytest.raises(ValueError, match="no verdicts"):
        combine([])


def test_the_partition_is_read_once_and_cannot_be_changed(partition: CellPartition) -> None:
    assert CellPartition.load() is CellPartition.load(cells.CURRENT_VERSION) is partition
    with pytest.raises(ValueError, match="read-only"):
        partition.centroids[0, 0] = 0.0


@pytest.mark.parametrize("version", ["1999.1.1-1", "", "../../x", "2026.1.1-1/../x", "2026.1.1-1\n"])
def test_a_version_that_is_not_shipped_is_missing(version: str) -> None:
    with pytest.raises(GazetteerMissing):
        CellPartition.load(version)


def test_a_damaged_file_of_cells_is_corrupt(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (DATA / f"cells-{cells.CURRENT_VERSION}.msgpack").read_bytes()
    directory = tmp_path_factory.mktemp("cells")
    monkeypatch.setattr(cells, "DATA", directory)
    for number, damaged in enumerate([b"", b"x", whole[:1_000], whole[:-3], msgpack.packb({"version": "1-1"})]):
        (directory / f"cells-{number}-1.msgpack").write_bytes(damaged)

        with pytest.raises(GazetteerCorrupt):
            CellPartition.load(f"{number}-1")
