"""Checking one organisation's chain: is it whole, and if not, which row is the first that is wrong, and how.

Pure: events and checkpoints come in, an outcome comes out; the same for a database and for an exported file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.audit.chain import GENESIS, Record, follows
from api.audit.diagnosis import Finding, Trail, Wrong, diagnose
from api.audit.signing import Checkpoint, is_genuine

UNSIGNED_FOR = timedelta(days=1)
"""An event older than this without a checkpoint after it is a finding: what follows the last one can be cut off unseen."""


@dataclass(frozen=True)
class Outcome:
    """What was looked at and what was found: `events` that hold, up to `head`, the last of them; `signed` by checkpoints."""

    organisation_id: str
    events: int
    head: str
    signed: int
    finding: Finding | None


def check_chain(
    trail: Trail,
    checkpoints: Sequence[Checkpoint],
    keys: Mapping[str, Ed25519PublicKey],
    as_of: datetime,
    seen: Callable[[], object] = lambda: None,
) -> Outcome:
    """Walk a chain from its beginning to the first thing that is wrong, calling `seen` after each event.

    The checkpoints must have been read before the events are: events written meanwhile are newer than any of them.
    """
    position, head, signed = 0, GENESIS, 0
    before: Record | None = None
    unsigned: Record | None = None
    finding = _forged(trail, checkpoints, keys)
    expected: dict[int, set[str]] = {}
    for checkpoint in checkpoints:
        expected.setdefault(checkpoint.position, set()).add(checkpoint.hash)
    for event in trail.events() if finding is None else ():
        if not follows(event, trail.organisation_id, position + 1, head):
            stands_later = type(event["position"]) is int and event["position"] > position + 1
            finding = diagnose(trail, position + 1, head, None if stands_later else event, before)
            break
        if finding is not None:
            break
        position, head, before = position + 1, event["hash"], event
        if position in expected:
            if expected[position] != {head}:
                words = f"these {position - signed} events are not those of the checkpoint at {position}"
                finding = Finding(Wrong.REWRITTEN, signed + 1, None, words)
                continue  # if the next event does not follow, it tells more
            signed, unsigned = position, None
        else:
            unsigned = unsigned or event
        seen()
    if finding is None:
        finding = _ends_early(position, expected) or _unsigned(unsigned, as_of)
    return Outcome(trail.organisation_id, position, head, signed, finding)


def _forged(trail: Trail, checkpoints: Sequence[Checkpoint], keys: Mapping[str, Ed25519PublicKey]) -> Finding | None:
    for checkpoint in sorted(checkpoints, key=lambda each: each.position):
        if checkpoint.organisation_id != trail.organisation_id or not is_genuine(checkpoint, keys):
            reason = "its signature is false" if checkpoint.key_id in keys else f"no key {checkpoint.key_id} was given"
            return Finding(Wrong.CHECKPOINT_FORGED, checkpoint.position, None, f"a checkpoint cannot be believed: {reason}")
    return None


def _ends_early(position: int, expected: Mapping[int, object]) -> Finding | None:
    last = max(expected, default=0)
    if last <= position:
        return None
    return Finding(Wrong.TRUNCATED, position + 1, None, f"the trail ends here; a checkpoint knows {last - position} more")


def _unsigned(event: Record | None, as_of: datetime) -> Finding | None:
    if event is None or as_of - datetime.fromisoformat(event["happened_at"]) <= UNSIGNED_FOR:
        return None
    words = "no checkpoint was made after this, for more than a day"
    return Finding(Wrong.UNSIGNED, event["position"], event["id"], words)
