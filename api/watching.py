"""The anomaly job: counts each worker's week in the audit trail and the tables, and raises alerts for her lead.

Idempotent: one alert of a kind about a worker is open at a time, and what was closed comes back only when there is twice as
much of it. Alerts hold codes, ids and counts.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Engine, distinct, func, select
from sqlalchemy.orm import Session

from accommodation.alerts import raise_anomaly
from accommodation.base import Cipher, Principal
from accommodation.events import AddressDisclosed
from accommodation.models import Organisation
from api.alert_coverage import list_coverage
from api.audit import AuditEvent
from api.database import READ_ONLY
from api.unit_of_work import begin_unit_of_work
from placement.anomalies import DEFAULT_WATCH, Activity, Finding, WatchPolicy, detect, most_within_an_hour
from placement.budget_models import BudgetUse
from placement.events import (
    HoldReleased,
    HouseholdEdited,
    HouseholdRead,
    HouseholdRecorded,
    NoAreasStated,
    SearchMade,
    UnitHeld,
)
from placement.models import AreaToAvoid, Hold, Placement
from placement.spending import forget_uses
from placement.vocabulary import BudgetKind

NOBODY = uuid.UUID(int=0)
SIGN_IN_FAILED = "sign_in:failed"
COUNT_OF_ACTION = {
    SearchMade.name: "searches",
    UnitHeld.name: "holds",
    HoldReleased.name: "holds_released",
    HouseholdRecorded.name: "households_recorded",
    AddressDisclosed.name: "addresses_told",
    SIGN_IN_FAILED: "sign_ins_failed",
}
"""Which events are simply counted; a new kind of event is one line here."""
OWN_WORK = (HouseholdRecorded.name, HouseholdEdited.name, NoAreasStated.name)

log = structlog.get_logger("harbour.watching")


def watch_for_misuse(
    engine: Engine, key_ring: Cipher, now: datetime | None = None, policy: WatchPolicy = DEFAULT_WATCH
) -> int:
    """Look at every organisation's week; returns how many alerts were raised. Deletes what no budget counts any more."""
    at = now or datetime.now(UTC)
    with Session(engine.execution_options(**{READ_ONLY: True})) as session:
        organisation_ids = session.execute(select(Organisation.id).order_by(Organisation.id)).scalars().all()
        findings = {each: _findings_in(session, each, at, policy) for each in organisation_ids}
    raised = 0
    for organisation_id, found in findings.items():
        if found:
            raised += _raise(engine, key_ring, organisation_id, found, at, policy)
    with begin_unit_of_work(engine, key_ring, Principal(NOBODY, NOBODY, "system"), None, at) as uow:
        forget_uses(uow)
    _warn_of_the_unattended(engine, at)
    return raised


def count_activities(session: Session, organisation_id: uuid.UUID, since: datetime) -> list[Activity]:
    """Count what each worker of an organisation has done since an instant, in order of her id."""
    of_week = (AuditEvent.organisation_id == organisation_id, AuditEvent.happened_at > since)
    counts: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    totals = (
        select(AuditEvent.worker_id, AuditEvent.action, func.count())
        .where(*of_week, AuditEvent.action.in_(COUNT_OF_ACTION))
        .group_by(AuditEvent.worker_id, AuditEvent.action)
    )
    for worker_id, action, total in session.execute(totals):
        counts[worker_id][COUNT_OF_ACTION[action]] = total
    searched: dict[uuid.UUID, list[datetime]] = defaultdict(list)
    searches = select(AuditEvent.worker_id, AuditEvent.happened_at).where(*of_week, AuditEvent.action == SearchMade.name)
    for worker_id, happened_at in session.execute(searches):
        searched[worker_id].append(happened_at)
    for worker_id, times in searched.items():
        counts[worker_id]["searches_in_busiest_hour"] = most_within_an_hour(times)
    read: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    reading = select(AuditEvent.worker_id, AuditEvent.subject_id).where(*of_week, AuditEvent.action == HouseholdRead.name)
    for worker_id, household_id in session.execute(reading.distinct()):
        read[worker_id].add(household_id)
    for worker_id, households in read.items():
        counts[worker_id]["households_read"] = len(households)
        counts[worker_id]["unfamiliar_households_read"] = len(households - _worked_with(session, worker_id, households))
    for worker_id, placed in _placed(session, of_week):
        counts[worker_id]["households_placed"] = placed
    for worker_id, households_of_one in _shared_geometries(session, organisation_id, since):
        counts[worker_id]["households_of_one_geometry"] = households_of_one
    return [Activity(worker_id, **counts[worker_id]) for worker_id in sorted(counts) if worker_id != NOBODY]


