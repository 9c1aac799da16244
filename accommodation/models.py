"""Tables of supply. Nothing here says where a unit is beyond its safety cell; that lies in `accommodation.vault`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accommodation.base import Base, new_id


class Organisation(Base):
    """A partner: council, provider, helpline or board. The line that data does not cross without an agreement.

    One of them `runs_installation`: its administrator adds organisations and providers.
    """

    __tablename__ = "organisation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    runs_installation: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class Worker(Base):
    """Somebody who works for an organisation. Her name is sealed: a stolen file must not name refuge staff."""

    __tablename__ = "worker"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name_sealed: Mapped[bytes | None]
    left_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Provider(Base):
    """Who runs accommodation and answers referrals. Name and referral line are what a housing officer may see."""

    __tablename__ = "provider"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    referral_phone: Mapped[str] = mapped_column(String(40))
    hold_minutes: Mapped[int] = mapped_column(default=90)
    no_recourse_quota: Mapped[int | None]
    gender_policy: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        UniqueConstraint("organisation_id"),
        CheckConstraint("hold_minutes BETWEEN 30 AND 480", name="hold_minutes_in_policy"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Property(Base):
    """A building. `cell` is the one thing that search may know about its place: of the table `cell_version`, and changed by
    `accommodation.filing` alone. Where the property is of special risk it is the cell's county.
    """

    __tablename__ = "property"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20))
    cell: Mapped[str] = mapped_column(String(60))
    cell_version: Mapped[str] = mapped_column(String(20))
    special_risk: Mapped[bool] = mapped_column(server_default=false())
    nation: Mapped[str] = mapped_column(String(20))
    staff_cover: Mapped[bool | None]
    cctv: Mapped[bool | None]
    out_of_hours_intake: Mapped[bool | None]
    version: Mapped[int] = mapped_column()

    provider: Mapped[Provider] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("reference"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Unit(Base):
    """A room or self-contained dwelling that one household takes. NULL = the provider has not said.

    It lies in its property's cell and has no copy of it, so that the two can never differ.
    """

    __tablename__ = "unit"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("property.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20))
    accommodation_type: Mapped[str] = mapped_column(String(30))
    self_contained: Mapped[bool]
    bed_spaces: Mapped[int]
    cots: Mapped[int] = mapped_column(default=0)
    residents: Mapped[str | None] = mapped_column(String(10))
    boys_upper_age: Mapped[str | None] = mapped_column(String(4))
    access: Mapped[int | None]
    no_recourse: Mapped[str | None] = mapped_column(String(20))
    mental_health: Mapped[str | None] = mapped_column(String(10))
    substance_use: Mapped[str | None] = mapped_column(String(10))
    pets: Mapped[bool | None]
    specialisms: Mapped[list[Any]] = mapped_column(JSON, default=list)
    occupancy_basis: Mapped[str] = mapped_column(String(30))
    notice_min_days: Mapped[int]
    licence_days: Mapped[int]
    turnaround_days: Mapped[int]
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    supply_version: Mapped[int] = mapped_column(index=True)
    version: Mapped[int] = mapped_column()

    property: Mapped[Property] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("bed_spaces BETWEEN 1 AND 20", name="bed_spaces_in_range"),
        CheckConstraint("cots BETWEEN 0 AND 10", name="cots_in_range"),
        CheckConstraint("access BETWEEN 0 AND 3", name="access_is_core_code"),
        CheckConstraint("self_contained OR residents IS NULL OR residents <> 'any'", name="shared_unit_is_single_sex"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Stay(Base):
    """The held, occupied or void dates of a unit, half-open [starts_at, ends_at); NULL end = until somebody ends it.

    While `live`, no two may overlap on a unit: PostgreSQL by `ex_stay_unit_overlap`, SQLite by triggers that raise the
    same name. An expired hold needs no sweep: its range is over.
    """

    __tablename__ = "stay"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    live: Mapped[bool] = mapped_column(server_default=true())
    no_recourse: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
        Index("ix_stay_unit_id_live", "unit_id", "live"),
    )


class Void(Base):
    """A reason why a unit cannot be let, for the dates of its stay row."""

    __tablename__ = "void"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"))
    reason: Mapped[str] = mapped_column(String(20))
    notes_sealed: Mapped[bytes | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    cancelled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    stay: Mapped[Stay] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("stay_id"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SupplyVersion(Base):
    """One row, incremented in the transaction of each change to supply: ordered by commit, which a sequence is not."""

    __tablename__ = "supply_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column()
