"""Who has read what belongs to whom: the audit trail of all organisations, asked by the one whose data it is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from accommodation.base import UnitOfWork
from accommodation.confinement import across_organisations
from accommodation.events import (
    AddressDisclosed,
    AddressReadAgain,
    AddressReleased,
    DisclosuresListed,
    MeetingPointTold,
    ReleaseExpired,
    ReleaseRevoked,
)
from accommodation.models import Organisation, Unit, Worker
from accommodation.queries import get_property
from accommodation.sealing import open_json
from api.audit import AuditEvent
from placement.events import (
    AreaRead,
    AreasListed,
    ExactCheckRead,
    HouseholdRead,
    PlacementRead,
    ReadingsListed,
    ReferralRead,
    SearchRead,
    TimelineRead,
)
from placement.households import load_household
from placement.models import AreaToAvoid, Placement, Referral, Search

OF_A_PROPERTY = (AddressDisclosed, AddressReadAgain, AddressReleased, MeetingPointTold, ReleaseExpired, ReleaseRevoked)
OF_A_HOUSEHOLD = (HouseholdRead, AreasListed)

Position = tuple[datetime, uuid.UUID]


@dataclass(frozen=True)
class Reader:
    """Who read: by name where the data's owner may know it."""

    worker_id: uuid.UUID
    name: str | None
    organisation_id: uuid.UUID
    organisation_name: str | None


def list_disclosures(uow: UnitOfWork, property_id: uuid.UUID, after: Position | None, limit: int) -> Sequence[AuditEvent]:
    """List who was told a property's address or meeting point, to whom it was released, and who ran exact checks.

    For its own provider; oldest first. Raises NotFound.
    """
    home = get_property(uow, property_id)
    uow.record(DisclosuresListed(subject_id=home.id))
    referrals = select(Referral.id).join(Unit, Unit.id == Referral.unit_id).where(Unit.property_id == home.id)
    own = and_(AuditEvent.subject_id == home.id, AuditEvent.action.in_([event.name for event in OF_A_PROPERTY]))
    checks = and_(AuditEvent.subject_id.in_(referrals), AuditEvent.action == ExactCheckRead.name)
    return _page(uow, or_(own, checks), after, limit)


def list_readings(uow: UnitOfWork, household_id: uuid.UUID, after: Position | None, limit: int) -> Sequence[AuditEvent]:
    """List who read a household, its areas, searches, referrals and placements, in whatever organisation; oldest first.

    That a provider ran the exact check is not in it: run and declined at once, it would tell what the check found.
    Raises NotFound.
    """
    household = load_household(uow, household_id)
    uow.record(ReadingsListed(subject_id=household.id))
    own = and_(AuditEvent.subject_id == household.id, AuditEvent.action.in_([event.name for event in OF_A_HOUSEHOLD]))
    parts = [
        and_(
            AuditEvent.subject_id.in_(select(model.id).where(model.household_id == household.id)), AuditEvent.action == name
        )
        for model, name in (
            (AreaToAvoid, AreaRead.name),
            (Search, SearchRead.name),
            (Referral, ReferralRead.name),
            (Placement, PlacementRead.name),
            (Placement, TimelineRead.name),
        )
    ]
    return _page(uow, or_(own, *parts), after, limit)


def find_readers(uow: UnitOfWork, events: Sequence[AuditEvent], named: set[uuid.UUID]) -> Mapping[uuid.UUID, Reader]:
    """Return who acted in the events, by worker id: own staff and those `named` by name, others by id alone.

    A refuge's staff are not named to other organisations: who follows them finds the refuge.
    """
    worker_ids = {event.worker_id for event in events} | named
    with across_organisations(uow.session):  # ids of whoever read; their names stay sealed unless the owner may know them
        workers = uow.session.execute(select(Worker).where(Worker.id.in_(worker_ids)).order_by(Worker.id)).scalars().all()
    organisation_ids = {worker.organisation_id for worker in workers}
    organisations = {
        row.id: row.name
        for row in uow.session.execute(
            select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisation_ids)).order_by(Organisation.id)
        )
    }
    return {
        worker.id: Reader(
            worker.id, _name(uow, worker, named), worker.organisation_id, organisations[worker.organisation_id]
        )
        for worker in workers
    }


def _name(uow: UnitOfWork, worker: Worker, named: set[uuid.UUID]) -> str | None:
    if worker.organisation_id != uow.principal.organisation_id and worker.id not in named:
        return None
    name: str | None = open_json(uow.cipher, worker, "name_sealed")
    return name


def _page(uow: UnitOfWork, wanted: ColumnElement[bool], after: Position | None, limit: int) -> Sequence[AuditEvent]:
    query: Select[Any] = select(AuditEvent).where(wanted)
    if after is not None:
        at, event_id = after
        query = query.where((AuditEvent.happened_at > at) | ((AuditEvent.happened_at == at) & (AuditEvent.id > event_id)))
    with across_organisations(uow.session):  # whose data it is may know who read it, in whatever organisation
        return uow.session.execute(query.order_by(AuditEvent.happened_at, AuditEvent.id).limit(limit)).scalars().all()
