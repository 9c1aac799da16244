"""A household's needs as criteria: what a search asks of a unit. Pure.

Source: domain page, "Needs and rules of matching". None always means "not asked": the rules take the worst case and
answer `confirm` where that would matter.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from accommodation.calendar import LONDON, local_date
from accommodation.vocabulary import Gender, Level, Specialism
from placement.vocabulary import MemberRole, RiskFlag

ADULT_AGE = 18
COT_UNDER_AGE = 2
DAY_INTAKE_HOURS = range(8, 20)


@dataclass(frozen=True)
class Person:
    """A member of a household as matching sees her: no name."""

    role: MemberRole
    gender: Gender | None
    born_on: date | None

    def age_on(self, day: date) -> int | None:
        """Return completed years on a local date, or None when the birth date is unknown. 29 February ages on 1 March."""
        if self.born_on is None:
            return None
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))

    def is_adult_on(self, day: date) -> bool:
        """Tell whether she counts as an adult: a child of 18 is a separate adult."""
        if self.role is not MemberRole.CHILD:
            return True
        age = self.age_on(day)
        return age is not None and age >= ADULT_AGE


@dataclass(frozen=True)
class Criteria:
    """What is asked of each unit. Ages are those on the day the bed is needed.

    `perhaps_babies` are children whose birth nobody knows. `oldest_boy_age` is the oldest known one; None = no such boy.
    """

    household_id: uuid.UUID | None
    people: int
    babies: int
    perhaps_babies: int
    adult_genders: frozenset[Gender | None]
    oldest_boy_age: int | None
    has_boy_of_unknown_age: bool
    access_need: int | None
    no_recourse: bool | None
    mental_health: Level | None
    substance_use: Level | None
    pets: bool | None
    pets_must_come: bool = False
    specialisms_wanted: frozenset[Specialism] = frozenset()
    specialisms_required: frozenset[Specialism] = frozenset()
    risks: frozenset[RiskFlag] | None = frozenset()
    out_of_hours: bool = False
    perpetrators: frozenset[str] = field(default=frozenset())


def is_out_of_hours(needed_on: date, now: datetime) -> bool:
    """Tell whether the household would arrive at night: tonight, and it is before 08:00 or from 20:00 London time."""
    return local_date(now) == needed_on and now.astimezone(LONDON).hour not in DAY_INTAKE_HOURS


def build_criteria(
    household_id: uuid.UUID,
    details: Mapping[str, Any],
    perpetrators: frozenset[str],
    needed_on: date,
    now: datetime,
) -> Criteria:
    """Build criteria from a household's opened details, for a bed needed on a local date, asked at `now` (UTC)."""
    people = [read_person(member) for member in details["members"]]
    needs: Mapping[str, Any] = details.get("needs") or {}
    ages_of_boys = _ages_of_boys(people, needed_on)
    ages_of_children = [person.age_on(needed_on) for person in people if not person.is_adult_on(needed_on)]
    risks = needs.get("risks")
    return Criteria(
        household_id=household_id,
        people=len(people),
        babies=sum(1 for age in ages_of_children if age is not None and age < COT_UNDER_AGE),
        perhaps_babies=ages_of_children.count(None),
        adult_genders=frozenset(person.gender for person in people if person.is_adult_on(needed_on)),
        oldest_boy_age=max((age for age in ages_of_boys if age is not None), default=None),
        has_boy_of_unknown_age=None in ages_of_boys,
        access_need=needs.get("access_need"),
        no_recourse=needs.get("no_recourse"),
        mental_health=_level(needs.get("mental_health")),
        substance_use=_level(needs.get("substance_use")),
        pets=needs.get("pets"),
        pets_must_come=bool(needs.get("pets_must_come")),
        specialisms_wanted=frozenset(Specialism(value) for value in needs.get("specialisms_wanted") or ()),
        specialisms_required=frozenset(Specialism(value) for value in needs.get("specialisms_required") or ()),
        risks=None if risks is None else frozenset(RiskFlag(value) for value in risks),
        out_of_hours=is_out_of_hours(needed_on, now),
        perpetrators=perpetrators,
    )


def read_person(member: Mapping[str, Any]) -> Person:
    """Read a member of a household's opened details."""
    gender = member.get("gender")
    born_on = member.get("born_on")
    return Person(
        role=MemberRole(member["role"]),
        gender=None if gender is None else Gender(gender),
        born_on=None if born_on is None else date.fromisoformat(born_on),
    )


def _level(value: str | None) -> Level | None:
    return None if value is None else Level(value)


def _ages_of_boys(people: Sequence[Person], day: date) -> list[int | None]:
    """Return the ages of those to whom a boys' limit may be applied; None where nobody knows.

    A child whose gender is not known or not binary is counted as a boy would be.
    """
    return [person.age_on(day) for person in people if not person.is_adult_on(day) and person.gender is not Gender.FEMALE]


def describe_demand(criteria: Criteria) -> dict[str, Any]:
    """Return the needs as codes, without identity, for the record of demand that outlives the household."""
    return {
        "people": criteria.people,
        "babies": criteria.babies,
        "oldest_boy_age": criteria.oldest_boy_age,
        "access_need": criteria.access_need,
        "no_recourse": criteria.no_recourse,
        "mental_health": criteria.mental_health,
        "substance_use": criteria.substance_use,
        "pets": criteria.pets,
        "specialisms_required": sorted(criteria.specialisms_required),
        "risks": None if criteria.risks is None else sorted(criteria.risks),
        "out_of_hours": criteria.out_of_hours,
    }
