"""Tables of who works where, in which roles, and which organisations have agreed to share."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id


class SharingAgreement(Base):
    """What two organisations have agreed to share, for a purpose, from `starts_on` to `ends_on`, both inclusive.

    Proposed by one and accepted by the other; in force only between those days, and not after `ended_at`.
    """

    __tablename__ = "sharing_agreement"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    proposer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    partner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    shares_vacancies: Mapped[bool]
    shares_referrals: Mapped[bool]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    end_reason: Mapped[str | None] = mapped_column(String(20))
    supply_version: Mapped[int] = mapped_column(default=0, index=True)
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("proposer_id <> partner_id", name="two_parties"),
        CheckConstraint("shares_vacancies OR shares_referrals", name="shares_something"),
        CheckConstraint("accepted_at IS NULL OR accepted_by <> proposed_by", name="signed_by_two"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class WorkerRole(Base):
    """A role that a worker has, from when it was granted until it was ended. `granted_by` None = at installation."""

    __tablename__ = "worker_role"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    granted_at: Mapped[datetime]
    granted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))

    __table_args__ = (
        Index(
            "uq_worker_role_worker_id_role",
            "worker_id",
            "role",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class Invitation(Base):
    """A place for somebody in an organisation, in roles, for whoever shows the token once. Only its hash is kept."""

    __tablename__ = "invitation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    roles: Mapped[list[Any]] = mapped_column(JSON)
    for_whom_sealed: Mapped[bytes]
    token_hash: Mapped[bytes]
    invited_at: Mapped[datetime]
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (UniqueConstraint("token_hash"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class WorkerLeave(Base):
    """Days on which a worker is away, both inclusive, and who deputises. Work due then goes to the deputy too."""

    __tablename__ = "worker_leave"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    deputy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (CheckConstraint("ends_on >= starts_on", name="ends_after_start"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
