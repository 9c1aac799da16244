"""From a household's record to criteria: ages by local date, unknowns stay unknown."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.vocabulary import Gender
from placement.criteria import Criteria, Person, build_criteria, describe_demand, is_out_of_hours
from placement.vocabulary import MemberRole

NEEDED_ON = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOTHER = {"role": "survivor", "gender": "female", "born_on": "1990-01-01"}


def criteria_of(*members: dict[str, Any], needs: dict[str, Any] | None = None) -> Criteria:
    """Build criteria for a mother and others."""
    details = {"members": [MOTHER, *members], "needs": needs or {}}
    return build_criteria(uuid.UUID(int=1), details, frozenset(), NEEDED_ON, NOW)


def child(born_on: str | None, gender: str | None = "male") -> dict[str, Any]:
    """Return a child."""
    return {"role": "child", "gender": gender, "born_on": born_on}


def test_a_boy_turns_fifteen_on_his_birthday_and_not_before() -> None:
    assert criteria_of(child("2011-11-23")).oldest_boy_age == 14
    assert criteria_of(child("2011-11-22")).oldest_boy_age == 15


def test_a_child_of_eighteen_is_a_separate_adult() -> None:
    criteria = criteria_of(child("2008-11-22"))

    assert criteria.adult_genders == {Gender.FEMALE, Gender.MALE}
    assert criteria.oldest_boy_age is None
    assert not criteria.has_boy_of_unknown_age


def test_a_boy_of_unknown_age_does_not_hide_the_oldest_known_one() -> None:
    criteria = criteria_of(child("2009-01-01"), child(None))

    assert criteria.oldest_boy_age == 17
    assert criteria.has_boy_of_unknown_age


@pytest.mark.parametrize("gender", [None, "non_binary"])
def test_a_child_whose_gender_is_not_said_is_counted_as_a_boy_would_be(gender: str | None) -> None:
    assert criteria_of(child("2011-01-01", gender)).oldest_boy_age == 15


def test_a_baby_is_under_two_and_a_child_of_unknown_birth_may_be_one() -> None:
    assert criteria_of(child("2024-11-23", "female")).babies == 1
    assert criteria_of(child("2024-11-22", "female")).babies == 0
    unknown = criteria_of(child(None, "female"))
    assert (unknown.babies, unknown.perhaps_babies) == (0, 1)


def test_what_nobody_asked_stays_unknown() -> None:
    criteria = criteria_of()

    unasked = (criteria.access_need, criteria.no_recourse, criteria.mental_health, criteria.substance_use, criteria.risks)
    assert unasked == (None, None, None, None, None)


@given(st.dates(date(1950, 1, 1), date(2026, 11, 22)))
def test_an_age_never_passes_the_next_birthday(born_on: date) -> None:
    age = Person(MemberRole.CHILD, None, born_on).age_on(NEEDED_ON)

    assert age is not None
    assert (born_on.year + age, born_on.month, born_on.day) <= (2026, 11, 22)
    assert (born_on.year + age + 1, born_on.month, born_on.day) > (2026, 11, 22)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), True),  # 07:59 in London
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 18, 59, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 19, 0, tzinfo=UTC), True),  # 20:00 in London
    ],
)
def test_night_is_from_eight_to_eight_london_time(at: datetime, expected: bool) -> None:
    assert is_out_of_hours(date(2026, 7, 1), at) is expected


def test_a_bed_for_another_day_is_not_needed_at_night() -> None:
    assert not is_out_of_hours(date(2026, 7, 2), datetime(2026, 7, 1, 22, tzinfo=UTC))


def test_demand_holds_codes_and_no_identity() -> None:
    text = repr(describe_demand(criteria_of(child("2011-11-22"), needs={"pets": True})))

    assert "2011" not in text
    assert "1990" not in text
