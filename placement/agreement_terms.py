"""Reading sharing agreements for searches: those that changed since a supply version."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.people_models import SharingAgreement
from accommodation.sharing import counts_for_placing
from placement.partners import AgreementTerm


def read_changed_terms(session: Session, since: int) -> dict[uuid.UUID, AgreementTerm | None]:
    """Return the agreements changed after a supply version by id; None for one that shows no vacancies (any more)."""
    counts = (counts_for_placing() & SharingAgreement.shares_vacancies).label("counts")
    query = select(
        SharingAgreement.id,
        SharingAgreement.proposer_id,
        SharingAgreement.partner_id,
        SharingAgreement.starts_on,
        SharingAgreement.ends_on,
        counts,
    ).where(SharingAgreement.supply_version > since)
    return {
        row.id: AgreementTerm((row.proposer_id, row.partner_id), row.starts_on, row.ends_on) if row.counts else None
        for row in session.execute(query)
    }
