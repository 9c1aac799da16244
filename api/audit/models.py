"""The trail's tables. Two of them are append-only in the schema; the third holds the words that may be forgotten."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id

APPEND_ONLY_TABLES = ("audit_event", "audit_checkpoint")
"""The database refuses UPDATE, DELETE and TRUNCATE here. A role that is not the owner gets SELECT and INSERT, no more."""


class AuditEvent(Base):
    """Who did what to which row, when. `details` hold codes and ids; somebody's own words lie sealed in `audit_reason`.

    `position` counts from 1 in each organisation, without gaps. `hash` covers every other column, `previous_hash`
    among them (`api/audit/chain.py`), and `reason_digest` commits to the words without telling them.
    """

    __tablename__ = "audit_event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    happened_at: Mapped[datetime]
    organisation_id: Mapped[uuid.UUID]
    position: Mapped[int] = mapped_column(BigInteger)
    worker_id: Mapped[uuid.UUID]
    action: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)
    request_id: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("organisation_id", "position"),
        Index("ix_audit_event_organisation_id_happened_at", "organisation_id", "happened_at", "id"),
    )


class AuditReason(Base):
    """Somebody's own words about an event, sealed. They may be erased (`api/audit/reasons.py`); the event may not."""

    __tablename__ = "audit_reason"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_event.id"), primary_key=True)
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """What a chain's head was at a time, signed with a key that the database does not have."""

    __tablename__ = "audit_checkpoint"

    organisation_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
