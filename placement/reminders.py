"""Use cases of reminders: rows that follow the licence, noticed when due, handed over once, acknowledged by somebody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accommodation.base import NotFound, UnitOfWork, new_id
from accommodation.calendar import Nation, local_date
from accommodation.models import Provider, Worker
from accommodation.people import has_left
from accommodation.vocabulary import Relation, Role
from placement.events import ReminderAcknowledged, ReminderSent
from placement.milestones import DEFAULT_MILESTONES, Audience, Milestone, schedule
from placement.models import Placement, Reminder
from placement.ports import NeutralMessage, Notifier
from placement.relations import in_relation, relations_to_case
from placement.vocabulary import PlacementState, ReminderOutcome, ReminderStanding, ReminderState


def plan_reminders(uow: UnitOfWork, placement: Placement) -> None:
    """Make a placement's reminders what its licence says: add what is missing, supersede what no longer holds.

    Idempotent. Sent ones are history and stay. What was due before Harbour planned it is planned all the same: late is
    better than never.
    """
    wanted = {(str(milestone.kind), milestone.due_at): milestone for milestone in _milestones(placement, uow.now)}
    query = select(Reminder).where(
        Reminder.placement_id == placement.id, Reminder.policy_version == placement.policy_version
    )
    known = {(reminder.kind, reminder.due_at): reminder for reminder in uow.session.execute(query).scalars()}
    over = ReminderState.CANCELLED if placement.state == PlacementState.DEPARTED else ReminderState.SUPERSEDED
    for key, reminder in known.items():
        if reminder.state == ReminderState.PENDING and key not in wanted:
            reminder.state = over
        elif reminder.state in (ReminderState.SUPERSEDED, ReminderState.CANCELLED) and key in wanted:
            reminder.state = ReminderState.PENDING
    for key, milestone in wanted.items():
        if key not in known:
            uow.session.add(
                Reminder(
                    id=new_id(),
                    placement_id=placement.id,
                    kind=milestone.kind,
                    due_on=milestone.due_on,
                    due_at=milestone.due_at,
                    severity=milestone.severity,
                    audience=milestone.audience,
                    legal=milestone.legal,
                    policy_version=placement.policy_version,
                    state=ReminderState.PENDING,
                )
            )
    uow.session.flush()


def plan_overstays(uow: UnitOfWork) -> int:
    """Plan the daily review of every stay whose licence has ended with the household still there; returns how many."""
    query = (
        select(Placement)
        .where(Placement.state == PlacementState.LIVING, Placement.licence_ends_on < local_date(uow.now))
        .order_by(Placement.id)
    )
    placements = uow.session.execute(query).scalars().all()
    for placement in placements:
        plan_reminders(uow, placement)
    return len(placements)


def list_due_ids(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """List reminders that are due and not yet sent, the longest due first."""
    query = (
        select(Reminder.id)
        .where(Reminder.state == ReminderState.PENDING, Reminder.acknowledged_at.is_(None), Reminder.due_at <= now)
        .order_by(Reminder.due_at, Reminder.id)
        .limit(limit)
    )
    return session.execute(query).scalars().all()


def send_reminder(uow: UnitOfWork, notifier: Notifier, reminder_id: uuid.UUID) -> bool:
    """Hand one due reminder to the notifier and mark it sent, in one transaction; False when somebody else did.

    The row is locked and read again, so that two schedulers, or one that was restarted, cannot both send it.
    """
    reminder = uow.session.execute(
        select(Reminder)
        .where(
            Reminder.id == reminder_id,
            Reminder.state == ReminderState.PENDING,
            Reminder.acknowledged_at.is_(None),
        )
        .with_for_update(of=Reminder, skip_locked=True)
    ).scalar_one_or_none()
    if reminder is None or reminder.due_at > uow.now:
        return False
    placement = reminder.placement
    reminder.state = ReminderState.SENT
    reminder.sent_at = uow.now
    provider = uow.session.get_one(Provider, placement.provider_id)
    worker_id = placement.resettlement_worker_id if reminder.audience == Audience.RESETTLEMENT_WORKER else None
    if worker_id is not None and has_left(uow.session.get_one(Worker, worker_id), uow.now):
        worker_id = None
    notifier.notify(
        NeutralMessage(
            message_id=reminder.id,
            worker_id=worker_id,
            organisation_id=provider.organisation_id,
            reference=placement.reference,
            due_on=reminder.due_on,
        )
    )
    uow.session.flush()
    uow.record(ReminderSent(subject_id=reminder.id, details={"kind": reminder.kind}))
    return True


def when_of(reminder: Reminder, now: datetime) -> str:
    """Return where a reminder stands at `now`: done, upcoming, due (its time has come) or overdue (its day is past)."""
    if reminder.acknowledged_at is not None:
        return "done"
    if reminder.due_at > now:
        return "upcoming"
    return "overdue" if reminder.due_on < local_date(now) else "due"


def standing_of(reminder: Reminder) -> ReminderStanding:
    """Return a reminder's state, or that somebody has said what came of it."""
    return ReminderStanding.ACKNOWLEDGED if reminder.acknowledged_at is not None else ReminderStanding(reminder.state)


