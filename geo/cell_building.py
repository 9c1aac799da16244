"""Divide the country into safety cells: `python -m geo.cell_building <gazetteer directory> <output file>`.

A cell is the least that a search ever says about where a refuge is, so none may be small: each holds at least 20,000
households, estimated from below (`geo.household_estimate`), and 25 km2. No cell crosses the boundary of an authority but
those in which an authority lies that is too small by itself (`geo.cell_joining`). Within that, cells are as small and as
round as they can be, so that fewer of them straddle the edge of an area to avoid (`geo.cell_division`).

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
from geo.cell_division import Country, Node, Piece, divide
from geo.cell_joining import Draft, join_small
from geo.cell_naming import part_names
from geo.cell_shaping import outline_of
from geo.counties import join_into_counties
from geo.gazetteer import Gazetteer
from geo.household_estimate import estimate_households

#: Raise by one whenever these rules change: the cells of the same edition are then other cells.
RULES: Final = 2


@dataclass(frozen=True, slots=True)
class Directory:
    """All placed postcodes as columns, and what their codes stand for."""

    country: Country
    uncertainty: npt.NDArray[np.uint16]
    authority: npt.NDArray[np.uint16]
    outward: npt.NDArray[np.uint16]
    authority_codes: list[str]
    outward_codes: list[str]


def build_cells(gazetteer: Gazetteer) -> bytes:
    """Return the bytes of the file of safety cells for one edition of the gazetteer."""
    directory = _read(gazetteer)
    trees: dict[str, Node] = {}
    drafts: list[Draft] = []
    for index, code in enumerate(directory.authority_codes):
        rows = np.flatnonzero(directory.authority == index)
        if len(rows):
            trees[code] = _divide_authority(directory, code, rows, drafts)
    cells = join_small(directory.country, drafts)
    place = {code: index for index, cell in enumerate(cells) for code in cell.codes}
    filed = {code: _filed(tree, [place[draft.codes[0]] for draft in drafts]) for code, tree in trees.items()}
    return _serialised(gazetteer.version, directory, cells, filed)


def _read(gazetteer: Gazetteer) -> Directory:
    columns = gazetteer.placed_columns()
    codes = gazetteer.authority_codes
    in_scotland = np.array([code.startswith("S") for code in codes])[columns["authority"]]
    households = estimate_households(columns["easting"], columns["northing"], columns["uncertainty"], in_scotland)
    return Directory(
        country=Country(np.stack([columns["easting"], columns["northing"]], axis=1), households),
        uncertainty=columns["uncertainty"],
        authority=columns["authority"],
        outward=columns["outward"],
        authority_codes=codes,
        outward_codes=gazetteer.outward_codes,
    )


def _divide_authority(directory: Directory, code: str, rows: npt.NDArray[np.intp], drafts: list[Draft]) -> Node:
    """Append an authority's cells to `drafts`, small ones too; return the tree that files its postcodes in them."""
    whole = directory.country.piece(rows)
    pieces: list[Piece] = []
    paths: list[str] = []
    tree = divide(directory.country, whole, "", pieces, paths)
    first = len(drafts)
    codes = [f"{code}-{path}" if path else code for path in paths]
    for piece, own, name in zip(pieces, codes, _names(directory, code, whole, pieces), strict=True):
        drafts.append(Draft(piece, (own,), (name,), (code,)))
    return _filed(tree, list(range(first, len(drafts))))


def _names(directory: Directory, code: str, whole: Piece, pieces: list[Piece]) -> list[str]:
    name = authorities()[code].name
    if len(pieces) == 1:
        return [name]
    points = directory.country.points
    middle = points[whole.rows].mean(axis=0)
    towards = [points[piece.rows].mean(axis=0) - middle for piece in pieces]
    districts = [Counter(directory.outward[piece.rows].tolist()) for piece in pieces]
    named = [{directory.outward_codes[index]: count for index, count in counts.items()} for counts in districts]
    return part_names(name, [(float(east), float(north)) for east, north in towards], named)


def _filed(node: Node, places: list[int]) -> Node:
    """Return a tree with its leaves renumbered."""
    if isinstance(node, int):
        return places[node]
    *cut, near, far = node
    return [*cut, _filed(near, places), _filed(far, places)]


def _counts(index: npt.NDArray[np.uint16], names: list[str], cell_of: npt.NDArray[np.int32]) -> dict[str, list[int]]:
    """Return for each code the cells that have postcodes of it, flat: cell, count, cell, count."""
    pairs, counts = np.unique(np.stack([index.astype(np.int32), cell_of], axis=1), axis=0, return_counts=True)
    table: dict[str, list[int]] = {}
    for (code, cell), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        table.setdefault(names[code], []).extend((cell, count))
    return table


def _serialised(edition: str, directory: Directory, cells: list[Draft], trees: dict[str, Node]) -> bytes:
    points = directory.country.points
    cell_of = np.empty(len(points), dtype=np.int32)
    for index, cell in enumerate(cells):
        cell_of[cell.piece.rows] = index
    shapes = [outline_of(cell.piece.hull, points[cell.piece.rows], directory.uncertainty[cell.piece.rows]) for cell in cells]
    main = [directory.authority_codes[np.bincount(directory.authority[cell.piece.rows]).argmax()] for cell in cells]
    counties = join_into_counties(cells, main)
    rings = [shapely.get_coordinates(shape).astype("<i4") for shape in shapes]
    county_of = {index: number for number, county in enumerate(counties) for index in county.cells}
    content: dict[str, Any] = {
        "version": f"{edition}-{RULES}",
        "edition": edition,
        "codes": [cell.code for cell in cells],
        "names": [cell.name for cell in cells],
        "postcodes": [len(cell.piece.rows) for cell in cells],
        "households": [cell.piece.households for cell in cells],
        "square_metres": [int(cell.piece.square_metres) for cell in cells],
        "centroids": [_middle(directory, cell.piece.rows) for cell in cells],
        "counties": [county_of[index] for index in range(len(cells))],
        "county_codes": [county.code for county in counties],
        "county_names": [county.name for county in counties],
        "county_centroids": [_middle(directory, county.rows) for county in counties],
        "trees": trees,
        "authorities": _counts(directory.authority, directory.authority_codes, cell_of),
        "districts": _counts(directory.outward, directory.outward_codes, cell_of),
        "ring_lengths": [len(ring) for ring in rings],
        "rings": np.concatenate(rings).tobytes(),
    }
    packed: bytes = msgpack.packb(content)
    return packed


def _middle(directory: Directory, rows: npt.NDArray[np.intp]) -> list[int]:
    middle: list[int] = np.rint(directory.country.points[rows].mean(axis=0)).astype(int).tolist()
    return middle


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
