"""Tables of disclosure: what a provider released to whom, and each telling of an address. No address stands in them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, new_id


class AddressRelease(Base):
    """A provider's act: one property's address for one named officer, for one placement, to be opened once.

    `number` counts the releases of a placement from 1 on: the highest is the one that counts, whatever a clock does.
    `session_id` is the session that opened it: no other one can read the view.
    """

    __tablename__ = "address_release"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("placement.id"))
    number: Mapped[int]
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("property.id"))
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    released_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    released_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    is_before_arrival: Mapped[bool]
    reason_sealed: Mapped[bytes]
    session_id: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime | None]
    view_ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    expiry_told_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        UniqueConstraint("placement_id", "number"),
        CheckConstraint("expires_at > released_at", name="expires_after_release"),
        CheckConstraint("(opened_at IS NULL) = (view_ends_at IS NULL)", name="view_has_both_ends"),
        CheckConstraint("(opened_at IS NULL) = (session_id IS NULL)", name="view_has_a_session"),
        Index("ix_address_release_released_by_released_at", "released_by", "released_at"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AddressDisclosure(Base):
    """One telling of an address, for counting. A release has one at most: the database keeps "once"."""

    __tablename__ = "address_disclosure"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("property.id"))
    placement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("placement.id"))
    release_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("address_release.id"))
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    is_own_staff: Mapped[bool]
    told_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("release_id"),
        CheckConstraint("is_own_staff = (release_id IS NULL)", name="outsiders_by_release"),
        Index("ix_address_disclosure_organisation_id_told_at", "organisation_id", "told_at"),
        Index("ix_address_disclosure_property_id_told_at", "property_id", "told_at"),
    )
