"""Rules of building and naming the safety cells."""

from pathlib import Path

import msgpack
import numpy as np
import pytest
import shapely

from geo import cell_building
from geo.authorities import DATA
from geo.cell_building import build_cells
from geo.cell_division import ADDRESS_REACH_METRES, MIN_HOUSEHOLDS, MIN_SQUARE_METRES, Country, Node, Piece, divide
from geo.cell_joining import Draft, join_small
from geo.cell_naming import group_code, group_name, part_names
from geo.cell_shaping import HALF_DIAGONAL, hull_of
from geo.cells import CURRENT_VERSION
from geo.counties import PREFIX
from geo.gazetteer import Gazetteer


@pytest.mark.slow
def test_building_again_gives_the_shipped_bytes(gazetteer: Gazetteer) -> None:
    assert build_cells(gazetteer) == (DATA / f"cells-{CURRENT_VERSION}.msgpack").read_bytes()


def test_the_shipped_cells_are_of_the_edition_that_is_installed(gazetteer: Gazetteer) -> None:
    content = msgpack.unpackb((DATA / f"cells-{CURRENT_VERSION}.msgpack").read_bytes())

    assert content["version"] == CURRENT_VERSION == f"{gazetteer.version}-{cell_building.RULES}"
    assert content["edition"] == gazetteer.version


def test_the_shipped_data_comes_with_its_notice() -> None:
    notice = (DATA / "NOTICE.md").read_text(encoding="utf-8")

    assert "Open Government Licence v3.0" in notice
    assert "Crown copyright" in notice


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert cell_building.main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_command_writes_the_file(
    gazetteer: Gazetteer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cell_building.Gazetteer, "open", lambda _: gazetteer)
    monkeypatch.setattr(cell_building, "build_cells", lambda _: msgpack.packb({"codes": ["E06000033"]}))

    assert cell_building.main(["somewhere", str(tmp_path / "cells")]) == 0

    assert (tmp_path / "cells").read_bytes() == msgpack.packb({"codes": ["E06000033"]})
    assert "1 cells" in capsys.readouterr().out


def test_a_hull_covers_its_points_to_within_half_a_square() -> None:
    rng = np.random.default_rng(1)
    points = rng.integers(100_000, 120_000, (500, 2)).astype(np.int32)

    hull = hull_of(points)

    assert shapely.distance(hull, shapely.points(points)).max() <= HALF_DIAGONAL


def test_names_and_codes_are_joined_as_people_write_them() -> None:
    assert group_name(["Rutland"]) == "Rutland"
    assert group_name(["Rutland", "Melton"]) == "Rutland and Melton"
    assert group_name(["A", "B", "C"]) == "A, B and C"
    assert group_code(["E06000017", "E07000133"]) == "E06000017+E07000133"


def test_a_long_join_has_a_short_code_that_depends_on_every_member() -> None:
    codes = [f"E0700000{digit}-aab" for digit in range(8)]

    assert len(PREFIX + group_code(codes)) <= 60
    assert group_code(codes) != group_code([*codes[:-1], "E07000009-aab"])


def test_parts_are_named_after_the_compass_and_told_apart_by_a_district() -> None:
    names = part_names(
        "Camborne",
        [(1.0, 1.0), (-5.0, 0.0), (-5.0, 0.1)],
        [{"TR1": 9}, {"TR14": 5, "TR15": 4}, {"TR14": 3, "TR15": 6}],
    )

    assert names == [
        "part of Camborne (north-east)",
        "part of Camborne (west, TR14)",
        "part of Camborne (west, TR15)",
    ]


def square_town(households: int, side_metres: int, west: int = 0, south: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return points on a square grid 500 m apart, and their households, spread evenly."""
    ticks = np.arange(0, side_metres + 1, 500)
    points = np.stack(np.meshgrid(ticks + west, ticks + south), axis=-1).reshape(-1, 2).astype(np.int32)
    return points, np.full(len(points), households // len(points) + 1, dtype=np.int64)


def leaves(node: Node) -> list[int]:
    return [node] if isinstance(node, int) else leaves(node[3]) + leaves(node[4])


def test_an_authority_is_cut_into_as_many_cells_as_the_minima_allow_and_none_is_small() -> None:
    country = Country(*square_town(100_000, 20_000))
    pieces: list[Piece] = []

    tree = divide(country, country.piece(np.arange(len(country.points))), "", pieces, [])

    assert 4 <= len(pieces) <= 5
    assert min(piece.households for piece in pieces) >= MIN_HOUSEHOLDS
    assert min(piece.square_metres for piece in pieces) >= MIN_SQUARE_METRES
    assert sorted(leaves(tree)) == list(range(len(pieces)))
    assert np.array_equal(np.sort(np.concatenate([piece.rows for piece in pieces])), np.arange(len(country.points)))


@pytest.mark.parametrize(("households", "side_metres"), [(39_000, 20_000), (400_000, 6_500)])
def test_an_authority_that_cannot_be_cut_in_two_large_halves_stays_whole(households: int, side_metres: int) -> None:
    country = Country(*square_town(households, side_metres))
    pieces: list[Piece] = []

    assert divide(country, country.piece(np.arange(len(country.points))), "", pieces, []) == 0
    assert len(pieces) == 1


def test_an_address_reaches_no_farther_beyond_the_hull_than_any_gazetteer_says_it_may() -> None:
    country = Country(*square_town(30_000, 5_000))

    piece = country.piece(np.arange(len(country.points)))

    assert piece.square_metres < (5_000 + 100 + 2 * ADDRESS_REACH_METRES) ** 2


def drafts_of(*towns: tuple[str, int, int]) -> tuple[Country, list[Draft]]:
    """Return drafts of square towns of 6 km (code, households, west), each alone in its authority."""
    parts = [square_town(households, 6_000, west, 0) for _, households, west in towns]
    country = Country(np.concatenate([points for points, _ in parts]), np.concatenate([counts for _, counts in parts]))
    ends = np.cumsum([len(points) for points, _ in parts])
    rows = np.split(np.arange(len(country.points)), ends[:-1])
    return country, [
        Draft(country.piece(own), (code,), (code,), (code,)) for (code, _, _), own in zip(towns, rows, strict=True)
    ]


def test_small_authorities_that_touch_are_joined_to_each_other_and_leave_large_ones_alone() -> None:
    country, drafts = drafts_of(("E07000008", 90_000, 0), ("E07000009", 12_000, 6_300), ("E07000010", 12_000, 12_600))

    joined = join_small(country, drafts)

    assert [draft.codes for draft in joined] == [("E07000008",), ("E07000009", "E07000010")]


def test_a_small_authority_without_a_small_neighbour_joins_the_nearest_of_its_nation() -> None:
    country, drafts = drafts_of(("E07000008", 30_000, 0), ("W06000001", 30_000, 7_000), ("E07000009", 9_000, 14_000))

    joined = join_small(country, drafts)

    assert [draft.codes for draft in joined] == [("E07000008", "E07000009"), ("W06000001",)]
