"""(supply, criteria, a verdict per cell, preferences) -> a ranked, explained result. Pure and deterministic.

Order of the units that may be offered: what the placement would use up that others need, then preferences missed, then
how far the vacancy can be believed, distance band, spare beds, and the unit's random id, so that equals keep their place.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from accommodation.availability import available_on
from accommodation.freshness import AGEING_UNTIL, FRESH_FOR, FRESHNESS_ORDER
from accommodation.vocabulary import AccommodationType, Freshness, Specialism
from geo.distance import DistanceBand
from placement.columns import SPECIALISM_BIT, BoolColumn, ProviderFacts, SupplyColumns
from placement.criteria import Criteria
from placement.eligibility import judge
from placement.judgement import VERDICT_OF_CODE, Judgement, Question
from placement.scarcity import Scarcity, weigh_scarcity
from placement.vocabulary import Verdict

Code = TypeVar("Code")

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
    in_sight: BoolColumn,
    needed_from: datetime,
    now: datetime,
    limit: int,
) -> MatchResult:
    """Judge the units in sight, rank and explain those that may be offered. `cell_verdicts` is uint8 per cell; times are
    UTC; `limit` is per list. A unit that is not `in_sight` is in no list and in no number of the answer."""
    judgement = judge(Question(supply, criteria, cell_verdicts, needed_from, preferences.too_far()))
    verdicts = judgement.verdicts()
    offers = np.flatnonzero(in_sight & (verdicts < 3))
    scarcity = weigh_scarcity(supply, criteria, in_sight & ~judgement.findings[0][1].refused)
    wishes = _wishes(supply, criteria, preferences)
    order = offers[_ranking(supply, offers, scarcity, wishes, _freshness(supply, offers, now), preferences)]
    verdicts_in_order = verdicts[order]

    offered: dict[Verdict, tuple[Match, ...]] = {}
    found: dict[Verdict, int] = {}
    for code, verdict in enumerate(UNIT_OFFERS):
        rows = order[verdicts_in_order == code]
        found[verdict] = len(rows)
        offered[verdict] = _explain(supply, verdict, rows[:limit], judgement, scarcity, wishes, preferences, now)
    return MatchResult(
        offered=offered,
        found=found,
        considered=int(np.count_nonzero(in_sight)),
        excluded=_funnel(judgement, in_sight),
        nearest_miss=_nearest_miss(judgement, in_sight),
    )


def _explain(
    supply: SupplyColumns,
    verdict: Verdict,
    rows: npt.NDArray[np.intp],
    judgement: Judgement,
    scarcity: Scarcity,
    wishes: Sequence[tuple[str, BoolColumn]],
    preferences: Preferences,
    now: datetime,
) -> tuple[Match, ...]:
    """Return the units of one list with their reasons. Columns are read once for all rows, which is far quicker."""
    kinds, cells, providers, bed_spaces, ends = (
        supply[name][rows].tolist() for name in ("accommodation_type", "cell", "provider", "bed_spaces", "busy_until")
    )
    freshness = _freshness(supply, rows, now).tolist()
    reasons, unknown, asks = _findings_at(judgement, rows)
    met = _codes_at(((name, column) for name, column in wishes), rows)
    kept_for = _codes_at((((code, count), column) for code, count, column in scarcity.kept_for), rows)
    return tuple(
        Match(
            rank=place + 1,
            unit_id=supply.unit_ids[row],
            verdict=verdict,
            accommodation_type=TYPES[kinds[place]],
            cell=cells[place],
            provider=supply.providers[providers[place]],
            bed_spaces=bed_spaces[place],
            available_on=available_on(ends[place], now),
            freshness=FRESHNESS_ORDER[freshness[place]],
            distance_band=_band(preferences, cells[place]),
            reasons=reasons[place],
            unknown=unknown[place],
            asks=asks[place],
            preferences_met=met[place],
            kept_for=kept_for[place],
        )
        for place, row in enumerate(rows.tolist())
    )


def _findings_at(
    judgement: Judgement, rows: npt.NDArray[np.intp]
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return per row the codes of the rules that were asked and are met, that know too little, that ask a person."""
    met, unknown, asks = [], [], []
    for rule, found in judgement.findings:
        open_questions = np.zeros(len(rows), dtype=np.bool_)
        if found.unknown is not None:
            unknown.append((rule.code, found.unknown))
            open_questions |= found.unknown[rows]
        if found.person is not None:
            asks.append((rule.asks, found.person))
            open_questions |= found.person[rows]
        met.append((rule.met, ~open_questions))
    every_row = np.arange(len(rows))
    return _codes_at(met, every_row), _codes_at(unknown, rows), _codes_at(asks, rows)


def _codes_at(coded: Iterable[tuple[Code, BoolColumn]], rows: npt.NDArray[np.intp]) -> list[tuple[Code, ...]]:
    """Return per row the codes whose column is true there, in the given order."""
    found = [(code, column[rows].tolist()) for code, column in coded]
    return [tuple(code for code, column in found if column[place]) for place in range(len(rows))]


def _funnel(judgement: Judgement, in_sight: BoolColumn) -> tuple[tuple[str, int], ...]:
    """Count each refused unit in sight once, at the first rule that refuses it."""
    left = in_sight.copy()
    counts = []
    for rule, finding in judgement.findings:
        first_refused = finding.refused & left
        if count := int(np.count_nonzero(first_refused)):
            counts.append((rule.code, count))
            left ^= first_refused
    return tuple(counts)


def _nearest_miss(judgement: Judgement, in_sight: BoolColumn) -> tuple[str, int] | None:
    """Return the negotiable rule that alone stands between the household and most units; never a safety rule."""
    alone = in_sight & (judgement.refusal_counts() == 1)
    misses = [
        (int(np.count_nonzero(finding.refused & alone)), rule.code)
        for rule, finding in judgement.findings
        if rule.negotiable
    ]
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


def _freshness(supply: SupplyColumns, rows: npt.NDArray[np.intp], now: datetime) -> npt.NDArray[np.int8]:
    """Return int8 per row, the index into FRESHNESS_ORDER; the limits are those of `accommodation.freshness`."""
    age = now.timestamp() - supply["confirmed_at"][rows]
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
            freshness,
            missed,
            np.round(scarcity.cost_at(offers) * SCARCITY_STEPS_PER_UNIT),
        )
    )


def _band(preferences: Preferences, cell: int) -> DistanceBand | None:
    return None if preferences.bands is None or cell < 0 else BANDS[int(preferences.bands[cell])]
