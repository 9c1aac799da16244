"""The way to the identity provider and back: bound to one browser, walked once, ending with a worker who was invited."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, select, update

from accommodation.base import Cipher, DomainEvent, UnitOfWork, new_id
from accommodation.sealing import open_json, seal_json
from api.auth.credentials import is_called
from api.auth.models import Credential, ExternalIdentity, OidcAttempt
from api.auth.oidc import Identity, IdentityRefused
from api.auth.sessions import digest_of_token, new_token

PURPOSE = "oidc_subject"
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(DomainEvent):
    name: ClassVar[str] = "external_identity:linked"


@dataclass(frozen=True)
class Trip:
    """What one way there and back needs: `browser` goes into a cookie, `state` and the rest to the provider."""

    browser: str
    state: str
    nonce: str
    code_verifier: str


def begin_trip(uow: UnitOfWork, auth_key: bytes) -> Trip:
    """Note that a browser is sent to the provider; returns its secrets, of which digests and ciphertext are kept."""
    trip = Trip(new_token(), new_token(), new_token(), new_token() + new_token())
    row = OidcAttempt(
        id=new_id(),
        state_digest=digest_of_token(auth_key, "oidc-state", trip.state),
        browser_digest=digest_of_token(auth_key, "oidc-browser", trip.browser),
        created_at=uow.now,
        expires_at=uow.now + LIFETIME,
    )
    seal_json(uow.cipher, row, "secrets_sealed", [trip.nonce, trip.code_verifier])
    uow.session.add(row)
    uow.session.flush()
    return trip


def take_return(uow: UnitOfWork, auth_key: bytes, browser: str | None, state: str) -> tuple[uuid.UUID, str, str]:
    """Take the one return of a trip by its own browser; returns its id, nonce and code verifier. Raises IdentityRefused."""
    row = uow.session.execute(
        select(OidcAttempt).where(OidcAttempt.state_digest == digest_of_token(auth_key, "oidc-state", state))
    ).scalar_one_or_none()
    if row is None or row.browser_digest != digest_of_token(auth_key, "oidc-browser", browser or ""):
        raise IdentityRefused
    first = OidcAttempt.id == row.id, OidcAttempt.returned_at.is_(None), OidcAttempt.expires_at > uow.now
    if uow.session.connection().execute(update(OidcAttempt).where(*first).values(returned_at=uow.now)).rowcount != 1:
        raise IdentityRefused
    nonce, code_verifier = open_json(uow.cipher, row, "secrets_sealed")
    return row.id, nonce, code_verifier


def note_identity(uow: UnitOfWork, attempt_id: uuid.UUID, identity: Identity, second_factors: frozenset[str]) -> bool:
    """Note who came back; returns whether she still owes a code of her own authenticator. Raises IdentityRefused.

    Nobody is made by this: the provider's subject was linked before, or its verified e-mail is a worker's sign-in name. The
    first time she shows her own second factor whatever the provider says, so that its word about an e-mail is not enough.
    """
    subject = json.dumps([identity.issuer, identity.subject])
    worker_id = uow.session.execute(select(ExternalIdentity.worker_id).where(_means(uow, subject))).scalar()
    is_linked = worker_id is not None
    if worker_id is None and identity.email is not None:
        worker_id = uow.session.execute(select(Credential.worker_id).where(is_called(uow.cipher, identity.email))).scalar()
    if worker_id is None or (second_factors and not second_factors & identity.factors):
        raise IdentityRefused
    row = uow.session.get_one(OidcAttempt, attempt_id)
    row.worker_id = worker_id
    seal_json(uow.cipher, row, "subject_sealed", subject)
    row.needs_code = not (is_linked and second_factors)
    uow.session.flush()
    return row.needs_code


def find_returned(uow: UnitOfWork, auth_key: bytes, browser: str | None) -> OidcAttempt | None:
    """Return the trip from which this browser has come back as somebody, and has not been used yet."""
    digest = digest_of_token(auth_key, "oidc-browser", browser or "")
    row = uow.session.execute(select(OidcAttempt).where(OidcAttempt.browser_digest == digest)).scalar_one_or_none()
    if row is None or row.worker_id is None or row.used_at is not None or row.expires_at <= uow.now:
        return None
    return row


def finish_trip(uow: UnitOfWork, row: OidcAttempt) -> None:
    """Use a trip up, and link the provider's subject to the worker when it is not yet. Raises IdentityRefused."""
    unused = OidcAttempt.id == row.id, OidcAttempt.used_at.is_(None)
    taken: Any = uow.session.connection().execute(update(OidcAttempt).where(*unused).values(used_at=uow.now))
    if taken.rowcount != 1 or row.worker_id is None or row.subject_sealed is None:
        raise IdentityRefused
    subject: str = open_json(uow.cipher, row, "subject_sealed")
    if uow.session.execute(select(ExternalIdentity.id).where(_means(uow, subject))).scalar() is None:
        identity = ExternalIdentity(id=new_id(), worker_id=row.worker_id, created_at=uow.now)
        identity.blind_index = index_of_subject(uow.cipher, *json.loads(subject))
        seal_json(uow.cipher, identity, "subject_sealed", subject)
        uow.session.add(identity)
        uow.session.flush()
        uow.record(IdentityLinked(subject_id=row.worker_id))


def index_of_subject(cipher: Cipher, issuer: str, subject: str) -> str:
    """Return the blind index under which whom a provider means is written."""
    return cipher.blind_index(PURPOSE, json.dumps([issuer, subject]))


def _means(uow: UnitOfWork, subject: str) -> ColumnElement[bool]:
    return ExternalIdentity.blind_index.in_(uow.cipher.blind_indexes(PURPOSE, subject))
