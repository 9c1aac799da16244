"""Use cases of releasing an address: the provider's own act, to one named officer, until it lapses or is revoked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.base import IllegalMove, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.disclosure import MOVE, UNOPENED_FOR, Actor, Decision, Stage, decide
from accommodation.disclosure_caps import DisclosureCaps
from accommodation.errors import StepUpNeeded
from accommodation.events import AddressReleased, ReleaseExpired, ReleaseRead, ReleaseRevoked, ReleasesListed
from accommodation.models import Worker
from accommodation.people import has_role
from accommodation.sealing import seal_json
from accommodation.sharing import is_in_sight
from accommodation.vocabulary import AgreementScope, Relation, Role
from placement.blocking import is_worker_kept_from, organisations_kept_from
from placement.disclosure_limits import alert_near_caps, check_caps, tally_release
from placement.disclosure_notices import tell_both_organisations
from placement.models import Household, Placement
from placement.placements import load_placement
from placement.ports import Notifier
from placement.relations import on_own_side, relations_to_case
from placement.release_models import AddressRelease
from placement.standing import (
    Standing,
    find_standing,
    shows_second_factor,
    stage_of_release,
    unseen_without_second_factor,
)
from placement.vocabulary import PlacementState

OPERATION_OF = {"release": "create_address_release", "revoke": "revoke_address_release"}
"""The moves that a manager makes about a release, by what they are called at the edge."""


def release_address(
    uow: UnitOfWork,
    notifier: Notifier,
    caps: DisclosureCaps,
    placement_id: uuid.UUID,
    officer_id: uuid.UUID,
    reason: str,
) -> AddressRelease:
    """Release the address of a placement's property to one officer of the organisation that placed the household.

    Raises NotFound, StepUpNeeded where a second factor is all that is missing, IllegalMove while another release is live,
    InvalidInput for whoever is not an officer there, DisclosureCapReached.
    """
    standing = find_standing(uow, placement_id)
    if standing is None or not is_in_sight(uow, standing.placement.organisation_id, AgreementScope.REFERRALS):
        raise NotFound
    uow.permit(relations_to_case(uow, standing.placement))
    household = uow.session.get_one(Household, standing.placement.household_id)
    if uow.principal.organisation_id in organisations_kept_from(uow, household):
        raise NotFound
    decision = decide(MOVE["release"], standing.stage, standing.actor, has_second_factor=shows_second_factor(uow))
    if decision is Decision.UNKNOWN_TO_CALLER:
        raise NotFound
    if decision is Decision.NOT_NOW:
        raise _illegal(standing)
    with unseen_without_second_factor(uow):
        officer = uow.session.get(Worker, officer_id)
        if (
            officer is None
            or officer.organisation_id != standing.placement.organisation_id
            or officer.left_at is not None
            or not has_role(uow.session, officer_id, Role.HOUSING_OFFICER)
            or is_worker_kept_from(uow, household, officer_id)
        ):
            raise InvalidInput(("/officer_id", "Name an officer of the organisation that placed this household."))
        near = check_caps(uow, caps, tally_release(uow))
    if decision is Decision.STEP_UP_NEEDED:
        raise StepUpNeeded
    release = AddressRelease(
        id=new_id(),
        placement_id=standing.placement.id,
        number=1 if standing.release is None else standing.release.number + 1,
        property_id=standing.home.id,
        officer_id=officer.id,
        released_by=uow.principal.worker_id,
        released_at=uow.now,
        expires_at=uow.now + UNOPENED_FOR,
        is_before_arrival=standing.placement.state == PlacementState.PLANNED,
    )
    seal_json(uow.cipher, release, "reason_sealed", reason)
    uow.session.add(release)
    uow.session.flush()
    alert_near_caps(uow, near)
    tell_both_organisations(uow, notifier, standing)
    uow.record(AddressReleased(subject_id=standing.home.id, details=_about(release, officer.id), reason=reason))
    return release


def revoke_release(uow: UnitOfWork, notifier: Notifier, release_id: uuid.UUID) -> AddressRelease:
    """Take a release back, also in the middle of its view. Taking away needs no second factor: it must be easy.

    Raises NotFound, IllegalMove when there is nothing left to take back.
    """
    release = load_release(uow, release_id)
    standing = find_standing(uow, release.placement_id)
    if standing is None or standing.actor is not Actor.MANAGER:
        raise NotFound
    is_latest = standing.release is not None and standing.release.id == release.id
    decision = decide(MOVE["revoke"], standing.stage, standing.actor, has_second_factor=shows_second_factor(uow))
    if decision is not Decision.ALLOWED or not is_latest:
        raise _illegal(standing)
    uow.session.refresh(release)
    release.revoked_at = uow.now
    release.revoked_by = uow.principal.worker_id
    uow.session.flush()
    tell_both_organisations(uow, notifier, standing)
    uow.record(ReleaseRevoked(subject_id=standing.home.id, details=_about(release, release.officer_id)))
    return release


def load_release(uow: UnitOfWork, release_id: uuid.UUID) -> AddressRelease:
    """Return a release that the principal may see; raises NotFound."""
    query = select(AddressRelease).join(Placement, Placement.id == AddressRelease.placement_id)
    query = on_own_side(uow, query.where(AddressRelease.id == release_id), Placement)
    release = uow.session.execute(query).scalar_one_or_none()
    if release is None:
        raise NotFound
    uow.permit(relations_to_release(uow, release))
    return release


def read_release(uow: UnitOfWork, release_id: uuid.UUID) -> AddressRelease:
    """Open a release, as `load_release` does; the reading is recorded."""
    release = load_release(uow, release_id)
    uow.record(ReleaseRead(subject_id=release.id))
    return release


def relations_to_release(uow: UnitOfWork, release: AddressRelease) -> tuple[Relation, ...]:
    """Return how a release stands to the principal: as its placement does, and whether it names her."""
    case = relations_to_case(uow, uow.session.get_one(Placement, release.placement_id))
    names_her = Relation.ASKING in case and release.officer_id == uow.principal.worker_id
    return (Relation.HERSELF, *case) if names_her else case


def list_releases(
    uow: UnitOfWork, placement_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> Sequence[AddressRelease]:
    """List the releases of a placement's address in order of their random id; an officer sees those that name her.

    The reading is recorded.
    """
    placement = load_placement(uow, placement_id)
    uow.record(ReleasesListed(subject_id=placement.id))
    query = select(AddressRelease).where(AddressRelease.placement_id == placement.id)
    if uow.permit(relations_to_case(uow, placement)) is Relation.ASKING:
        query = query.where(AddressRelease.officer_id == uow.principal.worker_id)
    if after is not None:
        query = query.where(AddressRelease.id > after)
    return uow.session.execute(query.order_by(AddressRelease.id).limit(limit)).scalars().all()


def stage_now(uow: UnitOfWork, release: AddressRelease) -> Stage:
    """Return the stage that one release is in. One that was followed by another is what its own row says."""
    return stage_of_release(uow, uow.session.get_one(Placement, release.placement_id), release)


def list_lapsed_ids(session: Session, now: datetime, limit: int) -> Sequence[uuid.UUID]:
    """List releases that nobody opened in time and of whose end nobody was told yet, the oldest first."""
    query = (
        select(AddressRelease.id)
        .where(
            AddressRelease.expires_at <= now,
            AddressRelease.opened_at.is_(None),
            AddressRelease.revoked_at.is_(None),
            AddressRelease.expiry_told_at.is_(None),
        )
        .order_by(AddressRelease.expires_at, AddressRelease.id)
        .limit(limit)
    )
    return session.execute(query).scalars().all()


def tell_of_expiry(uow: UnitOfWork, notifier: Notifier, release_id: uuid.UUID) -> bool:
    """Tell both organisations, once, that a release lapsed unopened; False when somebody else did."""
    release = uow.session.get_one(AddressRelease, release_id)
    standing = find_standing(uow, release.placement_id)
    uow.session.refresh(release)
    if standing is None or release.expiry_told_at is not None:
        return False
    release.expiry_told_at = uow.now
    uow.session.flush()
    tell_both_organisations(uow, notifier, standing)
    uow.record(ReleaseExpired(subject_id=standing.home.id, details=_about(release, release.officer_id)))
    return True


def _about(release: AddressRelease, officer_id: uuid.UUID) -> dict[str, str]:
    return {"placement_id": str(release.placement_id), "release_id": str(release.id), "officer_id": str(officer_id)}


def _illegal(standing: Standing) -> IllegalMove:
    legal = tuple(operation for name, operation in OPERATION_OF.items() if standing.stage in MOVE[name].begins)
    return IllegalMove(f"The disclosure of this address is {standing.stage}.", state=standing.stage, legal_moves=legal)
