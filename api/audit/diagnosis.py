"""What happened to a chain at the first place where it does not hold: changed, gone, moved or put in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from api.audit.chain import Record, follows, hash_of

SEARCHED_BEYOND = 1_000
"""So many events may be gone before a row that was moved up and still find its place."""


class Wrong(StrEnum):
    """How a chain can be wrong."""

    TAMPERED = "tampered"
    MISSING = "missing"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    UNSIGNED = "unsigned"
    CHECKPOINT_FORGED = "checkpoint-forged"
    REASON_ALTERED = "reason-altered"
    REASON_MISSING = "reason-missing"


@dataclass(frozen=True)
class Finding:
    """The first thing that is wrong with a chain: how, at which position, which event stands there, in words."""

    wrong: Wrong
    position: int | None
    event_id: str | None
    words: str


class Trail(Protocol):
    """An organisation's events, from a database or a file."""

    @property
    def organisation_id(self) -> str: ...

    def events(self) -> Iterator[Record]:
        """Yield every event that is filed under the organisation, as it stands, by position."""

    def followers(self, previous_hash: str) -> Iterator[Record]:
        """Yield every event, of whatever organisation, that says it follows a hash."""


def diagnose(trail: Trail, position: int, previous_hash: str, row: Record | None, before: Record | None) -> Finding:
    """Say what is wrong at a position, where the chain held up to `before`, with `previous_hash`.

    `row` stands there and does not follow; None when nothing stands there though later events do.
    """
    if row is not None and not _is_at(row, position):
        home = home_of(trail, row)
        if home is None:
            return _finding(Wrong.INSERTED, row, f"an event stands at {row['position']!r}, which is no place in this chain")
        return _finding(Wrong.REORDERED, row, f"it stands at {row['position']!r} and belongs at position {home}")
    displaced = _displaced(trail, position, previous_hash, row)
    if row is None:
        if displaced is None:
            return Finding(Wrong.MISSING, position, None, "an event is gone, and later ones are there")
        return _finding_of_displaced(trail, displaced, position)
    home = home_of(trail, row)
    if displaced is not None:
        if home not in (None, position):
            return _finding(Wrong.REORDERED, row, f"it belongs at position {home}")
        if displaced["organisation_id"] == trail.organisation_id:
            return _finding(Wrong.INSERTED, row, f"the event that belongs here stands at {displaced['position']!r}")
        return _finding_of_displaced(trail, displaced, position)
    if home is None:
        return _finding(Wrong.TAMPERED, row, "its columns do not agree with its hash")
    if home > position:
        return Finding(Wrong.MISSING, position, None, f"the event that stands here belongs at position {home}")
    # Whom do later events vouch for? Of two that claim one place, the one that nobody follows was put in.
    is_followed = any(True for _ in trail.followers(row["hash"]))
    is_last = not any(_is_at(event, position + 1) for event in trail.events())
    if home < position and (is_followed or (is_last and home == position - 1)):
        intruder = next(event for event in trail.events() if _is_at(event, home))
        return _finding(Wrong.INSERTED, intruder, f"the event that belongs here stands at {position}")
    if home < position or before is None or not (is_followed or is_last):
        return _finding(Wrong.INSERTED, row, "it follows an event that is not the one before it")
    return _finding(Wrong.TAMPERED, before, "it was made anew: the event after it follows another one")


def home_of(trail: Trail, row: Record) -> int | None:
    """Return the position at which a row agrees with its hash, or None: then something else in it was changed."""
    if row["hash"] == hash_of(row):
        return row["position"] if type(row["position"]) is int else None
    places = range(1, sum(1 for _ in trail.events()) + SEARCHED_BEYOND)
    return next((place for place in places if row["hash"] == hash_of(row, position=place)), None)


def _displaced(trail: Trail, position: int, previous_hash: str, row: Record | None) -> Record | None:
    """Return the event that belongs at a position and is filed elsewhere, under another position or organisation."""
    for event in trail.followers(previous_hash):
        moved_back = {**event, "organisation_id": trail.organisation_id, "position": position}
        is_elsewhere = event != row and event["id"] != (row or {}).get("id")
        if is_elsewhere and follows(moved_back, trail.organisation_id, position, previous_hash):
            return event
    return None


def _finding_of_displaced(trail: Trail, displaced: Record, position: int) -> Finding:
    if displaced["organisation_id"] != trail.organisation_id:
        words = f"it belongs at position {position} and is filed under organisation {displaced['organisation_id']}"
        return Finding(Wrong.TAMPERED, position, displaced["id"], words)
    return Finding(
        Wrong.REORDERED, position, displaced["id"], f"it belongs here and stands elsewhere, as {displaced['position']!r}"
    )


def _is_at(row: Record, position: int) -> bool:
    return type(row["position"]) is int and row["position"] == position


def _finding(wrong: Wrong, row: Record, words: str) -> Finding:
    place = row["position"] if type(row["position"]) is int else None
    return Finding(wrong, place, row["id"], words)
