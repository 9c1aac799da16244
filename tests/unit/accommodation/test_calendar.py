"""Civil dates and working days: clock changes, each nation's bank holidays, and the edge of what is known."""

import socket
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation import calendar
from accommodation.calendar import (
    LONDON,
    Nation,
    add_working_days,
    calendar_known_to,
    instant_at,
    is_beyond_calendar,
    is_working_day,
    local_date,
    nation_of,
    start_of_day,
    working_day_on_or_before,
)

DAYS = st.dates(date(2012, 1, 10), date(2040, 12, 31))
NATIONS = st.sampled_from(Nation)
CLOCKS_FORWARD = date(2026, 3, 29)
CLOCKS_BACK = date(2026, 10, 25)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 1, 15, 23, 59, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 7, 15, 22, 59, tzinfo=UTC), date(2026, 7, 15)),
        (datetime(2026, 7, 15, 23, 0, tzinfo=UTC), date(2026, 7, 16)),
        (datetime(2026, 7, 15, 20, 0, tzinfo=timezone(timedelta(hours=-5))), date(2026, 7, 16)),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_civil_date_is_londons_whatever_the_zone_of_the_instant(instant: datetime, day: date) -> None:
    assert local_date(instant) == day


def test_a_naive_instant_has_no_civil_date() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 7, 15, 12, 0))


def test_a_summer_day_begins_at_eleven_in_the_evening_utc() -> None:
    assert start_of_day(date(2026, 7, 15)) == datetime(2026, 7, 14, 23, 0, tzinfo=UTC)
    assert start_of_day(date(2026, 1, 15)) == datetime(2026, 1, 15, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(CLOCKS_FORWARD, 23), (CLOCKS_BACK, 25), (date(2028, 2, 29), 24)])
def test_a_day_of_a_clock_change_is_an_hour_shorter_or_longer(day: date, hours: int) -> None:
    assert start_of_day(day + timedelta(days=1)) - start_of_day(day) == timedelta(hours=hours)


@given(DAYS)
def test_a_day_lasts_from_its_first_instant_to_the_next_days(day: date) -> None:
    first = start_of_day(day)
    last = start_of_day(day + timedelta(days=1)) - timedelta(microseconds=1)

    assert first.tzinfo is UTC
    assert (local_date(first), local_date(last)) == (day, day)
    assert local_date(first - timedelta(microseconds=1)) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [
        (CLOCKS_FORWARD - timedelta(days=1), 9),
        (CLOCKS_FORWARD, 8),
        (CLOCKS_BACK - timedelta(days=1), 8),
        (CLOCKS_BACK, 9),
    ],
)
def test_nine_in_london_follows_the_clock_change_of_that_very_day(day: date, utc_hour: int) -> None:
    assert instant_at(day, 9) == datetime(day.year, day.month, day.day, utc_hour, tzinfo=UTC)


@given(DAYS, st.integers(3, 23), st.integers(0, 59))
def test_an_instant_reads_as_its_wall_clock_time_in_london(day: date, hour: int, minute: int) -> None:
    instant = instant_at(day, hour, minute)

    wall_clock = instant.astimezone(LONDON)
    assert instant.tzinfo is UTC
    assert (wall_clock.date(), wall_clock.hour, wall_clock.minute) == (day, hour, minute)


@pytest.mark.parametrize(("hour", "minute"), [(-1, 0), (0, 0), (1, 30), (2, 59), (24, 0), (9, 60), (9, -1)])
def test_a_time_that_a_clock_change_could_skip_is_refused(hour: int, minute: int) -> None:
    with pytest.raises(ValueError, match=r"wall-clock|hour|minute"):
        instant_at(CLOCKS_FORWARD, hour, minute)


@pytest.mark.parametrize(
    ("code", "nation"),
    [
        ("E07000243", Nation.ENGLAND),
        ("W06000015", Nation.WALES),
        ("S12000033", Nation.SCOTLAND),
        ("N09000003", Nation.NORTHERN_IRELAND),
    ],
)
def test_the_first_letter_of_an_authoritys_code_tells_its_nation(code: str, nation: Nation) -> None:
    assert nation_of(code) is nation


@pytest.mark.parametrize("code", ["", "Essex", "E0700024", "E070002433", "e07000243", "L99999999", "M99999999", "٣"])
def test_what_is_no_authority_code_has_no_nation_and_is_not_repeated(code: str) -> None:
    with pytest.raises(ValueError, match="authority code") as refusal:
        nation_of(code)

    assert not code or code not in str(refusal.value)


@pytest.mark.parametrize(
    ("day", "closed_in"),
    [
        (date(2026, 1, 1), set(Nation)),
        (date(2026, 1, 2), {Nation.SCOTLAND}),
        (date(2028, 1, 4), {Nation.SCOTLAND}),  # 2 January 2028 is a Sunday, and 3 January stands for the 1st
        (date(2026, 3, 17), {Nation.NORTHERN_IRELAND}),
        (date(2027, 7, 12), {Nation.NORTHERN_IRELAND}),
        (date(2026, 7, 13), {Nation.NORTHERN_IRELAND}),  # 12 July 2026 is a Sunday
        (date(2026, 8, 3), {Nation.SCOTLAND}),
        (date(2026, 8, 31), {Nation.ENGLAND, Nation.WALES, Nation.NORTHERN_IRELAND}),
        (date(2026, 11, 30), {Nation.SCOTLAND}),
        (date(2026, 12, 25), set(Nation)),
        (date(2026, 12, 28), set(Nation)),  # Boxing Day 2026 is a Saturday
        (date(2027, 3, 26), set(Nation)),
        (date(2027, 3, 29), {Nation.ENGLAND, Nation.WALES, Nation.NORTHERN_IRELAND}),
        (date(2028, 2, 29), set()),
    ],
)
def test_each_nation_keeps_its_own_bank_holidays(day: date, closed_in: set[Nation]) -> None:
    assert {nation for nation in Nation if not is_working_day(day, nation)} == closed_in


