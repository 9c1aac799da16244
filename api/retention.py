"""The nightly job that forgets: what is due by `placement.retention_schedule`, in short transactions, resumable anywhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, or_, select, update

from accommodation.alerts import Alert
from accommodation.base import Principal
from accommodation.events import AddressDisclosed, AddressReleased
from accommodation.models import Worker
from accommodation.people_models import Invitation
from api.audit import AuditEvent
from api.audit.reasons import erase_reasons
from api.auth.models import ApiKey, Credential, ExternalIdentity, RecoveryCode
from api.database import checkpoint, db
from api.extensions import current_harbour
from api.outbox import OutboxMessage
from api.unit_of_work import SqlUnitOfWork, begin_unit_of_work
from placement.blocked_models import ConflictDeclaration
from placement.budget_models import BudgetRaise
from placement.dependants import delete_counts
from placement.retention import Forgotten, forget_answers, forget_household, list_candidates
from placement.retention_schedule import ALERT_DAYS, COUNT_DAYS, CREDENTIAL_DAYS, MESSAGE_DAYS, WORKER_DAYS, Job

KEEPER = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="system")
AT_ONCE = 200
OVER = timedelta(days=CREDENTIAL_DAYS)
ABOUT_ADDRESSES = (AddressDisclosed.name, AddressReleased.name)

log = structlog.get_logger("harbour.retention")


def forget_what_is_due(now: datetime | None = None) -> int:
    """Run every job of the schedule and return how much was forgotten. What fails is logged and due again tomorrow."""
    done = 0
    for job, run in JOBS.items():
        try:
            count = run(now)
        except Exception as error:
            log.error("retention_failed", job=str(job), error=type(error).__name__)
            continue
        if count:
            log.info("forgotten", job=str(job), count=count)
        done += count
    checkpoint(db.engine)
    return done


def _forget_households(now: datetime | None) -> int:
    """Look at every household that is old enough; each is forgotten in a transaction of its own, the trail's words too."""
    count, after = 0, None
    while True:
        with _transaction(now) as uow:
            candidates = list_candidates(uow, after=after, limit=AT_ONCE)
        for household_id in candidates:
            with _transaction(now) as uow:
                forgotten = forget_household(uow, household_id)
                if forgotten is not None:
                    _forget_words(uow, forgotten)
                    count += 1
        if len(candidates) < AT_ONCE:
            return count
        after = candidates[-1]


def _forget_words(uow: SqlUnitOfWork, forgotten: Forgotten) -> None:
    # What is said of an address has the property as its subject, and names the placement.
    of_a_placement = and_(
        AuditEvent.action.in_(ABOUT_ADDRESSES),
        AuditEvent.details["placement_id"].as_string().in_([str(subject) for subject in forgotten.subject_ids]),
    )
    with_words = select(AuditEvent.id).where(
        or_(AuditEvent.subject_id.in_(forgotten.subject_ids), of_a_placement), AuditEvent.reason_digest.is_not(None)
    )
    erase_reasons(uow, uow.session.execute(with_words.order_by(AuditEvent.id)).scalars().all())


def _forget_answers(now: datetime | None) -> int:
    return _until_none(now, lambda uow: forget_answers(uow, AT_ONCE))


def _delete_counts(now: datetime | None) -> int:
    return _until_none(now, lambda uow: delete_counts(uow, uow.now - timedelta(days=COUNT_DAYS), AT_ONCE))


def _delete_messages(now: datetime | None) -> int:
    return _delete_old(now, OutboxMessage, lambda at: OutboxMessage.written_at <= at - timedelta(days=MESSAGE_DAYS))


def _delete_alerts(now: datetime | None) -> int:
    deleted = _delete_old(now, Alert, lambda at: Alert.closed_at <= at - timedelta(days=ALERT_DAYS))
    return deleted + _delete_old(now, BudgetRaise, lambda at: BudgetRaise.ends_at <= at - timedelta(days=ALERT_DAYS))


def _delete_credentials(now: datetime | None) -> int:
    """Delete keys and invitations that are over, and how those signed in who have left."""

    def long_over(at: datetime) -> Any:
        return (ApiKey.expires_at <= at - OVER) | (ApiKey.revoked_at <= at - OVER)

    with _transaction(now) as uow:
        # A key may name the one that came in its place, which may be over first.
        replaced = select(ApiKey.id).where(long_over(uow.now))
        uow.session.execute(update(ApiKey).where(ApiKey.replaced_by.in_(replaced)).values(replaced_by=None))
    deleted = _delete_old(now, ApiKey, long_over)
    deleted += _delete_old(now, Invitation, lambda at: Invitation.expires_at <= at - OVER)
    return deleted + sum(_delete_of_leavers(now, model) for model in (RecoveryCode, ExternalIdentity, Credential))


def _delete_of_leavers(now: datetime | None, model: Any) -> int:
    return _delete_old(now, model, lambda at: model.worker_id.in_(select(Worker.id).where(Worker.left_at <= at - OVER)))


def _forget_workers(now: datetime | None) -> int:
    """Erase the names of those who left long ago, and of whom they, or an ended declaration, said they knew."""
    with _transaction(now) as uow:
        long_ago = uow.now - timedelta(days=WORKER_DAYS)
        left = select(Worker.id).where(Worker.left_at <= long_ago)
        named = left.where(Worker.name_sealed.is_not(None)).order_by(Worker.id)
        ids = uow.session.execute(named).scalars().all()
        uow.session.execute(update(Worker).where(Worker.id.in_(ids)).values(name_sealed=None))
        over = (ConflictDeclaration.ended_at <= long_ago) | ConflictDeclaration.worker_id.in_(left)
        uow.session.execute(update(ConflictDeclaration).where(over).values(person_sealed=None))
    return len(ids)


def _delete_old(now: datetime | None, model: Any, over: Callable[[datetime], Any]) -> int:
    def once(uow: SqlUnitOfWork) -> int:
        old = select(model.id).where(over(uow.now)).order_by(model.id).limit(AT_ONCE)
        ids = uow.session.execute(old).scalars().all()
        uow.session.execute(delete(model).where(model.id.in_(ids)))
        return len(ids)

    return _until_none(now, once)


def _until_none(now: datetime | None, once: Callable[[SqlUnitOfWork], int]) -> int:
    total = 0
    while True:
        with _transaction(now) as uow:
            count = once(uow)
        total += count
        if count == 0:
            return total


def _transaction(now: datetime | None) -> Any:
    return begin_unit_of_work(db.engine, current_harbour().key_ring, KEEPER, None, now or datetime.now(UTC))


JOBS: dict[Job, Callable[[datetime | None], int]] = {
    Job.FORGET_HOUSEHOLDS: _forget_households,
    Job.FORGET_ANSWERS: _forget_answers,
    Job.DELETE_COUNTS: _delete_counts,
    Job.DELETE_MESSAGES: _delete_messages,
    Job.DELETE_CREDENTIALS: _delete_credentials,
    Job.FORGET_WORKERS: _forget_workers,
    Job.DELETE_ALERTS: _delete_alerts,
}
