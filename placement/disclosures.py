"""The use case of telling an address: decided by `accommodation.disclosure`, opened from the vault, always recorded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from accommodation.base import IllegalMove, InvalidInput, NotFound, UnitOfWork
from accommodation.disclosure import AddressDecision, AddressRequest, decide_address
from accommodation.events import AddressDisclosed
from accommodation.models import Property, Unit
from accommodation.sealing import open_json
from accommodation.vault import Address, read_address, read_door_name
from accommodation.vocabulary import Relation, Role
from placement.errors import DevicesUnchecked
from placement.models import Household, Placement
from placement.vocabulary import PlacementState, TrackerCheck

DEVICES = ("phone", "car", "child_devices")


@dataclass(frozen=True)
class DisclosedAddress:
    """An address told to one person, once."""

    property_id: uuid.UUID
    address: Address
    door_name: str | None


def disclose_address(
    uow: UnitOfWork, property_id: uuid.UUID, placement_id: uuid.UUID | None, reason: str | None
) -> DisclosedAddress:
    """Tell an address to somebody who may know it, and write down that she was told.

    An officer gives the accepted placement; staff of the property give a reason. Raises NotFound for whatever is not
    plainly allowed, DevicesUnchecked, InvalidInput.
    """
    home = uow.session.get(Property, property_id)
    if home is None:
        raise NotFound
    placement = _placement_in(uow, property_id, placement_id)
    household = None if placement is None else uow.session.get_one(Household, placement.household_id)
    is_own = home.provider.organisation_id == uow.principal.organisation_id
    is_own_household = household is not None and household.organisation_id == uow.principal.organisation_id
    relations = [Relation.OWN_ORGANISATION] * is_own + [Relation.ASKING] * is_own_household
    try:
        relation = uow.permit(relations, None if placement is None else PlacementState(placement.state))
    except IllegalMove:  # a placement that is over opens no door, and the door is not confirmed either
        raise NotFound from None
    if relation is Relation.OWN_ORGANISATION and placement_id is None and not reason:
        raise InvalidInput(("/reason", "Say why you need the address, or name the placement."))
    decision = decide_address(
        AddressRequest(
            role=Role(uow.principal.role),
            is_own_property=is_own,
            is_own_household=is_own_household,
            is_accepted_placement=placement is not None
            and placement.state in (PlacementState.PLANNED, PlacementState.LIVING),
            devices_checked=is_own_household and household is not None and _devices_checked(uow, household),
        )
    )
    if decision is AddressDecision.UNKNOWN_TO_CALLER:
        raise NotFound
    if decision is AddressDecision.DEVICES_UNCHECKED:
        raise DevicesUnchecked
    told = DisclosedAddress(
        home.id,
        read_address(uow, home.id),
        None if placement is None else read_door_name(uow, placement.unit_id),
    )
    uow.record(
        AddressDisclosed(
            subject_id=home.id,
            details={"placement_id": str(placement.id) if placement else None},
            reason=reason,
        )
    )
    return told


def _placement_in(uow: UnitOfWork, property_id: uuid.UUID, placement_id: uuid.UUID | None) -> Placement | None:
    """Return the placement if it is in this property; a placement elsewhere does not open this door."""
    placement = None if placement_id is None else uow.session.get(Placement, placement_id)
    if placement is None:
        return None
    unit = uow.session.get_one(Unit, placement.unit_id)
    return placement if unit.property_id == property_id else None


def _devices_checked(uow: UnitOfWork, household: Household) -> bool:
    """Tell whether phone, car and children's devices have all been checked for trackers, or do not exist."""
    devices = open_json(uow.cipher, household, "details_sealed").get("tracking_devices") or {}
    return all(devices.get(device) in (TrackerCheck.CHECKED, TrackerCheck.NONE) for device in DEVICES)
