"""Use cases of the valve: a safeguarding lead opens one budget for some hours, so that a real household is never stuck."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from accommodation.base import UnitOfWork, new_id
from accommodation.errors import AboutYourself
from accommodation.sealing import seal_json
from accommodation.vocabulary import Relation
from placement.budget_models import BudgetRaise, BudgetUse
from placement.budgets import WEEK
from placement.errors import BudgetRaisedAlready
from placement.events import BudgetRaised
from placement.spending import lock_organisation
from placement.vocabulary import BudgetKind, BudgetScope


def raise_budget(
    uow: UnitOfWork, kind: BudgetKind, scope: BudgetScope, subject_id: uuid.UUID, hours: int, reason: str
) -> BudgetRaise:
    """Double one budget's refusal for some hours, once within seven days. The alert stays as it is.

    Raises NotFound for whatever has used no budget of this kind in the lead's organisation, AboutYourself,
    BudgetRaisedAlready.
    """
    if subject_id == uow.principal.worker_id:
        raise AboutYourself
    uow.permit([Relation.OWN_ORGANISATION] if _has_used(uow, kind, scope, subject_id) else [])
    lock_organisation(uow)
    latest = uow.session.execute(
        select(BudgetRaise.id).where(
            BudgetRaise.organisation_id == uow.principal.organisation_id,
            BudgetRaise.kind == kind,
            BudgetRaise.scope == scope,
            BudgetRaise.subject_id == subject_id,
            BudgetRaise.raised_at > uow.now - WEEK,
        )
    ).first()
    if latest is not None:
        raise BudgetRaisedAlready
    row = BudgetRaise(
        id=new_id(),
        organisation_id=uow.principal.organisation_id,
        kind=kind,
        scope=scope,
        subject_id=subject_id,
        raised_by=uow.principal.worker_id,
        raised_at=uow.now,
        ends_at=uow.now + timedelta(hours=hours),
    )
    seal_json(uow.cipher, row, "reason_sealed", reason)
    uow.session.add(row)
    uow.session.flush()
    details = {"budget": str(kind), "scope": str(scope), "hours": hours, "raise_id": str(row.id)}
    uow.record(BudgetRaised(subject_id=subject_id, details=details, reason=reason))
    return row


def list_raises(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[BudgetRaise]:
    """List what has been opened in the principal's organisation, in order of random id."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(BudgetRaise).where(BudgetRaise.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(BudgetRaise.id > after)
    return uow.session.execute(query.order_by(BudgetRaise.id).limit(limit)).scalars().all()


def _has_used(uow: UnitOfWork, kind: BudgetKind, scope: BudgetScope, subject_id: uuid.UUID) -> bool:
    own = uow.principal.organisation_id
    query = select(BudgetUse.id).where(BudgetUse.organisation_id == own, BudgetUse.kind == kind)
    if scope is BudgetScope.OFFICER:
        query = query.where(BudgetUse.worker_id == subject_id)
    elif scope is BudgetScope.ORGANISATION:
        if subject_id != own:
            return False
    else:
        query = query.where(BudgetUse.subject_id == subject_id)
    return uow.session.execute(query.limit(1)).first() is not None
