"""Outlines of safety cells: a hull that hugs postcodes, and the outline that a cell has to the world."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

MARGIN_METRES: Final = 250

_SQUARE_METRES: Final = 100  # side of the squares to which postcodes are thinned before a hull is drawn
_GRID_ROWS: Final = 20_000  # of such squares, which reach north of Shetland: column and row make one number
HALF_DIAGONAL: Final = 71  # no postcode is farther from the centre of its square
_HULL_RATIO: Final = 0.2  # close to true areas of districts: Huntingdonshire 898 km2 for 906, Southend 40 for 42
_TOLERANCE: Final = 25  # metres that simplifying may shave off
_ROUNDING: Final = 2  # metres that whole-metre vertices may shave off, and one more
_MAX_FARMYARD_METRES: Final = 1_000

Points = npt.NDArray[np.int32]


def thinned(points: Points, side: int = _SQUARE_METRES) -> npt.NDArray[np.int64]:
    """Return int64[m, 2], the centres of the squares of that side, in metres, in which points lie, in order."""
    squares = points.astype(np.int64) // side
    columns, rows = np.divmod(np.unique(squares[:, 0] * _GRID_ROWS + squares[:, 1]), _GRID_ROWS)
    return np.stack([columns, rows], axis=1) * side + side // 2


def hull_of(points: Points) -> shapely.Polygon:
    """Return a polygon that hugs points, to within half the diagonal of a thinning square."""
    hull = shapely.concave_hull(shapely.multipoints(thinned(points)), ratio=_HULL_RATIO)
    return hull if isinstance(hull, shapely.Polygon) else shapely.Polygon()


def outline_of(hull: shapely.Polygon, points: Points, uncertainty: npt.NDArray[Any]) -> shapely.Polygon:
    """Return the outline of a cell: whole-metre vertices, no holes, every postcode at least the margin inside.

    Where postcodes are sparse their addresses lie farther from them, so that postcodes at the edge push the outline out
    by their own uncertainty, in metres: a farmhouse must not fall outside the cell of its postcode.
    """
    slack = HALF_DIAGONAL + _TOLERANCE + _ROUNDING
    grown = [hull.buffer(MARGIN_METRES + slack, quad_segs=4)]
    reach = np.minimum(uncertainty, _MAX_FARMYARD_METRES).astype(np.float64)
    sparse = reach > MARGIN_METRES
    spots, reach = shapely.points(points[sparse]), reach[sparse]
    pushing = shapely.distance(spots, hull.exterior) < reach
    grown += shapely.buffer(spots[pushing], reach[pushing] + slack, quad_segs=2).tolist()
    outline = shapely.Polygon(shapely.union_all(grown).exterior)
    rounded = shapely.set_precision(outline.simplify(_TOLERANCE), 1.0)
    return shapely.normalize(shapely.Polygon(rounded.exterior))
