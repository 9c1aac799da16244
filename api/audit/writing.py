"""Writing the trail: the events of a transaction, together, as its last statements before the commit.

One organisation's writers take turns at the end of its chain, and hold it from there to their commit; nobody waits for
another organisation. On PostgreSQL the turn is an advisory lock, and it is the last lock of every transaction, so that
no two can wait for each other. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Connection, LargeBinary, Table, Uuid, bindparam, insert, text
from sqlalchemy.orm import Session

from accommodation.base import Cipher, DomainEvent, Principal, new_id
from api.audit.chain import GENESIS, Record, hash_of, instant
from api.audit.models import AuditEvent, AuditReason
from api.audit.reasons import seal_reason

EVENTS, REASONS = cast(Table, AuditEvent.__table__), cast(Table, AuditReason.__table__)
_HEAD = {
    name: text(query).bindparams(bindparam("organisation_id", type_=Uuid())).columns(position=BigInteger, hash=LargeBinary)
    for name, query in {
        "sqlite": "SELECT position, hash FROM audit_event"
        " WHERE organisation_id = :organisation_id ORDER BY position DESC LIMIT 1",
        # A function, so that it reads after it has waited: a query that did both would read what it saw before.
        "postgresql": "SELECT position, hash FROM lock_audit_chain(:organisation_id)",
    }.items()
}


def write_audit(
    session: Session,
    cipher: Cipher,
    principal: Principal,
    now: datetime,
    request_id: str | None,
    events: Sequence[DomainEvent],
) -> None:
    """Add events, in their order, to the chain of the principal's organisation. Commit at once afterwards."""
    if not events:
        return
    session.flush()  # every other lock is taken before the chain's
    reasons = []
    rows = []
    for event in events:
        row: dict[str, Any] = {
            "id": new_id(),
            "happened_at": now,
            "organisation_id": principal.organisation_id,
            "worker_id": principal.worker_id,
            "action": event.name,
            "subject_id": event.subject_id,
            "request_id": request_id,
            "details": json.loads(json.dumps(dict(event.details))),  # what is hashed is what will be read
            "reason_digest": None,
        }
        if event.reason is not None:
            row["reason_digest"], sealed = seal_reason(cipher, row["id"], event.reason)
            reasons.append({"id": row["id"], "reason_sealed": sealed})
        rows.append(row)
    connection = session.connection()
    position, previous = lock_chain(connection, principal.organisation_id)
    connection.execute(insert(EVENTS), chained(rows, position, previous))
    if reasons:
        connection.execute(insert(REASONS), reasons)


def lock_chain(connection: Connection, organisation_id: uuid.UUID) -> tuple[int, str]:
    """Wait for the end of an organisation's chain, keep it until the transaction ends; returns its position and hash."""
    row = connection.execute(_HEAD[connection.dialect.name], {"organisation_id": organisation_id}).one_or_none()
    return (0, GENESIS) if row is None else (row.position, row.hash.hex())


def chained(rows: Sequence[dict[str, Any]], position: int, previous: str) -> Sequence[dict[str, Any]]:
    """Return rows of one organisation with position and hashes, following a chain's end."""
    for row in rows:
        position += 1
        digest = hash_of({**_plain(row), "position": position, "previous_hash": previous})
        row.update(position=position, previous_hash=bytes.fromhex(previous), hash=bytes.fromhex(digest))
        previous = digest
    return rows


def _plain(row: dict[str, Any]) -> Record:
    """Return a row's values as its record writes them."""
    return {
        "id": str(row["id"]),
        "happened_at": instant(row["happened_at"]),
        "organisation_id": str(row["organisation_id"]),
        "worker_id": str(row["worker_id"]),
        "action": row["action"],
        "subject_id": str(row["subject_id"]),
        "request_id": row["request_id"],
        "details": row["details"],
        "reason_digest": None if row["reason_digest"] is None else row["reason_digest"].hex(),
    }
