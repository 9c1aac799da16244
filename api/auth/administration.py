"""Use cases of keys, and of making the first administrator of an installation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Engine, select

from accommodation.base import Cipher, DomainEvent, IllegalMove, InvalidInput, Principal, UnitOfWork
from accommodation.models import Worker
from accommodation.people import add_organisation, add_worker, give_role, has_role
from accommodation.vocabulary import KeyState, OrganisationKind, Role
from api.auth.keys import make_key
from api.auth.models import ApiKey
from api.unit_of_work import begin_unit_of_work

INSTALLER = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="installer")
"""Who made the first administrator: somebody with a shell on the machine."""


@dataclass(frozen=True, kw_only=True)
class KeyIssued(DomainEvent):
    name: ClassVar[str] = "api_key:issued"


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(DomainEvent):
    name: ClassVar[str] = "api_key:revoked"


def issue_key(
    uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID, role: Role, lifetime: timedelta, *, is_demo: bool = False
) -> tuple[ApiKey, str]:
    """Give a worker a key in a role that she has; returns its row and its text, which is shown once.

    Raises InvalidInput for an unknown worker, and for a role that was not granted to her.
    """
    if uow.session.get(Worker, worker_id) is None:
        raise InvalidInput(("/worker_id", "There is no such worker."))
    if not has_role(uow.session, worker_id, role):
        raise InvalidInput(("/role", "She does not have this role."))
    row, key = make_key(auth_key, worker_id, role, uow.now, lifetime, is_demo=is_demo)
    uow.session.add(row)
    uow.session.flush()
    uow.record(KeyIssued(subject_id=row.id, details={"worker_id": str(worker_id), "role": str(role)}))
    return row, key


def bootstrap_administrator(engine: Engine, cipher: Cipher, auth_key: bytes, organisation: str, name: str, days: int) -> str:
    """Make the first organisation and its administrator; returns her key. Raises IllegalMove unless nobody works here."""
    with begin_unit_of_work(engine, cipher, INSTALLER, None) as uow:
        if uow.session.execute(select(Worker.id).limit(1)).first() is not None:
            raise IllegalMove("This installation has workers. Ask its administrator for a key.", state="in_use")
        board = add_organisation(uow, organisation, OrganisationKind.BOARD)
        board.runs_installation = True
        worker = add_worker(uow, board.id, name)
        give_role(uow, worker, Role.ADMINISTRATOR, None)
        _, key = issue_key(uow, auth_key, worker.id, Role.ADMINISTRATOR, timedelta(days=days))
    return key


def key_state(row: ApiKey, now: datetime) -> KeyState:
    """Return whether a key can be used at `now`, and if not, why."""
    if row.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.VALID if now < row.expires_at else KeyState.EXPIRED


def revoke_keys_of(uow: UnitOfWork, worker_id: uuid.UUID, at: datetime) -> None:
    """Let a worker's keys die at an instant: at once when that is now, else no later than then."""
    query = select(ApiKey).where(ApiKey.worker_id == worker_id, ApiKey.revoked_at.is_(None))
    for row in uow.session.execute(query).scalars():
        if at <= uow.now:
            revoke_key(uow, row)
        elif row.expires_at > at:
            row.expires_at = at


def revoke_key(uow: UnitOfWork, row: ApiKey) -> None:
    """Revoke a key from this transaction's commit on; every node asks the database, so every node knows."""
    row.revoked_at = uow.now
    uow.session.flush()
    uow.record(KeyRevoked(subject_id=row.id))