def _findings_in(
    session: Session, organisation_id: uuid.UUID, at: datetime, policy: WatchPolicy
) -> list[tuple[uuid.UUID, Finding]]:
    activities = count_activities(session, organisation_id, at - policy.window)
    return [(done.worker_id, finding) for done in activities for finding in detect(done, policy)]


def _raise(
    engine: Engine,
    key_ring: Cipher,
    organisation_id: uuid.UUID,
    found: Iterable[tuple[uuid.UUID, Finding]],
    at: datetime,
    policy: WatchPolicy,
) -> int:
    raised = 0
    with begin_unit_of_work(engine, key_ring, Principal(NOBODY, organisation_id, "system"), None, at) as uow:
        for worker_id, finding in found:
            details = {"count": finding.count, "told_from": finding.told_from, "days": policy.window.days}
            alert = raise_anomaly(uow, organisation_id, finding.kind, worker_id, details, at - policy.window)
            raised += alert is not None and alert.raised_at == at
    return raised


def _worked_with(session: Session, worker_id: uuid.UUID, households: set[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the households for which the worker has ever recorded, changed or held anything."""
    touched: list[Any] = [
        select(AuditEvent.subject_id).where(AuditEvent.worker_id == worker_id, AuditEvent.action.in_(OWN_WORK)),
        select(AreaToAvoid.household_id).where(AreaToAvoid.recorded_by == worker_id),
        select(Hold.household_id).where(Hold.held_by == worker_id),
    ]
    return {found for query in touched for found in session.execute(query).scalars() if found in households}


def _placed(session: Session, of_week: tuple[Any, ...]) -> list[tuple[uuid.UUID, int]]:
    """Return per worker how many of the households that she recorded in the window have a placement."""
    query = (
        select(AuditEvent.worker_id, func.count(distinct(Placement.household_id)))
        .join(Placement, Placement.household_id == AuditEvent.subject_id)
        .where(*of_week, AuditEvent.action == HouseholdRecorded.name)
        .group_by(AuditEvent.worker_id)
    )
    return [(worker_id, placed) for worker_id, placed in session.execute(query)]


def _shared_geometries(session: Session, organisation_id: uuid.UUID, since: datetime) -> list[tuple[uuid.UUID, int]]:
    """Return per worker for how many households she recorded one and the same drawn area, at most."""
    households = func.count(distinct(BudgetUse.subject_id)).label("households")
    shared = (
        select(BudgetUse.worker_id, households)
        .where(
            BudgetUse.organisation_id == organisation_id,
            BudgetUse.kind == BudgetKind.GEOMETRY,
            BudgetUse.used_at > since,
            BudgetUse.is_common.is_(False),
        )
        .group_by(BudgetUse.worker_id, BudgetUse.fingerprint)
        .subquery()
    )
    query = select(shared.c.worker_id, func.max(shared.c.households)).group_by(shared.c.worker_id)
    return [(worker_id, most) for worker_id, most in session.execute(query)]


def _warn_of_the_unattended(engine: Engine, at: datetime) -> None:
    """Log each organisation whose alerts nobody sees: the log is what an installation without a lead still has."""
    with Session(engine.execution_options(**{READ_ONLY: True})) as session:
        for coverage in list_coverage(session, at):
            if coverage.open_alerts and (not coverage.has_safeguarding_lead or coverage.overdue_alerts):
                log.warning(
                    "alerts_unattended",
                    organisation_id=str(coverage.organisation_id),
                    has_lead=coverage.has_safeguarding_lead,
                    open_alerts=coverage.open_alerts,
                    overdue_alerts=coverage.overdue_alerts,
                )
