"""Ranking, the funnel, scarcity and the nearest miss: pure, deterministic, each unit counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from accommodation.vocabulary import Specialism
from geo.distance import DistanceBand
from placement.columns import NO_AGE_LIMIT, SPECIALISM_BIT, UNSAID, BoolColumn, SupplyColumns
from placement.criteria import Criteria
from placement.matching import MatchResult, Preferences, match
from placement.vocabulary import Verdict
from tests.unit.placement.test_eligibility import ALONE, CELLS, NOW, supply_of

UNITS = st.fixed_dictionaries(
    {
        "cell": st.sampled_from([-1, 0, 1, 2]),
        "bed_spaces": st.integers(1, 6),
        "residents": st.sampled_from([UNSAID, 0, 1, 2]),
        "access": st.sampled_from([UNSAID, 0, 1, 2, 3]),
        "pets": st.sampled_from([UNSAID, 0, 1]),
        "specialisms": st.integers(0, 511),
        "busy_until": st.sampled_from([-np.inf, np.inf, NOW.timestamp() + 60]),
        "withdrawn": st.booleans(),
    }
)
DEMANDING = replace(
    ALONE, people=3, access_need=1, pets=True, pets_must_come=True, specialisms_required=frozenset({Specialism.DEAF})
)


def found(criteria: Criteria, *units: dict[str, Any], preferences: Preferences | None = None, **more: Any) -> MatchResult:
    """Match a household against units, now; all of them in sight."""
    supply = supply_of(*({**unit, "identity": place} for place, unit in enumerate(units)), **more)
    return match_seen(supply, criteria, np.ones(len(supply), dtype=np.bool_), preferences)


def match_seen(
    supply: SupplyColumns, criteria: Criteria, in_sight: BoolColumn, preferences: Preferences | None = None
) -> MatchResult:
    """Match a household against the units that an organisation sees, now."""
    return match(
        supply,
        criteria,
        CELLS,
        preferences or Preferences(),
        in_sight=in_sight,
        needed_from=NOW,
        now=NOW,
        limit=200,
    )


def ranked(result: MatchResult) -> list[int]:
    """Return the numbers of the suitable units, best first."""
    return [found.unit_id.int - 100 for found in result.offered[Verdict.SUITABLE]]


@given(st.lists(UNITS, min_size=1, max_size=30))
def test_every_unit_is_offered_once_or_excluded_once(units: list[dict[str, Any]]) -> None:
    result = found(DEMANDING, *units)

    assert sum(result.found.values()) + sum(count for _, count in result.excluded) == result.considered == len(units)


@given(st.lists(UNITS, min_size=1, max_size=30))
def test_the_same_question_has_the_same_answer(units: list[dict[str, Any]]) -> None:
    assert found(DEMANDING, *units) == found(DEMANDING, *units)


@given(st.lists(UNITS, min_size=1, max_size=30))
def test_the_nearest_miss_opens_exactly_what_it_says(units: list[dict[str, Any]]) -> None:
    result = found(DEMANDING, *units)
    relaxed = {
        "pets": replace(DEMANDING, pets_must_come=False),
        "specialism": replace(DEMANDING, specialisms_required=frozenset()),
    }

    gains = {
        code: sum(found(criteria, *units).found.values()) - sum(result.found.values()) for code, criteria in relaxed.items()
    }

    assert (result.nearest_miss or ("", 0))[1] == max(gains.values())


def test_a_scarce_room_is_kept_for_those_who_need_it() -> None:
    ordinary, wheelchair = {"access": 3}, {"access": 0}

    assert ranked(found(ALONE, wheelchair, ordinary)) == [1, 0]
    assert ranked(found(replace(ALONE, access_need=0), wheelchair, ordinary)) == [0]


def test_scarcity_outweighs_a_wish() -> None:
    scarce = {"access": 0, "cctv": 1}
    plain = {"access": 3, "cctv": 0}

    assert ranked(found(ALONE, scarce, plain, preferences=Preferences(cctv=True))) == [1, 0]


def test_a_room_says_for_whom_it_is_kept_and_how_many_there_are() -> None:
    plain = {
        "bed_spaces": 1, "boys_upper_age": 12, "no_recourse": 0, "pets": 0, "mental_health": 1, "substance_use": 1,
    }  # fmt: skip
    result = found(ALONE, {**plain, "access": 0}, *[plain] * 11)

    kept = {found.unit_id.int - 100: found.kept_for for found in result.offered[Verdict.SUITABLE]}
    assert kept[0] == (("wheelchair", 1),)
    assert kept[1] == ()


def test_older_vacancies_sink_among_equals() -> None:
    fresh = {"confirmed_at": (NOW - timedelta(hours=1)).timestamp()}
    ageing = {"confirmed_at": (NOW - timedelta(hours=5)).timestamp()}
    stale = {"confirmed_at": (NOW - timedelta(hours=9)).timestamp()}
    unknown: dict[str, Any] = {}

    assert ranked(found(ALONE, unknown, stale, ageing, fresh)) == [3, 2, 1, 0]


def test_a_unit_with_more_of_what_she_wishes_comes_first() -> None:
    wishes = replace(ALONE, specialisms_wanted=frozenset({Specialism.LGBT}))

    result = found(wishes, {}, {"specialisms": SPECIALISM_BIT[Specialism.LGBT]})

    assert ranked(result) == [1, 0]
    assert result.offered[Verdict.SUITABLE][0].preferences_met == ("lgbt",)


def test_beyond_the_furthest_band_is_excluded_and_can_be_negotiated() -> None:
    bands = np.array([4, 0, 0], dtype=np.uint8)
    preferences = Preferences(bands=bands, max_distance_band=DistanceBand.FROM_50_TO_100_KM)

    result = found(ALONE, {"cell": 0}, preferences=preferences)

    assert result.excluded == (("distance", 1),)
    assert result.nearest_miss == ("distance", 1)


def test_what_must_be_asked_is_said() -> None:
    criteria = replace(ALONE, access_need=1)

    result = found(criteria, {"access": UNSAID, "boys_upper_age": NO_AGE_LIMIT}, {"cell": 1, "access": 0})

    assert result.offered[Verdict.CONFIRM][0].unknown == ("access",)
    assert result.offered[Verdict.REVIEW][0].asks == ("area_overlap",)
    assert "area_overlap" not in result.offered[Verdict.REVIEW][0].reasons
