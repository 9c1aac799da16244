"""The rules of matching, one by one, on columns of a few units. Source: domain page, "Needs and rules of matching"."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from accommodation.vocabulary import Gender, Level, Specialism
from geo.cells import BLOCKED, CLEAR, REVIEW
from placement.columns import COLUMN_TYPES, NO_AGE_LIMIT, SPECIALISM_BIT, UNSAID, ProviderFacts, SupplyColumns
from placement.criteria import Criteria
from placement.eligibility import RULES, SANCTUARY, judge
from placement.judgement import Judgement, Question
from placement.vocabulary import RiskFlag

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
WOMEN, MEN, ANY = 0, 1, 2
CELLS = np.array([CLEAR, REVIEW, BLOCKED], dtype=np.uint8)

FITTING: dict[str, Any] = {
    "identity": 1,
    "cell": 0,
    "bed_spaces": 4,
    "cots": 0,
    "residents": WOMEN,
    "boys_upper_age": 16,
    "access": 3,
    "no_recourse": 3,
    "mental_health": 3,
    "substance_use": 3,
    "pets": 1,
    "specialisms": 0,
    "staff_cover": 1,
    "cctv": 1,
    "out_of_hours_intake": 1,
    "self_contained": False,
    "withdrawn": False,
    "busy_until": -np.inf,
    "confirmed_at": -np.inf,
    "accommodation_type": 0,
    "provider": 0,
    "property": 0,
}

ALONE = Criteria(
    household_id=uuid.UUID(int=1),
    people=1,
    babies=0,
    perhaps_babies=0,
    adult_genders=frozenset({Gender.FEMALE}),
    oldest_boy_age=None,
    has_boy_of_unknown_age=False,
    access_need=3,
    no_recourse=False,
    mental_health=Level.NONE,
    substance_use=Level.NONE,
    pets=False,
)


def supply_of(*units: dict[str, Any], quota: int | None = None, **more: Any) -> SupplyColumns:
    """Return columns of units that differ from a fitting one as given."""
    rows = [{**FITTING, "property": place, **unit} for place, unit in enumerate(units)]
    return SupplyColumns(
        version=1,
        unit_ids=tuple(uuid.UUID(int=100 + place) for place in range(len(rows))),
        columns={name: np.array([row[name] for row in rows], dtype=kind) for name, kind in COLUMN_TYPES.items()},
        providers=(ProviderFacts(uuid.UUID(int=9), "Provider", "0300", quota, uuid.UUID(int=8)),),
        **more,
    )


def judged(criteria: Criteria, *units: dict[str, Any], **more: Any) -> Judgement:
    """Judge units for criteria, now."""
    return judge(Question(supply_of(*units, **more), criteria, CELLS, NOW))


def verdict(criteria: Criteria, unit: dict[str, Any], **more: Any) -> str:
    """Return 'suitable', or the code that refuses, or 'confirm:…', or 'review:…' for one unit."""
    judgement = judged(criteria, unit, **more)
    if refusals := judgement.refusals_at(0):
        return refusals[0].code
    if asks := judgement.asks_at(0):
        return f"review:{','.join(asks)}"
    if unknown := judgement.unknown_at(0):
        return f"confirm:{','.join(unknown)}"
    return "suitable"


def test_a_unit_that_meets_every_rule_is_suitable() -> None:
    assert verdict(ALONE, {}) == "suitable"


@pytest.mark.parametrize(
    ("people", "babies", "beds", "cots", "expected"),
    [(4, 0, 4, 0, "suitable"), (5, 0, 4, 0, "bed_spaces"), (5, 1, 4, 1, "suitable"), (5, 1, 4, 0, "bed_spaces"),
     (4, 0, 3, 2, "bed_spaces")],
)  # fmt: skip
def test_everybody_sleeps_in_a_bed_and_babies_may_sleep_in_cots(
    people: int, babies: int, beds: int, cots: int, expected: str
) -> None:
    criteria = replace(ALONE, people=people, babies=babies)

    assert verdict(criteria, {"bed_spaces": beds, "cots": cots}) == expected


@pytest.mark.parametrize(
    ("age", "limit", "expected"),
    [
        (14, 14, "suitable"),
        (15, 14, "boys_upper_age"),
        (17, NO_AGE_LIMIT, "suitable"),
        (3, UNSAID, "confirm:boys_upper_age"),
        (None, 16, "confirm:boys_upper_age"),
        (None, NO_AGE_LIMIT, "suitable"),
    ],
)
def test_a_boy_of_the_limits_own_age_is_taken_and_an_unknown_age_is_asked(
    age: int | None, limit: int, expected: str
) -> None:
    criteria = replace(ALONE, oldest_boy_age=age, has_boy_of_unknown_age=age is None)

    assert verdict(criteria, {"boys_upper_age": limit}) == expected


def test_a_limit_that_nobody_has_said_does_not_matter_without_a_boy() -> None:
    assert verdict(ALONE, {"boys_upper_age": UNSAID}) == "suitable"


@pytest.mark.parametrize(
    ("gender", "residents", "expected"),
    [
        (Gender.FEMALE, MEN, "residents"),
        (Gender.MALE, WOMEN, "residents"),
        (Gender.MALE, ANY, "suitable"),
        (Gender.NON_BINARY, WOMEN, "review:residents"),
        (Gender.NON_BINARY, ANY, "suitable"),
        (None, WOMEN, "confirm:residents"),
        (Gender.FEMALE, UNSAID, "confirm:residents"),
    ],
)
def test_shared_living_is_single_sex_by_the_gender_people_live_in(
    gender: Gender | None, residents: int, expected: str
) -> None:
    criteria = replace(ALONE, adult_genders=frozenset({gender}))

    assert verdict(criteria, {"residents": residents}) == expected


def test_an_adult_son_keeps_his_mother_out_of_a_womens_refuge() -> None:
    criteria = replace(ALONE, people=2, adult_genders=frozenset({Gender.FEMALE, Gender.MALE}))

    assert verdict(criteria, {"residents": WOMEN}) == "residents"


@pytest.mark.parametrize(
    ("need", "offered", "expected"),
    [
        (0, 0, "suitable"),
        (0, 1, "access"),
        (2, 1, "suitable"),
        (3, UNSAID, "suitable"),
        (1, UNSAID, "confirm:access"),
        (None, 0, "suitable"),
        (None, 3, "confirm:access"),
    ],
)
def test_access_is_at_least_what_is_needed(need: int | None, offered: int, expected: str) -> None:
    assert verdict(replace(ALONE, access_need=need), {"access": offered}) == expected


@pytest.mark.parametrize(
    ("need", "policy", "expected"),
    [
        (True, 3, "suitable"),
        (True, 2, "suitable"),
        (True, 0, "no_recourse"),
        (True, UNSAID, "confirm:no_recourse"),
        (None, 0, "confirm:no_recourse"),
        (None, 3, "suitable"),
        (False, 0, "suitable"),
    ],
)
def test_no_recourse_needs_a_unit_that_takes_it(need: bool | None, policy: int, expected: str) -> None:
    assert verdict(replace(ALONE, no_recourse=need), {"no_recourse": policy}) == expected


def test_a_quota_counts_live_stays_over_all_units_of_the_provider() -> None:
    criteria = replace(ALONE, no_recourse=True)
    later = NOW.timestamp() + 1
    units = ({"no_recourse": 1}, {}, {})

    one_of_two = judged(criteria, *units, quota=2, no_recourse_ends={1: (np.inf,)})
    two_of_two = judged(criteria, *units, quota=2, no_recourse_ends={1: (np.inf,), 2: (later,)})
    one_expired = judged(criteria, *units, quota=2, no_recourse_ends={1: (np.inf,), 2: (NOW.timestamp(),)})
    no_number = judged(criteria, *units, quota=None)

    assert [judgement.verdicts()[0] for judgement in (one_of_two, two_of_two, one_expired, no_number)] == [0, 3, 0, 1]


@pytest.mark.parametrize("rule", ["mental_health", "substance_use"])
@pytest.mark.parametrize(
    ("need", "offered", "expected"),
    [
        (Level.MEDIUM, 2, "suitable"),
        (Level.HIGH, 2, "{}"),
        (Level.LOW, UNSAID, "confirm:{}"),
        (Level.NONE, UNSAID, "suitable"),
        (None, 2, "confirm:{}"),
        (None, 3, "suitable"),
    ],
)
def test_a_need_may_not_exceed_the_units_level(rule: str, need: Level | None, offered: int, expected: str) -> None:
    assert verdict(replace(ALONE, **{rule: need}), {rule: offered}) == expected.format(rule)


def test_a_specialism_is_hard_only_when_she_asks_for_it() -> None:
    deaf = frozenset({Specialism.DEAF})
    unit = {"specialisms": SPECIALISM_BIT[Specialism.LGBT]}

    assert verdict(replace(ALONE, specialisms_wanted=deaf), unit) == "suitable"
    assert verdict(replace(ALONE, specialisms_required=deaf), unit) == "specialism"


def test_pets_are_hard_only_when_the_household_will_not_come_without() -> None:
    with_dog = replace(ALONE, pets=True)

    assert verdict(with_dog, {"pets": 0}) == "suitable"
    assert verdict(replace(with_dog, pets_must_come=True), {"pets": 0}) == "pets"
    assert verdict(replace(with_dog, pets_must_come=True), {"pets": UNSAID}) == "confirm:pets"


def test_at_night_somebody_must_open_the_door() -> None:
    at_night = replace(ALONE, out_of_hours=True)

    assert verdict(ALONE, {"out_of_hours_intake": 0}) == "suitable"
    assert verdict(at_night, {"out_of_hours_intake": 0}) == "out_of_hours_intake"
    assert verdict(at_night, {"out_of_hours_intake": UNSAID}) == "confirm:out_of_hours_intake"


def test_offences_are_for_a_person_and_never_an_automatic_no() -> None:
    assert verdict(replace(ALONE, risks=frozenset({RiskFlag.ARSON})), {}) == "review:risks"
    assert verdict(replace(ALONE, risks=None), {}) == "confirm:risks"


def test_a_cell_that_an_area_overlaps_is_reviewed_and_one_inside_it_is_blocked() -> None:
    assert verdict(ALONE, {"cell": 1}) == "review:area_overlap"
    assert verdict(ALONE, {"cell": 2}) == "area_blocked"


def test_a_unit_whose_cell_is_unknown_is_never_clear() -> None:
    assert verdict(ALONE, {"cell": -1}) == "review:area_overlap"


def test_a_taken_or_withdrawn_unit_is_not_available_and_the_very_end_of_a_hold_is_free() -> None:
    assert verdict(ALONE, {"busy_until": NOW.timestamp()}) == "suitable"
    assert verdict(ALONE, {"busy_until": NOW.timestamp() + 0.001}) == "not_available"
    assert verdict(ALONE, {"withdrawn": True}) == "not_available"


def test_a_resident_linked_to_the_perpetrator_closes_the_whole_property_without_a_word() -> None:
    criteria = replace(ALONE, perpetrators=frozenset({"index"}))
    units = ({"property": 7}, {"property": 7}, {"property": 8})

    judgement = judged(criteria, *units, links={"index": frozenset({0})})

    assert judgement.verdicts().tolist() == [3, 3, 0]
    assert {rule.code for rule, finding in judgement.findings if finding.refused.any()} == {"not_available"}


def test_a_unit_that_said_no_is_not_offered_to_that_household_again() -> None:
    judgement = judged(ALONE, {}, {}, declined={uuid.UUID(int=1): frozenset({1}), uuid.UUID(int=2): frozenset({0})})

    assert judgement.verdicts().tolist() == [0, 3]


def test_no_safety_rule_can_be_negotiated() -> None:
    assert {rule.code for rule in RULES if rule.negotiable} == {"specialism", "pets", "distance"}


def test_the_gravest_finding_decides() -> None:
    criteria = replace(ALONE, access_need=1, risks=frozenset({RiskFlag.VIOLENCE}))

    judgement = judged(criteria, {"access": UNSAID}, {"access": 3})

    assert judgement.verdicts().tolist() == [2, 3]


def test_a_boy_over_the_limit_is_refused_beside_one_of_unknown_age() -> None:
    criteria = replace(ALONE, people=3, oldest_boy_age=17, has_boy_of_unknown_age=True)

    assert verdict(criteria, {"boys_upper_age": 14}) == "boys_upper_age"


def test_a_child_who_may_be_a_baby_is_asked_about_where_only_a_cot_is_left() -> None:
    criteria = replace(ALONE, people=2, perhaps_babies=1)

    assert verdict(criteria, {"bed_spaces": 1, "cots": 1}) == "confirm:bed_spaces"
    assert verdict(criteria, {"bed_spaces": 1, "cots": 0}) == "bed_spaces"
    assert verdict(criteria, {"bed_spaces": 2, "cots": 0}) == "suitable"


def test_a_sanctuary_scheme_is_an_alternative_and_never_a_bed() -> None:
    assert verdict(ALONE, {"accommodation_type": SANCTUARY}) == "not_available"


def test_every_rule_has_words_for_being_met() -> None:
    assert all(rule.met for rule in RULES)
