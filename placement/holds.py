"""Use cases of holding: a unit kept for one household for a frozen term. The database decides who gets it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from accommodation.base import IllegalMove, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.errors import UnitAlreadyTaken
from accommodation.models import Property, Provider, Unit
from accommodation.sharing import is_in_sight
from accommodation.supply import touch_units
from accommodation.taking import end_stay, lock_unit, take_unit
from accommodation.vocabulary import AgreementScope, NoRecoursePolicy, Relation, StayKind
from placement.blocking import organisations_kept_from
from placement.budgets import BudgetPolicy
from placement.eligibility import judge
from placement.errors import AskedTooOften, HoldOver, SearchExcludesUnit, UnitNotFree
from placement.events import HoldReleased, UnitHeld
from placement.households import load_household
from placement.judgement import Judgement, Question
from placement.models import Hold, Household, Referral
from placement.relations import CASE, find_case, in_relation, relations_to_case
from placement.searches import SearchEngine, ask_for, list_next_best, load_search
from placement.spending import spend
from placement.vocabulary import BudgetKind, HoldState, ReferralState, ReleaseReason, Verdict

NEXT_BEST_SHOWN = 3
REVIEW_QUESTIONS_AT_MOST = 2


def hold_state(hold: Hold, now: datetime) -> HoldState:
    """Return what a hold is at `now`; it is over from the instant of `expires_at` on, whether or not a job ran."""
    if hold.converted_at is not None:
        return HoldState.CONVERTED
    if hold.released_at is not None:
        return HoldState.RELEASED
    return HoldState.LIVE if now < hold.expires_at else HoldState.EXPIRED


def hold_unit(
    uow: UnitOfWork,
    engine: SearchEngine,
    policy: BudgetPolicy,
    household_id: uuid.UUID,
    unit_id: uuid.UUID,
    search_id: uuid.UUID,
) -> Hold:
    """Hold a unit for a household, after judging it again on the locked row by the rules of search.

    Raises NotFound, UnitNotFree (with the next best units), SearchExcludesUnit, AskedTooOften, NoAreasRecorded,
    AreaChangePending, BudgetSpent.
    """
    household = load_household(uow, household_id)
    search = load_search(uow, search_id)
    if search.household_id != household.id:
        raise NotFound
    hold_id = new_id()
    spend(uow, policy, BudgetKind.HOLD, household.id, [hold_id.hex])
    # A search of yesterday is judged as of today: it may be night now, and a boy may have had his birthday.
    needed_on = max(search.needed_on, local_date(uow.now))
    _check_in_sight(uow, unit_id, organisations_kept_from(uow, household))
    unit = lock_unit(uow.session, unit_id)
    _lock_quota(uow, unit)
    judgement, row, no_recourse = judge_unit(uow, engine, household, unit, needed_on)
    refusal = next((rule.code for rule in judgement.refusals_at(row) if not rule.negotiable), None)
    if refusal == "not_available":
        raise UnitNotFree(list_next_best(uow, engine, household, needed_on, NEXT_BEST_SHOWN))
    if refusal is not None:
        raise SearchExcludesUnit(refusal)
    verdict = _verdict_at(judgement, row)
    if verdict is Verdict.REVIEW and _times_asked(uow, household_id, unit_id) >= REVIEW_QUESTIONS_AT_MOST:
        raise AskedTooOften
    term_minutes = unit.property.provider.hold_minutes
    expires_at = uow.now + timedelta(minutes=term_minutes)
    try:
        stay = take_unit(uow.session, unit, StayKind.HOLD, uow.now, expires_at, no_recourse=no_recourse)
    except UnitAlreadyTaken:
        raise UnitNotFree(list_next_best(uow, engine, household, needed_on, NEXT_BEST_SHOWN)) from None
    hold = Hold(
        id=hold_id,
        household_id=household.id,
        organisation_id=household.organisation_id,
        unit_id=unit.id,
        stay=stay,
        search_id=search.id,
        verdict=verdict,
        held_by=uow.principal.worker_id,
        held_at=uow.now,
        expires_at=expires_at,
        term_minutes=term_minutes,
    )
    uow.session.add(hold)
    touch_units(uow.session, [unit.id])
    uow.record(UnitHeld(subject_id=hold.id, details={"unit_id": str(unit.id), "household_id": str(household.id)}))
    return hold


def load_hold(uow: UnitOfWork, hold_id: uuid.UUID) -> Hold:
    """Return a hold that the principal may see; raises NotFound."""
    hold = find_case(uow, Hold, hold_id)
    if hold is None:
        raise NotFound
    uow.permit(relations_to_case(uow, hold))
    return hold


def list_holds(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Hold]:
    """List holds that the principal may see, in order of their random id."""
    query = (
        select(Hold)
        .join(Unit, Unit.id == Hold.unit_id)
        .join(Property, Property.id == Unit.property_id)
        .join(Provider, Provider.id == Property.provider_id)
        .where(in_relation(uow, uow.permit(CASE), Hold))
    )
    if after is not None:
        query = query.where(Hold.id > after)
    return uow.session.execute(query.order_by(Hold.id).limit(limit)).scalars().all()


def permit_live(uow: UnitOfWork, hold: Hold) -> None:
    """Let the operation at hand go on if the table allows it in the hold's state. Raises HoldOver."""
    state = hold_state(hold, uow.now)
    try:
        uow.permit(relations_to_case(uow, hold), state)
    except IllegalMove:
        raise HoldOver(state) from None


