"""Use cases of legal holds and of an organisation's own period: the safeguarding lead decides, in her own words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from accommodation.base import NotFound, UnitOfWork, new_id
from accommodation.sealing import seal_json
from accommodation.vocabulary import Relation
from placement.events import LegalHoldLifted, LegalHoldPlaced, RetentionPeriodSet
from placement.households import load_household
from placement.models import Household
from placement.relations import relations_to_household
from placement.retention_models import LegalHold, RetentionPeriod
from placement.vocabulary import LegalHoldState


def place_legal_hold(uow: UnitOfWork, household_id: uuid.UUID, reason: str) -> LegalHold:
    """Keep everything of a household until the hold is lifted. Raises NotFound (another's, or forgotten)."""
    household = load_household(uow, household_id)
    # Parts this from the nightly job, which asks for holds under the same lock.
    uow.session.execute(select(Household.id).where(Household.id == household.id).with_for_update(key_share=True))
    uow.session.refresh(household)
    if household.forgotten_at is not None:
        raise NotFound
    hold = LegalHold(id=new_id(), household_id=household.id, placed_at=uow.now, placed_by=uow.principal.worker_id)
    seal_json(uow.cipher, hold, "reason_sealed", reason)
    uow.session.add(hold)
    uow.session.flush()
    uow.record(LegalHoldPlaced(subject_id=hold.id, details={"household_id": str(household.id)}))
    return hold


def load_legal_hold(uow: UnitOfWork, hold_id: uuid.UUID) -> LegalHold:
    """Return a legal hold of one of the organisation's households; raises NotFound."""
    hold = uow.session.get(LegalHold, hold_id)
    if hold is None:
        raise NotFound
    load_household(uow, hold.household_id)
    return hold


def list_legal_holds(uow: UnitOfWork, household_id: uuid.UUID) -> Sequence[LegalHold]:
    """List a household's legal holds, oldest first, lifted ones included."""
    load_household(uow, household_id)
    query = select(LegalHold).where(LegalHold.household_id == household_id)
    return uow.session.execute(query.order_by(LegalHold.placed_at, LegalHold.id)).scalars().all()


def lift_legal_hold(uow: UnitOfWork, hold: LegalHold, reason: str) -> LegalHold:
    """Let the schedule go on. Raises IllegalMove when it was lifted already."""
    household = uow.session.get_one(Household, hold.household_id)
    state = LegalHoldState.IN_FORCE if hold.lifted_at is None else LegalHoldState.LIFTED
    uow.permit(relations_to_household(uow, household), state)
    hold.lifted_at = uow.now
    hold.lifted_by = uow.principal.worker_id
    uow.session.flush()
    uow.record(LegalHoldLifted(subject_id=hold.id, reason=reason))
    return hold


def set_retention_period(uow: UnitOfWork, closed_case_days: int) -> RetentionPeriod:
    """Say how many days the principal's organisation keeps the identity in closed cases, from now on."""
    uow.permit(Relation.OWN_ORGANISATION)
    period = RetentionPeriod(
        id=new_id(),
        organisation_id=uow.principal.organisation_id,
        closed_case_days=closed_case_days,
        set_at=uow.now,
        set_by=uow.principal.worker_id,
    )
    uow.session.add(period)
    uow.session.flush()
    uow.record(RetentionPeriodSet(subject_id=period.id, details={"closed_case_days": closed_case_days}))
    return period
