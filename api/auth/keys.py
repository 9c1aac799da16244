"""API keys: made, shown once, recognised, revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from accommodation.base import Principal, new_id
from accommodation.models import Worker
from accommodation.people_models import WorkerRole
from accommodation.vocabulary import Role
from api.auth.models import ApiKey

PREFIX = "hb_"
LOOKUP_CHARACTERS = 12
READING_METHODS = frozenset({"GET", "HEAD"})
KEY_LENGTH = len(PREFIX) + LOOKUP_CHARACTERS + 1 + 43


def make_key(
    auth_key: bytes, worker_id: uuid.UUID, role: Role, now: datetime, lifetime: timedelta, *, is_demo: bool = False
) -> tuple[ApiKey, str]:
    """Return a new key's row and its text, which is shown once and kept nowhere."""
    prefix = secrets.token_hex(LOOKUP_CHARACTERS // 2)
    text = f"{PREFIX}{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        id=new_id(),
        worker_id=worker_id,
        role=role,
        prefix=prefix,
        digest=digest_of(auth_key, text),
        is_demo=is_demo,
        created_at=now,
        expires_at=now + lifetime,
    )
    return row, text


def digest_of(auth_key: bytes, text: str) -> bytes:
    """Return the 32 bytes that are stored of a key."""
    return hmac.new(auth_key, text.encode(), hashlib.sha256).digest()


@dataclass(frozen=True)
class FoundKey:
    """A key that is good now: whose it is and how far it reaches within its role."""

    principal: Principal
    read_only: bool
    operations: frozenset[str] | None

    def covers(self, operation: str, method: str) -> bool:
        """Tell whether the key was made for this operation."""
        if self.read_only and method not in READING_METHODS:
            return False
        return self.operations is None or operation in self.operations


def find_key(session: Session, auth_key: bytes, text: str, now: datetime, *, allow_demo: bool = False) -> FoundKey | None:
    """Return who presents a key, or None: unknown, expired, revoked, a demo's, and somebody who has left, all alike."""
    if len(text) != KEY_LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return None
    digest = digest_of(auth_key, text)
    row = session.execute(
        select(
            ApiKey.digest,
            ApiKey.role,
            ApiKey.expires_at,
            ApiKey.revoked_at,
            ApiKey.is_demo,
            ApiKey.read_only,
            ApiKey.operations,
            Worker.id,
            Worker.organisation_id,
            Worker.left_at,
        )
        .join(Worker, Worker.id == ApiKey.worker_id)
        .join(
            WorkerRole,
            and_(WorkerRole.worker_id == ApiKey.worker_id, WorkerRole.role == ApiKey.role, WorkerRole.ended_at.is_(None)),
        )
        .where(ApiKey.prefix == text[len(PREFIX) : len(PREFIX) + LOOKUP_CHARACTERS])
    ).one_or_none()
    if row is None or not hmac.compare_digest(digest, row.digest):
        return None
    if row.is_demo and not allow_demo:
        return None
    has_left = row.left_at is not None and row.left_at <= now
    if row.revoked_at is not None or has_left or row.expires_at <= now:
        return None
    principal = Principal(worker_id=row.id, organisation_id=row.organisation_id, role=row.role)
    return FoundKey(principal, row.read_only, None if row.operations is None else frozenset(row.operations))
