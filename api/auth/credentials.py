"""What a worker signs in with: written when her enrolment is confirmed, found again by her name's blind index."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, select

from accommodation.base import Cipher, DomainError, DomainEvent, UnitOfWork, new_id
from accommodation.sealing import seal_json
from api.auth.models import Credential
from api.auth.second_factor import make_recovery_codes

PURPOSE = "sign_in"


class SignInNameInUse(DomainError):
    """Somebody signs in by this name already."""

    slug = "sign-in-name-in-use"

    def __init__(self) -> None:
        super().__init__("Somebody signs in by this name already. Choose your own work e-mail address.")


@dataclass(frozen=True, kw_only=True)
class CredentialSet(DomainEvent):
    name: ClassVar[str] = "credential:set"


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(DomainEvent):
    name: ClassVar[str] = "credential:password_changed"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesRenewed(DomainEvent):
    name: ClassVar[str] = "credential:recovery_codes_renewed"


def normalise_sign_in_name(name: str) -> str:
    """Return a sign-in name as it is compared: composed, folded, without spaces round it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def index_of_sign_in_name(cipher: Cipher, name: str) -> str:
    """Return the blind index under which a worker who signs in by a name is written."""
    return cipher.blind_index(PURPOSE, normalise_sign_in_name(name))


def is_called(cipher: Cipher, name: str) -> ColumnElement[bool]:
    """Return the condition by which whoever signs in by a name is found, also while the index key is changed."""
    return Credential.blind_index.in_(cipher.blind_indexes(PURPOSE, normalise_sign_in_name(name)))


def set_credential(
    uow: UnitOfWork,
    auth_key: bytes,
    worker_id: uuid.UUID,
    sign_in_name: str,
    password_hash: str,
    totp_secret: str,
    *,
    totp_last_step: int | None = None,
    is_demo: bool = False,
) -> list[str]:
    """Write how a worker signs in from now on, in place of what was before; returns her recovery codes, shown once.

    Raises SignInNameInUse.
    """
    owner = uow.session.execute(select(Credential.worker_id).where(is_called(uow.cipher, sign_in_name))).scalar()
    if owner not in (None, worker_id):
        raise SignInNameInUse
    row = uow.session.execute(select(Credential).where(Credential.worker_id == worker_id)).scalar_one_or_none()
    if row is None:
        row = Credential(id=new_id(), worker_id=worker_id, created_at=uow.now)
        uow.session.add(row)
    row.blind_index, row.is_demo = index_of_sign_in_name(uow.cipher, sign_in_name), is_demo
    row.password_hash, row.password_changed_at = password_hash, uow.now
    row.totp_last_step = totp_last_step
    seal_json(uow.cipher, row, "sign_in_name_sealed", sign_in_name.strip())
    seal_json(uow.cipher, row, "totp_secret_sealed", totp_secret)
    uow.session.flush()
    codes = make_recovery_codes(uow.session, auth_key, worker_id)
    uow.record(CredentialSet(subject_id=worker_id))
    return codes


def change_password(uow: UnitOfWork, worker_id: uuid.UUID, password_hash: str) -> None:
    """Write another password of a worker."""
    row = uow.session.execute(select(Credential).where(Credential.worker_id == worker_id)).scalar_one()
    row.password_hash, row.password_changed_at = password_hash, uow.now
    uow.session.flush()
    uow.record(PasswordChanged(subject_id=worker_id))


def renew_recovery_codes(uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID) -> list[str]:
    """Replace a worker's recovery codes; returns the new ones, shown once."""
    codes = make_recovery_codes(uow.session, auth_key, worker_id)
    uow.record(RecoveryCodesRenewed(subject_id=worker_id))
    return codes
