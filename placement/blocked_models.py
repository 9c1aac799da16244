"""Tables of whom a household must be kept from: persons and organisations named for it, and conflicts declared."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id


class BlockedPerson(Base):
    """Somebody from whom a household is kept: a worker, whoever has a name (sealed), or an organisation.

    `organisation_id` is the household's own. `declaration_id` says that it follows from a worker's declared conflict.
    """

    __tablename__ = "blocked_person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"), index=True)
    name_sealed: Mapped[bytes | None]
    blocked_organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    declaration_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conflict_declaration.id"))
    reason_sealed: Mapped[bytes | None]
    stated_at: Mapped[datetime]
    stated_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    until_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint(
            "worker_id IS NOT NULL OR name_sealed IS NOT NULL OR blocked_organisation_id IS NOT NULL", name="names_somebody"
        ),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ConflictDeclaration(Base):
    """A worker's word that she knows somebody: of a household, or a perpetrator by the name and birth date in
    `person_sealed`. She cannot take it back herself."""

    __tablename__ = "conflict_declaration"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    person_sealed: Mapped[bytes | None]
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
