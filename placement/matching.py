"""(supply, criteria, a verdict per cell, preferences) -> a ranked, explained result. Pure and deterministic.

Order of the units that may be offered: what the placement would use up that others need, then preferences missed, then
how far the vacancy can be believed, distance band, spare beds, and the unit's random id, so that equals keep their place.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from accommodation.availability import available_on
from accommodation.freshness import AGEING_UNTIL, FRESH_FOR, FRESHNESS_ORDER
from accommodation.vocabulary import AccommodationType, Freshness, Specialism
from geo.distance import DistanceBand
from placement.columns import SPECIALISM_BIT, BoolColumn, ProviderFacts, SupplyColumns
from placement.criteria import Criteria
from placement.eligibility import VERDICT_OF_CODE, Judgement, Question, judge
from placement.scarcity import Scarcity, weigh_scarcity
from placement.vocabulary import Verdict

SCARCITY_STEPS_PER_UNIT = 20
BANDS = tuple(DistanceBand)
TYPES = tuple(AccommodationType)
UNIT_OFFERS = tuple(verdict for verdict in VERDICT_OF_CODE if verdict is not Verdict.UNSUITABLE)


@dataclass(frozen=True)
class Preferences:
    """What the household would like. `bands` is a distance band's index per cell from her own anchor, or None."""

    bands: npt.NDArray[np.uint8] | None = None
    max_distance_band: DistanceBand | None = None
    accommodation_types: frozenset[AccommodationType] = frozenset()
    self_contained: bool | None = None
    staff_cover: bool = False
    cctv: bool = False

    def too_far(self) -> BoolColumn | None:
        """Return per cell whether it lies beyond the furthest band wished for; None without anchor or wish."""
        if self.bands is None or self.max_distance_band is None:
            return None
        beyond: BoolColumn = self.bands > BANDS.index(self.max_distance_band)
        return beyond


@dataclass(frozen=True)
class Match:
    """One unit that may be offered, with the reasons."""

    rank: int
    unit_id: uuid.UUID
    verdict: Verdict
    accommodation_type: AccommodationType
    cell: int
    provider: ProviderFacts
    bed_spaces: int
    available_on: date | None
    freshness: Freshness
    distance_band: DistanceBand | None
    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    asks: tuple[str, ...]
    preferences_met: tuple[str, ...]
    kept_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class MatchResult:
    """The answer to one search. `excluded` counts each refused unit once, at the first rule that refuses it."""

    offered: dict[Verdict, tuple[Match, ...]]
    found: dict[Verdict, int]
    considered: int
    excluded: tuple[tuple[str, int], ...]
    nearest_miss: tuple[str, int] | None


def match(
    supply: SupplyColumns,
    criteria: Criteria,
    cell_verdicts: npt.NDArray[np.uint8],
    preferences: Preferences,
    *,
    needed_from: datetime,
    now: datetime,
    limit: int,
) -> MatchResult:
    """Judge, explain and rank every unit. `cell_verdicts` is uint8 per cell; times are UTC; `limit` is per list."""
    question = Question(supply, criteria, cell_verdicts, needed_from, preferences.too_far())
    judgement = judge(question)
    verdicts = judgement.verdicts()
    first_refusal = judgement.first_refusal()
    scarcity = weigh_scarcity(supply, criteria, ~judgement.findings[0][1].refused)
    wishes = _wishes(supply, criteria, preferences)
    freshness = _freshness(supply, now)
    offers = np.flatnonzero(verdicts < 3)
    order = offers[_ranking(supply, offers, scarcity, wishes, freshness, preferences)]

    offered: dict[Verdict, tuple[Match, ...]] = {}
    found: dict[Verdict, int] = {}
    for code, verdict in enumerate(UNIT_OFFERS):
        rows = order[verdicts[order] == code]
        found[verdict] = len(rows)
        offered[verdict] = tuple(
            Match(
                rank=rank,
                unit_id=supply.unit_ids[row],
                verdict=verdict,
                accommodation_type=TYPES[int(supply["accommodation_type"][row])],
                cell=int(supply["cell"][row]),
                provider=supply.providers[int(supply["provider"][row])],
                bed_spaces=int(supply["bed_spaces"][row]),
                available_on=available_on(float(supply["busy_until"][row]), now),
                freshness=FRESHNESS_ORDER[int(freshness[row])],
                distance_band=_band(preferences, int(supply["cell"][row])),
                reasons=_reasons(judgement, row),
                unknown=tuple(judgement.unknown_at(row)),
                asks=tuple(judgement.asks_at(row)),
                preferences_met=tuple(name for name, met in wishes if met[row]),
                kept_for=tuple(scarcity.kept_for_at(row)),
            )
            for rank, row in enumerate((int(row) for row in rows[:limit]), start=1)
        )
    return MatchResult(
        offered=offered,
        found=found,
        considered=len(supply),
        excluded=_funnel(judgement, first_refusal),
        nearest_miss=_nearest_miss(judgement),
    )


