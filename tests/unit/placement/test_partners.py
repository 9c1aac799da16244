"""Who sees whom, by agreement and local date: nothing loaded is nothing in sight."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from placement.partners import AgreementTerm, Partners

COUNCIL, OTHER_COUNCIL = uuid.UUID(int=1), uuid.UUID(int=2)
PROVIDERS = [uuid.UUID(int=10), uuid.UUID(int=11), uuid.UUID(int=12)]
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def seen(terms: list[AgreementTerm], own: uuid.UUID, day: date) -> list[bool]:
    """Return which of the three providers an organisation sees."""
    partners = Partners({uuid.uuid4(): term for term in terms}, PROVIDERS)
    return partners.providers_in_sight(own, day).tolist()


def test_without_an_agreement_nobody_is_seen() -> None:
    assert seen([], COUNCIL, FIRST) == [False, False, False]


def test_an_organisation_sees_its_own_provider() -> None:
    assert seen([], PROVIDERS[1], FIRST) == [False, True, False]


def test_an_agreement_counts_from_its_first_day_to_its_last_and_no_longer() -> None:
    term = AgreementTerm((COUNCIL, PROVIDERS[0]), FIRST, LAST)
    days = (FIRST - timedelta(days=1), FIRST, LAST, LAST + timedelta(days=1))

    assert [seen([term], COUNCIL, day)[0] for day in days] == [False, True, True, False]


def test_it_does_not_matter_who_proposed() -> None:
    assert seen([AgreementTerm((PROVIDERS[2], COUNCIL), FIRST, LAST)], COUNCIL, FIRST) == [False, False, True]


def test_an_agreement_with_one_council_shows_nothing_to_another() -> None:
    assert seen([AgreementTerm((COUNCIL, PROVIDERS[0]), FIRST, LAST)], OTHER_COUNCIL, FIRST) == [False, False, False]


PARTIES = st.tuples(st.sampled_from([COUNCIL, OTHER_COUNCIL]), st.sampled_from(PROVIDERS))


@given(st.lists(st.tuples(PARTIES, DAYS, DAYS), max_size=8), DAYS)
def test_who_is_seen_is_who_has_a_term_on_that_day(
    terms: list[tuple[tuple[uuid.UUID, uuid.UUID], date, date]], day: date
) -> None:
    expected = [
        any(parties == (COUNCIL, provider) and start <= day <= end for parties, start, end in terms)
        for provider in PROVIDERS
    ]

    assert seen([AgreementTerm(*term) for term in terms], COUNCIL, day) == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.tuples(PARTIES, DAYS, DAYS)), max_size=10), DAYS)
def test_a_picture_that_is_kept_up_to_date_equals_one_that_is_read_anew(
    changes: list[tuple[int, tuple[tuple[uuid.UUID, uuid.UUID], date, date] | None]], day: date
) -> None:
    kept, last = Partners({}, PROVIDERS), {}
    for number, facts in changes:
        term = None if facts is None else AgreementTerm(*facts)
        kept.providers_in_sight(COUNCIL, day)
        kept = kept.with_changes({uuid.UUID(int=100 + number): term}, PROVIDERS)
        last[number] = term

    anew = Partners({uuid.UUID(int=100 + n): term for n, term in last.items() if term is not None}, PROVIDERS)
    assert np.array_equal(kept.providers_in_sight(COUNCIL, day), anew.providers_in_sight(COUNCIL, day))
