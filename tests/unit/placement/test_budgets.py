"""Budgets: what is new counts, what is old does not; when there is room again; when a second worker is wanted."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placement.budgets import (
    DEFAULT_BUDGETS,
    GEOMETRIES,
    UNLIMITED,
    WEEK,
    Budget,
    decide,
    needs_second_worker,
)
from placement.vocabulary import BudgetKind, BudgetScope

NOW = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
SMALL = Budget(BudgetScope.OFFICER, WEEK, alert_at=2, refuse_at=4)


def used(*hours_ago: float) -> dict[str, datetime]:
    return {f"f{number}": NOW - timedelta(hours=hours) for number, hours in enumerate(hours_ago)}


def test_the_officers_figures_are_those_of_the_safeguarding_page() -> None:
    officer = next(budget for budget in GEOMETRIES if budget.scope is BudgetScope.OFFICER)

    assert (officer.alert_at, officer.refuse_at, officer.window) == (20, 40, timedelta(days=7))


@pytest.mark.parametrize(
    ("before", "alert", "is_refused"), [(0, False, False), (1, True, False), (2, False, False), (3, False, True)]
)
def test_the_second_of_two_alerts_and_the_fourth_of_four_is_refused(before: int, alert: bool, is_refused: bool) -> None:
    decision = decide(SMALL, used(*range(before)), ["new"], NOW)

    assert (decision.alert, decision.refused_until is not None) == (alert, is_refused)


def test_what_was_used_before_is_no_news_even_when_the_budget_is_spent() -> None:
    assert decide(SMALL, used(1, 2, 3), ["f1"], NOW).refused_until is None


def test_there_is_room_again_when_the_oldest_falls_out_of_the_window() -> None:
    assert decide(SMALL, used(1, 30, 2), ["new"], NOW).refused_until == NOW - timedelta(hours=30) + WEEK


def test_what_would_never_fit_is_refused_too() -> None:
    decision = decide(SMALL, {}, ["a", "b", "c", "d"], NOW)

    assert decision.refused_until is not None


def test_a_raised_budget_takes_twice_as_much_and_alerts_as_before() -> None:
    assert decide(SMALL, used(*range(6)), ["new"], NOW, is_raised=True).refused_until is None
    assert decide(SMALL, used(*range(7)), ["new"], NOW, is_raised=True).refused_until is not None
    assert decide(SMALL, used(1), ["new"], NOW, is_raised=True).alert


@given(st.lists(st.floats(0, 167), max_size=12), st.integers(1, 3), st.booleans())
def test_after_the_time_that_was_told_the_same_request_is_taken(ages: list[float], wanted: int, is_raised: bool) -> None:
    uses, new = used(*ages), [f"n{number}" for number in range(wanted)]
    decision = decide(SMALL, uses, new, NOW, is_raised=is_raised)

    if decision.refused_until is not None:
        later = decision.refused_until
        still = {name: at for name, at in uses.items() if at > later - WEEK}
        assert later > NOW
        assert decide(SMALL, still, new, later, is_raised=is_raised).refused_until is None


@given(st.integers(1, 100))
def test_settings_can_only_tighten(percent: int) -> None:
    for kind, budgets in DEFAULT_BUDGETS.tightened(percent).budgets.items():
        for tight, default in zip(budgets, DEFAULT_BUDGETS.of(kind), strict=True):
            assert 1 <= tight.alert_at <= default.alert_at
            assert 2 <= tight.refuse_at <= default.refuse_at
            assert tight.per_officer <= default.per_officer


def test_two_insiders_share_what_one_has_and_each_further_officer_adds_an_honest_weeks_use() -> None:
    organisation = GEOMETRIES[-1]

    assert [organisation.for_officers(number).refuse_at for number in (1, 2, 3, 10)] == [40, 40, 70, 280]
    assert organisation.for_officers(2).alert_at == 20


def test_honest_households_fit() -> None:
    """Areas a household 1 + Poisson(2), ten households a week: an officer is refused in at most one such week of 40."""
    household, officer, _ = GEOMETRIES

    assert _poisson_at_least(household.refuse_at - 1, 2) < 1e-9
    assert _poisson_at_least(household.alert_at - 1, 2) < 1e-5
    assert _poisson_at_least(officer.refuse_at - 10, 20) < 1 / 40
    assert household.refuse_at > 12, "tests and benchmarks record 12 areas"
    assert _poisson_at_least(DEFAULT_BUDGETS.of(BudgetKind.HOUSEHOLD)[0].alert_at, 10) < 1e-4


def test_nothing_is_counted_without_a_budget() -> None:
    assert UNLIMITED.of(BudgetKind.GEOMETRY) == ()


DAY = timedelta(days=1)
RECORDED = NOW - 10 * DAY


@pytest.mark.parametrize(
    ("days_ago", "wanted"),
    [((), False), ((1, 2), False), ((1, 2, 3), True), ((1, 2, 8), False), ((1, 2, 9.5), False), ((1, 1, 1, 1), True)],
)
def test_the_fourth_change_in_seven_days_wants_a_second_worker(days_ago: tuple[float, ...], wanted: bool) -> None:
    changes = [NOW - days * DAY for days in days_ago]

    assert needs_second_worker(DEFAULT_BUDGETS, RECORDED, changes, NOW) is wanted


def test_recording_in_the_first_day_is_not_changing() -> None:
    recorded = NOW - timedelta(hours=25)
    in_the_first_day = [recorded + timedelta(hours=hours) for hours in (0, 1, 2, 3, 23)]

    assert not needs_second_worker(DEFAULT_BUDGETS, NOW - timedelta(hours=23), in_the_first_day, NOW)
    assert not needs_second_worker(DEFAULT_BUDGETS, recorded, in_the_first_day, NOW)


def _poisson_at_least(least: int, mean: float) -> float:
    return 1.0 - sum(math.exp(-mean) * mean**number / math.factorial(number) for number in range(least))
