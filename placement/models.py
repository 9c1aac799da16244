"""Tables of demand. What identifies a household or says where it must not be is sealed; codes, dates and ids are not."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accommodation.base import Base, new_id
from accommodation.models import Stay, Unit


class Household(Base):
    """One household in need. Members, needs, preferences, perpetrators and safe contact lie in `details_sealed`.

    `pending_area_changes` counts the changes that would widen where it must not be and wait for a second worker. It is
    counted anew in each transaction that changes one; it stands here because a search reads this row anyway.

    While `has_blocks` is false nobody is kept from it, and nobody needs to ask `placement.blocking`.
    """

    __tablename__ = "household"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20))
    details_sealed: Mapped[bytes]
    no_areas_statement_sealed: Mapped[bytes | None]
    pending_area_changes: Mapped[int] = mapped_column(default=0, server_default="0")
    has_blocks: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (UniqueConstraint("reference"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AreaToAvoid(Base):
    """A place a household must keep away from: geometry, reason, source and confidence sealed; validity plain."""

    __tablename__ = "area_to_avoid"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    facts_sealed: Mapped[bytes]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    reviewed_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    retired_at: Mapped[datetime | None]
    retired_reason_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="valid_to_after_from"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class AreaChange(Base):
    """One change to a household's areas: applied at once, or kept sealed until a second worker has decided.

    `wanted_sealed` holds what a pending change would write, and nothing once it is decided.
    """

    __tablename__ = "area_change"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"))
    area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("area_to_avoid.id"), index=True)
    act: Mapped[str] = mapped_column(String(10))
    widens: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    wanted_sealed: Mapped[bytes | None]
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    asked_in_role: Mapped[str] = mapped_column(String(30))
    asked_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    decided_at: Mapped[datetime | None]
    refusal_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        Index("ix_area_change_household_id_asked_at", "household_id", "asked_at"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="second_worker_is_another"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PerpetratorLink(Base):
    """The blind index of a perpetrator of a household: equality can be found, a name cannot."""

    __tablename__ = "perpetrator_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    blind_index: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("household_id", "blind_index"),)


class Search(Base):
    """A search as asked and answered. `demand` holds needs and reasons as codes, so that unmet need can be counted.

    The answer and whose it was are forgotten after their days; the demand stays.
    """

    __tablename__ = "search"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("household.id"), index=True)
    searched_at: Mapped[datetime]
    needed_on: Mapped[date]
    supply_version: Mapped[int]
    found: Mapped[int]
    demand: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer_sealed: Mapped[bytes | None]


class Hold(Base):
    """A unit kept for a household for a frozen term. Its dates on the unit are its stay's."""

    __tablename__ = "hold"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"))
    search_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("search.id"))
    verdict: Mapped[str] = mapped_column(String(12))
    held_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    held_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    term_minutes: Mapped[int]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None] = mapped_column(String(30))
    converted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    stay: Mapped[Stay] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit] = relationship(lazy="select")

    __table_args__ = (
        UniqueConstraint("stay_id"),
        CheckConstraint("expires_at > held_at", name="expires_after_held"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Referral(Base):
    """A household put to a unit's provider. One hold carries one referral."""

    __tablename__ = "referral"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    hold_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hold.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    declined_by: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(30))
    notes_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column()

    hold: Mapped[Hold] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit] = relationship(lazy="select")

    __table_args__ = (UniqueConstraint("hold_id"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Placement(Base):
    """A household in a unit, from acceptance to departure. The unit's terms are copied: later edits do not reach it."""

    __tablename__ = "placement"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(20))
    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referral.id"))
    household_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("household.id"), index=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider.id"), index=True)
    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"))
    state: Mapped[str] = mapped_column(String(12))
    nation: Mapped[str] = mapped_column(String(20))
    occupancy_basis: Mapped[str] = mapped_column(String(30))
    notice_min_days: Mapped[int]
    licence_days: Mapped[int]
    policy_version: Mapped[int]
    accepted_at: Mapped[datetime]
    licence_starts_on: Mapped[date | None]
    licence_ends_on: Mapped[date | None]
    departed_on: Mapped[date | None]
    destination: Mapped[str | None] = mapped_column(String(30))
    non_arrival_reason: Mapped[str | None] = mapped_column(String(20))
    resettlement_worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    version: Mapped[int] = mapped_column()

    stay: Mapped[Stay] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit] = relationship(lazy="select")

    __table_args__ = (
        UniqueConstraint("reference"),
        UniqueConstraint("referral_id"),
        UniqueConstraint("stay_id"),
        CheckConstraint("licence_ends_on > licence_starts_on", name="licence_ends_after_start"),
        CheckConstraint("state <> 'departed' OR destination IS NOT NULL", name="departure_has_destination"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Extension(Base):
    """One move of a licence's end. Rows are history: the present end is the placement's."""

    __tablename__ = "extension"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("placement.id"), index=True)
    from_ends_on: Mapped[date]
    to_ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(30))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))

    __table_args__ = (CheckConstraint("to_ends_on > from_ends_on", name="later_end"),)


class Reminder(Base):
    """One thing to be done about a placement by a day. Its instant is a column; a job only notices it."""

    __tablename__ = "reminder"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("placement.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    severity: Mapped[str] = mapped_column(String(10))
    audience: Mapped[str] = mapped_column(String(30))
    legal: Mapped[bool]
    policy_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    outcome: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()

    placement: Mapped[Placement] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("placement_id", "kind", "due_at", "policy_version"),
        Index("ix_reminder_state_due_at", "state", "due_at"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
