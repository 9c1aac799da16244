"""A provider's answer to a referral, read for whoever may see how much of it."""

from __future__ import annotations

from sqlalchemy import or_, select

from accommodation.base import UnitOfWork
from placement.case_view import ReferralAnswer
from placement.models import AreaToAvoid, Referral
from placement.vocabulary import ReferralState, Verdict


def answer_of(uow: UnitOfWork, referral: Referral) -> ReferralAnswer:
    """Return a referral's answer as it was given, and whether areas changed between the hold and now."""
    changed = (
        select(AreaToAvoid.id)
        .where(
            AreaToAvoid.household_id == referral.household_id,
            or_(AreaToAvoid.recorded_at >= referral.hold.held_at, AreaToAvoid.version > 1),
        )
        .limit(1)
    )
    is_declined = referral.state == ReferralState.DECLINED
    return ReferralAnswer(
        verdict=Verdict(referral.hold.verdict),
        state=ReferralState(referral.state),
        reason=referral.reason,
        declined_by=referral.declined_by,
        areas_changed=is_declined and uow.session.execute(changed).first() is not None,
    )
