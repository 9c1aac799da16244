"""In which roles a worker may act."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.people_models import WorkerRole
from accommodation.vocabulary import Role


def list_roles(session: Session, worker_id: uuid.UUID) -> list[Role]:
    """Return the roles that a worker has, in the order of the vocabulary."""
    query = select(WorkerRole.role).where(WorkerRole.worker_id == worker_id, WorkerRole.ended_at.is_(None))
    held = set(session.execute(query).scalars())
    return [role for role in Role if role in held]
