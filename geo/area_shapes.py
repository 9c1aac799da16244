"""Draw an area to avoid twice on the national grid: as stated, and with all that is uncertain about it.

The *outer* shape holds every point that might be inside; a cell it does not touch is clear. The *nominal* shape holds
only points that are inside as stated; a cell it covers is blocked. Every approximation - sides for an arc, straight
lines on the grid for lines on the globe, the grid's own scale - therefore errs outward in the one and inward in the
other, and never across the true edge.

Source of the sides' arithmetic: a regular polygon of n sides about a circle of radius r has its corners at
r / cos(pi / n).
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import AreaInvalid
from geo.grid import GRID_UNCERTAINTY_METRES, geodesic_ring, scale_range, to_grid

FloatArray = npt.NDArray[np.float64]

MAX_LENGTH_KILOMETRES: Final = 5_000

_SIDES: Final = 64
_SAFETY: Final = 1e-5  # of a radius: more than a geodesic side bulges off its straight line on the grid
_QUAD_SEGMENTS: Final = 16
_ROUND_SLACK: Final = 1.0 / math.cos(math.pi / (4 * _QUAD_SEGMENTS))
_BUFFER_ERROR: Final = 0.01  # of the distance: what GEOS may simplify a line by before it buffers it
_STEP_METRES: Final = 1_000.0
_STEP_SAG_METRES: Final = 0.1  # a parallel at 61 N leaves its chord of 1 km by less than 5 cm
_METRES_PER_DEGREE: Final = 111_320.0

Shapes = tuple[shapely.Polygon, shapely.Polygon]


def circle(longitude: float, latitude: float, radius_metres: float, uncertainty_metres: float) -> Shapes:
    """Return the outer and the nominal shape, EPSG:27700, of a geodesic circle about a WGS84 point in degrees."""
    outer_radius = (radius_metres + uncertainty_metres) / math.cos(math.pi / _SIDES) * (1.0 + _SAFETY)
    rings = geodesic_ring(longitude, latitude, (outer_radius, radius_metres * (1.0 - _SAFETY)), _SIDES)
    outer, nominal = (shapely.polygons(np.column_stack(ring)) for ring in rings)
    return outer, nominal


def polygon(positions: FloatArray, pointer: str) -> Shapes:
    """Return the outer and the nominal shape, EPSG:27700, of a closed ring float64[n, 2] of WGS84 degrees.

    Raises:
        AreaInvalid: where the ring crosses or touches itself, holds no area, or is too long.
    """
    if not shapely.is_valid(shapely.polygons(positions)):
        raise AreaInvalid(pointer, "The outline must not cross or touch itself, and must enclose an area.")
    ring = _project(positions, pointer)
    nominal = shapely.polygons(ring)
    if not shapely.is_valid(nominal) or shapely.area(nominal) < 1.0:
        raise AreaInvalid(pointer, "The outline must not cross or touch itself, and must enclose an area.")
    outer = shapely.buffer(nominal, (GRID_UNCERTAINTY_METRES + _STEP_SAG_METRES) * _ROUND_SLACK, quad_segs=_QUAD_SEGMENTS)
    return _filled(outer, nominal), nominal


def corridor(positions: FloatArray, half_width_metres: float, pointer: str) -> Shapes:
    """Return the outer and the nominal shape, EPSG:27700, of a strip along a line float64[n, 2] of WGS84 degrees.

    Raises:
        AreaInvalid: where the line has no length, or is too long.
    """
    points = _project(positions, pointer)
    line = shapely.linestrings(points)
    if shapely.length(line) < 1.0:
        raise AreaInvalid(pointer, "The line must have a length.")
    reach = half_width_metres * 1.01
    least, greatest = scale_range(float(points[:, 0].min()) - reach, float(points[:, 0].max()) + reach)
    wide = (half_width_metres * greatest + GRID_UNCERTAINTY_METRES + _STEP_SAG_METRES) * _ROUND_SLACK
    outer = shapely.buffer(line, wide * (1.0 + _BUFFER_ERROR), quad_segs=_QUAD_SEGMENTS)
    nominal = shapely.buffer(line, half_width_metres * least * (1.0 - _BUFFER_ERROR), quad_segs=_QUAD_SEGMENTS)
    return outer, nominal


def _filled(outer: shapely.Polygon, nominal: shapely.Polygon) -> shapely.Polygon:
    # A buffer is computed in floating point. Should it ever lose a sliver of what it grew from, it gets it back.
    return outer if shapely.covers(outer, nominal) else shapely.union(outer, nominal)


def _project(positions: FloatArray, pointer: str) -> FloatArray:
    """Return float64[m, 2] metres of EPSG:27700 along a line of WGS84 degrees, at most 1 km apart.

    A straight line of GeoJSON is straight in degrees, and bends on the grid: it is cut up before it is projected.
    """
    starts, moves = positions[:-1], np.diff(positions, axis=0)
    east = moves[:, 0] * np.cos(np.radians(starts[:, 1])) * _METRES_PER_DEGREE * 1.02
    lengths = np.hypot(east, moves[:, 1] * _METRES_PER_DEGREE)
    if lengths.sum() > MAX_LENGTH_KILOMETRES * 1_000.0:
        raise AreaInvalid(pointer, f"Must be at most {MAX_LENGTH_KILOMETRES:,} km long.")
    pieces = np.maximum(np.ceil(lengths / _STEP_METRES), 1).astype(np.intp)
    firsts = np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = ((np.arange(len(firsts)) - firsts) / np.repeat(pieces, pieces))[:, np.newaxis]
    dense = np.repeat(starts, pieces, axis=0) + along * np.repeat(moves, pieces, axis=0)
    dense = np.concatenate([dense, positions[-1:]])
    return np.column_stack(to_grid(dense[:, 0], dense[:, 1]))
