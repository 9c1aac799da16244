"""The law of the stay: notice long enough and served in time, a doubtful basis flagged, an extension that extends."""

from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.calendar import Nation, is_working_day
from accommodation.vocabulary import OccupancyBasis
from placement.licence import (
    DEFAULT_POLICY,
    SEEK_LEGAL_ADVICE,
    ExtensionNotLater,
    check_extension,
    is_overstay,
    last_day_to_serve_notice,
    licence_end,
    notice_is_long_enough,
    occupancy_concern,
)

DAYS = st.dates(date(2012, 6, 1), date(2032, 12, 31))
NOTICE_DAYS = st.integers(1, 90)


@pytest.mark.parametrize(
    ("basis", "days"),
    [
        (OccupancyBasis.EXCLUDED_LICENCE, 7),
        (OccupancyBasis.PROTECTED_LICENCE, 28),
        (OccupancyBasis.ASSURED_SHORTHOLD_TENANCY, 28),
    ],
)
def test_the_shortest_notice_follows_from_the_basis(basis: OccupancyBasis, days: int) -> None:
    assert DEFAULT_POLICY.notice_min_days(basis) == days


def test_every_basis_has_a_shortest_notice() -> None:
    assert set(DEFAULT_POLICY.notice_min_days_by_basis) == set(OccupancyBasis)


@pytest.mark.parametrize("basis", [OccupancyBasis.PROTECTED_LICENCE, OccupancyBasis.ASSURED_SHORTHOLD_TENANCY])
def test_no_policy_may_go_below_four_weeks_where_the_statute_asks_for_them(basis: OccupancyBasis) -> None:
    shorter = {**DEFAULT_POLICY.notice_min_days_by_basis, basis: 27}

    with pytest.raises(ValueError, match="28 days"):
        replace(DEFAULT_POLICY, version=2, notice_min_days_by_basis=shorter)


def test_a_provider_may_agree_another_notice_for_excluded_licences() -> None:
    agreed = {**DEFAULT_POLICY.notice_min_days_by_basis, OccupancyBasis.EXCLUDED_LICENCE: 14}

    policy = replace(DEFAULT_POLICY, version=2, notice_min_days_by_basis=agreed)

    assert policy.notice_min_days(OccupancyBasis.EXCLUDED_LICENCE) == 14
    assert DEFAULT_POLICY.notice_min_days(OccupancyBasis.EXCLUDED_LICENCE) == 7


def test_a_basis_without_a_notice_is_refused() -> None:
    with pytest.raises(ValueError, match="excluded_licence"):
        replace(DEFAULT_POLICY, notice_min_days_by_basis={OccupancyBasis.PROTECTED_LICENCE: 28})


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"panel_every_days": 0},
        {"review_offsets_days": (56, 28)},
        {"review_offsets_days": (28, 28)},
        {"review_offsets_days": (0, 28)},
        {"threatened_with_homelessness_days_before_end": -56},
    ],
)
def test_a_policy_with_senseless_figures_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"version|length|order"):
        replace(DEFAULT_POLICY, **change)  # type: ignore[arg-type]


def test_a_policy_in_use_cannot_be_changed() -> None:
    notices = dict(DEFAULT_POLICY.notice_min_days_by_basis)
    policy = replace(DEFAULT_POLICY, notice_min_days_by_basis=notices)

    notices[OccupancyBasis.PROTECTED_LICENCE] = 1

    assert policy == DEFAULT_POLICY
    assert hash(policy) == hash(DEFAULT_POLICY)
    with pytest.raises(TypeError):
        policy.notice_min_days_by_basis[OccupancyBasis.PROTECTED_LICENCE] = 1  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        policy.version = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("starts_on", "days", "ends_on"),
    [
        (date(2026, 9, 1), 91, date(2026, 12, 1)),
        (date(2026, 9, 1), 7, date(2026, 9, 8)),
        (date(2028, 2, 22), 7, date(2028, 2, 29)),
        (date(2028, 2, 28), 2, date(2028, 3, 1)),
        (date(2026, 3, 28), 1, date(2026, 3, 29)),
    ],
)
def test_a_licence_counts_its_days_from_the_day_after_it_starts(starts_on: date, days: int, ends_on: date) -> None:
    assert licence_end(starts_on, days) == ends_on


