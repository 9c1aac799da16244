"""British National Grid (EPSG:27700, metres) to and from WGS84 (degrees), and the Irish Grid into the British.

Source: EPSG operations 1314 (OSGB36 to WGS84, seven parameters) and 1954 ("TM75 to WGS 84 (2)", seven parameters), as
PROJ gives them. The operations are written out, not looked up, so that a machine that happens to hold the OSTN15 grid
files gives the same metres as one that does not.
"""

import threading
from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj

from geo.errors import PointOutOfRange

FloatArray = npt.NDArray[np.float64]

#: How far a WGS84 point may lie from its true place on the grid: a seven-parameter shift stands in for OSTN15.
GRID_UNCERTAINTY_METRES: Final = 5.0

#: Degrees: everything from Scilly to Shetland and from St Kilda to Lowestoft, with a little sea.
MIN_LATITUDE: Final = 49.8
MAX_LATITUDE: Final = 61.0
MIN_LONGITUDE: Final = -8.7
MAX_LONGITUDE: Final = 1.9

_AIRY_SHIFT = (
    "x=446.448 y=-125.157 z=542.06 rx=0.15 ry=0.247 rz=0.842 s=-20.489 convention=position_vector"  # OSGB36 to WGS84
)
_BRITISH_PLANE = "proj=tmerc lat_0=49 lon_0=-2 k=0.9996012717 x_0=400000 y_0=-100000 ellps=airy"
_TO_BRITISH = f"step inv proj=helmert {_AIRY_SHIFT} step inv proj=cart ellps=airy step proj=pop v_3 step {_BRITISH_PLANE}"

_WGS84_TO_GRID = (
    "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad step proj=push v_3 step proj=cart ellps=WGS84 " + _TO_BRITISH
)
_IRISH_TO_GRID = (
    "proj=pipeline step inv proj=tmerc lat_0=53.5 lon_0=-8 k=1.000035 x_0=200000 y_0=250000 "
    "a=6377340.189 rf=299.3249646 step proj=push v_3 step proj=cart a=6377340.189 rf=299.3249646 "
    "step proj=helmert x=482.5 y=-130.6 z=564.6 rx=-1.042 ry=-0.214 rz=-0.631 s=8.15 convention=position_vector "
    + _TO_BRITISH
)


class _PerThread(threading.local):
    """PROJ objects may not be shared by threads that run at once, and gunicorn's workers run threads."""

    def __init__(self) -> None:
        self.wgs84 = pyproj.Transformer.from_pipeline(_WGS84_TO_GRID)
        self.irish = pyproj.Transformer.from_pipeline(_IRISH_TO_GRID)
        self.geod = pyproj.Geod(ellps="WGS84")


_per_thread = _PerThread()


def to_grid(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Project WGS84 degrees of any shape to float64 metres of EPSG:27700, easting and northing, of the same shape."""
    easting, northing = _per_thread.wgs84.transform(
        np.array(longitude, dtype=np.float64), np.array(latitude, dtype=np.float64), inplace=True
    )
    return np.asarray(easting), np.asarray(northing)


def to_wgs84(easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Turn metres of EPSG:27700 of any shape into float64 WGS84 degrees, longitude and latitude, of the same shape."""
    longitude, latitude = _per_thread.wgs84.transform(
        np.array(easting, dtype=np.float64), np.array(northing, dtype=np.float64), direction="INVERSE", inplace=True
    )
    return np.asarray(longitude), np.asarray(latitude)


def irish_to_grid(easting: npt.ArrayLike, northing: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Turn metres of the Irish Grid (EPSG:29903) of any shape into float64 metres of EPSG:27700, of the same shape."""
    east, north = _per_thread.irish.transform(
        np.array(easting, dtype=np.float64), np.array(northing, dtype=np.float64), inplace=True
    )
    return np.asarray(east), np.asarray(north)


def geodesic_ring(
    longitude: float, latitude: float, radii_metres: tuple[float, ...], sides: int
) -> list[tuple[FloatArray, FloatArray]]:
    """Return, for each radius, the points at that geodesic distance around a WGS84 centre.

    Each ring is a pair of float64[sides + 1] arrays of eastings and northings (EPSG:27700), closed.
    """
    count = sides + 1
    azimuths = np.linspace(0.0, 360.0, count)
    azimuths[-1] = 0.0  # the ring closes on the very same point
    total = count * len(radii_metres)
    longitudes, latitudes, _ = _per_thread.geod.fwd(
        np.full(total, longitude),
        np.full(total, latitude),
        np.tile(azimuths, len(radii_metres)),
        np.repeat(np.asarray(radii_metres, dtype=np.float64), count),
    )
    eastings, northings = to_grid(longitudes, latitudes)
    return [(eastings[at : at + count], northings[at : at + count]) for at in range(0, total, count)]


def scale_range(min_easting: float, max_easting: float) -> tuple[float, float]:
    """Return the least and the greatest number of grid metres to a true metre between two eastings (EPSG:27700).

    It is 0.9996 on the central meridian and 1.0017 in Fermanagh. It errs outward, by 30 to 60 parts in a million.
    """
    radius = 6_375_000.0  # metres; mean over the ellipsoid's latitudes here, off by less than 0.3%

    def at(easting: float) -> float:
        return float(0.9996012717 * (1.0 + ((easting - 400_000.0) / radius) ** 2 / 2.0))

    ends = (at(min_easting), at(max_easting))
    least = at(400_000.0) if min_easting <= 400_000.0 <= max_easting else min(ends)
    # The shift between the ellipsoids carries a scale of its own, of 20 to 30 parts in a million.
    return least - 6e-5, max(ends) + 6e-5


def in_range(longitude: float, latitude: float) -> bool:
    """Tell whether WGS84 degrees lie in the United Kingdom's range. NaN and infinities do not."""
    return MIN_LATITUDE <= latitude <= MAX_LATITUDE and MIN_LONGITUDE <= longitude <= MAX_LONGITUDE


def check_range(longitude: float, latitude: float) -> None:
    """Refuse WGS84 degrees outside the United Kingdom's range.

    Raises:
        PointOutOfRange: at sea far away, in another country, or with latitude and longitude swapped.
    """
    if not in_range(longitude, latitude):
        raise PointOutOfRange()


def grid_point(longitude: float, latitude: float) -> tuple[float, float]:
    """Project one WGS84 point, in degrees, to easting and northing in metres of EPSG:27700.

    Raises:
        PointOutOfRange: where the point is not in the United Kingdom's range.
    """
    check_range(longitude, latitude)
    easting, northing = _per_thread.wgs84.transform(longitude, latitude)
    return float(easting), float(northing)


def wgs84_point(easting: float, northing: float) -> tuple[float, float]:
    """Turn one point of EPSG:27700, in metres, into WGS84 longitude and latitude in degrees."""
    longitude, latitude = _per_thread.wgs84.transform(easting, northing, direction="INVERSE")
    return float(longitude), float(latitude)
