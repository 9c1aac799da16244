"""Use cases of referring: a household put to a unit's provider, who alone accepts."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from accommodation.base import IllegalMove, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.errors import UnitAlreadyTaken
from accommodation.models import Property, Unit
from accommodation.sealing import seal_json
from accommodation.sharing import is_in_sight
from accommodation.supply import touch_units
from accommodation.taking import lock_unit, refused_when_taken
from accommodation.vocabulary import AgreementScope, Relation, StayKind
from geo.atlas import Atlas
from geo.cells import REVIEW
from placement.blocking import organisations_kept_from
from placement.budgets import BudgetPolicy
from placement.eligibility import judge, linked_to_resident
from placement.errors import AgreementDoesNotCover, HoldOver, InsideAreaToAvoid, SearchExcludesUnit
from placement.events import (
    ExactCheckRead,
    ReferralAccepted,
    ReferralDeclined,
    ReferralMade,
    ReferralWithdrawn,
)
from placement.exact_check import ExactFinding, check_exactly
from placement.holds import close_hold, hold_state, load_hold, permit_live
from placement.households import make_reference
from placement.judgement import Question
from placement.milestones import DEFAULT_MILESTONES
from placement.models import Hold, Household, Placement, Referral, Search
from placement.referral_reads import load_referral
from placement.relations import relations_to_case
from placement.searches import SearchEngine, ask_for
from placement.spending import lock_organisation, spend
from placement.vocabulary import (
    BudgetKind,
    DeclinedBy,
    DeclineReason,
    HoldState,
    PlacementState,
    ReferralState,
    ReleaseReason,
    WithdrawReason,
)


def make_referral(uow: UnitOfWork, engine: SearchEngine, policy: BudgetPolicy, hold_id: uuid.UUID) -> Referral:
    """Refer the household of a live hold to the unit's provider.

    Raises NotFound, HoldOver, IllegalMove (referred), NoAreasRecorded, AreaChangePending, BudgetSpent (exact bits),
    AgreementDoesNotCover.
    """
    hold = load_hold(uow, hold_id)
    lock_organisation(uow)  # before the unit, as every spender does
    # The unit's lock parts this from a release of the hold; what was read before it may be old by now.
    lock_unit(uow.session, hold.unit_id)
    uow.session.refresh(hold)
    referred = uow.session.execute(select(Referral.state).where(Referral.hold_id == hold.id)).scalar_one_or_none()
    if referred is not None:
        moves = uow.legal_moves(Relation.ASKING, ReferralState(referred))
        raise IllegalMove("This hold has been referred already.", state="referred", legal_moves=moves)
    permit_live(uow, hold)
    unit = uow.session.get_one(Unit, hold.unit_id)
    offerer = unit.property.provider.organisation_id
    if offerer in organisations_kept_from(uow, uow.session.get_one(Household, hold.household_id)):
        raise NotFound
    if not is_in_sight(uow, offerer, AgreementScope.REFERRALS):
        raise AgreementDoesNotCover
    referral = Referral(
        id=new_id(),
        hold=hold,
        household_id=hold.household_id,
        organisation_id=hold.organisation_id,
        unit_id=hold.unit_id,
        provider_id=unit.property.provider_id,
        state=ReferralState.MADE,
        made_at=uow.now,
        made_by=uow.principal.worker_id,
    )
    if _asks_exactly(uow, engine, hold, unit):
        spend(uow, policy, BudgetKind.EXACT_BIT, unit.property_id, [referral.id.hex])
    uow.session.add(referral)
    uow.session.flush()
    uow.record(ReferralMade(subject_id=referral.id, details={"hold_id": str(hold.id)}))
    return referral


def _asks_exactly(uow: UnitOfWork, engine: SearchEngine, hold: Hold, unit: Unit) -> bool:
    """Tell whether the provider's answer will say more of the unit's place than its cell does, by the areas of now."""
    household = uow.session.get_one(Household, hold.household_id)
    # The provider's check counts whatever is in force today, also what ends before the day of need: so does this.
    criteria, cell_verdicts = ask_for(uow, engine, household, local_date(uow.now))
    supply = engine.index.current(uow.session, uow.now)
    verdicts = Question(supply, criteria, cell_verdicts, uow.now).unit_verdicts()
    return bool(verdicts[supply.row_of[unit.id]] == REVIEW)


def read_exact_check(uow: UnitOfWork, atlas: Atlas, referral_id: uuid.UUID) -> list[ExactFinding]:
    """Answer the provider exactly: inside or outside each area to avoid. Raises NotFound for everybody else."""
    referral = load_referral(uow, referral_id)
    _permit_state(uow, referral)
    findings = _exactly(uow, atlas, referral)
    uow.record(ExactCheckRead(subject_id=referral.id, details={"areas": len(findings)}))
    return findings


def accept_referral(uow: UnitOfWork, engine: SearchEngine, referral_id: uuid.UUID) -> Placement:
    """Accept: the household may come, the unit is its own until departure, and the address may be told.

    Every hard rule is asked again, and the exact check runs whatever was judged before: nobody's acceptance relaxes an
    area to avoid, and household, unit and neighbours may have changed since the search. A hold that has expired is
    renewed if the unit is still free. Raises NotFound, IllegalMove, InsideAreaToAvoid, SearchExcludesUnit, HoldOver.
    """
    referral = load_referral(uow, referral_id)
    unit = lock_unit(uow.session, referral.unit_id)
    uow.session.refresh(referral)
    _permit_state(uow, referral)
    if any(finding.inside for finding in _exactly(uow, engine.atlas, referral)):
        raise InsideAreaToAvoid
    _judge_again(uow, engine, referral, unit)
    hold = referral.hold
    _keep_for_good(uow, referral)
    placement = Placement(
        id=new_id(),
        reference=make_reference("P"),
        referral_id=referral.id,
        household_id=referral.household_id,
        organisation_id=referral.organisation_id,
        unit_id=unit.id,
        provider_id=referral.provider_id,
        stay=hold.stay,
        state=PlacementState.PLANNED,
        nation=unit.property.nation,
        occupancy_basis=unit.occupancy_basis,
        notice_min_days=unit.notice_min_days,
        licence_days=unit.licence_days,
        policy_version=DEFAULT_MILESTONES.version,
        accepted_at=uow.now,
    )
    placement.unit = unit
    uow.session.add(placement)
    _answer(uow, referral, ReferralState.ACCEPTED)
    touch_units(uow.session, [unit.id])
    uow.record(ReferralAccepted(subject_id=referral.id, details={"placement_id": str(placement.id)}))
    return placement


def decline_referral(
    uow: UnitOfWork, referral_id: uuid.UUID, declined_by: DeclinedBy, reason: DeclineReason, notes: str | None
) -> Referral:
    """Decline: the unit is free at once, and the household is not offered it again for this vacancy."""
    if reason is DeclineReason.OTHER and not notes:
        raise InvalidInput(("/notes", "Say in a few words what the other reason is."))
    referral = load_referral(uow, referral_id)
    _end(uow, referral, ReferralState.DECLINED, reason, notes, ReleaseReason.REFERRAL_DECLINED, declined_by)
    uow.record(ReferralDeclined(subject_id=referral.id, details={"reason": str(reason), "by": str(declined_by)}))
    return referral


def withdraw_referral(uow: UnitOfWork, referral_id: uuid.UUID, reason: WithdrawReason, notes: str | None) -> Referral:
    """Take a referral back: the unit is free at once. Only the organisation that made it can."""
    if reason is WithdrawReason.OTHER and not notes:
        raise InvalidInput(("/notes", "Say in a few words what the other reason is."))
    referral = load_referral(uow, referral_id)
    _end(uow, referral, ReferralState.WITHDRAWN, reason, notes, ReleaseReason.REFERRAL_WITHDRAWN)
    uow.record(ReferralWithdrawn(subject_id=referral.id, details={"reason": str(reason)}))
    return referral


def _judge_again(uow: UnitOfWork, engine: SearchEngine, referral: Referral, unit: Unit) -> None:
    """Refuse what a rule of search would refuse now. The unit itself is taken, by this very referral's hold.

    Two households of one property are accepted one after the other, so that neither is judged before the other lives
    there.
    """
    uow.session.execute(select(Property.id).where(Property.id == unit.property_id).with_for_update(key_share=True))
    household = uow.session.get_one(Household, referral.household_id)
    search = uow.session.get(Search, referral.hold.search_id)
    today = local_date(uow.now)
    # For the day of need: who comes tomorrow is not refused because it is night now.
    criteria, cell_verdicts = ask_for(uow, engine, household, today if search is None else max(search.needed_on, today))
    supply = engine.index.current(uow.session, uow.now)
    row = supply.row_of[unit.id]
    question = Question(supply.without_own_quota(row), criteria, cell_verdicts, uow.now)
    if unit.withdrawn_at is not None:
        raise SearchExcludesUnit("withdrawn")
    if linked_to_resident(question)[row]:
        raise SearchExcludesUnit("linked_to_resident")
    for rule in judge(question).refusals_at(row):
        if not rule.negotiable and rule.code != "not_available":
            raise SearchExcludesUnit(rule.code)


def _end(
    uow: UnitOfWork,
    referral: Referral,
    state: ReferralState,
    reason: DeclineReason | WithdrawReason,
    notes: str | None,
    release: ReleaseReason,
    declined_by: DeclinedBy | None = None,
) -> None:
    lock_unit(uow.session, referral.unit_id)
    uow.session.refresh(referral)
    _permit_state(uow, referral)
    referral.declined_by = declined_by
    referral.reason = reason
    if notes:
        seal_json(uow.cipher, referral, "notes_sealed", notes)
    _answer(uow, referral, state)
    uow.session.refresh(referral.hold)
    close_hold(uow, referral.hold, release)


def _answer(uow: UnitOfWork, referral: Referral, state: ReferralState) -> None:
    referral.state = state
    referral.answered_at = uow.now
    referral.answered_by = uow.principal.worker_id
    uow.session.flush()


def _keep_for_good(uow: UnitOfWork, referral: Referral) -> None:
    """Turn the hold's dates into the placement's: the same row, so that the unit is never free in between."""
    hold = referral.hold
    uow.session.refresh(hold)
    uow.session.refresh(hold.stay)
    state = hold_state(hold, uow.now)
    if state not in (HoldState.LIVE, HoldState.EXPIRED):
        raise HoldOver(state)
    try:
        with refused_when_taken(uow.session):
            hold.stay.kind = StayKind.PLACEMENT
            hold.stay.ends_at = None
            if state is HoldState.EXPIRED:
                hold.stay.starts_at = uow.now
    except UnitAlreadyTaken:
        raise HoldOver(HoldState.EXPIRED) from None
    hold.converted_at = uow.now


def _permit_state(uow: UnitOfWork, referral: Referral) -> None:
    uow.permit(relations_to_case(uow, referral), ReferralState(referral.state))


def _exactly(uow: UnitOfWork, atlas: Atlas, referral: Referral) -> list[ExactFinding]:
    unit = uow.session.get_one(Unit, referral.unit_id)
    return check_exactly(uow, atlas, unit, referral.household_id, local_date(uow.now))
