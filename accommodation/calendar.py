"""Civil dates in Europe/London, and the working days of each nation of the United Kingdom.

Pure: the bank holidays are those that GOV.UK publishes (https://www.gov.uk/bank-holidays), read from the copy bundled
with the govuk-bank-holidays package and never from the network. A day outside that copy counts as a working day unless
it is a Saturday or Sunday; `is_beyond_calendar` tells a caller when an answer rests on weekends alone.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from govuk_bank_holidays.bank_holidays import BankHolidays

LONDON: Final = ZoneInfo("Europe/London")

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
# The clocks change at 01:00 UTC, so from 03:00 each London wall-clock time exists exactly once on every day.
_FIRST_UNAMBIGUOUS_HOUR: Final = 3
_GSS_CODE: Final = re.compile(r"[EWSN][0-9]{8}", re.ASCII)


class Nation(StrEnum):
    """A nation of the United Kingdom, as the first letter of its ONS (GSS) area codes tells it."""

    ENGLAND = "england"
    WALES = "wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern_ireland"


_NATION_BY_PREFIX: Final = {
    "E": Nation.ENGLAND,
    "W": Nation.WALES,
    "S": Nation.SCOTLAND,
    "N": Nation.NORTHERN_IRELAND,
}
_DIVISION_BY_NATION: Final = {
    Nation.ENGLAND: BankHolidays.ENGLAND_AND_WALES,
    Nation.WALES: BankHolidays.ENGLAND_AND_WALES,
    Nation.SCOTLAND: BankHolidays.SCOTLAND,
    Nation.NORTHERN_IRELAND: BankHolidays.NORTHERN_IRELAND,
}


def nation_of(authority_code: str) -> Nation:
    """Return the nation of a local authority's GSS code, such as E07000243.

    Raises:
        ValueError: the text is not a GSS code of one of the four nations (the Channel Islands and the Isle of Man
            have none of their own). The message does not repeat it.
    """
    if _GSS_CODE.fullmatch(authority_code) is None:
        raise ValueError("an authority code is E, W, S or N and eight digits")
    return _NATION_BY_PREFIX[authority_code[0]]


def local_date(instant: datetime) -> date:
    """Return the civil date in Europe/London at an aware instant.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """Return the aware UTC instant at which a Europe/London day begins.

    Raises:
        TypeError: `day` is a datetime.
    """
    _require_civil_date(day)
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


def instant_at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the aware UTC instant of a Europe/London wall-clock time, hours 3 to 23.

    Raises:
        TypeError: `day` is a datetime.
        ValueError: the hour is before 3, when a clock change may skip or repeat it, or is no hour of the day;
            or the minute is no minute of the hour.
    """
    _require_civil_date(day)
    if hour < _FIRST_UNAMBIGUOUS_HOUR:
        raise ValueError("a wall-clock time before 03:00 may not exist, or may come twice")
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON).astimezone(UTC)


def is_working_day(day: date, nation: Nation) -> bool:
    """Tell whether a day is neither a Saturday, a Sunday nor a known bank holiday of the nation.

    Raises:
        TypeError: `day` is a datetime.
    """
    _require_civil_date(day)
    return day.weekday() < _SATURDAY and day not in _bank_holidays(nation)


def working_day_on_or_before(day: date, nation: Nation) -> date:
    """Return the day itself if it is a working day, else the nearest working day before it.

    Raises:
        TypeError: `day` is a datetime.
    """
    while not is_working_day(day, nation):
        day -= _ONE_DAY
    return day


def add_working_days(day: date, n: int, nation: Nation) -> date:
    """Return the nth working day after a day; with n = 0 the day itself, be it a working day or not.

    Raises:
        TypeError: `day` is a datetime.
        ValueError: n is negative.
    """
    _require_civil_date(day)
    if n < 0:
        raise ValueError("working days are counted forward only")
    while n > 0:
        day += _ONE_DAY
        if is_working_day(day, nation):
            n -= 1
    return day


def calendar_known_to(nation: Nation) -> date:
    """Return the last day whose bank holidays are known: 31 December, since they are published by the whole year."""
    return date(max(_bank_holidays(nation)).year, 12, 31)


def is_beyond_calendar(day: date, nation: Nation) -> bool:
    """Tell whether a day lies after (or before) the years whose bank holidays are known.

    Beyond them only weekends count as non-working days, so whoever shows or stores such a date says so.
    """
    first_known = date(min(_bank_holidays(nation)).year, 1, 1)
    return not first_known <= day <= calendar_known_to(nation)


@cache
def _published_bank_holidays() -> BankHolidays:
    # Without use_cached_holidays the package asks GOV.UK, and the answer would then depend on the network.
    return BankHolidays(use_cached_holidays=True)


@cache
def _bank_holidays(nation: Nation) -> frozenset[date]:
    events = _published_bank_holidays().get_holidays(division=_DIVISION_BY_NATION[nation])
    return frozenset(event["date"] for event in events)


def _require_civil_date(day: date) -> None:
    # A datetime is a date to the type checker, yet never equals one: Christmas Day at noon would be a working day.
    if isinstance(day, datetime):
        raise TypeError("a civil date is wanted, not a datetime; see local_date")
