"""Which organisations see each other today: the sharing agreements in force, as conditions that reads are made of.

An organisation always sees its own. What no agreement covers does not exist for the reader.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select

from accommodation.base import UnitOfWork
from accommodation.calendar import local_date
from accommodation.people_models import SharingAgreement
from accommodation.vocabulary import AgreementPurpose, AgreementScope

COLUMN_OF_SCOPE = {
    AgreementScope.VACANCIES: SharingAgreement.shares_vacancies,
    AgreementScope.REFERRALS: SharingAgreement.shares_referrals,
}


def counts_for_placing() -> ColumnElement[bool]:
    """Return the condition that an agreement is signed by both, was not ended, and is for placing households."""
    return and_(
        SharingAgreement.accepted_at.is_not(None),
        SharingAgreement.ended_at.is_(None),
        SharingAgreement.purpose == AgreementPurpose.PLACEMENT,
    )


def partner_ids(organisation_id: uuid.UUID, scope: AgreementScope, today: date) -> Select[uuid.UUID]:
    """Return the query of the organisations with which one shares on a local date."""
    other = case(
        (SharingAgreement.proposer_id == organisation_id, SharingAgreement.partner_id),
        else_=SharingAgreement.proposer_id,
    )
    return select(other).where(
        or_(SharingAgreement.proposer_id == organisation_id, SharingAgreement.partner_id == organisation_id),
        counts_for_placing(),
        SharingAgreement.starts_on <= today,
        SharingAgreement.ends_on >= today,
        COLUMN_OF_SCOPE[scope],
    )


def is_in_sight(uow: UnitOfWork, organisation_id: uuid.UUID, scope: AgreementScope) -> bool:
    """Tell whether the principal's organisation is this one, or shares with it today."""
    own = uow.principal.organisation_id
    if organisation_id == own:
        return True
    parties = or_(SharingAgreement.proposer_id == organisation_id, SharingAgreement.partner_id == organisation_id)
    query = partner_ids(own, scope, local_date(uow.now)).where(parties)
    return uow.session.execute(query.limit(1)).first() is not None


def list_in_sight(uow: UnitOfWork, scope: AgreementScope) -> frozenset[uuid.UUID]:
    """Return the principal's organisation and those that share with it today: for lists, asked once."""
    own = uow.principal.organisation_id
    return frozenset(uow.session.execute(partner_ids(own, scope, local_date(uow.now))).scalars()) | {own}


def in_sight(uow: UnitOfWork, organisation: Any, scope: AgreementScope) -> ColumnElement[bool]:
    """Return the condition that a column holds the principal's organisation, or one that shares with it today."""
    own = uow.principal.organisation_id
    return or_(organisation == own, organisation.in_(partner_ids(own, scope, local_date(uow.now))))
