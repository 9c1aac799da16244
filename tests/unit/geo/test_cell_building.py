"""Rules of building and naming the safety cells."""

from pathlib import Path

import msgpack
import numpy as np
import pytest
import shapely

from geo import cell_building
from geo.authorities import DATA
from geo.cell_building import build_cells
from geo.cell_naming import group_code, group_name, part_names
from geo.cells import CURRENT_VERSION
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

    hull = cell_building._hull(points)

    assert shapely.distance(hull, shapely.points(points)).max() <= cell_building._HALF_DIAGONAL


def test_names_and_codes_are_joined_as_people_write_them() -> None:
    assert group_name(["Rutland"]) == "Rutland"
    assert group_name(["Rutland", "Melton"]) == "Rutland and Melton"
    assert group_name(["A", "B", "C"]) == "A, B and C"
    assert group_code(["E06000017", "E07000133"]) == "E06000017+E07000133"


def test_a_long_join_has_a_short_code_that_depends_on_every_member() -> None:
    codes = [f"E0700000{digit}" for digit in range(8)]

    assert len(group_code(codes)) < 40
    assert group_code(codes) != group_code([*codes[:-1], "E07000009"])


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