@pytest.mark.parametrize("days", [0, -7])
def test_a_licence_of_no_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="1 day"):
        licence_end(date(2026, 9, 1), days)


@pytest.mark.parametrize(
    ("nation", "ends_on", "notice_days", "last_day"),
    [
        (Nation.ENGLAND, date(2026, 12, 1), 28, date(2026, 11, 3)),
        (Nation.ENGLAND, date(2027, 1, 25), 28, date(2026, 12, 24)),  # 28 December 2026, Boxing Day's substitute
        (Nation.ENGLAND, date(2027, 4, 5), 7, date(2027, 3, 25)),  # Easter Monday
        (Nation.SCOTLAND, date(2027, 4, 5), 7, date(2027, 3, 29)),  # no holiday there
        (Nation.NORTHERN_IRELAND, date(2027, 8, 9), 28, date(2027, 7, 9)),  # 12 July, a Monday
        (Nation.ENGLAND, date(2027, 8, 9), 28, date(2027, 7, 12)),
        (Nation.SCOTLAND, date(2026, 1, 30), 28, date(2025, 12, 31)),  # 2 January
        (Nation.ENGLAND, date(2028, 3, 28), 28, date(2028, 2, 29)),
    ],
)
def test_notice_that_would_fall_on_a_day_off_must_be_served_earlier(
    nation: Nation, ends_on: date, notice_days: int, last_day: date
) -> None:
    assert last_day_to_serve_notice(ends_on, notice_days, nation) == last_day


@given(DAYS, NOTICE_DAYS, st.sampled_from(Nation))
def test_notice_served_on_the_last_day_to_serve_it_is_long_enough(ends_on: date, notice_days: int, nation: Nation) -> None:
    last_day = last_day_to_serve_notice(ends_on, notice_days, nation)

    later_days = (last_day + timedelta(days=n) for n in range(1, 8))
    assert is_working_day(last_day, nation)
    assert notice_is_long_enough(last_day, ends_on, notice_days)
    assert not any(is_working_day(day, nation) and notice_is_long_enough(day, ends_on, notice_days) for day in later_days)


def test_four_weeks_from_a_friday_end_on_a_friday() -> None:
    friday = date(2026, 10, 2)

    assert notice_is_long_enough(friday, date(2026, 10, 30), 28)
    assert not notice_is_long_enough(friday, date(2026, 10, 29), 28)


@pytest.mark.parametrize("notice_days", [0, -1])
def test_no_notice_at_all_is_never_lawful(notice_days: int) -> None:
    with pytest.raises(ValueError, match="notice"):
        notice_is_long_enough(date(2026, 10, 2), date(2026, 10, 30), notice_days)
    with pytest.raises(ValueError, match="notice"):
        last_day_to_serve_notice(date(2026, 10, 30), notice_days, Nation.ENGLAND)


@pytest.mark.parametrize("basis", OccupancyBasis)
@pytest.mark.parametrize("self_contained", [True, False])
def test_only_a_self_contained_home_on_an_excluded_licence_needs_legal_advice(
    basis: OccupancyBasis, self_contained: bool
) -> None:
    doubtful = self_contained and basis is OccupancyBasis.EXCLUDED_LICENCE

    assert occupancy_concern(basis, self_contained) == (SEEK_LEGAL_ADVICE if doubtful else None)


def test_a_household_overstays_from_the_day_after_the_end() -> None:
    ends_on = date(2026, 12, 1)

    assert not is_overstay(ends_on, ends_on)
    assert is_overstay(ends_on, ends_on + timedelta(days=1))


def test_an_extension_by_a_day_is_accepted() -> None:
    check_extension(date(2028, 2, 28), date(2028, 2, 29))


@pytest.mark.parametrize("new_ends_on", [date(2026, 12, 1), date(2026, 11, 30)])
def test_an_extension_that_ends_no_later_is_refused(new_ends_on: date) -> None:
    with pytest.raises(ExtensionNotLater) as refusal:
        check_extension(date(2026, 12, 1), new_ends_on)

    assert isinstance(refusal.value, ValueError)
