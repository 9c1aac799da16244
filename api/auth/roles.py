"""In which roles a worker may act."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.vocabulary import Role
from api.auth.models import ApiKey


def list_roles(session: Session, worker_id: uuid.UUID) -> list[Role]:
    """Return the roles that a worker has, in the order of the vocabulary."""
    held = set(
        session.execute(select(ApiKey.role).where(ApiKey.worker_id == worker_id, ApiKey.revoked_at.is_(None))).scalars()
    )
    return [role for role in Role if role in held]
