"""Divide an authority into safety cells that are as small and as round as the minima allow.

What a cell costs is the share of safe units that an area to avoid puts under review, and by integral geometry that
share goes with the cell's perimeter (the edge of a large area crosses a cell as often as its perimeter is long). So each
cut is chosen, of eight directions and a few places, to leave the least perimeter, weighed by households.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.cell_shaping import MARGIN_METRES, Points, hull_of, thinned

MIN_HOUSEHOLDS: Final = 20_000
MIN_SQUARE_METRES: Final = 25e6
#: No gazetteer says that an address lies nearer to its postcode's point than this may be: the land that addresses take up
#: reaches so far beyond the hull of their postcodes.
ADDRESS_REACH_METRES: Final = 100

# Whole numbers, so that on which side of a cut a postcode lies is exact for ever.
_DIRECTIONS: Final = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2))
_PLACES: Final = 7  # cuts tried in each direction, between the first and the last that leave enough on both sides
_OUTER_PERIMETER: Final = 2 * math.pi * (MARGIN_METRES + ADDRESS_REACH_METRES)
_SQUARE_METRES: Final = 500  # side of the squares to which postcodes are thinned to compare cuts

Rows = npt.NDArray[np.intp]
Node = int | list[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows of postcodes, the households that are estimated behind them, and the polygon that hugs them."""

    rows: Rows
    households: int
    hull: shapely.Polygon
    square_metres: float

    @property
    def is_small(self) -> bool:
        """Whether it is too small to be a cell."""
        return self.households < MIN_HOUSEHOLDS or self.square_metres < MIN_SQUARE_METRES


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """Every placed postcode: int32[n, 2] metres of EPSG:27700, and int64[n] households."""

    points: Points
    households: npt.NDArray[np.int64]

    def piece(self, rows: Rows) -> Piece:
        """Return some rows of postcodes as a piece."""
        hull = hull_of(self.points[rows])
        taken_up = float(hull.buffer(ADDRESS_REACH_METRES, quad_segs=4).area)
        return Piece(rows, int(self.households[rows].sum()), hull, taken_up)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Up to and with `limit` along a direction is near, beyond it is far. `cost` compares cuts of one piece."""

    cost: float
    east: int
    north: int
    limit: int


def divide(country: Country, piece: Piece, path: str, pieces: list[Piece], paths: list[str]) -> Node:
    """Cut a piece in two while neither half is too small to be a cell, and the halves again.

    Appends what is left to `pieces` and how each was reached ("", "a", "ab") to `paths`. Returns the tree by which a grid
    point is filed: an index into `pieces`, or [east, north, limit, near, far].
    """
    if piece.households >= 2 * MIN_HOUSEHOLDS and piece.square_metres >= 2 * MIN_SQUARE_METRES:
        for cut in sorted(_cuts(country, piece), key=lambda cut: (cut.cost, cut.east, cut.north, cut.limit)):
            near, far = _halves(country, piece, cut)
            if not (near.is_small or far.is_small):
                return [
                    cut.east,
                    cut.north,
                    cut.limit,
                    divide(country, near, path + "a", pieces, paths),
                    divide(country, far, path + "b", pieces, paths),
                ]
    pieces.append(piece)
    paths.append(path)
    return len(pieces) - 1


def _halves(country: Country, piece: Piece, cut: _Cut) -> tuple[Piece, Piece]:
    along = country.points[piece.rows].astype(np.int64) @ (cut.east, cut.north)
    near = along <= cut.limit
    return country.piece(piece.rows[near]), country.piece(piece.rows[~near])


def _cuts(country: Country, piece: Piece) -> Iterator[_Cut]:
    """Yield the cuts worth trying, with the weighed perimeter that each leaves."""
    points = country.points[piece.rows].astype(np.int64)
    households = country.households[piece.rows]
    squares = thinned(country.points[piece.rows], _SQUARE_METRES)
    least = MIN_HOUSEHOLDS / piece.households
    for east, north in _DIRECTIONS:
        along = points @ (east, north)
        order = np.argsort(along, kind="stable")
        counted = np.cumsum(households[order])
        across = squares @ (east, north)
        for share in np.linspace(least, 1 - least, _PLACES):
            at = int(np.searchsorted(counted, round(share * piece.households)))
            limit = int(along[order[min(at, len(order) - 1)]])
            near = across <= limit
            cost = _cost(piece, share, [squares[side] for side in (near, ~near) if side.any()])
            if cost is not None:
                yield _Cut(cost, east, north, limit)


def _cost(piece: Piece, share: float, sides: list[npt.NDArray[np.int64]]) -> float | None:
    """Return the perimeter in metres that a cut leaves, weighed by households; None where one side is too small.

    Each side is int64[m, 2], the squares of its postcodes; what is cut further will have so many times the perimeter.
    """
    hulls = [shapely.convex_hull(shapely.multipoints(squares)).buffer(_SQUARE_METRES / 2, quad_segs=2) for squares in sides]
    if len(hulls) < 2 or min(hull.area for hull in hulls) < MIN_SQUARE_METRES:
        return None
    whole = sum(hull.area for hull in hulls)
    cost = 0.0
    for hull, part in zip(hulls, (share, 1 - share), strict=True):
        cells = _cells_in(piece.households * part, piece.square_metres * hull.area / whole)
        cost += part * (hull.length / math.sqrt(cells) + _OUTER_PERIMETER)
    return round(cost, 3)


def _cells_in(households: float, square_metres: float) -> int:
    return max(1, min(int(households / MIN_HOUSEHOLDS), int(square_metres / MIN_SQUARE_METRES)))
