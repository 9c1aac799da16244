"""Use cases on units: opening and editing them, confirming vacancies, voids, withdrawing."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from accommodation.base import InvalidInput, UnitOfWork, new_id
from accommodation.calendar import start_of_day
from accommodation.errors import SharedUnitNotSingleSex
from accommodation.events import (
    UnitEdited,
    UnitOpened,
    UnitWithdrawn,
    VacanciesConfirmed,
    VoidCancelled,
    VoidEdited,
    VoidRecorded,
)
from accommodation.models import Property, Unit, Void
from accommodation.relations import relations_to_own
from accommodation.sealing import seal_json
from accommodation.supply import touch_units
from accommodation.taking import end_stay, lock_unit, refused_when_taken, take_unit
from accommodation.vocabulary import ResidentsGender, StayKind, UnitOffer, VoidReason, VoidState


def open_unit(uow: UnitOfWork, home: Property, facts: Mapping[str, Any]) -> Unit:
    """Open a unit in a property; it lies in the property's cell. Unsaid facts stay unknown and never match blindly."""
    unit = Unit(id=new_id(), property_id=home.id, supply_version=0, **facts)
    unit.property = home
    _check_single_sex(unit)
    uow.session.add(unit)
    touch_units(uow.session, [unit.id])
    uow.record(UnitOpened(subject_id=unit.id, details={"property_id": str(home.id)}))
    return unit


def edit_unit(uow: UnitOfWork, unit: Unit, changes: Mapping[str, Any]) -> Unit:
    """Change a unit's published facts; a stay that has begun keeps the terms it began with."""
    for name, value in changes.items():
        setattr(unit, name, value)
    _check_single_sex(unit)
    touch_units(uow.session, [unit.id])
    uow.record(UnitEdited(subject_id=unit.id, details={"changed": sorted(changes)}))
    return unit


def withdraw_unit(uow: UnitOfWork, unit: Unit) -> Unit:
    """Take a unit out of search from now on; whoever lives there stays."""
    state = UnitOffer.OFFERED if unit.withdrawn_at is None else UnitOffer.WITHDRAWN
    uow.permit(relations_to_own(uow, unit.property.provider.organisation_id), state)
    unit.withdrawn_at = uow.now
    touch_units(uow.session, [unit.id])
    uow.record(UnitWithdrawn(subject_id=unit.id))
    return unit


def confirm_vacancies(uow: UnitOfWork, subject_id: uuid.UUID, units: Collection[Unit]) -> datetime:
    """Say that these units' vacancies are still true as of now; returns that instant (UTC)."""
    for unit in units:
        unit.confirmed_at = uow.now
    if units:
        touch_units(uow.session, [unit.id for unit in units])
    uow.record(VacanciesConfirmed(subject_id=subject_id, details={"units": len(units)}))
    return uow.now


def record_void(
    uow: UnitOfWork, unit_id: uuid.UUID, reason: VoidReason, starts_on: date, ends_on: date | None, notes: str | None
) -> Void:
    """Take a unit out of letting from the London midnight of `starts_on` (now, if that is past) until `ends_on`'s.

    Raises UnitAlreadyTaken when it is held or lived in then, InvalidInput when the end is not after the start.
    """
    unit = lock_unit(uow.session, unit_id)
    starts_at = max(uow.now, start_of_day(starts_on))
    ends_at = None if ends_on is None else start_of_day(ends_on)
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidInput(("/ends_on", "A void ends on a later day than it starts, and not in the past."))
    stay = take_unit(uow.session, unit, StayKind.VOID, starts_at, ends_at)
    return add_void(uow, unit, stay_id=stay.id, reason=reason, notes=notes)


def add_void(uow: UnitOfWork, unit: Unit, *, stay_id: uuid.UUID, reason: VoidReason, notes: str | None) -> Void:
    """Write down why a unit's dates were taken by a void."""
    void = Void(
        id=new_id(),
        unit_id=unit.id,
        stay_id=stay_id,
        reason=reason,
        recorded_at=uow.now,
        recorded_by=uow.principal.worker_id,
    )
    if notes is not None:
        seal_json(uow.cipher, void, "notes_sealed", notes)
    uow.session.add(void)
    touch_units(uow.session, [unit.id])
    uow.record(VoidRecorded(subject_id=void.id, details={"unit_id": str(unit.id), "reason": str(reason)}))
    return void


def move_void_end(uow: UnitOfWork, void: Void, ends_on: date | None) -> Void:
    """Move the end of a void that is not over. Raises UnitAlreadyTaken, InvalidInput, IllegalMove."""
    unit = lock_unit(uow.session, void.unit_id)
    uow.permit(relations_to_own(uow, unit.property.provider.organisation_id), void_state(void, uow.now))
    ends_at = None if ends_on is None else start_of_day(ends_on)
    if ends_at is not None and ends_at <= max(uow.now, void.stay.starts_at):
        raise InvalidInput(("/ends_on", "Give a later day, or cancel the void to let the unit now."))
    with refused_when_taken(uow.session):
        void.stay.ends_at = ends_at
    void.recorded_at = uow.now
    touch_units(uow.session, [void.unit_id])
    uow.record(VoidEdited(subject_id=void.id))
    return void


def cancel_void(uow: UnitOfWork, void: Void, notes: str) -> None:
    """Cancel a void: the unit can be let from now on. Raises IllegalMove when it is over."""
    unit = lock_unit(uow.session, void.unit_id)
    uow.permit(relations_to_own(uow, unit.property.provider.organisation_id), void_state(void, uow.now))
    void.cancelled_at = uow.now
    seal_json(uow.cipher, void, "notes_sealed", notes)
    end_stay(void.stay, uow.now)
    touch_units(uow.session, [void.unit_id])
    uow.record(VoidCancelled(subject_id=void.id, details={"unit_id": str(void.unit_id)}))


def void_state(void: Void, now: datetime) -> VoidState:
    """Return whether a void still counts at `now`."""
    if void.cancelled_at is not None or (void.stay.ends_at is not None and void.stay.ends_at <= now):
        return VoidState.OVER
    return VoidState.OPEN


def _check_single_sex(unit: Unit) -> None:
    """Shared units are single-sex (domain page); unsaid stays allowed and makes the unit one to confirm."""
    if not unit.self_contained and unit.residents == ResidentsGender.ANY:
        raise SharedUnitNotSingleSex
