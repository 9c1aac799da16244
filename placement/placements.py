"""Use cases of a stay: arrival on a licence, extension, non-arrival, departure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from accommodation.base import InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import Nation, add_working_days, local_date, start_of_day
from accommodation.models import Provider, Unit, Worker
from accommodation.supply import touch_units
from accommodation.taking import end_stay, lock_unit, take_unit
from accommodation.vacancies import add_void
from accommodation.vocabulary import Role, StayKind, VoidReason
from placement.blocking import is_worker_kept_from
from placement.errors import ExtensionNotLater
from placement.events import (
    HouseholdArrived,
    HouseholdDeparted,
    HouseholdDidNotArrive,
    LicenceExtended,
    PlacementRead,
    PlacementsListed,
)
from placement.licence import licence_end
from placement.models import Extension, Household, Placement
from placement.relations import CASE, find_case, in_relation, relations_to_case
from placement.reminders import plan_reminders
from placement.vocabulary import Destination, ExtensionReason, NonArrivalReason, PlacementState

LONGEST_EXTENSION_DAYS = 366


def load_placement(uow: UnitOfWork, placement_id: uuid.UUID) -> Placement:
    """Return a placement that the principal may see; raises NotFound."""
    placement = find_case(uow, Placement, placement_id)
    if placement is None:
        raise NotFound
    uow.permit(relations_to_case(uow, placement))
    return placement


def read_placement(uow: UnitOfWork, placement_id: uuid.UUID) -> Placement:
    """Open a placement that the principal may see; the reading is recorded. Raises NotFound."""
    placement = load_placement(uow, placement_id)
    uow.record(PlacementRead(subject_id=placement.id))
    return placement


def list_placements(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Placement]:
    """List placements that the principal may see, in order of their random id; the reading is recorded."""
    uow.record(PlacementsListed(subject_id=uow.principal.organisation_id))
    query = select(Placement).join(Provider, Provider.id == Placement.provider_id)
    query = query.where(in_relation(uow, uow.permit(CASE), Placement))
    if after is not None:
        query = query.where(Placement.id > after)
    return uow.session.execute(query.order_by(Placement.id).limit(limit)).scalars().all()


def list_extensions(uow: UnitOfWork, placement_id: uuid.UUID) -> Sequence[Extension]:
    """List the moves of a licence's end, oldest first."""
    query = select(Extension).where(Extension.placement_id == placement_id)
    return uow.session.execute(query.order_by(Extension.recorded_at, Extension.id)).scalars().all()


def confirm_arrival(
    uow: UnitOfWork, placement_id: uuid.UUID, arrived_on: date, resettlement_worker_id: uuid.UUID | None
) -> Placement:
    """Confirm that the household came: its licence starts on that local date and its reminders are planned.

    Raises IllegalMove, and InvalidInput for a day before acceptance or after today, or for a worker of another
    organisation. Without a worker named, a resettlement worker who confirms takes it on herself.
    """
    placement = _lock(uow, placement_id)
    today = local_date(uow.now)
    if not local_date(placement.accepted_at) <= arrived_on <= today:
        raise InvalidInput(("/arrived_on", "Give a day between the acceptance and today."))
    placement.state = PlacementState.LIVING
    placement.licence_starts_on = arrived_on
    placement.licence_ends_on = licence_end(arrived_on, placement.licence_days)
    placement.resettlement_worker_id = _resettlement_worker(uow, placement, resettlement_worker_id)
    plan_reminders(uow, placement)
    touch_units(uow.session, [placement.unit_id])
    uow.record(HouseholdArrived(subject_id=placement.id, details={"licence_ends_on": placement.licence_ends_on.isoformat()}))
    return placement


def record_non_arrival(uow: UnitOfWork, placement_id: uuid.UUID, reason: NonArrivalReason) -> Placement:
    """Record that the household did not come: the unit is free from now on."""
    placement = _lock(uow, placement_id)
    placement.state = PlacementState.NOT_ARRIVED
    placement.non_arrival_reason = reason
    end_stay(placement.stay, uow.now)
    touch_units(uow.session, [placement.unit_id])
    uow.record(HouseholdDidNotArrive(subject_id=placement.id, details={"reason": str(reason)}))
    return placement


