"""Tables of credentials. Keys, sessions and codes are stored as HMACs: whoever steals the tables cannot use them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accommodation.base import Base, new_id
from accommodation.models import Worker


class ApiKey(Base):
    """A worker's key in one role. `prefix` is public and finds the row; `digest` is HMAC-SHA-256 of the whole key.

    `operations` narrows what the key may call (NULL: whatever its role may); a `read_only` one may only read.
    """

    __tablename__ = "api_key"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes]
    is_demo: Mapped[bool] = mapped_column(default=False)
    read_only: Mapped[bool] = mapped_column(default=False)
    operations: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    replaced_by: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column()

    worker: Mapped[Worker] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("prefix"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class WorkerSession(Base):
    """A worker signed in, in one role, in one browser. `digest` is HMAC-SHA-256 of the cookie's token.

    It is over at `ends_at` whatever happens, some time after `last_seen_at`, and from `ended_at` on: facts, no sweep.
    """

    __tablename__ = "worker_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    digest: Mapped[bytes]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    stepped_up_until: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("digest"),)


class Credential(Base):
    """How a worker signs in: a name found by its blind index, an argon2id hash, and the secret of her authenticator.

    `totp_last_step` is the 30-second step of the last code that was taken: no code is taken twice, nor an older one.
    """

    __tablename__ = "credential"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    blind_index: Mapped[str] = mapped_column(String(64))
    sign_in_name_sealed: Mapped[bytes]
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime]
    totp_secret_sealed: Mapped[bytes]
    totp_last_step: Mapped[int | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("worker_id"), UniqueConstraint("blind_index"))


class RecoveryCode(Base):
    """One of ten codes for the day when the authenticator is lost. `digest` is an HMAC; each is good once."""

    __tablename__ = "recovery_code"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    digest: Mapped[bytes]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("worker_id", "digest"),)


class Enrolment(Base):
    """A worker on her way to signing in. What she chose waits here until a code from her authenticator confirms it."""

    __tablename__ = "enrolment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    digest: Mapped[bytes]
    sign_in_name_sealed: Mapped[bytes | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("digest"),)


class SignInFailures(Base):
    """Failures at one counter: an account from one place, an account from everywhere, or a place. `id` is an HMAC."""

    __tablename__ = "sign_in_failures"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime]
    forget_at: Mapped[datetime] = mapped_column(index=True)


class ExternalIdentity(Base):
    """Whom an identity provider means: blind index of issuer and subject -> a worker who was invited."""

    __tablename__ = "external_identity"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    blind_index: Mapped[str] = mapped_column(String(64))
    subject_sealed: Mapped[bytes]
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("blind_index"),)


class OidcAttempt(Base):
    """Somebody was sent to the identity provider from one browser, and may come back once before `expires_at`.

    `worker_id` is set when she came back; `needs_code`: she still owes a code of her own authenticator.
    """

    __tablename__ = "oidc_attempt"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    state_digest: Mapped[bytes]
    browser_digest: Mapped[bytes]
    secrets_sealed: Mapped[bytes]
    worker_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("worker.id"))
    subject_sealed: Mapped[bytes | None]
    needs_code: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    returned_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("state_digest"), UniqueConstraint("browser_digest"))


class RequestCount(Base):
    """How often one caller asked within one window, on all nodes together. `id` is an HMAC of the counter's name."""

    __tablename__ = "request_count"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
