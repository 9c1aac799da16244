"""Server-side sessions: opened, recognised, kept awake, rotated, ended. The cookie's token is random and kept nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Engine, and_, select, update
from sqlalchemy.orm import Session

from accommodation.base import DomainEvent, Principal, UnitOfWork, new_id
from accommodation.models import Worker
from accommodation.people_models import WorkerRole
from accommodation.vocabulary import Role
from api.auth.models import WorkerSession

TOKEN_BYTES = 32
TOKEN_LENGTH = 43
IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
STEP_UP = timedelta(minutes=5)
NOTE_SEEN_AFTER = timedelta(minutes=1)
"""A session is written to at most this often, so that reading costs no write; it may idle out that much early."""


@dataclass(frozen=True, kw_only=True)
class SessionOpened(DomainEvent):
    name: ClassVar[str] = "session:opened"


@dataclass(frozen=True, kw_only=True)
class SessionEnded(DomainEvent):
    name: ClassVar[str] = "session:ended"


@dataclass(frozen=True, kw_only=True)
class SteppedUp(DomainEvent):
    name: ClassVar[str] = "session:stepped_up"


@dataclass(frozen=True)
class FoundSession:
    """A session that is good now: whose it is, the token against forged requests, and when it was last written to."""

    principal: Principal
    csrf_token: str
    last_seen_at: datetime


def new_token() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of_token(auth_key: bytes, purpose: str, token: str) -> bytes:
    """Return the 32 bytes that are stored of a token of one purpose."""
    return hmac.new(auth_key, f"{purpose}\x00{token}".encode(), hashlib.sha256).digest()


def csrf_token_of(auth_key: bytes, digest: bytes) -> str:
    """Return the token that a page of ours sends with each change; it follows from the session's and changes with it."""
    token = hmac.new(auth_key, b"csrf\x00" + digest, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def open_session(
    uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID, role: Role | str, *, is_demo: bool = False
) -> tuple[WorkerSession, str]:
    """Open a session of a worker in a role; returns its row and the token for her cookie."""
    token = new_token()
    row = WorkerSession(
        id=new_id(),
        worker_id=worker_id,
        role=str(role),
        digest=digest_of_token(auth_key, "session", token),
        is_demo=is_demo,
        created_at=uow.now,
        last_seen_at=uow.now,
        ends_at=uow.now + ABSOLUTE,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record(SessionOpened(subject_id=row.id, details={"worker_id": str(worker_id), "role": str(role)}))
    return row, token


def find_session(
    session: Session, auth_key: bytes, token: str, now: datetime, *, allow_demo: bool = False
) -> FoundSession | None:
    """Return who presents a token, or None for all that opens nothing, alike.

    That is: unknown, idle, over, ended, a demo's, of somebody who has left or has not got the role (any more).
    """
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    digest = digest_of_token(auth_key, "session", token)
    row = session.execute(
        select(
            WorkerSession.id,
            WorkerSession.worker_id,
            WorkerSession.role,
            WorkerSession.is_demo,
            WorkerSession.last_seen_at,
            WorkerSession.ends_at,
            WorkerSession.ended_at,
            WorkerSession.stepped_up_until,
            Worker.organisation_id,
            Worker.left_at,
        )
        .join(Worker, Worker.id == WorkerSession.worker_id)
        .join(
            WorkerRole,
            and_(
                WorkerRole.worker_id == WorkerSession.worker_id,
                WorkerRole.role == WorkerSession.role,
                WorkerRole.ended_at.is_(None),
            ),
        )
        .where(WorkerSession.digest == digest)
    ).one_or_none()
    if row is None or (row.is_demo and not allow_demo):
        return None
    if row.ended_at is not None or (row.left_at is not None and row.left_at <= now):
        return None
    if row.ends_at <= now or row.last_seen_at + IDLE <= now:
        return None
    principal = Principal(
        worker_id=row.worker_id,
        organisation_id=row.organisation_id,
        role=row.role,
        session_id=row.id,
        stepped_up_until=row.stepped_up_until,
    )
    return FoundSession(principal, csrf_token_of(auth_key, digest), row.last_seen_at)


def note_seen(engine: Engine, found: FoundSession, now: datetime) -> None:
    """Keep a session awake, with a write at most once a minute."""
    if now - found.last_seen_at < NOTE_SEEN_AFTER:
        return
    seen = update(WorkerSession).where(
        WorkerSession.id == found.principal.session_id, WorkerSession.last_seen_at == found.last_seen_at
    )
    with engine.begin() as connection:
        connection.execute(seen.values(last_seen_at=now))


def rotate_session(row: WorkerSession, auth_key: bytes) -> str:
    """Give a session another token; the old one is nobody's from the commit on."""
    token = new_token()
    row.digest = digest_of_token(auth_key, "session", token)
    return token


def step_up(uow: UnitOfWork, row: WorkerSession, auth_key: bytes) -> str:
    """Note that the second factor was shown just now; returns the session's new token."""
    row.stepped_up_until = uow.now + STEP_UP
    token = rotate_session(row, auth_key)
    uow.session.flush()
    uow.record(SteppedUp(subject_id=row.id))
    return token


def is_open(row: WorkerSession, now: datetime) -> bool:
    """Tell whether a session could still be used at `now`, UTC."""
    return row.ended_at is None and row.ends_at > now and row.last_seen_at + IDLE > now


def end_session(uow: UnitOfWork, row: WorkerSession) -> None:
    """End a session from this transaction's commit on; every node asks the database, so every node knows."""
    if row.ended_at is None:
        row.ended_at = uow.now
        uow.session.flush()
        uow.record(SessionEnded(subject_id=row.id))


def list_open_sessions(session: Session, worker_id: uuid.UUID, now: datetime) -> list[WorkerSession]:
    """Return a worker's sessions that could still be used, oldest first."""
    rows = session.execute(
        select(WorkerSession)
        .where(WorkerSession.worker_id == worker_id, WorkerSession.ended_at.is_(None), WorkerSession.ends_at > now)
        .order_by(WorkerSession.created_at, WorkerSession.id)
    ).scalars()
    return [row for row in rows if is_open(row, now)]


def end_sessions(uow: UnitOfWork, worker_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End all sessions of a worker, or all but one; returns how many."""
    rows = [row for row in list_open_sessions(uow.session, worker_id, uow.now) if row.id != but]
    for row in rows:
        end_session(uow, row)
    return len(rows)
