"""Reads of referrals: who made one or is asked, while an agreement lasts, and is not kept from the household."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from accommodation.base import NotFound, UnitOfWork
from accommodation.models import Provider
from accommodation.sharing import in_sight, is_in_sight
from accommodation.vocabulary import AgreementScope, Role
from placement.blocking import check_not_kept_from, not_kept_from, not_kept_from_organisation
from placement.events import ReferralRead, ReferralsListed
from placement.models import Referral


def load_referral(uow: UnitOfWork, referral_id: uuid.UUID) -> Referral:
    """Return a referral by the principal's organisation or to its provider, under an agreement; raises NotFound."""
    referral = uow.session.get(Referral, referral_id)
    if referral is None:
        raise NotFound
    own, role = uow.principal.organisation_id, uow.principal.role
    offerer = uow.session.get_one(Provider, referral.provider_id).organisation_id
    if role == Role.HOUSING_OFFICER and referral.organisation_id == own:
        other = offerer
    elif role == Role.REFUGE_MANAGER and offerer == own:
        other = referral.organisation_id
    else:
        raise NotFound
    if not is_in_sight(uow, other, AgreementScope.REFERRALS):
        raise NotFound
    check_not_kept_from(uow, referral.household_id, is_provider=role == Role.REFUGE_MANAGER)
    return referral


def read_referral(uow: UnitOfWork, referral_id: uuid.UUID) -> Referral:
    """Return a referral and record that it was read: it opens a household to its provider."""
    referral = load_referral(uow, referral_id)
    uow.record(ReferralRead(subject_id=referral.id))
    return referral


def list_referrals(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Referral]:
    """List referrals that the principal may see, in order of their random id; the reading is recorded."""
    uow.record(ReferralsListed(subject_id=uow.principal.organisation_id))
    query = select(Referral).join(Provider, Provider.id == Referral.provider_id)
    own, seeker, offerer = uow.principal.organisation_id, Referral.organisation_id, Provider.organisation_id
    is_manager = uow.principal.role == Role.REFUGE_MANAGER
    ours, theirs = (offerer, seeker) if is_manager else (seeker, offerer)
    kept = not_kept_from(uow, Referral.household_id)
    query = query.where(ours == own, in_sight(uow, theirs, AgreementScope.REFERRALS), kept)
    if is_manager:
        query = query.where(not_kept_from_organisation(uow, Referral.household_id))
    if after is not None:
        query = query.where(Referral.id > after)
    return uow.session.execute(query.order_by(Referral.id).limit(limit)).scalars().all()
