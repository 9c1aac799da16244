"""Coarser cells for properties of special risk: counties, each a union of whole safety cells.

A county is an upper-tier authority. One that would hide too little (a unitary, a borough) is joined to its neighbours
until it has five cells and 150,000 estimated households. A cell with part in two of them lies in the one that has more
of its postcodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geo.authorities import authorities
from geo.cell_division import Rows
from geo.cell_joining import TOUCHING_METRES, Draft
from geo.cell_naming import group_code, group_name

MIN_HOUSEHOLDS: Final = 150_000
MIN_CELLS: Final = 5
PREFIX: Final = "county-"


@dataclass(frozen=True, slots=True, eq=False)
class County:
    """A union of cells, by their indexes in order, and the upper-tier authorities (code to name) that it is made of."""

    cells: tuple[int, ...]
    upper_tiers: dict[str, str]
    nation: str
    households: int
    rows: Rows
    hull: shapely.Geometry

    @property
    def code(self) -> str:
        """The county's code, which no fine cell has."""
        return PREFIX + group_code(list(self.upper_tiers))

    @property
    def name(self) -> str:
        """The county's name."""
        return group_name(list(self.upper_tiers.values()))

    @property
    def is_small(self) -> bool:
        """Whether it would hide too little."""
        return self.households < MIN_HOUSEHOLDS or len(self.cells) < MIN_CELLS


def join_into_counties(cells: Sequence[Draft], main_authorities: Sequence[str]) -> list[County]:
    """Return the counties in the order of their codes; the least is joined first, and codes settle ties.

    `main_authorities` has for each cell the code of the authority with most of its postcodes.
    """
    members: dict[str, list[int]] = {}
    for index, code in enumerate(main_authorities):
        members.setdefault(authorities()[code].upper_tier_code, []).append(index)
    counties = [_county([cells[index] for index in indexes], tuple(indexes)) for indexes in members.values()]
    while small := [county for county in counties if county.is_small]:
        least = min(small, key=lambda county: (county.households, county.code))
        others = [county for county in counties if county is not least and county.nation == least.nation]
        nearest = min(others, key=lambda county: _nearness(least, county))
        counties = [county for county in counties if county not in (least, nearest)]
        counties.append(_joined(least, nearest))
    return sorted(counties, key=lambda county: county.code)


def _county(own: Sequence[Draft], indexes: tuple[int, ...]) -> County:
    named = {code: authorities()[code] for cell in own for code in cell.authorities}
    return County(
        cells=indexes,
        upper_tiers=dict(sorted({each.upper_tier_code: each.upper_tier_name for each in named.values()}.items())),
        nation=own[0].nation,
        households=sum(cell.piece.households for cell in own),
        rows=np.concatenate([cell.piece.rows for cell in own]),
        hull=shapely.union_all([cell.piece.hull for cell in own]),
    )


def _joined(one: County, other: County) -> County:
    return County(
        cells=tuple(sorted(one.cells + other.cells)),
        upper_tiers=dict(sorted({**one.upper_tiers, **other.upper_tiers}.items())),
        nation=one.nation,
        households=one.households + other.households,
        rows=np.concatenate([one.rows, other.rows]),
        hull=shapely.union(one.hull, other.hull),
    )


def _nearness(county: County, other: County) -> tuple[float, float, str]:
    """Order neighbours: touching ones first, of those the one with which it would be roundest."""
    gap = float(shapely.distance(county.hull, other.hull))
    together = shapely.union(county.hull, other.hull).convex_hull
    return max(0.0, gap - TOUCHING_METRES), float(together.length), other.code
