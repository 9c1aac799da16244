"""The canonical form of an event and its hash. Pure, standard library alone: an auditor outside can read it in a minute.

An event's record is a JSON object of `COLUMNS`: ids as 36 characters, `happened_at` as ISO 8601 in UTC with six
decimals and `+00:00`, hashes and `reason_digest` as hexadecimal, null where there is none. Its hash is the SHA-256 of
FORMAT, a line feed, and the object without `hash` as JSON: keys sorted at every depth, no spaces, ASCII alone. The
first event of an organisation has position 1 and follows GENESIS; every other one follows the hash of the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FORMAT = "harbour-audit-1"
GENESIS = "0" * 64
COLUMNS = (
    "action",
    "details",
    "happened_at",
    "hash",
    "id",
    "organisation_id",
    "position",
    "previous_hash",
    "reason_digest",
    "request_id",
    "subject_id",
    "worker_id",
)

Record = dict[str, Any]

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the one way in which an object is written. Raises ValueError for what JSON has no number for."""
    return f"{FORMAT}\n{_encode(value)}".encode()


def hash_of(record: Record, **instead: Any) -> str:
    """Return the hash that a record must have, 64 hexadecimal digits; `instead` puts other values in its columns."""
    columns = {**record, **instead}
    columns.pop("hash", None)
    return hashlib.sha256(canonical(columns)).hexdigest()


def instant(at: datetime) -> str:
    """Return an aware time as records write it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def follows(record: Record, organisation_id: str, position: int, previous_hash: str) -> bool:
    """Tell whether a record, as it stands, is that organisation's event at a position after a hash."""
    return (
        record["organisation_id"] == organisation_id
        and type(record["position"]) is int
        and record["position"] == position
        and record["previous_hash"] == previous_hash
        and record["hash"] == hash_of(record)
    )


def read_json(text: str) -> Any:
    """Read JSON that can be read in one way only. Raises ValueError for a key that stands twice, and for NaN."""
    return json.loads(text, object_pairs_hook=_without_twins, parse_constant=_refuse)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the same key twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")