@given(DAYS, NATIONS)
def test_no_saturday_or_sunday_is_a_working_day(day: date, nation: Nation) -> None:
    assert not (day.weekday() >= 5 and is_working_day(day, nation))


@pytest.mark.parametrize(
    ("nation", "easter_monday", "pulled_to"),
    [
        (Nation.ENGLAND, date(2027, 3, 29), date(2027, 3, 25)),
        (Nation.SCOTLAND, date(2027, 3, 29), date(2027, 3, 29)),
    ],
)
def test_easter_monday_is_pulled_to_maundy_thursday_but_not_in_scotland(
    nation: Nation, easter_monday: date, pulled_to: date
) -> None:
    assert working_day_on_or_before(easter_monday, nation) == pulled_to


def test_the_whole_of_christmas_2026_is_pulled_to_christmas_eve() -> None:
    christmas = [date(2026, 12, day) for day in range(24, 29)]

    assert {working_day_on_or_before(day, Nation.ENGLAND) for day in christmas} == {date(2026, 12, 24)}
    assert working_day_on_or_before(date(2026, 12, 29), Nation.ENGLAND) == date(2026, 12, 29)


@given(DAYS, NATIONS)
def test_a_pull_is_to_the_nearest_working_day_and_never_later(day: date, nation: Nation) -> None:
    pulled = working_day_on_or_before(day, nation)

    skipped = [pulled + timedelta(days=n) for n in range(1, (day - pulled).days + 1)]
    assert pulled <= day
    assert is_working_day(pulled, nation)
    assert not any(is_working_day(skipped_day, nation) for skipped_day in skipped)


def test_two_working_days_after_christmas_eve_2026_are_the_thirtieth() -> None:
    assert add_working_days(date(2026, 12, 24), 2, Nation.ENGLAND) == date(2026, 12, 30)


def test_no_working_days_added_leave_the_day_alone_even_on_a_sunday() -> None:
    assert add_working_days(CLOCKS_FORWARD, 0, Nation.ENGLAND) == CLOCKS_FORWARD


@given(DAYS, st.integers(0, 30), st.integers(0, 30), NATIONS)
def test_working_days_add_up(day: date, first: int, then: int, nation: Nation) -> None:
    in_two_steps = add_working_days(add_working_days(day, first, nation), then, nation)

    assert in_two_steps == add_working_days(day, first + then, nation)


@given(DAYS, st.integers(1, 30), NATIONS)
def test_adding_n_working_days_passes_exactly_n_of_them(day: date, n: int, nation: Nation) -> None:
    end = add_working_days(day, n, nation)

    passed = [day + timedelta(days=k) for k in range(1, (end - day).days + 1)]
    assert is_working_day(end, nation)
    assert sum(is_working_day(passed_day, nation) for passed_day in passed) == n


def test_working_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(date(2026, 12, 24), -1, Nation.ENGLAND)


@pytest.mark.parametrize("nation", Nation)
def test_the_calendar_says_where_it_ends(nation: Nation) -> None:
    known_to = calendar_known_to(nation)

    # A release of the package that knows less than today's would make deadlines wrong without a word.
    assert known_to >= date(2028, 12, 31)
    assert (known_to.month, known_to.day) == (12, 31)
    assert not is_beyond_calendar(known_to, nation)
    assert is_beyond_calendar(known_to + timedelta(days=1), nation)


@pytest.mark.parametrize("nation", Nation)
def test_the_last_known_year_has_its_christmas(nation: Nation) -> None:
    last_year = calendar_known_to(nation).year

    weekdays = [day for day in (date(last_year, 12, n) for n in range(24, 32)) if day.weekday() < 5]
    assert not all(is_working_day(day, nation) for day in weekdays)


def test_before_the_first_published_year_bank_holidays_are_unknown_too() -> None:
    assert is_beyond_calendar(date(2011, 12, 31), Nation.ENGLAND)
    assert not is_beyond_calendar(date(2012, 1, 1), Nation.ENGLAND)


@pytest.mark.parametrize("nation", Nation)
def test_beyond_the_calendar_only_weekends_are_days_off(nation: Nation) -> None:
    first_weekday = add_working_days(calendar_known_to(nation) + timedelta(days=3650), 1, nation)
    weeks = [first_weekday + timedelta(days=n) for n in range(366)]

    assert [day for day in weeks if not is_working_day(day, nation)] == [day for day in weeks if day.weekday() >= 5]


def test_the_calendar_is_read_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    calendar._published_bank_holidays.cache_clear()
    calendar._bank_holidays.cache_clear()

    assert not is_working_day(date(2026, 12, 25), Nation.ENGLAND)


@pytest.mark.parametrize("noon", [datetime(2026, 12, 25, 12, 0), datetime(2026, 12, 25, 12, 0, tzinfo=UTC)])
def test_a_datetime_is_refused_where_a_civil_date_is_wanted(noon: datetime) -> None:
    with pytest.raises(TypeError, match="civil date"):
        is_working_day(noon, Nation.ENGLAND)
    with pytest.raises(TypeError, match="civil date"):
        start_of_day(noon)
    with pytest.raises(TypeError, match="civil date"):
        instant_at(noon, 9)
    with pytest.raises(TypeError, match="civil date"):
        add_working_days(noon, 0, Nation.ENGLAND)
