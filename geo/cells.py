"""Safety cells: the pieces of the country by which a search knows where a unit is, and areas against them.

A cell is one of the pieces into which the country is divided, or a county, a union of them.
An area against a cell is clear (they do not touch: certainly safe), blocked (the cell lies wholly inside) or under
review (they overlap, and only somebody who knows the address can say). Nothing finer ever leaves this module.

Source: `geo/data/cells-*.msgpack`, made by `geo.cell_building` from the ONS Postcode Directory.
"""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import msgpack
import numpy as np
import numpy.typing as npt
import shapely

from geo.areas import AreaGeometry
from geo.authorities import DATA
from geo.errors import GazetteerCorrupt, GazetteerMissing, PointOutOfRange, PointOutsideCell, PostcodeUnplaced
from geo.gazetteer import Gazetteer
from geo.postcode import Postcode

CLEAR: Final = 0
REVIEW: Final = 1
BLOCKED: Final = 2

#: The one table that is shipped and that properties are filed in. One that is filed in another is under review until it
#: is moved by a recorded act.
CURRENT_VERSION: Final = "2026.1.1-2"

Verdicts = npt.NDArray[np.uint8]


class CellPartition:
    """The whole country in cells. Safe to share between threads: it is never changed.

    `codes` and `names` are in one order, which is that of every array here: first the `fine_count` cells into which the
    country is divided, then the counties, which are unions of them for properties of special risk. `centroids` is
    float64[n, 2], the mean easting and northing of each one's postcodes in metres of EPSG:27700; `household_counts` is
    int64[n], estimated from below. `shapes`, of the `fine_count` cells alone, is an object array of polygons in the same
    system, each reaching at least 250 m beyond its postcodes; `square_metres` int64, what each covers without that reach.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.version: str = content["version"]
        self.edition: str = content["edition"]
        self.fine_count: int = len(content["codes"])
        self.codes: list[str] = content["codes"] + content["county_codes"]
        self.names: list[str] = content["names"] + content["county_names"]
        middles = content["centroids"] + content["county_centroids"]
        self.centroids: npt.NDArray[np.float64] = np.array(middles, dtype=np.float64)
        self._county_of: npt.NDArray[np.int64] = np.array(content["counties"], dtype=np.int64)
        # Cells in the order of their counties, and where each county begins among them.
        self._by_county = np.argsort(self._county_of, kind="stable")
        self._county_starts = np.searchsorted(self._county_of[self._by_county], np.arange(len(content["county_codes"])))
        self.postcode_counts = _with_counties(content["postcodes"], content)
        self.household_counts = _with_counties(content["households"], content)
        self.square_metres: npt.NDArray[np.int64] = np.array(content["square_metres"], dtype=np.int64)
        self.shapes: npt.NDArray[Any] = _polygons(content["rings"], content["ring_lengths"])
        self._index = {code: index for index, code in enumerate(self.codes)}
        self._trees: dict[str, Any] = content["trees"]
        self._authorities = _tables(content["authorities"])
        self._districts = _tables(content["districts"])
        self._bounds = shapely.bounds(self.shapes)
        self._corners = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(self.shapes), 0))
        self._search = shapely.STRtree(self.shapes)
        shapely.prepare(self.shapes)
        for array in (self.centroids, self.postcode_counts, self.household_counts, self.shapes):
            array.flags.writeable = False

    @staticmethod
    def load(version: str | None = None) -> "CellPartition":
        """Return the partition of a version, or the current one, reading its file once per process.

        Raises:
            GazetteerMissing: where no such version is shipped.
            GazetteerCorrupt: where its file is damaged.
        """
        return _load(CURRENT_VERSION if version is None else version)

    def __len__(self) -> int:
        return len(self.codes)

    def index_of(self, code: str) -> int:
        """Return the place of a cell in every array here.

        Raises:
            KeyError: where this version has no cell of that code.
        """
        return self._index[code]

    def cell_of(self, easting: int, northing: int, authority_code: str) -> int:
        """Return the cell of a postcode's own grid point (whole metres, EPSG:27700) and authority.

        Raises:
            PostcodeUnplaced: where the authority is not in this version.
        """
        node = self._trees.get(authority_code)
        if node is None:
            raise PostcodeUnplaced("This postcode's local authority is not in the table of safety cells.")
        while not isinstance(node, int):
            east, north, limit, near, far = node
            node = near if east * easting + north * northing <= limit else far
        return node

    def county_of(self, cell: int) -> int:
        """Return the county of a fine cell: the coarser cell that stands for it where a property is of special risk."""
        return self.fine_count + int(self._county_of[cell])

    def is_county(self, cell: int) -> bool:
        """Tell whether a cell is a county."""
        return cell >= self.fine_count

    def assign(self, postcode: Postcode, gazetteer: Gazetteer, easting: float, northing: float) -> int:
        """Return the cell of a unit, and check that the unit's exact point (metres, EPSG:27700) lies in it.

        The cell follows from the postcode alone. The point never chooses it: two points of one postcode on either side
        of a boundary would else say on which side each lies.

        Raises:
            PostcodeUnknown, PostcodeUnplaced: as the gazetteer; PostcodeUnplaced also where the postcode belongs to a
                district or authority that this version did not know in that cell.
            PointOutOfRange: where the point is not finite.
            PointOutsideCell: where the point is not in the cell. The boundary is inside.
        """
        place = gazetteer.find(postcode)
        cell = self.cell_of(place.easting, place.northing, place.authority_code)
        # Verdicts on districts and authorities trust these tables. A newer gazetteer may know what they do not.
        known = (self._authorities.get(place.authority_code), self._districts.get(place.outward))
        if any(table is None or cell not in table[0] for table in known):
            raise PostcodeUnplaced("This postcode is newer than the table of safety cells.")
        if not (math.isfinite(easting) and math.isfinite(northing)):
            raise PointOutOfRange()
        if not shapely.intersects_xy(self.shapes[cell], easting, northing):
            raise PointOutsideCell()
        return cell

    def verdicts(self, area: AreaGeometry) -> Verdicts:
        """Return uint8[n]: CLEAR, REVIEW or BLOCKED for every cell and every county against one area.

        A county is clear where all its cells are, blocked where all its cells are, and under review otherwise.
        """
        is_counted = area.outer is None or area.nominal is None
        fine = self._counted(area) if is_counted else self._drawn(area)
        by_county = fine[self._by_county]
        gravest = np.maximum.reduceat(by_county, self._county_starts)
        lightest = np.minimum.reduceat(by_county, self._county_starts)
        # Where not all are blocked, the gravest may be: of a county that is one under review.
        return np.concatenate([fine, np.where(lightest == BLOCKED, BLOCKED, np.minimum(gravest, REVIEW)).astype(np.uint8)])

    def _drawn(self, area: AreaGeometry) -> Verdicts:
        """Compare outlines: a cell that the outer shape does not touch is clear, one that the nominal one covers blocked."""
        result = np.zeros(self.fine_count, dtype=np.uint8)
        touched = self._search.query(area.outer, predicate="intersects")
        result[touched] = REVIEW
        west, south, east, north = shapely.bounds(area.nominal)
        bounds = self._bounds[touched]
        may_fit = (bounds[:, :2] >= (west, south)).all(axis=1) & (bounds[:, 2:] <= (east, north)).all(axis=1)
        if may_fit.any():
            result[self._covered(area.nominal, touched[may_fit])] = BLOCKED
        return result

    def _covered(self, shape: shapely.Polygon, cells: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return those of `cells` that lie wholly inside a shape.

        A cell is in one piece and has no holes. So one that the edge of the shape does not touch lies wholly inside or
        wholly outside, as any one of its corners does. That is far quicker than comparing whole outlines.
        """
        shapely.prepare(shape)
        inside = np.zeros(self.fine_count, dtype=np.bool_)
        inside[cells] = shapely.intersects_xy(shape, self._corners[cells])
        # A whole edge has a box as large as the area. Short pieces of it are near few cells each.
        pieces = _edge_pieces(shape)
        piece, cell = self._search.query(pieces)
        inside[cell[shapely.intersects(self.shapes[cell], pieces[piece])]] = False
        return np.flatnonzero(inside)

    def _counted(self, area: AreaGeometry) -> Verdicts:
        """Compare sets of postcodes: all of a cell's in the area is blocked, none is clear."""
        inside = np.zeros(self.fine_count, dtype=np.int64)
        for district in area.districts:
            cells, counts = self._districts.get(district, _NOWHERE)
            inside[cells] += counts
        if area.authority_code is not None:
            cells, counts = self._authorities.get(area.authority_code, _NOWHERE)
            inside[cells] += counts
        result = np.where(inside > 0, REVIEW, CLEAR).astype(np.uint8)
        result[inside == self.postcode_counts[: self.fine_count]] = BLOCKED
        return result


