"""The trail in the database as it stands, value by value, so that nothing that somebody wrote there is taken on trust."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Connection, Uuid, bindparam, text

from accommodation.base import Cipher
from api.audit.chain import COLUMNS, Record, instant, read_json
from api.audit.diagnosis import Finding, Wrong
from api.audit.reasons import AuditReasonErased, open_reason
from api.audit.signing import Checkpoint

AT_ONCE = 2_000
HEXADECIMAL = re.compile(r"[0-9a-f]{32}")
UNREADABLE = "unreadable: "
_BYTES = ("id", "organisation_id", "happened_at", "worker_id", "action", "subject_id", "request_id", "details")
"""Read as bytes from SQLite, which takes anything into any column, and whose driver stops at what is no UTF-8."""

_ORGANISATION = bindparam("organisation_id", type_=Uuid())
_COUNT = text("SELECT count(*) FROM audit_event WHERE organisation_id = :organisation_id").bindparams(_ORGANISATION)
_CHECKPOINTS = text("SELECT * FROM audit_checkpoint WHERE organisation_id = :organisation_id ORDER BY position").bindparams(
    _ORGANISATION
)
_REASONS = (
    text(
        "SELECT event.position, event.id, event.reason_digest, reason.reason_sealed,"
        " EXISTS (SELECT 1 FROM audit_event erased WHERE erased.subject_id = event.id AND erased.action = :erased)"
        " AS is_erased"
        " FROM audit_event event LEFT JOIN audit_reason reason ON reason.id = event.id"
        " WHERE event.organisation_id = :organisation_id AND event.position <= :position"
        " AND (event.reason_digest IS NOT NULL OR reason.id IS NOT NULL) ORDER BY event.position"
    )
    .bindparams(_ORGANISATION)
    .columns(id=Uuid(), position=BigInteger())
)


class StoredTrail:
    """One organisation's events in the database."""

    def __init__(self, connection: Connection, organisation_id: uuid.UUID) -> None:
        self._connection = connection
        self._events = _select_events(connection.dialect.name)
        self._about = {"organisation_id": organisation_id}
        self.organisation_id = str(organisation_id)

    def count(self) -> int:
        """Return how many events are filed under the organisation."""
        return cast(int, self._connection.execute(_COUNT, self._about).scalar_one())

    def events(self) -> Iterator[Record]:
        """Yield every event as it stands, by position, read in batches."""
        begin, end = f"{self._events} WHERE organisation_id = :organisation_id", f" ORDER BY position LIMIT {AT_ONCE}"
        first = text(begin + end).bindparams(_ORGANISATION)
        following = text(f"{begin} AND position > :position{end}").bindparams(_ORGANISATION)
        rows = self._connection.execute(first, self._about).all()
        while rows:
            yield from map(_record, rows)
            rows = self._connection.execute(following, {**self._about, "position": rows[-1].position}).all()

    def followers(self, previous_hash: str) -> Iterator[Record]:
        """Yield every event, of whatever organisation, that says it follows a hash."""
        query = text(f"{self._events} WHERE previous_hash = :previous_hash")
        return map(_record, self._connection.execute(query, {"previous_hash": bytes.fromhex(previous_hash)}).all())

    def check_reasons(self, cipher: Cipher, last: int) -> Finding | None:
        """Return the first event up to a position whose words are not those committed to, or gone without a record."""
        rows = self._connection.execute(_REASONS, {**self._about, "position": last, "erased": AuditReasonErased.name})
        for row in rows:
            event_id = str(row.id)
            if row.reason_sealed is None:
                if not row.is_erased:
                    words = "its reason is gone, and no event says that it was erased"
                    return Finding(Wrong.REASON_MISSING, row.position, event_id, words)
            elif not _is_committed(cipher, row):
                words = "its reason does not open, or is not the one committed to"
                return Finding(Wrong.REASON_ALTERED, row.position, event_id, words)
        return None


def list_organisation_ids(connection: Connection) -> list[uuid.UUID]:
    """List whoever has events or checkpoints, by id. What is filed under no identity is missed in the chain it is from."""
    query = text("SELECT organisation_id FROM audit_event UNION SELECT organisation_id FROM audit_checkpoint")
    found = [_identity(value) for value in connection.execute(query).scalars()]
    return sorted(uuid.UUID(identity) for identity in found if not identity.startswith(UNREADABLE))


def list_checkpoints(connection: Connection, organisation_id: uuid.UUID) -> list[Checkpoint]:
    """List an organisation's checkpoints by position, as they stand."""
    return [
        Checkpoint(
            _identity(row.organisation_id),
            row.position,
            _hexadecimal(row.hash),
            _instant(row.made_at),
            row.key_id,
            _hexadecimal(row.signature),
        )
        for row in connection.execute(_CHECKPOINTS, {"organisation_id": organisation_id})
    ]


def _select_events(dialect: str) -> str:
    columns = {name: name for name in COLUMNS}
    if dialect == "sqlite":
        columns |= {name: f"CAST({name} AS BLOB)" for name in _BYTES}
    else:
        columns["details"] = "CAST(details AS TEXT)"
    return f"SELECT {', '.join(f'{column} AS {name}' for name, column in columns.items())} FROM audit_event"  # noqa: S608


def _record(row: Any) -> Record:
    return {
        "id": _identity(row.id),
        "organisation_id": _identity(row.organisation_id),
        "position": _value(row.position),
        "happened_at": _instant(row.happened_at),
        "worker_id": _identity(row.worker_id),
        "action": _value(row.action),
        "subject_id": _identity(row.subject_id),
        "request_id": _value(row.request_id),
        "details": _details(row.details),
        "reason_digest": None if row.reason_digest is None else _hexadecimal(row.reason_digest),
        "previous_hash": _hexadecimal(row.previous_hash),
        "hash": _hexadecimal(row.hash),
    }


# What is not written as Harbour writes it becomes a text that agrees with no hash.


def _value(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"{UNREADABLE}{value!r}"


def _identity(value: Any) -> str:
    value = _value(value)
    if isinstance(value, str) and HEXADECIMAL.fullmatch(value):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return str(value) if isinstance(value, uuid.UUID) else f"{UNREADABLE}{value!r}"


def _instant(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    try:
        at = datetime.strptime(_value(value), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return f"{UNREADABLE}{value!r}"
    return instant(at)


def _details(value: Any) -> Any:
    try:
        return read_json(_value(value))
    except (TypeError, ValueError, RecursionError):
        return f"{UNREADABLE}{value!r}"


def _hexadecimal(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else f"{UNREADABLE}{value!r}"


def _is_committed(cipher: Cipher, row: Any) -> bool:
    try:
        digest, _ = open_reason(cipher, row.id, bytes(row.reason_sealed))
    except Exception:  # whatever is wrong with it, it is not what was committed to
        return False
    return bool(digest == row.reason_digest)
