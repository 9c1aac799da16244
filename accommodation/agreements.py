"""Use cases of sharing agreements: proposed by one organisation's administrator, accepted by the other's.

Nobody signs for another organisation, the installation's own administrator included (ADR 0021).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import or_, select

from accommodation.base import IllegalMove, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.models import Organisation
from accommodation.people_events import AgreementAccepted, AgreementEnded, AgreementProposed
from accommodation.people_models import SharingAgreement
from accommodation.relations import relations_to_own
from accommodation.supply import touch_agreements
from accommodation.vocabulary import AgreementEndReason, AgreementPurpose, AgreementScope, AgreementState, Relation

LONGEST_DAYS = 3 * 366
"""An agreement is looked at again at least every three years."""


def propose_agreement(
    uow: UnitOfWork,
    partner_id: uuid.UUID,
    purpose: AgreementPurpose,
    scope: Collection[AgreementScope],
    starts_on: date,
    ends_on: date,
) -> SharingAgreement:
    """Propose to share with another organisation; nothing is shared until its administrator accepts.

    Raises InvalidInput for an unknown partner, oneself, or days that cannot be agreed on.
    """
    if partner_id == uow.principal.organisation_id:
        raise InvalidInput(("/partner_id", "Name another organisation than your own."))
    if uow.session.get(Organisation, partner_id) is None:
        raise InvalidInput(("/partner_id", "There is no such organisation."))
    if ends_on < max(starts_on, local_date(uow.now)):
        raise InvalidInput(("/ends_on", "The last day comes after the first, and is not past."))
    if (ends_on - starts_on).days > LONGEST_DAYS:
        raise InvalidInput(("/ends_on", "Agree for three years at most, and agree again."))
    agreement = SharingAgreement(
        id=new_id(),
        proposer_id=uow.principal.organisation_id,
        partner_id=partner_id,
        purpose=purpose,
        shares_vacancies=AgreementScope.VACANCIES in scope,
        shares_referrals=AgreementScope.REFERRALS in scope,
        starts_on=starts_on,
        ends_on=ends_on,
        proposed_at=uow.now,
        proposed_by=uow.principal.worker_id,
        supply_version=0,
    )
    uow.session.add(agreement)
    uow.session.flush()
    uow.record(AgreementProposed(subject_id=agreement.id, details={"partner_id": str(partner_id)}))
    return agreement


def accept_agreement(uow: UnitOfWork, agreement_id: uuid.UUID) -> SharingAgreement:
    """Accept what another organisation proposed: each sees the other from `starts_on` on. Raises NotFound, IllegalMove."""
    agreement = _lock(uow, agreement_id)
    if agreement.partner_id != uow.principal.organisation_id:
        raise IllegalMove(
            "The other organisation accepts what yours has proposed.",
            state=AgreementState.PROPOSED,
            legal_moves=("end_sharing_agreement",),
        )
    agreement.accepted_at = uow.now
    agreement.accepted_by = uow.principal.worker_id
    touch_agreements(uow.session, [agreement.id])
    uow.record(AgreementAccepted(subject_id=agreement.id, details={"proposer_id": str(agreement.proposer_id)}))
    return agreement


def end_agreement(
    uow: UnitOfWork, agreement_id: uuid.UUID, reason: AgreementEndReason, words: str | None
) -> SharingAgreement:
    """End an agreement now, or turn a proposal down: from this transaction's commit on neither sees the other."""
    agreement = _lock(uow, agreement_id)
    agreement.ended_at = uow.now
    agreement.ended_by = uow.principal.worker_id
    agreement.end_reason = reason
    touch_agreements(uow.session, [agreement.id])
    uow.record(AgreementEnded(subject_id=agreement.id, details={"reason": str(reason)}, reason=words))
    return agreement


def agreement_state(agreement: SharingAgreement, now: datetime) -> AgreementState:
    """Return what an agreement is at `now`, by the local date."""
    today = local_date(now)
    if agreement.ended_at is not None:
        return AgreementState.ENDED
    if today > agreement.ends_on:
        return AgreementState.OVER
    if agreement.accepted_at is None:
        return AgreementState.PROPOSED
    return AgreementState.IN_FORCE if today >= agreement.starts_on else AgreementState.AGREED


def scope_of(agreement: SharingAgreement) -> list[AgreementScope]:
    """Return what an agreement covers, in the vocabulary's order."""
    covered = {
        AgreementScope.VACANCIES: agreement.shares_vacancies,
        AgreementScope.REFERRALS: agreement.shares_referrals,
    }
    return [scope for scope in AgreementScope if covered[scope]]


def get_agreement(uow: UnitOfWork, agreement_id: uuid.UUID) -> SharingAgreement:
    """Return an agreement to which the principal's organisation is a party; raises NotFound."""
    agreement = uow.session.get(SharingAgreement, agreement_id)
    if agreement is None:
        raise NotFound
    uow.permit(relations_to_own(uow, agreement.proposer_id, agreement.partner_id))
    return agreement


def list_agreements(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[SharingAgreement]:
    """List the agreements of the principal's organisation, in order of their random id."""
    uow.permit(Relation.OWN_ORGANISATION)
    own = uow.principal.organisation_id
    query = select(SharingAgreement).where(or_(SharingAgreement.proposer_id == own, SharingAgreement.partner_id == own))
    if after is not None:
        query = query.where(SharingAgreement.id > after)
    return uow.session.execute(query.order_by(SharingAgreement.id).limit(limit)).scalars().all()


def _lock(uow: UnitOfWork, agreement_id: uuid.UUID) -> SharingAgreement:
    """Return an agreement, its row locked, if its state allows the operation at hand."""
    agreement = get_agreement(uow, agreement_id)
    uow.session.refresh(agreement, with_for_update={"key_share": True})
    relations = relations_to_own(uow, agreement.proposer_id, agreement.partner_id)
    uow.permit(relations, agreement_state(agreement, uow.now))
    return agreement
