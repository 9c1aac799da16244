"""Join authorities that are too small to be safety cells to what lies next to them, and so make every cell large enough.

Small ones that touch are joined whole to each other first: then no other authority is cut by a cell that is not its own
alone. What is still small goes to the nearest cell of its nation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from geo.authorities import authorities
from geo.cell_division import Country, Piece
from geo.cell_naming import group_code, group_name

TOUCHING_METRES: Final = 500  # between hulls, which hug postcodes and not boundaries


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A cell in the making: a piece, the codes and names that it is made of, and the authorities that it has part in."""

    piece: Piece
    codes: tuple[str, ...]
    names: tuple[str, ...]
    authorities: tuple[str, ...]

    @property
    def code(self) -> str:
        """The cell's code."""
        return group_code(self.codes)

    @property
    def name(self) -> str:
        """The cell's name."""
        return group_name(self.names)

    @property
    def is_joined(self) -> bool:
        """Whether it holds more than one authority."""
        return len(self.authorities) > 1

    @property
    def nation(self) -> str:
        """The nation that all of it lies in."""
        return authorities()[self.authorities[0]].nation


def join_small(country: Country, drafts: Sequence[Draft]) -> list[Draft]:
    """Return drafts of which none is small, in the order of their codes. The least is joined first; codes settle ties."""
    left = list(drafts)
    alone: set[Draft] = set()
    while small := [draft for draft in left if draft.piece.is_small and draft not in alone]:
        least = min(small, key=_size)
        near = [draft for draft in _may_join(least, left) if draft.piece.is_small and _gap(least, draft) == 0.0]
        if near:
            _join(country, left, least, min(near, key=lambda draft: _nearness(country, least, draft)))
        else:
            alone.add(least)
    while small := [draft for draft in left if draft.piece.is_small]:
        least = min(small, key=_size)
        _join(country, left, least, min(_may_join(least, left), key=lambda draft: _nearness(country, least, draft)))
    return sorted(left, key=lambda draft: draft.codes)


def _size(draft: Draft) -> tuple[int, tuple[str, ...]]:
    return draft.piece.households, draft.codes


def _join(country: Country, drafts: list[Draft], one: Draft, other: Draft) -> None:
    drafts.remove(one)
    drafts.remove(other)
    pairs = sorted(zip(one.codes + other.codes, one.names + other.names, strict=True))
    drafts.append(
        Draft(
            country.piece(np.sort(np.concatenate([one.piece.rows, other.piece.rows]))),
            tuple(code for code, _ in pairs),
            tuple(name for _, name in pairs),
            tuple(sorted({*one.authorities, *other.authorities})),
        )
    )


def _may_join(draft: Draft, drafts: Sequence[Draft]) -> list[Draft]:
    # Each nation has its own law of housing and homelessness, and Northern Ireland lies over a sea.
    return [other for other in drafts if other is not draft and other.nation == draft.nation]


def _gap(draft: Draft, other: Draft) -> float:
    return max(0.0, float(shapely.distance(draft.piece.hull, other.piece.hull)) - TOUCHING_METRES)


def _nearness(country: Country, draft: Draft, other: Draft) -> tuple[float, bool, float, tuple[str, ...]]:
    """Order neighbours: touching ones first, of those the ones that are joined already, so that fewer authorities are."""
    middles = (country.points[each.piece.rows].mean(axis=0) for each in (draft, other))
    return _gap(draft, other), not other.is_joined, float(np.hypot(*np.subtract(*middles))), other.codes
