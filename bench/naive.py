"""The search as it would be written without an index: load every unit with its stays, ask each rule of each in a loop.

It answers with the suitable units only, and explains and ranks nothing: what is measured against it is at its worst.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import date

from sqlalchemy import select

from accommodation.availability import NEVER_BUSY, end_as_epoch, is_free_from, needed_from
from accommodation.base import UnitOfWork
from accommodation.models import Property, Stay, Unit
from accommodation.sealing import open_json
from accommodation.vocabulary import Gender, Level, NoRecoursePolicy, ResidentsGender
from geo.areas import parse_area
from geo.atlas import Atlas
from geo.cells import CLEAR, combine
from placement.areas_to_avoid import list_areas_in_force
from placement.criteria import Criteria, build_criteria
from placement.households import load_household
from placement.perpetrators import sought_indexes


def search_naively(uow: UnitOfWork, atlas: Atlas, household_id: uuid.UUID, needed_on: date) -> list[uuid.UUID]:
    """Return the units that are surely suitable, in the order of their id."""
    household = load_household(uow, household_id)
    details = open_json(uow.cipher, household, "details_sealed")
    sought = sought_indexes(uow.cipher, details)
    criteria = build_criteria(household_id, details, sought, needed_on, uow.now)
    areas = [open_json(uow.cipher, area, "facts_sealed") for area in list_areas_in_force(uow, household_id, needed_on)]
    verdicts = combine(atlas.partition.verdicts(parse_area(facts["geometry"], atlas.gazetteer)) for facts in areas)
    ends: dict[uuid.UUID, float] = defaultdict(lambda: NEVER_BUSY)
    for unit_id, ends_at in uow.session.execute(select(Stay.unit_id, Stay.ends_at).where(Stay.live)):
        ends[unit_id] = max(ends[unit_id], end_as_epoch(ends_at))
    wanted_from = needed_from(needed_on, uow.now)
    return [
        unit.id
        for unit in uow.session.execute(select(Unit).join(Property).order_by(Unit.id)).scalars()
        if unit.withdrawn_at is None
        and is_free_from(ends[unit.id], wanted_from)
        and verdicts[atlas.partition.index_of(unit.property.cell)] == CLEAR
        and _suits(unit, criteria)
    ]


def _suits(unit: Unit, criteria: Criteria) -> bool:
    return (
        criteria.people - min(unit.cots, criteria.babies) <= unit.bed_spaces
        and not (Gender.MALE in criteria.adult_genders and unit.residents == ResidentsGender.WOMEN)
        and not (Gender.FEMALE in criteria.adult_genders and unit.residents == ResidentsGender.MEN)
        and not (criteria.oldest_boy_age is not None and unit.boys_upper_age not in (None, "none", "16"))
        and (criteria.access_need == 3 or (unit.access is not None and unit.access <= (criteria.access_need or 0)))
        and not (criteria.no_recourse and unit.no_recourse in (None, NoRecoursePolicy.NOT_ACCEPTED))
        and _level_suits(criteria.mental_health, unit.mental_health)
        and _level_suits(criteria.substance_use, unit.substance_use)
        and not criteria.risks
    )


def _level_suits(need: Level | None, offered: str | None) -> bool:
    return need is Level.NONE or (need is not None and offered is not None and Level(offered).rank >= need.rank)