def extend_licence(uow: UnitOfWork, placement_id: uuid.UUID, ends_on: date, reason: ExtensionReason) -> Placement:
    """Move a licence's end to a later day and plan its reminders anew; raises ExtensionNotLater, InvalidInput."""
    placement = _lock(uow, placement_id)
    if placement.licence_ends_on is None or ends_on <= placement.licence_ends_on:
        raise ExtensionNotLater
    if (ends_on - max(placement.licence_ends_on, local_date(uow.now))).days > LONGEST_EXTENSION_DAYS:
        raise InvalidInput(("/ends_on", "Extend by a year at most; extend again when it is needed."))
    uow.session.add(
        Extension(
            id=new_id(),
            placement_id=placement.id,
            from_ends_on=placement.licence_ends_on,
            to_ends_on=ends_on,
            reason=reason,
            recorded_at=uow.now,
            recorded_by=uow.principal.worker_id,
        )
    )
    placement.licence_ends_on = ends_on
    plan_reminders(uow, placement)
    touch_units(uow.session, [placement.unit_id])
    uow.record(LicenceExtended(subject_id=placement.id, details={"ends_on": ends_on.isoformat(), "reason": str(reason)}))
    return placement


def record_departure(uow: UnitOfWork, placement_id: uuid.UUID, departed_on: date, destination: Destination) -> Placement:
    """Record where the household went and start the unit's turnaround, in working days of its own nation.

    What was planned for the stay is cancelled; the contacts after departure are planned.
    """
    placement = _lock(uow, placement_id)
    if placement.licence_starts_on is None or not placement.licence_starts_on <= departed_on <= local_date(uow.now):
        raise InvalidInput(("/departed_on", "Give a day between the arrival and today."))
    unit = uow.session.get_one(Unit, placement.unit_id)
    placement.state = PlacementState.DEPARTED
    placement.departed_on = departed_on
    placement.destination = destination
    end_stay(placement.stay, uow.now)
    uow.session.flush()
    ready_at = start_of_day(add_working_days(departed_on, unit.turnaround_days, Nation(placement.nation)))
    if ready_at > uow.now:
        stay = take_unit(uow.session, unit, StayKind.VOID, uow.now, ready_at)
        add_void(uow, unit, stay_id=stay.id, reason=VoidReason.TURNAROUND, notes=None)
    plan_reminders(uow, placement)
    touch_units(uow.session, [unit.id])
    uow.record(HouseholdDeparted(subject_id=placement.id, details={"destination": str(destination)}))
    return placement


def _lock(uow: UnitOfWork, placement_id: uuid.UUID) -> Placement:
    """Return a placement, its unit locked and its row read again, if its state allows the operation at hand."""
    placement = load_placement(uow, placement_id)
    lock_unit(uow.session, placement.unit_id)
    uow.session.refresh(placement)
    uow.permit(relations_to_case(uow, placement), PlacementState(placement.state))
    return placement


def _resettlement_worker(uow: UnitOfWork, placement: Placement, worker_id: uuid.UUID | None) -> uuid.UUID | None:
    if worker_id is None:
        return uow.principal.worker_id if uow.principal.role == Role.RESETTLEMENT_WORKER else None
    worker = uow.session.get(Worker, worker_id)
    if worker is None or worker.organisation_id != uow.principal.organisation_id or worker.left_at is not None:
        raise InvalidInput(("/resettlement_worker_id", "Name somebody who works for your organisation."))
    # Who is kept from the household is answered as a stranger: that she is, is nobody's to read here.
    if is_worker_kept_from(uow, uow.session.get_one(Household, placement.household_id), worker.id):
        raise InvalidInput(("/resettlement_worker_id", "Name somebody who works for your organisation."))
    return worker.id
