"""Who looks at alerts: an organisation without a safeguarding lead must not be silent about it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from accommodation.alerts import OVERDUE_AFTER, Alert
from accommodation.models import Organisation, Worker
from accommodation.people_models import WorkerRole
from accommodation.vocabulary import Role
from api.auth.models import ApiKey, Credential, ExternalIdentity

NO_LEAD = "Nobody here can act as safeguarding lead: alerts are raised and nobody sees them."
OVERDUE = "An alert has been open for more than 72 hours."


@dataclass(frozen=True)
class Coverage:
    """One organisation: has it a lead, and how many alerts wait."""

    organisation_id: uuid.UUID
    has_safeguarding_lead: bool
    open_alerts: int
    overdue_alerts: int

    @property
    def warning(self) -> str | None:
        """Return what somebody should see to, in words, or None."""
        if not self.has_safeguarding_lead:
            return NO_LEAD
        return OVERDUE if self.overdue_alerts else None


def list_coverage(
    session: Session,
    now: datetime,
    *,
    only: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
    limit: int | None = None,
) -> Sequence[Coverage]:
    """List every organisation's coverage, or `only` one's, in order of id.

    A lead is who has the role, has not left, and can come in: by a password or identity provider of her own, or by a key in
    that role that is good at `now`. A role without a way in sees nothing.
    """
    query = select(Organisation.id).order_by(Organisation.id).limit(limit)
    if after is not None:
        query = query.where(Organisation.id > after)
    if only is not None:
        query = query.where(Organisation.id == only)
    ids = session.execute(query).scalars().all()
    by_key = select(ApiKey.worker_id).where(
        ApiKey.role == Role.SAFEGUARDING_LEAD, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now
    )
    led = (
        select(Worker.organisation_id)
        .join(WorkerRole, WorkerRole.worker_id == Worker.id)
        .where(
            WorkerRole.role == Role.SAFEGUARDING_LEAD,
            WorkerRole.ended_at.is_(None),
            Worker.left_at.is_(None),
            Worker.id.in_(by_key)
            | Worker.id.in_(select(Credential.worker_id))
            | Worker.id.in_(select(ExternalIdentity.worker_id)),
        )
    )
    with_lead = set(session.execute(led).scalars())
    is_late = case((Alert.raised_at < now - OVERDUE_AFTER, 1), else_=0)
    waiting = (
        select(Alert.organisation_id, func.count(), func.sum(is_late))
        .where(Alert.closed_at.is_(None))
        .group_by(Alert.organisation_id)
    )
    counts = {organisation_id: (total, late) for organisation_id, total, late in session.execute(waiting)}
    return [Coverage(each, each in with_lead, *counts.get(each, (0, 0))) for each in ids]
