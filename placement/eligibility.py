"""Criteria x units -> what refuses, what is unknown, what a person decides. Pure, one pass over columns.

Source: domain page, "Needs and rules of matching". To add a rule: write a function that takes `Question` and returns a
`Finding`, and put it into RULES at the place where the funnel should count it. Nothing else needs to know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from accommodation.availability import is_free_from
from accommodation.vocabulary import AccommodationType, Gender, Level, NoRecoursePolicy, ResidentsGender
from geo.cells import BLOCKED, REVIEW
from placement.columns import (
    LEVEL_CODE,
    NO_RECOURSE_CODE,
    RESIDENTS_CODE,
    SPECIALISM_BIT,
    UNSAID,
    BoolColumn,
    SupplyColumns,
)
from placement.criteria import ADULT_AGE
from placement.judgement import Finding, Judgement, Question, Rule

QUOTA = NO_RECOURSE_CODE[NoRecoursePolicy.QUOTA]
SANCTUARY = list(AccommodationType).index(AccommodationType.SANCTUARY_SCHEME)
NOT_ACCEPTED = NO_RECOURSE_CODE[NoRecoursePolicy.NOT_ACCEPTED]


def judge(question: Question) -> Judgement:
    """Apply every rule to every unit."""
    findings = tuple((rule, finding) for rule in RULES if (finding := rule.judge(question)) is not None)
    return Judgement(findings=findings, size=len(question.supply))


def _not_available(question: Question) -> Finding:
    """Taken, withdrawn, declined for this vacancy, or linked to a resident.

    A conflict with a resident hides here on purpose: a count of its own would tell that somebody who fled the same
    perpetrator is in Harbour.
    """
    supply = question.supply
    free = is_free_from(supply["busy_until"].astype(np.float64), question.needed_from)
    refused = ~np.asarray(free) | supply["withdrawn"].astype(np.bool_)
    household_id = question.criteria.household_id
    if household_id is not None and (rows := supply.declined.get(household_id)):
        refused[list(rows)] = True
    # A sanctuary scheme makes her own home safe: it is an alternative, never a bed to go to.
    refused |= supply["accommodation_type"] == SANCTUARY
    return Finding(refused | linked_to_resident(question))


def linked_to_resident(question: Question) -> BoolColumn:
    """Return the units of every property in which somebody lives, or is expected, who fled the same perpetrator."""
    supply = question.supply
    linked = np.zeros(len(supply), dtype=np.bool_)
    for blind_index in question.criteria.perpetrators:
        for row in supply.links.get(blind_index, ()):
            linked |= supply["property"] == supply["property"][row]
    return linked


def _bed_spaces(question: Question) -> Finding:
    criteria, supply = question.criteria, question.supply
    cots, beds = supply["cots"].astype(np.int16), supply["bed_spaces"]
    too_small = criteria.people - np.minimum(cots, criteria.babies) > beds
    if not criteria.perhaps_babies:
        return Finding(refused=too_small)
    refused = criteria.people - np.minimum(cots, criteria.babies + criteria.perhaps_babies) > beds
    return Finding(refused=refused, unknown=too_small & ~refused)


def _boys_upper_age(question: Question) -> Finding | None:
    """The boundary is inclusive: a boy of 14 fits a limit of 14."""
    criteria = question.criteria
    if criteria.oldest_boy_age is None and not criteria.has_boy_of_unknown_age:
        return None
    limit = question.supply["boys_upper_age"].astype(np.int16)
    unsaid = limit == UNSAID
    refused = np.zeros_like(unsaid)
    if criteria.oldest_boy_age is not None:
        refused = ~unsaid & (criteria.oldest_boy_age > limit)
    return Finding(refused=refused, unknown=unsaid | (limit < ADULT_AGE) if criteria.has_boy_of_unknown_age else unsaid)


def _residents(question: Question) -> Finding:
    """Single-sex sharing. People are taken in the gender they live in; who is neither is a person's decision."""
    residents = question.supply["residents"]
    genders = question.criteria.adult_genders
    unsaid = residents == UNSAID
    single_sex = ~unsaid & (residents != RESIDENTS_CODE[ResidentsGender.ANY])
    refused = np.zeros_like(unsaid)
    if Gender.MALE in genders:
        refused |= residents == RESIDENTS_CODE[ResidentsGender.WOMEN]
    if Gender.FEMALE in genders:
        refused |= residents == RESIDENTS_CODE[ResidentsGender.MEN]
    return Finding(
        refused=refused,
        unknown=unsaid | (single_sex if None in genders else False),
        person=single_sex if Gender.NON_BINARY in genders else None,
    )


def _access(question: Question) -> Finding | None:
    """CORE access need: 0 wheelchair throughout, 1 essential rooms, 2 level access, 3 none; a lower unit code gives more."""
    need, access = question.criteria.access_need, question.supply["access"]
    if need == 3:
        return None
    unsaid = access == UNSAID
    if need is None:
        return Finding(refused=np.zeros_like(unsaid), unknown=access != 0)
    return Finding(refused=~unsaid & (access > need), unknown=unsaid)


