"""Rules of distances."""

import math

import numpy as np
import pytest

from geo.cells import CellPartition
from geo.distance import BANDS, DistanceBand, bands, metres
from geo.errors import PointOutOfRange


def test_bands_are_in_order_and_hold_their_lower_end() -> None:
    centroids = np.array([[km * 1_000.0, 0.0] for km in (0, 9.999, 10, 24.999, 25, 49.999, 50, 99.999, 100, 900)])

    found = bands(0.0, 0.0, centroids)

    assert found.dtype == np.uint8
    assert found.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [BANDS[0], BANDS[4]] == [DistanceBand.UNDER_10_KM, DistanceBand.OVER_100_KM]
    assert [band.value for band in BANDS] == [
        "under_10_km", "from_10_to_25_km", "from_25_to_50_km", "from_50_to_100_km", "over_100_km",
    ]  # fmt: skip


def test_every_cell_has_a_band(partition: CellPartition) -> None:
    found = bands(588_180.0, 186_223.0, partition.centroids)

    assert found.shape == (len(partition),)
    assert found[partition.index_of("E06000033")] == 0


@pytest.mark.parametrize("point", [(math.nan, 0.0), (0.0, math.inf)])
def test_a_point_that_is_nowhere_has_no_band(point: tuple[float, float]) -> None:
    with pytest.raises(PointOutOfRange):
        bands(*point, np.zeros((1, 2)))


def test_metres_are_those_of_the_grid() -> None:
    assert metres([0, 3], [0, 0], 0, 4).tolist() == [4.0, 5.0]
