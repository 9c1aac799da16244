"""What a placement would use up that others need. Pure.

Source: domain page: of refuge vacancies in 2021-22, 0.9% suited a wheelchair user, 9.1% would consider no recourse, under
half took a mother and two children. A room that can do what few rooms can is kept for those who need it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accommodation.vocabulary import Gender, Level, NoRecoursePolicy, ResidentsGender
from placement.columns import LEVEL_CODE, NO_AGE_LIMIT, RESIDENTS_CODE, BoolColumn, SupplyColumns
from placement.columns import NO_RECOURSE_CODE as NO_RECOURSE
from placement.criteria import Criteria

LARGE_FAMILY = 4
OLDER_BOY = 14
KEPT_FOR_AT_MOST_SHARE = 0.10
"""A need is shown as a reason to keep a unit when at most this share of what is free meets it."""


@dataclass(frozen=True)
class ScarceNeed:
    """A need that few units meet: which units do, and whether this household has it."""

    code: str
    met_by: Callable[[SupplyColumns], npt.NDArray[Any]]
    needed_by: Callable[[Criteria], bool]


SCARCE_NEEDS: tuple[ScarceNeed, ...] = (
    ScarceNeed("wheelchair", lambda s: s["access"] == 0, lambda c: c.access_need == 0),
    ScarceNeed(
        "limited_mobility",
        lambda s: (s["access"] >= 1) & (s["access"] <= 2),
        lambda c: c.access_need in (1, 2),
    ),
    ScarceNeed(
        "no_recourse",
        lambda s: s["no_recourse"] > NO_RECOURSE[NoRecoursePolicy.NOT_ACCEPTED],
        lambda c: c.no_recourse is not False,
    ),
    ScarceNeed("large_family", lambda s: s["bed_spaces"] >= LARGE_FAMILY, lambda c: c.people >= LARGE_FAMILY),
    ScarceNeed(
        "older_boys",
        lambda s: s["boys_upper_age"] == NO_AGE_LIMIT,
        lambda c: c.has_boy_of_unknown_age or (c.oldest_boy_age or 0) > OLDER_BOY,
    ),
    ScarceNeed("pets", lambda s: s["pets"] == 1, lambda c: bool(c.pets)),
    ScarceNeed(
        "men",
        lambda s: (
            (s["residents"] == RESIDENTS_CODE[ResidentsGender.MEN]) | (s["residents"] == RESIDENTS_CODE[ResidentsGender.ANY])
        ),
        lambda c: Gender.MALE in c.adult_genders,
    ),
    ScarceNeed(
        "high_substance_use",
        lambda s: s["substance_use"] == LEVEL_CODE[Level.HIGH],
        lambda c: c.substance_use in (None, Level.HIGH),
    ),
    ScarceNeed(
        "high_mental_health",
        lambda s: s["mental_health"] == LEVEL_CODE[Level.HIGH],
        lambda c: c.mental_health in (None, Level.HIGH),
    ),
)


@dataclass(frozen=True)
class Scarcity:
    """What units would use up for one household, and the needs they would be kept for.

    `weights` holds, per scarce need that the household has not, 1/free units that meet it, and which units do.
    `kept_for` holds, per need that is scarce now, its code, the number of free units that meet it, and which do.
    """

    weights: tuple[tuple[float, BoolColumn], ...]
    kept_for: tuple[tuple[str, int, BoolColumn], ...]

    def cost_at(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return float64 per row: the sum of the weights of the needs that the unit meets and the household has not."""
        cost = np.zeros(len(rows), dtype=np.float64)
        for weight, met in self.weights:
            cost += met[rows] * weight
        return cost

    def kept_for_at(self, row: int) -> list[tuple[str, int]]:
        """Return (need, free units that meet it) for one unit, in the order of SCARCE_NEEDS."""
        return [(code, count) for code, count, met in self.kept_for if met[row]]


def weigh_scarcity(supply: SupplyColumns, criteria: Criteria, free: BoolColumn) -> Scarcity:
    """Weigh what units would use up. `free` marks the units that could be had by somebody on that day."""
    weights: list[tuple[float, BoolColumn]] = []
    kept: list[tuple[str, int, BoolColumn]] = []
    free_units = int(np.count_nonzero(free))
    for need in SCARCE_NEEDS:
        if need.needed_by(criteria):
            continue
        met = np.asarray(need.met_by(supply), dtype=np.bool_)
        count = int(np.count_nonzero(met & free))
        weights.append((1.0 / max(count, 1), met))
        if count <= max(free_units * KEPT_FOR_AT_MOST_SHARE, 1):
            kept.append((need.code, count, met))
    return Scarcity(weights=tuple(weights), kept_for=tuple(kept))
