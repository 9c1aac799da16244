"""Use cases of forgetting: identity goes when its time has come, what is counted stays, a legal hold stops both.

What is erased follows `placement.retention_tables`: a table that holds identity alone loses its rows, a column of identity
beside others becomes NULL. A new table needs a line in the schedule and no code here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, select, update

from accommodation.base import Base, UnitOfWork
from accommodation.calendar import start_of_day
from accommodation.sealing import open_json, seal_json
from accommodation.vocabulary import Relation
from placement.events import HouseholdForgotten
from placement.households import make_reference
from placement.models import AreaToAvoid, Hold, Household, Placement, Referral, Search
from placement.retention_models import LegalHold, RetentionPeriod
from placement.retention_schedule import (
    ANSWER_DAYS,
    CLOSED_CASE_DAYS,
    UNPLACED_DAYS,
    CaseFacts,
    DataClass,
    Job,
    identity_is_due_at,
)
from placement.retention_tables import SCHEDULE
from placement.vocabulary import PlacementState, ReferralState, WithdrawReason

OPEN_PLACEMENTS = (PlacementState.PLANNED, PlacementState.LIVING)
REFERENCE_PREFIX = "X"
BY_HAND = frozenset({"household", "search"})
"""Their rows need more than a NULL: the household's counts are kept, a search's own clock is shorter."""
PARENTS: dict[str, Any] = {"referral_id": Referral, "placement_id": Placement, "hold_id": Hold, "search_id": Search}


@dataclass(frozen=True)
class Forgotten:
    """A household that was forgotten, and every row about it: the trail's words about these go too."""

    household_id: uuid.UUID
    subject_ids: frozenset[uuid.UUID]


