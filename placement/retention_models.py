"""Tables of keeping and forgetting."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id
from placement.retention_schedule import CLOSED_CASE_DAYS_LEAST, CLOSED_CASE_DAYS_MOST


class LegalHold(Base):
    """While one stands, nothing of the household is forgotten: a homicide review, a claim, a court's order."""

    __tablename__ = "legal_hold"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    reason_sealed: Mapped[bytes]
    placed_at: Mapped[datetime]
    placed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class RetentionPeriod(Base):
    """How long an organisation keeps the identity in closed cases. Rows are history: the latest one counts."""

    __tablename__ = "retention_period"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    closed_case_days: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))

    __table_args__ = (
        Index("ix_retention_period_organisation_id_set_at", "organisation_id", "set_at"),
        CheckConstraint(
            f"closed_case_days BETWEEN {CLOSED_CASE_DAYS_LEAST} AND {CLOSED_CASE_DAYS_MOST}",
            name="closed_case_days_in_range",
        ),
    )
