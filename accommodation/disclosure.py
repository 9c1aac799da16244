"""Who may be told an address, and when. Pure.

Source: safeguarding page, "Disclosure, step by step": nobody outside the provider before the provider has accepted, and
not before the household's devices have been checked for trackers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accommodation.vocabulary import Role


class AddressDecision(StrEnum):
    """What the policy says to somebody who asks for an address."""

    TELL = "tell"
    UNKNOWN_TO_CALLER = "unknown_to_caller"
    DEVICES_UNCHECKED = "devices_unchecked"


@dataclass(frozen=True)
class AddressRequest:
    """The caller's relation to the property and, where there is one, to the placement in it."""

    role: Role
    is_own_property: bool
    is_own_household: bool
    is_accepted_placement: bool
    devices_checked: bool


def decide_address(request: AddressRequest) -> AddressDecision:
    """Decide on one disclosure. Whatever is not plainly allowed looks as if it did not exist."""
    if request.is_own_property and request.role in (Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER):
        return AddressDecision.TELL
    if request.role is Role.HOUSING_OFFICER and request.is_own_household and request.is_accepted_placement:
        return AddressDecision.TELL if request.devices_checked else AddressDecision.DEVICES_UNCHECKED
    return AddressDecision.UNKNOWN_TO_CALLER
