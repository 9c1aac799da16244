"""Where accommodation really is: ciphertext only, in tables of its own.

Search cannot import this module (import contract). Those that do, and why, stand in a list that a test compares:
writing an address, disclosure, the exact check, and a unit's door.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, NotFound, UnitOfWork
from accommodation.sealing import open_json, seal_json


class VaultAddress(Base):
    """A property's address and exact point, sealed."""

    __tablename__ = "vault_address"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("property.id"), primary_key=True)
    address_sealed: Mapped[bytes]
    point_sealed: Mapped[bytes]
    landlord_sealed: Mapped[bytes | None]
    meeting_point_sealed: Mapped[bytes | None]


class VaultDoor(Base):
    """What is written on a unit's door, sealed."""

    __tablename__ = "vault_door"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    door_name_sealed: Mapped[bytes]


@dataclass(frozen=True)
class Address:
    """A street address as the post office writes it."""

    lines: list[str]
    town: str
    postcode: str


@dataclass(frozen=True)
class ExactPoint:
    """A property's point: EPSG:27700 metres, with its own postcode's outward code and authority.

    `uncertainty_metres` is how far the building may be from it: nothing where its own point was given, the postcode's
    uncertainty where the postcode's point stands for it.
    """

    easting: float
    northing: float
    outward: str
    authority_code: str
    uncertainty_metres: float = 0.0


def write_address(
    uow: UnitOfWork,
    property_id: uuid.UUID,
    address: Address,
    point: ExactPoint,
    *,
    landlord: str | None,
    meeting_point: str | None,
) -> None:
    """Seal an address and its point under the property's id."""
    row = VaultAddress(id=property_id)
    seal_json(uow.cipher, row, "address_sealed", asdict(address))
    seal_json(uow.cipher, row, "point_sealed", asdict(point))
    if landlord is not None:
        seal_json(uow.cipher, row, "landlord_sealed", landlord)
    if meeting_point is not None:
        seal_json(uow.cipher, row, "meeting_point_sealed", meeting_point)
    uow.session.add(row)


def write_door_name(uow: UnitOfWork, unit_id: uuid.UUID, door_name: str) -> None:
    """Seal what is written on a unit's door."""
    row = uow.session.get(VaultDoor, unit_id) or VaultDoor(id=unit_id)
    seal_json(uow.cipher, row, "door_name_sealed", door_name)
    uow.session.add(row)


def read_address(uow: UnitOfWork, property_id: uuid.UUID) -> Address:
    """Open a property's address. The caller has asked `accommodation.disclosure` first and records the reading."""
    return Address(**open_json(uow.cipher, _vault_row(uow, property_id), "address_sealed"))


def read_meeting_point(uow: UnitOfWork, property_id: uuid.UUID) -> str | None:
    """Open the place where a household is met before anybody tells it an address."""
    meeting_point: str | None = open_json(uow.cipher, _vault_row(uow, property_id), "meeting_point_sealed")
    return meeting_point


def read_point(uow: UnitOfWork, property_id: uuid.UUID) -> ExactPoint:
    """Open a property's exact point, for the exact check alone."""
    return ExactPoint(**open_json(uow.cipher, _vault_row(uow, property_id), "point_sealed"))


def read_door_name(uow: UnitOfWork, unit_id: uuid.UUID) -> str | None:
    """Open what is written on a unit's door, or None."""
    row = uow.session.get(VaultDoor, unit_id)
    door_name: str | None = None if row is None else open_json(uow.cipher, row, "door_name_sealed")
    return door_name


def _vault_row(uow: UnitOfWork, property_id: uuid.UUID) -> VaultAddress:
    row = uow.session.get(VaultAddress, property_id)
    if row is None:
        raise NotFound
    return row
