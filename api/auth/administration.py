"""Use cases of keys, and of making the first administrator of an installation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from accommodation.base import Cipher, IllegalMove, InvalidInput, NotFound, Principal, UnitOfWork
from accommodation.models import Worker
from accommodation.people import add_organisation, add_worker, give_role, has_role
from accommodation.vocabulary import OrganisationKind, Role
from api.auth.enrolment import open_enrolment, void_enrolments
from api.auth.key_keeping import KeyIssued, revoke_key
from api.auth.keys import make_key
from api.auth.models import ApiKey
from api.auth.sessions import end_sessions
from api.unit_of_work import begin_unit_of_work

INSTALLER = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="installer")
"""Who made the first administrator: somebody with a shell on the machine."""


def issue_key(
    uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID, role: Role, lifetime: timedelta, *, is_demo: bool = False
) -> tuple[ApiKey, str]:
    """Give a worker a key in a role that she has; returns its row and its text.

    Workers make their own; this is for tests, benchmarks, and whoever has a shell on the machine.

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


@dataclass(frozen=True)
class FirstAdministrator:
    """What the first administrator is given, once: a token to enrol with, and a key if one was asked for."""

    enrolment_token: str
    key: str | None


def bootstrap_administrator(
    engine: Engine, cipher: Cipher, auth_key: bytes, organisation: str, name: str, key_days: int | None = None
) -> FirstAdministrator:
    """Make the first organisation and its administrator. Raises IllegalMove unless nobody works here."""
    with begin_unit_of_work(engine, cipher, INSTALLER, None) as uow:
        if uow.session.execute(select(Worker.id).limit(1)).first() is not None:
            raise IllegalMove("This installation has workers. Ask its administrator for an invitation.", state="in_use")
        board = add_organisation(uow, organisation, OrganisationKind.BOARD)
        board.runs_installation = True
        worker = add_worker(uow, board.id, name)
        give_role(uow, worker, Role.ADMINISTRATOR, None)
        token, key = open_enrolment(uow, auth_key, worker.id), None
        if key_days is not None:
            _, key = issue_key(uow, auth_key, worker.id, Role.ADMINISTRATOR, timedelta(days=key_days))
    return FirstAdministrator(token, key)


def enrol_again(engine: Engine, cipher: Cipher, auth_key: bytes, worker_id: uuid.UUID) -> str:
    """Let a worker choose anew how she signs in, because password, telephone and recovery codes are lost; returns a token.

    Only by a shell on the machine: an administrator who could do this could become any of her colleagues. Raises NotFound.
    """
    with begin_unit_of_work(engine, cipher, INSTALLER, None) as uow:
        worker = uow.session.get(Worker, worker_id)
        if worker is None or (worker.left_at is not None and worker.left_at <= uow.now):
            raise NotFound
        return open_enrolment(uow, auth_key, worker_id)


def end_keys_in_role(uow: UnitOfWork, worker_id: uuid.UUID, role: Role) -> None:
    """Let a worker's keys and sessions in a role die for good: they must not come back with a role that is granted again."""
    keys = select(ApiKey).where(ApiKey.worker_id == worker_id, ApiKey.role == role, ApiKey.revoked_at.is_(None))
    for key in uow.session.execute(keys).scalars():
        revoke_key(uow, key)
    end_sessions(uow, worker_id)


def close_ways_in(uow: UnitOfWork, worker_id: uuid.UUID, at: datetime) -> None:
    """Let a worker's keys, sessions and enrolments die at an instant: now, or a later one for what would outlive it."""
    keys = select(ApiKey).where(ApiKey.worker_id == worker_id, ApiKey.revoked_at.is_(None))
    for key in uow.session.execute(keys).scalars():
        if at <= uow.now:
            revoke_key(uow, key)
        elif key.expires_at > at:
            key.expires_at = at
    if at <= uow.now:
        end_sessions(uow, worker_id)
        void_enrolments(uow, worker_id)
