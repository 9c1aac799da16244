"""Alerts: what a named safeguarding lead must look at and close, with an outcome and her own words.

One that stays open for 72 hours is overdue. Nobody closes an alert about herself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, DomainEvent, NotFound, UnitOfWork, new_id
from accommodation.confinement import across_organisations
from accommodation.errors import AboutYourself
from accommodation.relations import relations_to_own
from accommodation.sealing import open_json, seal_json
from accommodation.vocabulary import AlertKind, AlertOutcome, AlertState, Relation

OVERDUE_AFTER = timedelta(hours=72)
"""A long weekend: what nobody has looked at by then is looked at by nobody."""
EXPLAINED_UP_TO = 2
"""What was closed comes back when there is this many times as much of it."""


class Alert(Base):
    """Something that may be misuse, in one organisation, until its safeguarding lead closes it.

    `subject_id` is whom or what it is about (a worker, a household, a unit); `details` hold codes, ids and counts.
    """

    __tablename__ = "alert"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    outcome: Mapped[str | None] = mapped_column(String(30))
    notes_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (Index("ix_alert_organisation_id_closed_at", "organisation_id", "closed_at"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


@dataclass(frozen=True, kw_only=True)
class AlertRaised(DomainEvent):
    name: ClassVar[str] = "alert:raised"


@dataclass(frozen=True, kw_only=True)
class AlertRead(DomainEvent):
    name: ClassVar[str] = "alert:read"


@dataclass(frozen=True, kw_only=True)
class AlertClosed(DomainEvent):
    name: ClassVar[str] = "alert:closed"


@dataclass(frozen=True)
class OpenedAlert:
    """An alert opened for its organisation's lead; `notes` are those it was closed with."""

    alert: Alert
    notes: str | None


def is_overdue(alert: Alert, now: datetime) -> bool:
    """Tell whether an open alert has waited for longer than a lead may leave it."""
    return alert.closed_at is None and now - alert.raised_at > OVERDUE_AFTER


def raise_alert(
    uow: UnitOfWork, organisation_id: uuid.UUID, kind: AlertKind, subject_id: uuid.UUID, details: Mapping[str, Any]
) -> Alert:
    """Raise an alert, once: while one of the same kind about the same subject is open, that one is returned."""
    if organisation_id == uow.principal.organisation_id:
        return _raise_alert(uow, organisation_id, kind, subject_id, details)
    with across_organisations(uow.session):  # what somebody does to a property concerns its own lead
        return _raise_alert(uow, organisation_id, kind, subject_id, details)


def _raise_alert(
    uow: UnitOfWork, organisation_id: uuid.UUID, kind: AlertKind, subject_id: uuid.UUID, details: Mapping[str, Any]
) -> Alert:
    open_one = (
        uow.session.execute(
            select(Alert).where(
                Alert.organisation_id == organisation_id,
                Alert.kind == kind,
                Alert.subject_id == subject_id,
                Alert.closed_at.is_(None),
            )
        )
        .scalars()
        .first()
    )
    if open_one is not None:
        return open_one
    alert = Alert(
        id=new_id(),
        organisation_id=organisation_id,
        kind=kind,
        subject_id=subject_id,
        details=dict(details),
        raised_at=uow.now,
    )
    uow.session.add(alert)
    uow.session.flush()
    uow.record(AlertRaised(subject_id=alert.id, details={"kind": str(kind), "about": str(subject_id)}))
    return alert


def raise_anomaly(
    uow: UnitOfWork,
    organisation_id: uuid.UUID,
    kind: AlertKind,
    subject_id: uuid.UUID,
    details: Mapping[str, Any],
    since: datetime,
) -> Alert | None:
    """Raise an alert about `details["count"]`, unless as much was looked at and closed since then."""
    closed = uow.session.execute(
        select(Alert).where(
            Alert.organisation_id == organisation_id,
            Alert.kind == kind,
            Alert.subject_id == subject_id,
            Alert.closed_at > since,
        )
    ).scalars()
    if any(details["count"] < EXPLAINED_UP_TO * alert.details.get("count", 0) for alert in closed):
        return None
    return raise_alert(uow, organisation_id, kind, subject_id, details)


def load_alert(uow: UnitOfWork, alert_id: uuid.UUID) -> Alert:
    """Return an alert of the principal's organisation; raises NotFound for any other."""
    alert = uow.session.get(Alert, alert_id)
    if alert is None:
        raise NotFound
    uow.permit(relations_to_own(uow, alert.organisation_id))
    return alert


def read_alert(uow: UnitOfWork, alert_id: uuid.UUID) -> OpenedAlert:
    """Open one alert with its notes and record that it was read."""
    alert = load_alert(uow, alert_id)
    uow.record(AlertRead(subject_id=alert.id))
    return open_alert(uow, alert)


def open_alert(uow: UnitOfWork, alert: Alert) -> OpenedAlert:
    """Open what is sealed of an alert."""
    return OpenedAlert(alert, open_json(uow.cipher, alert, "notes_sealed"))


def list_alerts(
    uow: UnitOfWork, *, is_open: bool | None, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> Sequence[Alert]:
    """List the alerts of the principal's organisation, the oldest first; None = open and closed ones."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(Alert).where(Alert.organisation_id == uow.principal.organisation_id)
    if is_open is not None:
        query = query.where(Alert.closed_at.is_(None) if is_open else Alert.closed_at.is_not(None))
    if after is not None:
        at, alert_id = after
        query = query.where((Alert.raised_at > at) | ((Alert.raised_at == at) & (Alert.id > alert_id)))
    return uow.session.execute(query.order_by(Alert.raised_at, Alert.id).limit(limit)).scalars().all()


def close_alert(uow: UnitOfWork, alert: Alert, outcome: AlertOutcome, notes: str) -> OpenedAlert:
    """Close an alert with what the lead found. Raises AboutYourself, IllegalMove (closed already)."""
    me = uow.principal.worker_id
    if me == alert.subject_id or str(me) == alert.details.get("worker_id"):
        raise AboutYourself
    state = AlertState.OPEN if alert.closed_at is None else AlertState.CLOSED
    uow.permit(relations_to_own(uow, alert.organisation_id), state)
    alert.closed_at, alert.closed_by, alert.outcome = uow.now, me, outcome
    seal_json(uow.cipher, alert, "notes_sealed", notes)
    uow.session.flush()
    uow.record(AlertClosed(subject_id=alert.id, details={"outcome": str(outcome)}))
    return OpenedAlert(alert, notes)