def _funnel(judgement: Judgement, first_refusal: npt.NDArray[np.int8]) -> tuple[tuple[str, int], ...]:
    counts = np.bincount(first_refusal[first_refusal >= 0], minlength=len(judgement.findings))
    return tuple((rule.code, int(count)) for (rule, _), count in zip(judgement.findings, counts, strict=True) if count)


def _nearest_miss(judgement: Judgement) -> tuple[str, int] | None:
    """Return the negotiable rule that alone stands between the household and most units; never a safety rule."""
    alone = judgement.refusal_counts() == 1
    misses = [(int((finding.refused & alone).sum()), rule.code) for rule, finding in judgement.findings if rule.negotiable]
    units, code = max(misses, key=lambda miss: miss[0], default=(0, ""))
    return (code, units) if units else None


def _wishes(supply: SupplyColumns, criteria: Criteria, preferences: Preferences) -> list[tuple[str, BoolColumn]]:
    wishes: list[tuple[str, BoolColumn]] = []

    def wish(name: str, met: object) -> None:
        wishes.append((name, np.asarray(met, dtype=np.bool_)))

    for specialism in Specialism:
        if specialism in criteria.specialisms_wanted | criteria.specialisms_required:
            wish(str(specialism), (supply["specialisms"].astype(np.int32) & SPECIALISM_BIT[specialism]) != 0)
    if criteria.pets:
        wish("pets", supply["pets"] == 1)
    if preferences.staff_cover:
        wish("staff_cover", supply["staff_cover"] == 1)
    if preferences.cctv:
        wish("cctv", supply["cctv"] == 1)
    if preferences.self_contained is not None:
        wish("self_contained", supply["self_contained"] == preferences.self_contained)
    if preferences.accommodation_types:
        wanted = [TYPES.index(kind) for kind in preferences.accommodation_types]
        wish("accommodation_type", np.isin(supply["accommodation_type"], wanted))
    return wishes


def _freshness(supply: SupplyColumns, now: datetime) -> npt.NDArray[np.int8]:
    """Return per unit the index into FRESHNESS_ORDER; the limits are those of `accommodation.freshness`."""
    age = now.timestamp() - supply["confirmed_at"].astype(np.float64)
    fresh, ageing = FRESH_FOR.total_seconds(), AGEING_UNTIL.total_seconds()
    return np.select([~np.isfinite(age) | (age < 0), age < fresh, age < ageing], [3, 0, 1], 2).astype(np.int8)


def _ranking(
    supply: SupplyColumns,
    offers: npt.NDArray[np.intp],
    scarcity: Scarcity,
    wishes: Sequence[tuple[str, BoolColumn]],
    freshness: npt.NDArray[np.int8],
    preferences: Preferences,
) -> npt.NDArray[np.intp]:
    missed = np.zeros(len(offers), dtype=np.int16)
    for _, met in wishes:
        missed += ~met[offers]
    cell = supply["cell"][offers]
    band = np.zeros(len(offers)) if preferences.bands is None else np.where(cell < 0, 255, preferences.bands[cell])
    return np.lexsort(
        (
            supply["identity"][offers],
            supply["bed_spaces"][offers],
            band,
            freshness[offers],
            missed,
            np.round(scarcity.cost[offers] * SCARCITY_STEPS_PER_UNIT),
        )
    )


def _band(preferences: Preferences, cell: int) -> DistanceBand | None:
    return None if preferences.bands is None or cell < 0 else BANDS[int(preferences.bands[cell])]


def _reasons(judgement: Judgement, row: int) -> tuple[str, ...]:
    """Return the codes of the rules that were asked and are met at one unit, in their fixed order."""
    return tuple(
        rule.code if rule.code != "area_blocked" else "clear_of_areas_to_avoid"
        for rule, found in judgement.findings
        if not (found.unknown is not None and found.unknown[row]) and not (found.person is not None and found.person[row])
    )