def list_reminders(
    uow: UnitOfWork, *, mine: bool, when: str, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> Sequence[Reminder]:
    """List reminders of the principal's own accommodation, the longest due first.

    `mine` narrows to placements that the principal works on, or, for a manager, to what is addressed to managers and to
    placements nobody works on (any more). `when`: all, or open ones (not acknowledged, still holding): open, due, overdue,
    upcoming.
    """
    query = select(Reminder).join(Placement, Placement.id == Reminder.placement_id)
    query = query.join(Provider, Provider.id == Placement.provider_id)
    query = query.where(in_relation(uow, uow.permit(Relation.ASKED), Placement))
    if mine and uow.principal.role == Role.REFUGE_MANAGER:
        query = query.where(
            or_(
                Reminder.audience == Audience.REFUGE_MANAGER,
                Placement.resettlement_worker_id.is_(None),
                Placement.resettlement_worker_id.in_(select(Worker.id).where(Worker.left_at <= uow.now)),
            )
        )
    elif mine:
        query = query.where(Placement.resettlement_worker_id == uow.principal.worker_id)
    if when != "all":
        query = query.where(
            Reminder.acknowledged_at.is_(None), Reminder.state.in_([ReminderState.PENDING, ReminderState.SENT])
        )
    if when == "upcoming":
        query = query.where(Reminder.due_at > uow.now)
    elif when == "due":
        query = query.where(Reminder.due_at <= uow.now)
    elif when == "overdue":
        query = query.where(Reminder.due_at <= uow.now, Reminder.due_on < local_date(uow.now))
    if after is not None:
        due_at, reminder_id = after
        query = query.where(or_(Reminder.due_at > due_at, (Reminder.due_at == due_at) & (Reminder.id > reminder_id)))
    return uow.session.execute(query.order_by(Reminder.due_at, Reminder.id).limit(limit)).scalars().all()


def acknowledge_reminder(uow: UnitOfWork, reminder_id: uuid.UUID, outcome: ReminderOutcome) -> Reminder:
    """Say what came of a reminder. Raises NotFound, and IllegalMove when it was acknowledged or no longer holds."""
    reminder = uow.session.get(Reminder, reminder_id, with_for_update={"of": Reminder})
    if reminder is None:
        raise NotFound
    uow.permit(relations_to_case(uow, reminder.placement), standing_of(reminder))
    reminder.acknowledged_at = uow.now
    reminder.acknowledged_by = uow.principal.worker_id
    reminder.outcome = outcome
    uow.session.flush()
    uow.record(ReminderAcknowledged(subject_id=reminder.id, details={"outcome": str(outcome)}))
    return reminder


def _milestones(placement: Placement, now: datetime) -> tuple[Milestone, ...]:
    if placement.licence_starts_on is None or placement.licence_ends_on is None:
        return ()
    return schedule(
        placement.licence_starts_on,
        placement.licence_ends_on,
        placement.notice_min_days,
        Nation(placement.nation),
        DEFAULT_MILESTONES,
        departed_on=placement.departed_on,
        today=local_date(now),
    )
