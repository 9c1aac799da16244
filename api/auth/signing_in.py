"""Signing in: a name, a password and a code make a session. Whatever is wrong, the answer and its time are the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized

from accommodation.base import DomainError, DomainEvent, Principal, UnitOfWork
from accommodation.models import Worker
from accommodation.sealing import open_sealed
from accommodation.vocabulary import Role
from api.auth.credentials import is_called, normalise_sign_in_name
from api.auth.devices import find_device
from api.auth.models import Credential, WorkerSession
from api.auth.passwords import Passwords
from api.auth.roles import list_roles
from api.auth.second_factor import new_secret, take_code
from api.auth.sessions import digest_of_token, end_session, open_session
from api.auth.throttle import Charge, Place, charge, refund
from api.crypto import KeyRing
from api.database import READ_ONLY
from api.unit_of_work import begin_unit_of_work

NOBODY = uuid.UUID(int=0)
STRANGER = Principal(worker_id=NOBODY, organisation_id=NOBODY, role="signing_in")
"""Who asks before anybody knows who it is."""


class RoleNotChosen(DomainError):
    """She is who she says and has several roles; a session is in one. `roles` lists them. Her code is not used up."""

    slug = "role-not-chosen"

    def __init__(self, roles: list[Role]) -> None:
        super().__init__("You have several roles. Say in which one you act.", roles=[str(role) for role in roles])


class Refused(Exception):
    """Somebody is not let in. The one who asks is told no more than that."""


@dataclass(frozen=True, kw_only=True)
class SignInFailed(DomainEvent):
    name: ClassVar[str] = "sign_in:failed"


@contextmanager
def refusing(uow: UnitOfWork, worker_id: uuid.UUID) -> Iterator[None]:
    """Undo what the block has done when it ends with Refused, and record that, for somebody unknown as for anybody."""
    try:
        with uow.session.begin_nested():
            yield
    except Refused:
        uow.session.expunge_all()
        uow.record(SignInFailed(subject_id=worker_id))


@dataclass(frozen=True)
class Attempt:
    """What came with a request to sign in. `device` and `old_token` are its cookies, good or not."""

    sign_in_name: str
    password: str
    code: str
    role: str | None
    network: str
    device: str | None
    old_token: str | None


@dataclass(frozen=True)
class Known:
    """A worker who may sign in, as far as her credential goes."""

    worker_id: uuid.UUID
    organisation_id: uuid.UUID
    password_hash: str
    totp_secret: str
    is_demo: bool
    left_at: datetime | None


@dataclass
class SignIn:
    """Signs people in on one installation."""

    engine: Engine
    key_ring: KeyRing
    auth_key: bytes
    passwords: Passwords
    allow_demo: bool

    def by_password(self, attempt: Attempt, request_id: str | None) -> tuple[WorkerSession, str]:
        """Return a new session and its token.

        Raises TooManyRequests before anything is looked at; Unauthorized alike for an unknown name, a wrong password, a
        wrong or used code, a role that is not hers, and somebody who has left; RoleNotChosen.
        """
        name = normalise_sign_in_name(attempt.sign_in_name)
        place = Place(attempt.network, find_device(self.auth_key, name, attempt.device))
        with self._transaction(STRANGER, request_id) as uow:
            charged = charge(uow.session, self.auth_key, name, place, uow.now)
        known = self._find_by(is_called(self.key_ring, name))
        is_right = self.passwords.verify(known.password_hash if known else None, attempt.password)
        worker_id, secret = (known.worker_id, known.totp_secret) if known else (NOBODY, self._decoy_secret)
        principal = Principal(worker_id, known.organisation_id, "signing_in") if known else STRANGER
        # The code is looked at even when the password was wrong: otherwise the time would tell which of them it was.
        with self._transaction(principal, request_id) as uow, refusing(uow, worker_id):
            is_taken = take_code(uow.session, self.auth_key, worker_id, secret, attempt.code, uow.now)
            if known is None or not is_right or not is_taken or not self._may_enter(known, uow.now):
                raise Refused
            if self.passwords.is_outdated(known.password_hash):
                fresh = self.passwords.hash(attempt.password)
                about_her = update(Credential).where(Credential.worker_id == worker_id)
                uow.session.execute(about_her.values(password_hash=fresh))
            return self.enter(uow, known, attempt.role, attempt.old_token, charged)
        raise Unauthorized

    def by_provider(
        self,
        worker_id: uuid.UUID,
        *,
        code: str,
        needs_code: bool,
        role: str | None,
        network: str,
        old_token: str | None,
        request_id: str | None,
        finish: Callable[[UnitOfWork], None],
    ) -> tuple[WorkerSession, str]:
        """Return a session of somebody whom the identity provider has named; `finish` uses her way there up.

        Raises as `by_password` does.
        """
        charged = None
        if needs_code:
            with self._transaction(STRANGER, request_id) as uow:
                charged = charge(uow.session, self.auth_key, f"oidc:{worker_id}", Place(network), uow.now)
        known = self._find_by(Credential.worker_id == worker_id)
        if known is None:
            raise Unauthorized
        principal = Principal(worker_id, known.organisation_id, "signing_in")
        with self._transaction(principal, request_id) as uow, refusing(uow, worker_id):
            secret = known.totp_secret
            if needs_code and not take_code(uow.session, self.auth_key, worker_id, secret, code, uow.now):
                raise Refused
            if not self._may_enter(known, uow.now):
                raise Refused
            finish(uow)
            return self.enter(uow, known, role, old_token, charged)
        raise Unauthorized

    def enter(
        self, uow: UnitOfWork, known: Known, role: str | None, old_token: str | None, charged: Charge | None
    ) -> tuple[WorkerSession, str]:
        """Open the session of somebody who has proved who she is; a session that her browser had is over."""
        roles = list_roles(uow.session, known.worker_id)
        if not roles or (role is not None and role not in roles):
            raise Refused
        if role is None and len(roles) > 1:
            raise RoleNotChosen(roles)
        if charged is not None:
            refund(uow.session, charged)
        self._end_old(uow, old_token)
        return open_session(uow, self.auth_key, known.worker_id, role or roles[0], is_demo=known.is_demo)

    def _transaction(self, principal: Principal, request_id: str | None) -> AbstractContextManager[UnitOfWork]:
        return begin_unit_of_work(self.engine, self.key_ring, principal, request_id)

    def _find_by(self, condition: ColumnElement[bool]) -> Known | None:
        with Session(self.engine.execution_options(**{READ_ONLY: True})) as session:
            row = self._row(session, condition)
        if row is None:
            _ = open_sealed(self.key_ring, self._decoy_sealed, "credential", "totp_secret_sealed", NOBODY)
            return None
        secret = open_sealed(self.key_ring, row.totp_secret_sealed, "credential", "totp_secret_sealed", row.id)
        return Known(row.worker_id, row.organisation_id, row.password_hash, secret, row.is_demo, row.left_at)

    def _row(self, session: Session, condition: ColumnElement[bool]) -> Any:
        return session.execute(
            select(
                Credential.id,
                Credential.worker_id,
                Worker.organisation_id,
                Credential.password_hash,
                Credential.totp_secret_sealed,
                Credential.is_demo,
                Worker.left_at,
            )
            .join(Worker, Worker.id == Credential.worker_id)
            .where(condition)
        ).one_or_none()

    def _may_enter(self, known: Known, now: datetime) -> bool:
        has_left = known.left_at is not None and known.left_at <= now
        return not has_left and (self.allow_demo or not known.is_demo)

    def _end_old(self, uow: UnitOfWork, old_token: str | None) -> None:
        if old_token is None:
            return
        digest = digest_of_token(self.auth_key, "session", old_token)
        row = uow.session.execute(select(WorkerSession).where(WorkerSession.digest == digest)).scalar_one_or_none()
        if row is not None:
            end_session(uow, row)

    @cached_property
    def _decoy_secret(self) -> str:
        return new_secret()

    @cached_property
    def _decoy_sealed(self) -> bytes:
        secret = f'"{self._decoy_secret}"'.encode()
        return self.key_ring.seal(secret, table="credential", column="totp_secret_sealed", row_id=NOBODY)
