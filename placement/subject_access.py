"""All that Harbour holds about a household, for its own request (UK GDPR art. 15), opened for its safeguarding lead.

Where the household lived is told by placement and date, never by address: a copy of this file may lie on a shared phone.
Workers are named by id alone. What it says of the perpetrator is what she told, and the lead reads it before handing it on.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from accommodation.base import Base, UnitOfWork
from accommodation.errors import StepUpNeeded
from accommodation.sealing import open_json, open_sealed
from placement.answers import answer_of
from placement.case_view import answer_for_officer
from placement.events import HouseholdExported
from placement.households import load_household, open_household
from placement.models import AreaToAvoid, Extension, Hold, Placement, Referral, Reminder, Search

LEFT_OUT = {
    Hold: ("unit_id", "stay_id", "search_id", "released_at", "release_reason", "converted_at"),
    Referral: ("unit_id", "hold_id"),
    Placement: ("unit_id", "stay_id", "referral_id"),
    Search: ("answer_sealed", "supply_version"),
    Extension: (),
    Reminder: (),
}
"""Ids of supply: they say nothing of the household, and something of a refuge."""


def export_household(uow: UnitOfWork, household_id: uuid.UUID) -> dict[str, Any]:
    """Return everything held about a household as JSON values. Raises NotFound, StepUpNeeded."""
    household = load_household(uow, household_id)
    until = uow.principal.stepped_up_until
    if until is None or until <= uow.now:
        raise StepUpNeeded
    record = open_household(uow, household)
    placed = select(Placement.id).where(Placement.household_id == household_id)
    exported = {
        "exported_at": uow.now,
        "reference": household.reference,
        "recorded_at": household.created_at,
        "details": record.details,
        "no_areas_statement": record.no_areas_statement,
        "areas_to_avoid": [_area(uow, row) for row in _rows(uow, AreaToAvoid, AreaToAvoid.household_id == household_id)],
        "searches": [_plain(row) for row in _rows(uow, Search, Search.household_id == household_id)],
        "holds": [_plain(row) for row in _rows(uow, Hold, Hold.household_id == household_id)],
        "referrals": [_referral(uow, row) for row in _rows(uow, Referral, Referral.household_id == household_id)],
        "placements": [_plain(row) for row in _rows(uow, Placement, Placement.household_id == household_id)],
        "extensions": [_plain(row) for row in _rows(uow, Extension, Extension.placement_id.in_(placed))],
        "reminders": [_plain(row) for row in _rows(uow, Reminder, Reminder.placement_id.in_(placed))],
    }
    uow.record(HouseholdExported(subject_id=household_id))
    return exported


def _rows(uow: UnitOfWork, model: Any, condition: Any) -> list[Any]:
    return list(uow.session.execute(select(model).where(condition).order_by(model.id)).scalars())


def _plain(row: Base) -> dict[str, Any]:
    left_out = (*LEFT_OUT.get(type(row), ()), "id", "version", "household_id", "organisation_id", "provider_id")
    columns = [column.key for column in row.__table__.columns]
    shown = [name for name in columns if name not in left_out and not name.endswith("_sealed")]
    return {name: _json(getattr(row, name)) for name in shown}


def _area(uow: UnitOfWork, row: AreaToAvoid) -> dict[str, Any]:
    facts = open_sealed(uow.cipher, row.facts_sealed, AreaToAvoid.__tablename__, "facts_sealed", row.id)
    return {**_plain(row), "facts": facts, "retired_reason": open_json(uow.cipher, row, "retired_reason_sealed")}


def _referral(uow: UnitOfWork, row: Referral) -> dict[str, Any]:
    """Show a referral as its officer may see it: why a place was unsafe, or when it was said, would tell where it is."""
    return {**_plain(row), **answer_for_officer(answer_of(uow, row))}


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
