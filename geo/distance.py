"""Distances in metres, and the five bands in which they are told to anybody outside the provider.

A band is always measured from the middle of a cell, never from a unit: a distance to a refuge, asked from enough
places, is its address.
"""

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import PointOutOfRange


class DistanceBand(StrEnum):
    """How far a cell is, nearest first. A band's lower end is in it and its upper end is not."""

    UNDER_10_KM = "under_10_km"
    FROM_10_TO_25_KM = "from_10_to_25_km"
    FROM_25_TO_50_KM = "from_25_to_50_km"
    FROM_50_TO_100_KM = "from_50_to_100_km"
    OVER_100_KM = "over_100_km"


#: The bands by the numbers that `bands` returns.
BANDS: Final = tuple(DistanceBand)

_EDGES: Final = np.array([10_000.0, 25_000.0, 50_000.0, 100_000.0])


def metres(
    easting: npt.ArrayLike, northing: npt.ArrayLike, other_easting: npt.ArrayLike, other_northing: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return distances on the grid, float64 of the broadcast shape, between points in metres of EPSG:27700.

    A distance on the grid is within 0.17% of the true one anywhere in the United Kingdom.
    """
    east = np.subtract(easting, other_easting, dtype=np.float64)
    north = np.subtract(northing, other_northing, dtype=np.float64)
    return np.asarray(np.hypot(east, north))


def bands(easting: float, northing: float, centroids: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return uint8[n], indexes into `BANDS`, of the distances from a point to cells.

    `centroids` is float64[n, 2], easting and northing; all in metres of EPSG:27700.

    Raises:
        PointOutOfRange: where the point is not finite.
    """
    if not (np.isfinite(easting) and np.isfinite(northing)):
        raise PointOutOfRange()
    distances = metres(centroids[:, 0], centroids[:, 1], easting, northing)
    return np.searchsorted(_EDGES, distances, side="right").astype(np.uint8)
