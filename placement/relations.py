"""How a hold, a referral or a placement stands to somebody: her organisation asked for the place, or runs it.

It stands to nobody who is kept from the household; and, but for the provider of a placement, which is a fact of its own
building, only while an agreement between the two organisations covers it.
"""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select

from accommodation.base import UnitOfWork
from accommodation.models import Property, Provider, Unit
from accommodation.sharing import in_sight, is_in_sight
from accommodation.vocabulary import AgreementScope, Relation
from placement.blocking import is_kept_from, not_kept_from, not_kept_from_organisation, organisations_kept_from
from placement.models import Hold, Household, Placement, Referral

Case = Hold | Referral | Placement

CASE = (Relation.ASKING, Relation.ASKED)
SCOPE: dict[type[Case], AgreementScope] = {
    Hold: AgreementScope.VACANCIES,
    Referral: AgreementScope.REFERRALS,
    Placement: AgreementScope.REFERRALS,
}


CaseRow = TypeVar("CaseRow", Hold, Referral, Placement)


def find_case(uow: UnitOfWork, kind: type[CaseRow], row_id: uuid.UUID) -> CaseRow | None:
    """Return a case's row if the principal's organisation is on either side of it; None as for no row at all.

    One statement either way: how long an answer takes must not say that there is a row of somebody else's.
    """
    query = select(kind).where(kind.id == row_id)
    return uow.session.execute(on_own_side(uow, query, kind)).scalar_one_or_none()


def on_own_side(uow: UnitOfWork, query: Select[Any], kind: type[Case]) -> Select[Any]:
    """Return a query about a case, of what the principal's organisation asked for or was asked for."""
    own = uow.principal.organisation_id
    return (
        query.join(Unit, Unit.id == kind.unit_id)
        .join(Property, Property.id == Unit.property_id)
        .join(Provider, Provider.id == Property.provider_id)
        .where(or_(kind.organisation_id == own, Provider.organisation_id == own))
    )


def relations_to_case(uow: UnitOfWork, row: Case) -> tuple[Relation, ...]:
    """Return how a case's row stands to the principal; a council that runs refuges may be on both sides.

    Found once in a transaction: a row is asked about again when it is locked, and when it is shown.
    """
    known: dict[tuple[str, uuid.UUID], tuple[Relation, ...]] = uow.session.info.setdefault("relations_to_case", {})
    key = (type(row).__name__, row.id)
    if key not in known:
        known[key] = _find(uow, row)
    return known[key]


def relations_to_household(uow: UnitOfWork, household: Household) -> tuple[Relation, ...]:
    """Return that a household is the principal's organisation's, and she not kept from it; or nothing."""
    if household.organisation_id != uow.principal.organisation_id or is_kept_from(uow, household):
        return ()
    return (Relation.OWN_ORGANISATION,)


def in_relation(uow: UnitOfWork, relation: Relation, row: type[Case]) -> ColumnElement[bool]:
    """Return the condition of a list: rows in this relation to the principal. The query has joined Provider."""
    own, kept = uow.principal.organisation_id, not_kept_from(uow, row.household_id)
    if relation is Relation.ASKING:
        return and_(row.organisation_id == own, in_sight(uow, Provider.organisation_id, SCOPE[row]), kept)
    if row is Placement:
        return and_(Provider.organisation_id == own, kept)
    covered = in_sight(uow, row.organisation_id, SCOPE[row])
    return and_(Provider.organisation_id == own, covered, kept, not_kept_from_organisation(uow, row.household_id))


def _find(uow: UnitOfWork, row: Case) -> tuple[Relation, ...]:
    own, seeker, offerer = uow.principal.organisation_id, row.organisation_id, row.unit.property.provider.organisation_id
    if own not in (seeker, offerer):
        return ()
    household = uow.session.get_one(Household, row.household_id)
    if is_kept_from(uow, household):
        return ()
    found = []
    if seeker == own and is_in_sight(uow, offerer, SCOPE[type(row)]):
        found.append(Relation.ASKING)
    if offerer == own and (type(row) is Placement or _asked_openly(uow, row, household)):
        found.append(Relation.ASKED)
    return tuple(found)


def _asked_openly(uow: UnitOfWork, row: Case, household: Household) -> bool:
    """Tell whether the provider may know who asks: under an agreement, and not kept from the household as a whole."""
    if not is_in_sight(uow, row.organisation_id, SCOPE[type(row)]):
        return False
    return uow.principal.organisation_id not in organisations_kept_from(uow, household)