def list_candidates(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[uuid.UUID]:
    """List households that are old enough to be looked at and not forgotten yet, in order of id."""
    query = select(Household.id).where(
        Household.forgotten_at.is_(None), Household.created_at <= uow.now - timedelta(days=UNPLACED_DAYS)
    )
    if after is not None:
        query = query.where(Household.id > after)
    return uow.session.execute(query.order_by(Household.id).limit(limit)).scalars().all()


def read_case_facts(uow: UnitOfWork, household: Household) -> CaseFacts:
    """Return what decides when a household's identity is due."""
    about = uow.session.execute
    holds = about(
        select(Hold.held_at, Hold.expires_at, Hold.released_at, Hold.converted_at).where(Hold.household_id == household.id)
    ).all()
    referrals = about(select(Referral.made_at, Referral.answered_at).where(Referral.household_id == household.id)).all()
    placements = about(select(Placement).where(Placement.household_id == household.id)).scalars().all()
    searched = about(select(func.max(Search.searched_at)).where(Search.household_id == household.id)).scalar()
    area = about(select(func.max(AreaToAvoid.recorded_at)).where(AreaToAvoid.household_id == household.id)).scalar()
    on_hold = about(
        select(LegalHold.id).where(LegalHold.household_id == household.id, LegalHold.lifted_at.is_(None)).limit(1)
    ).first()
    instants = [household.created_at, searched, area, *(instant for row in (*holds, *referrals) for instant in row)]
    for placement in placements:
        instants.append(placement.accepted_at)
        if placement.departed_on is not None:
            instants.append(start_of_day(placement.departed_on))
    return CaseFacts(
        last_event_at=max(instant for instant in instants if instant is not None and instant <= uow.now),
        was_placed=any(placement.state == PlacementState.DEPARTED for placement in placements),
        is_open=any(placement.state in OPEN_PLACEMENTS for placement in placements)
        or any(row.released_at is None and row.converted_at is None and row.expires_at > uow.now for row in holds),
        is_on_legal_hold=on_hold is not None,
        closed_case_days=get_closed_case_days(uow, household.organisation_id),
    )


def read_closed_case_days(uow: UnitOfWork) -> int:
    """Return how long the principal's organisation keeps the identity in closed cases, in days."""
    uow.permit(Relation.OWN_ORGANISATION)
    return get_closed_case_days(uow, uow.principal.organisation_id)


def get_closed_case_days(uow: UnitOfWork, organisation_id: uuid.UUID) -> int:
    """Return how long an organisation keeps the identity in closed cases, in days."""
    latest = (
        select(RetentionPeriod.closed_case_days)
        .where(RetentionPeriod.organisation_id == organisation_id)
        .order_by(RetentionPeriod.set_at.desc(), RetentionPeriod.id)
        .limit(1)
    )
    return uow.session.execute(latest).scalar() or CLOSED_CASE_DAYS


def forget_household(uow: UnitOfWork, household_id: uuid.UUID) -> Forgotten | None:
    """Erase a household's identity if its time has come; returns None while it must be kept.

    The household's row is locked and everything is asked again: a case that was taken up a moment ago stays.
    """
    household = uow.session.execute(
        select(Household)
        .where(Household.id == household_id, Household.forgotten_at.is_(None))
        .with_for_update(key_share=True)
    ).scalar_one_or_none()
    due_at = None if household is None else identity_is_due_at(read_case_facts(uow, household))
    if household is None or due_at is None or due_at > uow.now:
        return None
    subjects = {household_id}
    # Nobody can accept what nobody remembers.
    uow.session.execute(
        update(Referral)
        .where(Referral.household_id == household_id, Referral.state == ReferralState.MADE)
        .values(state=ReferralState.WITHDRAWN, reason=WithdrawReason.LOST_CONTACT, answered_at=uow.now)
    )
    uow.session.execute(
        update(Search).where(Search.household_id == household_id).values(household_id=None, answer_sealed=None)
    )
    for table in Base.metadata.sorted_tables:
        where = _belongs_to(table, household_id)
        if where is not None:
            subjects.update(uow.session.execute(select(table.c.id).where(where)).scalars())
    for table in reversed(Base.metadata.sorted_tables):
        where = _belongs_to(table, household_id)
        columns = identity_columns(table.name)
        if where is None or not columns or table.name in BY_HAND:
            continue
        if columns == set(table.c.keys()):
            uow.session.execute(delete(table).where(where))
        else:
            uow.session.execute(update(table).where(where).values(dict.fromkeys(columns)))
    uow.session.expire_all()
    seal_json(uow.cipher, household, "details_sealed", counts_of(open_json(uow.cipher, household, "details_sealed")))
    household.no_areas_statement_sealed = None
    household.reference = make_reference(REFERENCE_PREFIX)
    household.forgotten_at = uow.now
    uow.session.flush()
    uow.record(HouseholdForgotten(subject_id=household_id))
    return Forgotten(household_id, frozenset(subjects))


def forget_answers(uow: UnitOfWork, limit: int) -> int:
    """Erase the answers of searches past their days, and whose they were; the demand stays. Returns how many."""
    old = (
        select(Search.id)
        .outerjoin(LegalHold, (LegalHold.household_id == Search.household_id) & LegalHold.lifted_at.is_(None))
        .where(
            Search.searched_at <= uow.now - timedelta(days=ANSWER_DAYS),
            Search.answer_sealed.is_not(None),
            LegalHold.id.is_(None),
        )
        .order_by(Search.id)
        .limit(limit)
    )
    ids = uow.session.execute(old).scalars().all()
    uow.session.execute(update(Search).where(Search.id.in_(ids)).values(household_id=None, answer_sealed=None))
    return len(ids)


def identity_columns(table: str) -> set[str]:
    """Return the columns of a table that go with a household's identity."""
    return {
        column
        for kept in SCHEDULE.get(table, ())
        if kept.data_class is DataClass.IDENTITY and kept.enforced_by is Job.FORGET_HOUSEHOLDS
        for column in kept.columns
    }


def counts_of(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a household's details is counted in returns and identifies nobody: roles, genders, coded needs."""
    members = [{"role": member["role"], "gender": member.get("gender")} for member in details["members"]]
    return {"members": members, "needs": dict(details.get("needs") or {}), "forgotten": True}


def _belongs_to(table: Table, household_id: uuid.UUID) -> ColumnElement[bool] | None:
    """Return the condition that picks a household's rows of a table, or None where a table holds none."""
    if "household_id" in table.c:
        return table.c.household_id == household_id
    for name, parent in PARENTS.items():
        if name in table.c and table.c[name].foreign_keys:
            of_household = select(parent.id).where(parent.household_id == household_id)
            return table.c[name].in_(of_household)
    return None