def _no_recourse(question: Question) -> Finding | None:
    need, policy = question.criteria.no_recourse, question.supply["no_recourse"]
    if need is False:
        return None
    unsaid = policy == UNSAID
    under_quota = policy == QUOTA
    full, unstated = quota_state(question.supply, question.needed_from)
    refused = (policy == NOT_ACCEPTED) | (under_quota & full)
    unknown = unsaid | (under_quota & unstated)
    if need is None:
        return Finding(refused=np.zeros_like(unsaid), unknown=unknown | refused)
    return Finding(refused=refused, unknown=unknown)


def quota_state(supply: SupplyColumns, at: datetime) -> tuple[BoolColumn, BoolColumn]:
    """Return per unit whether its provider's quota without recourse is used up at `at`, and whether nobody stated one."""
    counts = np.zeros(len(supply.providers), dtype=np.int64)
    moment = at.timestamp()
    provider = supply["provider"].astype(np.int64)
    for row, ends in supply.no_recourse_ends.items():
        counts[provider[row]] += sum(1 for end in ends if end > moment)
    unstated = np.array([facts.no_recourse_quota is None for facts in supply.providers], dtype=np.bool_)
    limits = np.array([facts.no_recourse_quota or 0 for facts in supply.providers], dtype=np.int64)
    return (~unstated & (counts >= limits))[provider], unstated[provider]


def _level_rule(need: Level | None, offered: npt.NDArray[Any]) -> Finding | None:
    """A need must not exceed the unit's level; a need that nobody asked about might be high."""
    if need is Level.NONE:
        return None
    unsaid = offered == UNSAID
    if need is None:
        return Finding(refused=np.zeros_like(unsaid), unknown=offered != LEVEL_CODE[Level.HIGH])
    return Finding(refused=~unsaid & (offered < LEVEL_CODE[need]), unknown=unsaid)


def _mental_health(question: Question) -> Finding | None:
    return _level_rule(question.criteria.mental_health, question.supply["mental_health"])


def _substance_use(question: Question) -> Finding | None:
    return _level_rule(question.criteria.substance_use, question.supply["substance_use"])


def _specialism(question: Question) -> Finding | None:
    required = sum(SPECIALISM_BIT[specialism] for specialism in question.criteria.specialisms_required)
    if not required:
        return None
    return Finding(refused=(question.supply["specialisms"].astype(np.int32) & required) != required)


def _pets(question: Question) -> Finding | None:
    """Soft, since fostering exists, unless the household will not come without the animal."""
    if not (question.criteria.pets and question.criteria.pets_must_come):
        return None
    pets = question.supply["pets"]
    return Finding(refused=pets == 0, unknown=pets == UNSAID)


def _out_of_hours_intake(question: Question) -> Finding | None:
    if not question.criteria.out_of_hours:
        return None
    intake = question.supply["out_of_hours_intake"]
    return Finding(refused=intake == 0, unknown=intake == UNSAID)


def _distance(question: Question) -> Finding | None:
    """Further than the household said it wants, by band of its cell; soft, from her own anchor."""
    if question.too_far is None:
        return None
    cell = question.supply["cell"]
    return Finding(refused=(cell >= 0) & question.too_far[cell])


def _risks(question: Question) -> Finding | None:
    """Offences and risk to children: a person decides, never an automatic no (domain page: R)."""
    risks = question.criteria.risks
    size = len(question.supply)
    if risks is None:
        return Finding(refused=np.zeros(size, dtype=np.bool_), unknown=np.ones(size, dtype=np.bool_))
    if not risks:
        return None
    return Finding(refused=np.zeros(size, dtype=np.bool_), person=np.ones(size, dtype=np.bool_))


def _area(question: Question) -> Finding:
    """Areas to avoid: hard, never relaxed. An overlap is for the one who knows the address."""
    verdicts = question.unit_verdicts()
    return Finding(refused=verdicts == BLOCKED, person=verdicts == REVIEW)


RULES: tuple[Rule, ...] = (
    Rule("not_available", _not_available, met="available"),
    Rule("bed_spaces", _bed_spaces, met="sleeps_everybody"),
    Rule("boys_upper_age", _boys_upper_age, met="takes_boys_of_that_age"),
    Rule("residents", _residents, asks="residents", met="residents_fit"),
    Rule("access", _access, met="access_fits"),
    Rule("no_recourse", _no_recourse, met="takes_no_recourse"),
    Rule("mental_health", _mental_health, met="supports_mental_health"),
    Rule("substance_use", _substance_use, met="supports_substance_use"),
    Rule("out_of_hours_intake", _out_of_hours_intake, met="open_at_night"),
    Rule("risks", _risks, asks="risks", met="risks_considered"),
    Rule("area_blocked", _area, asks="area_overlap", met="clear_of_areas_to_avoid"),
    Rule("specialism", _specialism, negotiable=True, met="specialism_offered"),
    Rule("pets", _pets, negotiable=True, met="pets_welcome"),
    Rule("distance", _distance, negotiable=True, met="near_enough"),
)
