"""What the tests of places share: the gazetteer, the cells, and a pool of real postcodes."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from geo.cells import CellPartition
from geo.gazetteer import Gazetteer, Place, build_gazetteer, gazetteer_is_current
from geo.postcode import Postcode

#: Close country and open country, the far ends of the grid, and Northern Ireland, where its scale is worst.
POOL_AUTHORITIES = (
    "E06000033",
    "E07000011",
    "E08000025",
    "E06000052",
    "S12000017",
    "N09000003",
    "N09000006",
    "W06000002",
)


@dataclass(frozen=True)
class Member:
    """A real postcode, where it is, and its cell."""

    postcode: Postcode
    place: Place
    cell: int


@pytest.fixture(scope="session")
def gazetteer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    """The real gazetteer; built once per run where no shared one is at hand."""
    try:
        directory = Path(request.getfixturevalue("gazetteer_directory"))
    except pytest.FixtureLookupError:
        given = os.environ.get("HARBOUR_TEST_GAZETTEER")
        directory = Path(given) if given else _base_of_this_run(tmp_path_factory) / "gazetteer"
        if not gazetteer_is_current(directory):
            build_gazetteer(directory)
    return Gazetteer.open(directory)


def _base_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Workers of one run share their parent's folder. Without workers that parent outlives the run, and would be stale.
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def partition() -> CellPartition:
    """The partition that is shipped."""
    return CellPartition.load()


@pytest.fixture(scope="session")
def pool(gazetteer: Gazetteer, partition: CellPartition) -> list[list[Member]]:
    """Real postcodes of eight unlike authorities, 150 each, grouped by authority."""
    rng = np.random.default_rng(20261122)
    return [
        [
            Member(postcode, place, partition.cell_of(place.easting, place.northing, place.authority_code))
            for postcode, place in gazetteer.sample(rng, 150, {code})
        ]
        for code in POOL_AUTHORITIES
    ]


@pytest.fixture(scope="session")
def members(gazetteer: Gazetteer, partition: CellPartition) -> dict[int, list[Place]]:
    """Thirty thousand real postcodes by the index of their cell."""
    by_cell: dict[int, list[Place]] = {}
    for _, place in gazetteer.sample(np.random.default_rng(7), 30_000):
        cell = partition.cell_of(place.easting, place.northing, place.authority_code)
        by_cell.setdefault(cell, []).append(place)
    return by_cell
