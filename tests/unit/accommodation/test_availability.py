"""The one rule of time, and the freshness of a vacancy."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.availability import StayFact, available_on, busy_until, is_free_from, needed_from, status_at
from accommodation.freshness import freshness_of
from accommodation.vocabulary import Freshness, StayKind, UnitStatus

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ENDS = st.one_of(st.none(), st.integers(-500, 500).map(lambda hours: NOW + timedelta(hours=hours)))


def stay(ends_at: datetime | None, kind: StayKind = StayKind.HOLD) -> StayFact:
    """Return a live stay that began long ago."""
    return StayFact(kind, NOW - timedelta(days=400), ends_at)


@given(st.lists(ENDS, max_size=5))
def test_a_unit_is_free_from_an_instant_exactly_when_no_live_stay_ends_after_it(ends: list[datetime | None]) -> None:
    free = is_free_from(busy_until(stay(end) for end in ends), NOW)

    assert free == all(end is not None and end <= NOW for end in ends)


def test_a_unit_is_free_at_the_very_instant_at_which_its_hold_ends() -> None:
    assert is_free_from(busy_until([stay(NOW)]), NOW)
    assert status_at([stay(NOW)], NOW, withdrawn=False) is UnitStatus.FREE


def test_nobody_knows_when_an_open_stay_ends() -> None:
    assert available_on(busy_until([stay(None)]), NOW) is None


def test_a_void_that_ends_next_week_makes_the_unit_available_on_that_local_day() -> None:
    ends_at = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)  # midnight of 1 July in London

    assert available_on(busy_until([stay(ends_at)]), datetime(2026, 6, 20, tzinfo=UTC)) == date(2026, 7, 1)


def test_a_free_unit_is_available_today() -> None:
    assert available_on(-math.inf, NOW) == date(2026, 11, 22)


def test_a_bed_for_today_is_needed_from_now_and_one_for_later_from_its_london_midnight() -> None:
    assert needed_from(date(2026, 11, 22), NOW) == NOW
    assert needed_from(date(2026, 7, 1), NOW.replace(month=6)) == datetime(2026, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (StayKind.HOLD, UnitStatus.HELD),
        (StayKind.PLACEMENT, UnitStatus.OCCUPIED),
        (StayKind.VOID, UnitStatus.VOID),
    ],
)
def test_a_status_is_what_the_covering_stay_is_even_when_the_unit_is_withdrawn(kind: StayKind, expected: UnitStatus) -> None:
    assert status_at([stay(None, kind)], NOW, withdrawn=True) is expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), Freshness.FRESH),
        (timedelta(hours=2) - timedelta(seconds=1), Freshness.FRESH),
        (timedelta(hours=2), Freshness.AGEING),
        (timedelta(hours=8) - timedelta(seconds=1), Freshness.AGEING),
        (timedelta(hours=8), Freshness.STALE),
        (timedelta(seconds=-1), Freshness.UNKNOWN),
    ],
)
def test_freshness_is_counted_from_the_last_confirmation(age: timedelta, expected: Freshness) -> None:
    assert freshness_of(NOW - age, NOW) is expected


def test_a_vacancy_that_was_never_confirmed_is_unknown() -> None:
    assert freshness_of(None, NOW) is Freshness.UNKNOWN