def combine(verdicts: Sequence[Verdicts] | Iterable[Verdicts]) -> Verdicts:
    """Return the worst verdict of each cell, uint8[n], over several areas.

    Raises:
        ValueError: where there is none to combine: no area at all is the caller's to decide.
    """
    arrays = list(verdicts)
    if not arrays:
        raise ValueError("there are no verdicts to combine")
    worst: Verdicts = np.maximum.reduce(arrays)
    return worst


def _edge_pieces(shape: shapely.Geometry) -> npt.NDArray[Any]:
    """Return the edge of a polygon, holes included, as an object array of lines of four sides at most."""
    pieces = []
    for ring in shapely.get_rings(shape):
        corners = shapely.get_coordinates(ring)
        firsts = np.arange(0, len(corners) - 1, _PIECE_SIDES)[:, np.newaxis]
        pieces.append(shapely.linestrings(corners[np.minimum(firsts + np.arange(_PIECE_SIDES + 1), len(corners) - 1)]))
    return np.concatenate(pieces)


_PIECE_SIDES: Final = 4
_Table = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
_NOWHERE: Final[_Table] = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def _tables(flat: dict[str, list[int]]) -> dict[str, _Table]:
    tables = {}
    for code, pairs in flat.items():
        array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        tables[code] = (array[:, 0].copy(), array[:, 1].copy())
    return tables


