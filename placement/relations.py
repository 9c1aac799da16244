"""How a hold, a referral or a placement stands to somebody: her organisation asked for the place, or runs it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement

from accommodation.base import UnitOfWork
from accommodation.models import Provider
from accommodation.vocabulary import Relation
from placement.models import Hold, Placement, Referral

CASE = (Relation.ASKING, Relation.ASKED)


def relations_to_case(uow: UnitOfWork, row: Hold | Referral | Placement) -> Iterator[Relation]:
    """Yield how a case's row stands to the principal; a council that runs refuges may be on both sides."""
    if row.organisation_id == uow.principal.organisation_id:
        yield Relation.ASKING
    if row.unit.property.provider.organisation_id == uow.principal.organisation_id:
        yield Relation.ASKED


def in_relation(
    uow: UnitOfWork, relation: Relation, row: type[Hold] | type[Referral] | type[Placement]
) -> ColumnElement[bool]:
    """Return the condition of a list: rows in this relation to the principal. The query has joined Provider."""
    if relation is Relation.ASKING:
        return row.organisation_id == uow.principal.organisation_id
    return Provider.organisation_id == uow.principal.organisation_id
