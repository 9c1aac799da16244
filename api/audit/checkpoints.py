"""Making checkpoints: each organisation's head, signed, in a table that is only added to, and in a line of the log."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, insert, select

from accommodation.models import Organisation
from api.audit.chain import instant
from api.audit.models import AuditCheckpoint, AuditEvent
from api.audit.signing import Checkpoint, sign
from api.database import READ_ONLY

NO_ORGANISATION = uuid.UUID(int=0)
"""Under which Harbour's own acts are filed: jobs, and the installer's."""

log = structlog.get_logger("harbour.audit")


def make_checkpoints(engine: Engine, key: Ed25519PrivateKey, now: datetime | None = None) -> int:
    """Sign the head of every chain that grew since its last checkpoint; returns how many.

    Each is logged as well: a log kept elsewhere shows a trail that was set back together with its checkpoints.
    """
    made_at = (now or datetime.now(UTC)).replace(microsecond=0)
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        made = [sign(key, str(of), position, head, instant(made_at)) for of, position, head in _grown(connection)]
    if made:
        with engine.begin() as connection:
            connection.execute(insert(AuditCheckpoint), [_row(checkpoint) for checkpoint in made])
    for checkpoint in made:
        log.info(
            "audit_checkpoint",
            organisation_id=checkpoint.organisation_id,
            position=checkpoint.position,
            hash=checkpoint.hash,
            key_id=checkpoint.key_id,
        )
    return len(made)


def find_head(connection: Connection, organisation_id: uuid.UUID) -> tuple[int, str] | None:
    """Return the position and hash of an organisation's last event, or None."""
    query = select(AuditEvent.position, AuditEvent.hash).where(AuditEvent.organisation_id == organisation_id)
    row = connection.execute(query.order_by(AuditEvent.position.desc()).limit(1)).one_or_none()
    return None if row is None else (row.position, row.hash.hex())


def _grown(connection: Connection) -> list[tuple[uuid.UUID, int, str]]:
    found = []
    for organisation_id in [
        NO_ORGANISATION,
        *connection.execute(select(Organisation.id).order_by(Organisation.id)).scalars(),
    ]:
        head = find_head(connection, organisation_id)
        query = select(AuditCheckpoint.position).where(AuditCheckpoint.organisation_id == organisation_id)
        signed = connection.execute(query.order_by(AuditCheckpoint.position.desc()).limit(1)).scalar() or 0
        if head is not None and head[0] > signed:
            found.append((organisation_id, *head))
    return found


def _row(checkpoint: Checkpoint) -> dict[str, object]:
    return {
        "organisation_id": uuid.UUID(checkpoint.organisation_id),
        "position": checkpoint.position,
        "hash": bytes.fromhex(checkpoint.hash),
        "made_at": datetime.fromisoformat(checkpoint.made_at),
        "key_id": checkpoint.key_id,
        "signature": bytes.fromhex(checkpoint.signature),
    }