def release_hold(uow: UnitOfWork, hold: Hold, reason: ReleaseReason) -> None:
    """Give a live hold back: the unit is free to others in this transaction's commit. Raises HoldOver, IllegalMove."""
    lock_unit(uow.session, hold.unit_id)
    permit_live(uow, hold)
    if has_open_referral(uow, hold):
        raise IllegalMove(
            "A referral rests on this hold. Withdraw the referral instead.",
            state="referred",
            legal_moves=uow.legal_moves(Relation.ASKING, ReferralState.MADE),
        )
    close_hold(uow, hold, reason)


def close_hold(uow: UnitOfWork, hold: Hold, reason: ReleaseReason) -> None:
    """End a hold's dates on its unit, if they are still running, and tell the searches."""
    hold.released_at = uow.now
    hold.release_reason = reason
    end_stay(hold.stay, uow.now)
    touch_units(uow.session, [hold.unit_id])
    uow.record(HoldReleased(subject_id=hold.id, details={"unit_id": str(hold.unit_id), "reason": str(reason)}))


def has_open_referral(uow: UnitOfWork, hold: Hold) -> bool:
    """Tell whether a referral that nobody has answered rests on the hold."""
    query = select(Referral.id).where(Referral.hold_id == hold.id, Referral.state == ReferralState.MADE)
    return uow.session.execute(query).first() is not None


def _check_in_sight(uow: UnitOfWork, unit_id: uuid.UUID, kept_from: Collection[uuid.UUID]) -> None:
    """Refuse a unit of a provider without an agreement, or that the household is kept from, as one that does not exist:
    before anybody's lock is waited for."""
    unit = uow.session.get(Unit, unit_id)
    if unit is None or unit.property.provider.organisation_id in kept_from:
        raise NotFound
    if not is_in_sight(uow, unit.property.provider.organisation_id, AgreementScope.VACANCIES):
        raise NotFound


def _lock_quota(uow: UnitOfWork, unit: Unit) -> None:
    """Lock the provider after its unit where a quota applies: it is counted over all of its units, so takers queue."""
    if unit.no_recourse == NoRecoursePolicy.QUOTA:
        uow.session.execute(
            select(Provider.id).where(Provider.id == unit.property.provider_id).with_for_update(key_share=True)
        )


def judge_unit(
    uow: UnitOfWork, engine: SearchEngine, household: Household, unit: Unit, needed_on: date
) -> tuple[Judgement, int, bool]:
    """Judge a locked unit as search does; returns the judgement, the unit's row in it, and whether a quota counts it.

    Negotiable wishes do not refuse a bed that the officer chose knowingly.
    """
    criteria, cell_verdicts = ask_for(uow, engine, household, needed_on)
    supply = engine.index.current(uow.session, uow.now)
    # The hold begins now, whatever the day of need: the unit must be free now.
    judgement = judge(Question(supply, criteria, cell_verdicts, uow.now))
    return judgement, supply.row_of[unit.id], criteria.no_recourse is True


def _verdict_at(judgement: Judgement, row: int) -> Verdict:
    if judgement.asks_at(row):
        return Verdict.REVIEW
    return Verdict.CONFIRM if judgement.unknown_at(row) else Verdict.SUITABLE


def _times_asked(uow: UnitOfWork, household_id: uuid.UUID, unit_id: uuid.UUID) -> int:
    query = select(Referral.id).where(Referral.household_id == household_id, Referral.unit_id == unit_id)
    return len(uow.session.execute(query).all())
