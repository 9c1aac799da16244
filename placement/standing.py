"""Where the disclosure of a property's address stands, and who the principal is to it: rows read for the pure machine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from accommodation.base import DomainError, NotFound, UnitOfWork
from accommodation.disclosure import Actor, ReleaseFacts, Stage, has_second_factor, stage_of
from accommodation.models import Property, Unit
from accommodation.sharing import is_in_sight
from accommodation.taking import lock_unit
from accommodation.vocabulary import AgreementScope, Role
from placement.blocking import is_kept_from
from placement.models import Household, Placement
from placement.release_models import AddressRelease
from placement.vocabulary import PlacementState

OWN_STAFF = {Role.REFUGE_MANAGER: Actor.MANAGER, Role.RESETTLEMENT_WORKER: Actor.RESETTLEMENT_WORKER}
BEGUN_AND_NOT_OVER = frozenset({PlacementState.PLANNED, PlacementState.LIVING})


@dataclass(frozen=True)
class Standing:
    """An accepted placement, its property, the latest release of that address, and what the principal is to them."""

    placement: Placement
    home: Property
    release: AddressRelease | None
    stage: Stage
    actor: Actor


def find_standing(uow: UnitOfWork, placement_id: uuid.UUID) -> Standing | None:
    """Return how things stand with a placement, its unit locked until the end of the transaction.

    None = no such one, or one of a household that the principal is kept from.

    The lock makes releases, openings and revocations of one address queue: each sees what the one before it left.
    """
    placement = uow.session.get(Placement, placement_id)
    if placement is None or is_kept_from(uow, uow.session.get_one(Household, placement.household_id)):
        return None
    lock_unit(uow.session, placement.unit_id)
    uow.session.refresh(placement)
    home = uow.session.get_one(Unit, placement.unit_id).property
    release = find_latest_release(uow, placement.id)
    return Standing(
        placement, home, release, stage_of_release(uow, placement, release), actor_for(uow, home, placement, release)
    )


def find_latest_release(uow: UnitOfWork, placement_id: uuid.UUID) -> AddressRelease | None:
    """Return the release that counts: the latest one."""
    query = select(AddressRelease).where(AddressRelease.placement_id == placement_id)
    newest_first = query.order_by(AddressRelease.number.desc()).limit(1)
    return uow.session.execute(newest_first.execution_options(populate_existing=True)).scalar_one_or_none()


def stage_of_release(uow: UnitOfWork, placement: Placement, release: AddressRelease | None) -> Stage:
    """Return the stage that a placement and one release of its address are in, now."""
    facts = None
    if release is not None:
        facts = ReleaseFacts(release.expires_at, release.view_ends_at, release.revoked_at, release.is_before_arrival)
    return stage_of(
        facts,
        uow.now,
        has_arrived=placement.state == PlacementState.LIVING,
        is_over=placement.state not in BEGUN_AND_NOT_OVER,
    )


def actor_for(uow: UnitOfWork, home: Property, placement: Placement | None, release: AddressRelease | None) -> Actor:
    """Return what the principal is to a property and a placement in it.

    Every question about an address asks here who somebody is; what parts two organisations (an agreement that has ended)
    makes an officer a stranger in this one place.
    """
    principal = uow.principal
    if principal.role == Role.HOUSING_OFFICER:
        if placement is None or placement.organisation_id != principal.organisation_id:
            return Actor.STRANGER
        if not is_in_sight(uow, home.provider.organisation_id, AgreementScope.REFERRALS):
            return Actor.STRANGER
        is_named = release is not None and release.officer_id == principal.worker_id
        return Actor.NAMED_OFFICER if is_named else Actor.COLLEAGUE
    if home.provider.organisation_id != principal.organisation_id:
        return Actor.STRANGER
    return OWN_STAFF.get(Role(principal.role), Actor.STRANGER)


def shows_second_factor(uow: UnitOfWork) -> bool:
    """Tell whether the principal has just shown her second factor."""
    principal = uow.principal
    return has_second_factor(principal.stepped_up_until, has_session=principal.session_id is not None, now=uow.now)


@contextmanager
def unseen_without_second_factor(uow: UnitOfWork) -> Iterator[None]:
    """Answer every refusal inside as for what does not exist, unless the principal has just shown her second factor."""
    try:
        yield
    except DomainError:
        if shows_second_factor(uow):
            raise
        raise NotFound from None
