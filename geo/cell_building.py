"""Divide the country into safety cells: `python -m geo.cell_building <gazetteer directory> <output file>`.

A cell is the least that a search ever says about where a refuge is, so none may be small: each holds at least 2,000
postcodes (a stand-in for 20,000 households; the directory lists about one postcode, ended ones included, to ten) and
25 km2. Within that, cells are kept short, so that fewer of them straddle the edge of an area to avoid.

The same gazetteer gives the same bytes. Source: ONS Postcode Directory, Open Government Licence v3.0.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt
import shapely

from geo.authorities import authorities
from geo.cell_naming import Part, group_code, group_name, part_names
from geo.gazetteer import Gazetteer

MIN_POSTCODES: Final = 2_000
MIN_SQUARE_METRES: Final = 25e6
MAX_LENGTH_METRES: Final = 10_000
MARGIN_METRES: Final = 250
#: Raise by one whenever these rules change: the cells of the same edition are then other cells.
RULES: Final = 1

_SQUARE_METRES: Final = 100  # side of the squares to which postcodes are thinned before a hull is drawn
_GRID_ROWS: Final = 20_000  # of such squares, which reach north of Shetland: column and row make one number
_HALF_DIAGONAL: Final = 71  # no postcode is farther from the centre of its square
_HULL_RATIO: Final = 0.2  # close to true areas of districts: Huntingdonshire 898 km2 for 906, Southend 40 for 42
_TOLERANCE: Final = 25  # metres that simplifying may shave off
_ROUNDING: Final = 2  # metres that whole-metre vertices may shave off, and one more
_MAX_FARMYARD_METRES: Final = 1_000

Rows = npt.NDArray[np.intp]
Node = int | list[Any]


@dataclass(frozen=True, slots=True)
class Postcodes:
    """All placed postcodes as columns, and what their codes stand for."""

    points: npt.NDArray[np.int32]  # [n, 2] metres, EPSG:27700
    uncertainty: npt.NDArray[np.uint16]
    authority: npt.NDArray[np.uint16]
    outward: npt.NDArray[np.uint16]
    authority_codes: list[str]
    outward_codes: list[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of postcodes, and the polygon that hugs them."""

    rows: Rows
    hull: shapely.Polygon

    @property
    def is_small(self) -> bool:
        """Whether it is too small to be a cell."""
        return len(self.rows) < MIN_POSTCODES or self.hull.area < MIN_SQUARE_METRES


@dataclass(frozen=True, slots=True)
class Group(Cell):
    """One or more whole authorities, before they are halved."""

    codes: list[str]


def build_cells(gazetteer: Gazetteer) -> bytes:
    """Return the bytes of the file of safety cells for one edition of the gazetteer."""
    columns = gazetteer.placed_columns()
    postcodes = Postcodes(
        points=np.stack([columns["easting"], columns["northing"]], axis=1),
        uncertainty=columns["uncertainty"],
        authority=columns["authority"],
        outward=columns["outward"],
        authority_codes=gazetteer.authority_codes,
        outward_codes=gazetteer.outward_codes,
    )
    cells: list[Cell] = []
    parts: list[Part] = []
    trees: list[Node] = []
    group_of: dict[str, int] = {}
    for index, group in enumerate(_groups(postcodes)):
        first = len(cells)
        paths: list[str] = []
        trees.append(_halve(postcodes.points, group, "", cells, paths))
        group_of.update(dict.fromkeys(group.codes, index))
        parts += _parts(postcodes, group, cells[first:], paths)
    return _serialised(gazetteer.version, postcodes, cells, parts, trees, group_of)


def _hull(points: npt.NDArray[np.int32]) -> shapely.Polygon:
    """Return a polygon that hugs points, to within half the diagonal of a thinning square."""
    squares = points.astype(np.int64) // _SQUARE_METRES
    columns, rows = np.divmod(np.unique(squares[:, 0] * _GRID_ROWS + squares[:, 1]), _GRID_ROWS)
    centres = np.stack([columns, rows], axis=1) * _SQUARE_METRES + _SQUARE_METRES // 2
    hull = shapely.concave_hull(shapely.multipoints(centres), ratio=_HULL_RATIO)
    return hull if isinstance(hull, shapely.Polygon) else shapely.Polygon()


def _groups(postcodes: Postcodes) -> list[Group]:
    """Join authorities that are too small to their nearest neighbours until none is, in the order of their codes."""
    by_authority = np.argsort(postcodes.authority, kind="stable")
    edges = np.searchsorted(postcodes.authority[by_authority], np.arange(len(postcodes.authority_codes) + 1))
    groups = []
    for index, code in enumerate(postcodes.authority_codes):
        rows = by_authority[edges[index] : edges[index + 1]]
        if len(rows):
            groups.append(Group(rows, _hull(postcodes.points[rows]), [code]))
    while small := [group for group in groups if group.is_small]:
        # The least first; codes settle ties, so that the order of joining never depends on anything else.
        least = min(small, key=lambda group: (len(group.rows), group.codes))
        nearest = min(_may_join(least, groups), key=lambda group: _nearness(postcodes.points, least, group))
        rows = np.sort(np.concatenate([least.rows, nearest.rows]))
        joined = Group(rows, _hull(postcodes.points[rows]), sorted(least.codes + nearest.codes))
        groups = [group for group in groups if group is not least and group is not nearest]
        groups.append(joined)
    return sorted(groups, key=lambda group: group.codes)


def _may_join(group: Group, groups: list[Group]) -> list[Group]:
    # Each nation has its own law of housing and homelessness, and Northern Ireland lies over a sea.
    nation = authorities()[group.codes[0]].nation
    return [other for other in groups if other is not group and authorities()[other.codes[0]].nation == nation]


