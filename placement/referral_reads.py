"""Reads of referrals: who made one or is asked, while an agreement lasts, and is not kept from the household."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from accommodation.base import NotFound, UnitOfWork
from accommodation.models import Provider
from placement.events import ReferralRead, ReferralsListed
from placement.models import Referral
from placement.relations import CASE, find_case, in_relation, relations_to_case


def load_referral(uow: UnitOfWork, referral_id: uuid.UUID) -> Referral:
    """Return a referral that the principal may see; raises NotFound."""
    referral = find_case(uow, Referral, referral_id)
    if referral is None:
        raise NotFound
    uow.permit(relations_to_case(uow, referral))
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
    query = query.where(in_relation(uow, uow.permit(CASE), Referral))
    if after is not None:
        query = query.where(Referral.id > after)
    return uow.session.execute(query.order_by(Referral.id).limit(limit)).scalars().all()
