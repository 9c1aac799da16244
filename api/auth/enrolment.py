"""Enrolment: a token that was handed over in person becomes a password and a second factor, and is good for nothing more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from sqlalchemy import select, update

from accommodation.base import DomainEvent, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.models import Worker
from accommodation.sealing import open_json, seal_json
from api.auth.credentials import SignInNameInUse, is_called, set_credential
from api.auth.models import Credential, Enrolment
from api.auth.second_factor import find_step, new_secret
from api.auth.sessions import digest_of_token, end_sessions, new_token

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class EnrolmentOpened(DomainEvent):
    name: ClassVar[str] = "enrolment:opened"


@dataclass(frozen=True, kw_only=True)
class EnrolmentConfirmed(DomainEvent):
    name: ClassVar[str] = "enrolment:confirmed"


def open_enrolment(uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID) -> str:
    """Let a worker choose how she signs in; returns the token, shown once. Earlier tokens of hers are void."""
    void_enrolments(uow, worker_id)
    token = new_token()
    row = Enrolment(
        id=new_id(),
        worker_id=worker_id,
        digest=digest_of_token(auth_key, "enrolment", token),
        created_at=uow.now,
        expires_at=uow.now + LIFETIME,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record(EnrolmentOpened(subject_id=worker_id))
    return token


def void_enrolments(uow: UnitOfWork, worker_id: uuid.UUID) -> None:
    """Make every enrolment token of a worker void, and forget what was chosen by it."""
    still_open = Enrolment.worker_id == worker_id, Enrolment.used_at.is_(None)
    nothing = {"sign_in_name_sealed": None, "password_hash": None, "totp_secret_sealed": None}
    uow.session.execute(update(Enrolment).where(*still_open).values(used_at=uow.now, **nothing))


def find_enrolment(uow: UnitOfWork, auth_key: bytes, token: str) -> Enrolment:
    """Return the enrolment of a token. Raises NotFound alike for an unknown, used or expired one, and if she has left."""
    digest = digest_of_token(auth_key, "enrolment", token)
    row = uow.session.execute(select(Enrolment).where(Enrolment.digest == digest)).scalar_one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= uow.now:
        raise NotFound
    left_at = uow.session.get_one(Worker, row.worker_id).left_at
    if left_at is not None and left_at <= uow.now:
        raise NotFound
    return row


def begin_enrolment(uow: UnitOfWork, row: Enrolment, sign_in_name: str, password_hash: str) -> str:
    """Note what she chose and return a new authenticator's secret, shown once. Until a code confirms it, nothing changes.

    Raises SignInNameInUse.
    """
    owner = uow.session.execute(select(Credential.worker_id).where(is_called(uow.cipher, sign_in_name))).scalar()
    if owner not in (None, row.worker_id):
        raise SignInNameInUse
    secret = new_secret()
    row.password_hash = password_hash
    seal_json(uow.cipher, row, "sign_in_name_sealed", sign_in_name)
    seal_json(uow.cipher, row, "totp_secret_sealed", secret)
    uow.session.flush()
    return secret


def confirm_enrolment(uow: UnitOfWork, auth_key: bytes, row: Enrolment, code: str) -> list[str]:
    """Make it hold by the first code of her authenticator; returns her recovery codes, shown once.

    Her sessions are over: who signed in by the old credential does not stay. Raises InvalidInput for a wrong code.
    """
    if row.totp_secret_sealed is None or row.password_hash is None:
        raise InvalidInput(("/enrolment_token", "Choose a name and a password first."))
    secret = open_json(uow.cipher, row, "totp_secret_sealed")
    step = find_step(secret, code, uow.now)
    if step is None:
        raise InvalidInput(("/code", "This is not the authenticator's code. Check the clock of the telephone."))
    name = open_json(uow.cipher, row, "sign_in_name_sealed")
    codes = set_credential(uow, auth_key, row.worker_id, name, row.password_hash, secret, totp_last_step=step)
    end_sessions(uow, row.worker_id)
    row.used_at = uow.now
    row.sign_in_name_sealed = row.password_hash = row.totp_secret_sealed = None
    uow.session.flush()
    uow.record(EnrolmentConfirmed(subject_id=row.worker_id))
    return codes