def _with_counties(counts: list[int], content: dict[str, Any]) -> npt.NDArray[np.int64]:
    """Return counts of the fine cells, and after them those of the counties."""
    sums = np.bincount(content["counties"], weights=counts, minlength=len(content["county_codes"]))
    return np.concatenate([np.array(counts, dtype=np.int64), sums.astype(np.int64)])


def _polygons(rings: bytes, lengths: list[int]) -> npt.NDArray[Any]:
    coordinates = np.frombuffer(rings, dtype="<i4").reshape(-1, 2).astype(np.float64)
    ring_offsets = np.concatenate([[0], np.cumsum(lengths)])
    polygon_offsets = np.arange(len(lengths) + 1)
    polygons: npt.NDArray[Any] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, coordinates, (ring_offsets, polygon_offsets)
    )
    return polygons


@cache
def _load(version: str) -> CellPartition:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*-[0-9]+", version):
        raise GazetteerMissing("No table of safety cells has this version.")
    try:
        data = (DATA / f"cells-{version}.msgpack").read_bytes()
    except OSError:
        raise GazetteerMissing("The table of safety cells of this version is not shipped.") from None
    try:
        return CellPartition(msgpack.unpackb(data))
    except (ValueError, KeyError, TypeError, msgpack.UnpackException):
        raise GazetteerCorrupt("The table of safety cells is damaged.") from None
