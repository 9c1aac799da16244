"""Alerts: what a named safeguarding lead must look at and close, with an outcome and her own words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, DomainEvent, UnitOfWork, new_id
from accommodation.vocabulary import AlertKind


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


def raise_alert(
    uow: UnitOfWork, organisation_id: uuid.UUID, kind: AlertKind, subject_id: uuid.UUID, details: Mapping[str, Any]
) -> Alert:
    """Raise an alert, once: while one of the same kind about the same subject is open, that one is returned."""
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
