"""The audit trail: one row an event, written in the transaction of what it records."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from accommodation.base import Base, Cipher, DomainEvent, Principal, new_id


class AuditEvent(Base):
    """Who did what to which row, when. `details` hold codes and ids; a worker's own words are sealed."""

    __tablename__ = "audit_event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    happened_at: Mapped[datetime]
    organisation_id: Mapped[uuid.UUID]
    worker_id: Mapped[uuid.UUID]
    action: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)
    request_id: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason_sealed: Mapped[bytes | None]

    __table_args__ = (Index("ix_audit_event_organisation_id_happened_at", "organisation_id", "happened_at", "id"),)


def write_audit(
    session: Session, cipher: Cipher, principal: Principal, now: datetime, request_id: str | None, event: DomainEvent
) -> None:
    """Add one event to the trail in the session's transaction."""
    row_id = new_id()
    reason = None
    if event.reason is not None:
        words = event.reason.encode("utf-8", "surrogatepass")
        reason = cipher.seal(words, table="audit_event", column="reason_sealed", row_id=row_id)
    session.execute(
        insert(AuditEvent),
        {
            "id": row_id,
            "happened_at": now,
            "organisation_id": principal.organisation_id,
            "worker_id": principal.worker_id,
            "action": event.name,
            "subject_id": event.subject_id,
            "request_id": request_id,
            "details": dict(event.details),
            "reason_sealed": reason,
        },
    )