def _nearness(points: npt.NDArray[np.int32], group: Group, other: Group) -> tuple[float, float, list[str]]:
    apart = points[group.rows].mean(axis=0) - points[other.rows].mean(axis=0)
    return float(shapely.distance(group.hull, other.hull)), float(np.hypot(*apart)), other.codes


def _halve(points: npt.NDArray[np.int32], cell: Cell, path: str, cells: list[Cell], paths: list[str]) -> Node:
    """Halve a set of postcodes while it is long and both halves stay large.

    Appends the cells to `cells` and how each was reached ("", "a", "ab") to `paths`. Returns the tree by which a grid
    point is filed: the index of a cell, or [axis, limit, up to and with the limit, beyond it].
    """
    rows = cell.rows
    spread = np.ptp(points[rows], axis=0)
    axis = int(np.argmax(spread))
    if spread[axis] > MAX_LENGTH_METRES:
        along = points[rows, axis]
        limit = int(np.sort(along)[(len(along) - 1) // 2])
        near, far = (Cell(half, _hull(points[half])) for half in (rows[along <= limit], rows[along > limit]))
        if not (near.is_small or far.is_small):
            return [
                axis,
                limit,
                _halve(points, near, path + "a", cells, paths),
                _halve(points, far, path + "b", cells, paths),
            ]
    cells.append(cell)
    paths.append(path)
    return len(cells) - 1


def _parts(postcodes: Postcodes, group: Group, cells: list[Cell], paths: list[str]) -> list[Part]:
    code = group_code(group.codes)
    name = group_name([authorities()[authority].name for authority in group.codes])
    if len(cells) == 1:
        return [Part(code, name)]
    middle = postcodes.points[group.rows].mean(axis=0)
    towards = [postcodes.points[cell.rows].mean(axis=0) - middle for cell in cells]
    districts = [Counter(postcodes.outward[cell.rows].tolist()) for cell in cells]
    named = [{postcodes.outward_codes[index]: count for index, count in counts.items()} for counts in districts]
    names = part_names(name, [(float(east), float(north)) for east, north in towards], named)
    return [Part(f"{code}-{path}", part) for path, part in zip(paths, names, strict=True)]


def _shape(postcodes: Postcodes, cell: Cell) -> shapely.Polygon:
    """Return the outline of a cell: whole-metre vertices, no holes, every postcode at least the margin inside.

    Where postcodes are sparse their addresses lie farther from them, so that postcodes at the edge push the outline out
    by their own uncertainty: a farmhouse must not fall outside the cell of its postcode.
    """
    hull = cell.hull
    slack = _HALF_DIAGONAL + _TOLERANCE + _ROUNDING
    grown = [hull.buffer(MARGIN_METRES + slack, quad_segs=4)]
    reach = np.minimum(postcodes.uncertainty[cell.rows], _MAX_FARMYARD_METRES).astype(np.float64)
    sparse = reach > MARGIN_METRES
    spots, reach = shapely.points(postcodes.points[cell.rows[sparse]]), reach[sparse]
    pushing = shapely.distance(spots, hull.exterior) < reach
    grown += shapely.buffer(spots[pushing], reach[pushing] + slack, quad_segs=2).tolist()
    outline = shapely.Polygon(shapely.union_all(grown).exterior)
    rounded = shapely.set_precision(outline.simplify(_TOLERANCE), 1.0)
    return shapely.normalize(shapely.Polygon(rounded.exterior))


def _counts(index: npt.NDArray[np.uint16], names: list[str], cell_of: npt.NDArray[np.int32]) -> dict[str, list[int]]:
    """Return for each code the cells that have postcodes of it, flat: cell, count, cell, count."""
    pairs, counts = np.unique(np.stack([index.astype(np.int32), cell_of], axis=1), axis=0, return_counts=True)
    table: dict[str, list[int]] = {}
    for (code, cell), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        table.setdefault(names[code], []).extend((cell, count))
    return table


def _serialised(
    edition: str,
    postcodes: Postcodes,
    cells: list[Cell],
    parts: list[Part],
    trees: list[Node],
    group_of: dict[str, int],
) -> bytes:
    cell_of = np.empty(len(postcodes.points), dtype=np.int32)
    for index, cell in enumerate(cells):
        cell_of[cell.rows] = index
    shapes = [_shape(postcodes, cell) for cell in cells]
    rings = [shapely.get_coordinates(shape).astype("<i4") for shape in shapes]
    content = {
        "version": f"{edition}-{RULES}",
        "edition": edition,
        "codes": [part.code for part in parts],
        "names": [part.name for part in parts],
        "postcodes": [len(cell.rows) for cell in cells],
        "centroids": [np.rint(postcodes.points[cell.rows].mean(axis=0)).astype(int).tolist() for cell in cells],
        "trees": trees,
        "groups": dict(sorted(group_of.items())),
        "authorities": _counts(postcodes.authority, postcodes.authority_codes, cell_of),
        "districts": _counts(postcodes.outward, postcodes.outward_codes, cell_of),
        "ring_lengths": [len(ring) for ring in rings],
        "rings": np.concatenate(rings).tobytes(),
    }
    packed: bytes = msgpack.packb(content)
    return packed


def main(arguments: list[str]) -> int:
    """Build the file of cells from the gazetteer in the first argument into the file named by the second."""
    if len(arguments) != 2:
        print("usage: python -m geo.cell_building <gazetteer directory> <output file>", file=sys.stderr)
        return 2
    data = build_cells(Gazetteer.open(Path(arguments[0])))
    Path(arguments[1]).write_bytes(data)
    print(f"{len(msgpack.unpackb(data)['codes'])} cells, {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
