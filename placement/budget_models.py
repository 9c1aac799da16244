"""Tables of asking: what somebody used of a budget, and what a safeguarding lead opened."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id


class BudgetUse(Base):
    """Something new that somebody asked with. `fingerprint` is a blind index or an id: equality is seen, nothing is read.

    `subject_id` is the household, or the property of an exact bit. `is_common` marks a whole authority or district, which
    many households avoid honestly.
    """

    __tablename__ = "budget_use"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    subject_id: Mapped[uuid.UUID]
    fingerprint: Mapped[str] = mapped_column(String(64))
    is_common: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_budget_use_organisation_id_kind_used_at", "organisation_id", "kind", "used_at"),
        Index("ix_budget_use_used_at", "used_at"),
    )


class BudgetRaise(Base):
    """One budget opened by a safeguarding lead for some hours, with her reason, sealed."""

    __tablename__ = "budget_raise"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID]
    reason_sealed: Mapped[bytes]
    raised_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    raised_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_budget_raise_organisation_id_ends_at", "organisation_id", "ends_at"),
        CheckConstraint("ends_at > raised_at", name="ends_after_raised"),
    )
