"""Use cases of telling a place: an address by a release or to own staff, a meeting point. Decided by the machine of
`accommodation.disclosure`, opened from the vault, capped, recorded, and both organisations hear of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accommodation.base import DomainEvent, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.disclosure import MOVE, STAFF, VIEW_FOR, Actor, Decision, Stage, decide
from accommodation.disclosure_caps import DisclosureCaps
from accommodation.errors import StepUpNeeded
from accommodation.events import AddressDisclosed, AddressReadAgain, MeetingPointTold
from accommodation.models import Property
from accommodation.relations import relations_to_own
from accommodation.sealing import open_json
from accommodation.vault import Address, read_address, read_door_name, read_meeting_point
from placement.disclosure_limits import alert_near_caps, check_caps, tally_staff_reading, tally_view
from placement.disclosure_notices import tell_both_organisations, tell_own_organisation
from placement.errors import DevicesUnchecked, ReleaseOver
from placement.models import Household, Placement
from placement.ports import Notifier
from placement.referral_reads import load_referral
from placement.release_models import AddressDisclosure, AddressRelease
from placement.releases import relations_to_release
from placement.standing import Standing, actor_for, find_standing, shows_second_factor, unseen_without_second_factor
from placement.vocabulary import TrackerCheck

DEVICES = ("phone", "car", "child_devices")


@dataclass(frozen=True)
class DisclosedAddress:
    """An address told to one person. `readable_until`, UTC, is when an officer's view ends; staff's does not last."""

    property_id: uuid.UUID
    address: Address
    door_name: str | None
    readable_until: datetime | None


def disclose_address(
    uow: UnitOfWork,
    notifier: Notifier,
    caps: DisclosureCaps,
    property_id: uuid.UUID,
    placement_id: uuid.UUID | None,
    reason: str | None,
) -> DisclosedAddress:
    """Tell an address to the officer it was released to, or to the property's own staff, and write down that she was told.

    An officer names the placement; staff give a reason. Raises NotFound for whatever is not plainly allowed, StepUpNeeded
    where a second factor is all that is missing, ReleaseOver, DevicesUnchecked, DisclosureCapReached, InvalidInput.
    """
    standing = None if placement_id is None else find_standing(uow, placement_id)
    if standing is not None and standing.home.id != property_id:
        standing = None  # a placement elsewhere does not open this door
    home = uow.session.get(Property, property_id)
    if home is None:
        raise NotFound
    actor = actor_for(uow, home, None, None) if standing is None else standing.actor
    named = () if standing is None or standing.release is None else relations_to_release(uow, standing.release)
    uow.permit((*relations_to_own(uow, home.provider.organisation_id), *named))
    if actor in STAFF:
        return _tell_staff(uow, notifier, caps, home, actor, standing, reason)
    if standing is None:
        raise NotFound
    return _tell_officer(uow, notifier, caps, standing, reason)


def tell_meeting_point(uow: UnitOfWork, referral_id: uuid.UUID) -> str | None:
    """Tell where a household is met, once its referral is accepted: to officers of its organisation and to the provider.

    Raises NotFound, StepUpNeeded, DevicesUnchecked.
    """
    referral = load_referral(uow, referral_id)
    placement_id = uow.session.execute(select(Placement.id).where(Placement.referral_id == referral.id)).scalar_one_or_none()
    standing = None if placement_id is None else find_standing(uow, placement_id)
    if standing is None:
        raise NotFound
    decision = decide(MOVE["read_meeting_point"], standing.stage, standing.actor, has_second_factor=shows_second_factor(uow))
    if decision in (Decision.UNKNOWN_TO_CALLER, Decision.NOT_NOW):
        raise NotFound
    with unseen_without_second_factor(uow):
        if standing.actor is not Actor.MANAGER:
            _check_devices(uow, standing.placement)
    if decision is Decision.STEP_UP_NEEDED:
        raise StepUpNeeded
    uow.record(MeetingPointTold(subject_id=standing.home.id, details={"placement_id": str(standing.placement.id)}))
    return read_meeting_point(uow, standing.home.id)


def _tell_officer(
    uow: UnitOfWork, notifier: Notifier, caps: DisclosureCaps, standing: Standing, reason: str | None
) -> DisclosedAddress:
    """Open the release, or show the view again to the session that opened it, while its minutes last."""
    move = MOVE["read_again" if standing.stage is Stage.OPEN else "open"]
    decision = decide(move, standing.stage, standing.actor, has_second_factor=shows_second_factor(uow))
    release = standing.release
    if decision is Decision.UNKNOWN_TO_CALLER or release is None:
        raise NotFound
    if decision is Decision.NOT_NOW:
        raise ReleaseOver(standing.stage)
    is_first = standing.stage is Stage.RELEASED
    with unseen_without_second_factor(uow):
        if not is_first and release.session_id != uow.principal.session_id:
            raise ReleaseOver("opened_elsewhere")
        _check_devices(uow, standing.placement)
        near = check_caps(uow, caps, tally_view(uow, standing.home)) if is_first else []
    if decision is Decision.STEP_UP_NEEDED:
        raise StepUpNeeded
    details = {"placement_id": str(standing.placement.id), "release_id": str(release.id)}
    if not is_first:
        return _told(uow, standing.home, standing, AddressReadAgain(subject_id=standing.home.id, details=details))
    release.session_id = uow.principal.session_id
    release.opened_at = uow.now
    release.view_ends_at = uow.now + VIEW_FOR
    _count(uow, standing.home, standing, release)
    alert_near_caps(uow, near)
    tell_both_organisations(uow, notifier, standing)
    return _told(uow, standing.home, standing, AddressDisclosed(subject_id=standing.home.id, details=details, reason=reason))


def _tell_staff(
    uow: UnitOfWork,
    notifier: Notifier,
    caps: DisclosureCaps,
    home: Property,
    actor: Actor,
    standing: Standing | None,
    reason: str | None,
) -> DisclosedAddress:
    stage = Stage.SEARCHED if standing is None else standing.stage
    decision = decide(MOVE["look_up"], stage, actor, has_second_factor=shows_second_factor(uow))
    with unseen_without_second_factor(uow):
        if not reason:
            raise InvalidInput(("/reason", "Say why you need the address."))
        near = check_caps(uow, caps, tally_staff_reading(uow))
    if decision is not Decision.ALLOWED:
        raise StepUpNeeded
    _count(uow, home, standing, None)
    alert_near_caps(uow, near)
    if standing is None:
        tell_own_organisation(uow, notifier, home)
    else:
        tell_both_organisations(uow, notifier, standing)
    details = {"placement_id": None if standing is None else str(standing.placement.id)}
    return _told(uow, home, standing, AddressDisclosed(subject_id=home.id, details=details, reason=reason))


def _told(uow: UnitOfWork, home: Property, standing: Standing | None, event: DomainEvent) -> DisclosedAddress:
    uow.record(event)
    is_view = standing is not None and standing.actor is Actor.NAMED_OFFICER
    return DisclosedAddress(
        home.id,
        read_address(uow, home.id),
        None if standing is None else read_door_name(uow, standing.placement.unit_id),
        standing.release.view_ends_at if is_view and standing is not None and standing.release is not None else None,
    )


def _count(uow: UnitOfWork, home: Property, standing: Standing | None, release: AddressRelease | None) -> None:
    uow.session.add(
        AddressDisclosure(
            id=new_id(),
            property_id=home.id,
            placement_id=None if standing is None else standing.placement.id,
            release_id=None if release is None else release.id,
            worker_id=uow.principal.worker_id,
            organisation_id=uow.principal.organisation_id,
            is_own_staff=release is None,
            told_at=uow.now,
        )
    )
    uow.session.flush()


def _check_devices(uow: UnitOfWork, placement: Placement) -> None:
    """Refuse while phone, car or children's devices may be tracked. Raises DevicesUnchecked."""
    household = uow.session.get_one(Household, placement.household_id)
    devices = open_json(uow.cipher, household, "details_sealed").get("tracking_devices") or {}
    if not all(devices.get(device) in (TrackerCheck.CHECKED, TrackerCheck.NONE) for device in DEVICES):
        raise DevicesUnchecked
