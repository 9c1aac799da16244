"""Answers kept for a day: whoever sends a creating POST again under the same Idempotency-Key gets the first answer.

The key, what was done and its answer are one transaction: the answer is made before the commit, so that a crash leaves the
act with its answer or neither. Two at once wait for each other at the key's row, and the second is answered as the first.
An answer that shows a secret once is kept nowhere; such an operation takes no key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from flask import Flask, Response, g, request
from sqlalchemy import ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, DomainError, DomainEvent, InvalidInput, Principal, new_id
from accommodation.sealing import open_sealed
from api.auth.permissions import SESSION_OPERATIONS, STEP_UP_OPERATIONS
from api.problems import busy_problem
from api.unit_of_work import SqlUnitOfWork

SHOWN_ONCE = SESSION_OPERATIONS | STEP_UP_OPERATIONS | {"create_invitation", "disclose_address"}
"""What answers with something that is shown once: no answer of theirs is kept, and they take no Idempotency-Key."""

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
KEPT_FOR = timedelta(hours=24)
SHOWN_HEADERS = ("Content-Type", "ETag", "Location")


class KeptAnswer(Base):
    """One act by one caller under one key of hers, and what was answered, sealed.

    `slot` is an HMAC of who and the key; `asked` one of what she asked for, since a body may hold names.
    """

    __tablename__ = "kept_answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"))
    slot: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    answer_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKeyReused(DomainError):
    """The key came before with something else: one of the two is a mistake, and nobody can tell which."""

    slug = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__("This key came with another request before. Take a new key for what is new.")


@dataclass(frozen=True, kw_only=True)
class AnswerReplayed(DomainEvent):
    """Somebody was given a kept answer once more."""

    name: ClassVar[str] = "answer:replayed"


class AnswerKept(Exception):
    """Not a failure: the act was done before, and this is what was answered."""

    def __init__(self, record_id: uuid.UUID, answer: dict[str, Any]) -> None:
        super().__init__()
        self.record_id = record_id
        self.answer = answer


@dataclass
class Claim:
    """A request under a key: who and the key (`slot`), what for (`asked`), and its transaction while that is open."""

    slot: bytes
    asked: bytes
    record_id: uuid.UUID = field(default_factory=new_id)
    open_work: tuple[ExitStack, SqlUnitOfWork] | None = None


def register_kept_answers(app: Flask, auth_key: bytes) -> None:
    """Read the key behind the guard, keep the answer before it is sent, answer what was answered before."""
    app.before_request(lambda: _read_key(auth_key))
    app.after_request(_keep)
    app.teardown_request(_let_go)
    app.register_error_handler(AnswerKept, _answer_again)


def current_claim() -> Claim | None:
    """Return the claim of the request at hand, if it came with a key."""
    claim: Claim | None = g.get("claim")
    return claim


@contextmanager
def claimed(claim: Claim, stack: ExitStack, uow: SqlUnitOfWork) -> Iterator[SqlUnitOfWork]:
    """Take the key's row first, and leave the transaction open for the answer. Raises AnswerKept, IdempotencyKeyReused."""
    _take(uow, claim)
    yield uow
    uow.finish()
    claim.open_work = (stack.pop_all(), uow)


def _read_key(auth_key: bytes) -> None:
    key = request.headers.get(HEADER)
    if key is None or "operation" not in g:
        return
    if request.method != "POST":
        return  # nothing is made: what was asked for is the same the second time, or its version is stale
    if g.operation in SHOWN_ONCE:
        raise InvalidInput(("", f"This address takes no {HEADER}: what it answers is shown once, and kept nowhere."))
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise InvalidInput(("", f"Send a {HEADER} of 1 to {LONGEST} printable characters, such as a random UUID."))
    who: Principal = g.principal
    asked = "\x00".join((request.method, request.full_path)).encode() + b"\x00" + request.get_data()
    g.claim = Claim(
        _digest(auth_key, b"slot", f"{who.worker_id}\x00{who.role}\x00{key}".encode()), _digest(auth_key, b"asked", asked)
    )


def _digest(auth_key: bytes, purpose: bytes, value: bytes) -> bytes:
    return hmac.new(auth_key, b"idempotency " + purpose + b"\x00" + value, hashlib.sha256).digest()


def _take(uow: SqlUnitOfWork, claim: Claim) -> None:
    uow.session.execute(delete(KeptAnswer).where(KeptAnswer.slot == claim.slot, KeptAnswer.expires_at <= uow.now))
    insert_: Any = sqlite.insert if uow.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "id": claim.record_id,
        "organisation_id": uow.principal.organisation_id,
        "worker_id": uow.principal.worker_id,
        "slot": claim.slot,
        "asked": claim.asked,
        "expires_at": uow.now + KEPT_FOR,
    }
    taken = insert_(KeptAnswer).values(row).on_conflict_do_nothing().returning(KeptAnswer.id)
    if uow.session.execute(taken).scalar_one_or_none() is not None:
        return
    kept = uow.session.execute(select(KeptAnswer).where(KeptAnswer.slot == claim.slot)).scalar_one()
    if not hmac.compare_digest(kept.asked, claim.asked) or kept.answer_sealed is None:
        raise IdempotencyKeyReused
    answer = open_sealed(uow.cipher, kept.answer_sealed, KeptAnswer.__tablename__, "answer_sealed", kept.id)
    raise AnswerKept(kept.id, answer)


def _keep(response: Response) -> Response:
    """Seal the answer into the act's own transaction and commit both. A refusal is not kept, and can be tried again."""
    claim = current_claim()
    if claim is None or claim.open_work is None:
        return response
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        return response  # made after the act, by a fault of the program: `_let_go` undoes the act
    stack, uow = claim.open_work
    answer = {
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in SHOWN_HEADERS if name in response.headers},
        "body": response.get_data(as_text=True),
    }
    sealed = uow.cipher.seal(
        json.dumps(answer).encode(), table=KeptAnswer.__tablename__, column="answer_sealed", row_id=claim.record_id
    )
    uow.session.execute(update(KeptAnswer).where(KeptAnswer.id == claim.record_id).values(answer_sealed=sealed))
    claim.open_work = None
    try:
        stack.close()
    except OperationalError as error:
        return busy_problem(error)
    return response


def _let_go(error: BaseException | None) -> None:
    claim = current_claim()
    if claim is not None and claim.open_work is not None:
        stack, uow = claim.open_work
        claim.open_work = None
        uow.abandon()
        stack.close()


def _answer_again(kept: AnswerKept) -> Response:
    answer = kept.answer
    response = Response(answer["body"], status=answer["status"], headers=answer["headers"])
    response.headers[REPLAYED] = "true"
    return response
