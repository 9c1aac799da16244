"""Use cases of leave: who is away from when to when, and who deputises."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from accommodation.base import InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.models import Worker
from accommodation.people import get_worker, has_role, list_roles, relations_to_worker
from accommodation.people_events import LeaveRecorded, LeaveWithdrawn
from accommodation.people_models import WorkerLeave
from accommodation.roles import CASE_ROLES
from accommodation.vocabulary import LeaveState

LONGEST_DAYS = 366


def record_leave(
    uow: UnitOfWork, worker_id: uuid.UUID, starts_on: date, ends_on: date, deputy_id: uuid.UUID | None
) -> WorkerLeave:
    """Record that a worker is away on these days: herself, or an administrator for a colleague.

    The deputy is of the same organisation and has every case role of hers. Raises NotFound, InvalidInput.
    """
    worker = get_worker(uow, worker_id)
    if ends_on < max(starts_on, local_date(uow.now)):
        raise InvalidInput(("/ends_on", "The last day comes after the first, and is not past."))
    if (ends_on - starts_on).days > LONGEST_DAYS:
        raise InvalidInput(("/ends_on", "Record a year at most."))
    if deputy_id is not None and not _can_deputise(uow, worker, deputy_id):
        raise InvalidInput(("/deputy_id", "Name a colleague who works in the same roles."))
    leave = WorkerLeave(
        id=new_id(),
        worker_id=worker.id,
        deputy_id=deputy_id,
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_at=uow.now,
        recorded_by=uow.principal.worker_id,
    )
    uow.session.add(leave)
    uow.session.flush()
    details = {"worker_id": str(worker.id), "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    uow.record(LeaveRecorded(subject_id=leave.id, details=details))
    return leave


def withdraw_leave(uow: UnitOfWork, leave_id: uuid.UUID) -> WorkerLeave:
    """Withdraw a leave that is not over. Raises NotFound, IllegalMove."""
    leave = uow.session.get(WorkerLeave, leave_id)
    if leave is None:
        raise NotFound
    worker = uow.session.get_one(Worker, leave.worker_id)
    uow.permit(relations_to_worker(uow, worker), leave_state(leave, uow.now))
    leave.withdrawn_at = uow.now
    uow.session.flush()
    uow.record(LeaveWithdrawn(subject_id=leave.id))
    return leave


def leave_state(leave: WorkerLeave, now: datetime) -> LeaveState:
    """Return what a leave is at `now`, by the local date."""
    if leave.withdrawn_at is not None:
        return LeaveState.WITHDRAWN
    return LeaveState.OVER if leave.ends_on < local_date(now) else LeaveState.AHEAD


def list_leaves(uow: UnitOfWork, worker_id: uuid.UUID) -> Sequence[WorkerLeave]:
    """List a worker's leaves that were not withdrawn, oldest first."""
    get_worker(uow, worker_id)
    query = select(WorkerLeave).where(WorkerLeave.worker_id == worker_id, WorkerLeave.withdrawn_at.is_(None))
    return uow.session.execute(query.order_by(WorkerLeave.starts_on, WorkerLeave.id)).scalars().all()


def find_deputy(session: Session, worker_id: uuid.UUID, today: date) -> uuid.UUID | None:
    """Return who deputises for a worker on a local date: None when she is there, named nobody, or her deputy is away too
    or has left."""
    query = (
        select(WorkerLeave.deputy_id)
        .join(Worker, Worker.id == WorkerLeave.deputy_id)
        .where(_away_on(worker_id, today), Worker.left_at.is_(None))
        .order_by(WorkerLeave.recorded_at.desc(), WorkerLeave.id)
        .limit(1)
    )
    deputy_id = session.execute(query).scalar_one_or_none()
    return None if deputy_id is None or is_away(session, deputy_id, today) else deputy_id


def is_away(session: Session, worker_id: uuid.UUID, today: date) -> bool:
    """Tell whether a worker is on leave on a local date."""
    return session.execute(select(WorkerLeave.id).where(_away_on(worker_id, today)).limit(1)).first() is not None


def _away_on(worker_id: uuid.UUID, today: date) -> ColumnElement[bool]:
    return (
        (WorkerLeave.worker_id == worker_id)
        & WorkerLeave.withdrawn_at.is_(None)
        & (WorkerLeave.starts_on <= today)
        & (WorkerLeave.ends_on >= today)
    )


def _can_deputise(uow: UnitOfWork, worker: Worker, deputy_id: uuid.UUID) -> bool:
    deputy = uow.session.get(Worker, deputy_id)
    if deputy is None or deputy.id == worker.id or deputy.left_at is not None:
        return False
    if deputy.organisation_id != worker.organisation_id:
        return False
    roles = CASE_ROLES & set(list_roles(uow.session, worker.id))
    return all(has_role(uow.session, deputy.id, role) for role in roles)
