"""An organisation's trail as a file of JSON lines: written from the database, read and checked without it.

Lines: one of kind `export`, then each `event` by position, then each `checkpoint`, then one of kind `end` with how many
there were. The last checkpoint is made for the file, over its last event at the time of the export. Nothing in it is
secret: an event has codes, ids and dates, and of somebody's words no more than a digest that cannot be guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.audit.chain import COLUMNS, FORMAT, GENESIS, Record, instant, read_json
from api.audit.checking import Outcome, check_chain
from api.audit.diagnosis import Finding, Trail, Wrong
from api.audit.signing import Checkpoint, public_text, sign

CHECKPOINT_FIELDS = frozenset(asdict(Checkpoint("", 0, "", "")))


def write_file(
    out: TextIO, trail: Trail, checkpoints: list[Checkpoint], key: Ed25519PrivateKey, now: datetime
) -> tuple[int, int]:
    """Write a trail, and checkpoints that were read before it; returns how many events and checkpoints."""
    exported_at = instant(now)
    about = {"format": FORMAT, "organisation_id": trail.organisation_id, "exported_at": exported_at}
    _write(out, "export", {**about, "public_key": public_text(key.public_key())})
    events, last = 0, None
    for event in trail.events():
        _write(out, "event", event)
        events, last = events + 1, event
    if last is not None:
        checkpoints = [*checkpoints, sign(key, trail.organisation_id, last["position"], last["hash"], exported_at)]
    for checkpoint in checkpoints:
        _write(out, "checkpoint", asdict(checkpoint))
    _write(out, "end", {"events": events, "checkpoints": len(checkpoints)})
    return events, len(checkpoints)


class FiledTrail:
    """The events of an exported file, read anew each time they are asked for: a file may be larger than memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.organisation_id = ""
        self.exported_at = ""
        self.checkpoints: list[Checkpoint] = []
        self.events_said: int | None = None
        self.checkpoints_said: int | None = None
        for line in self._lines():
            match line:
                case {"kind": "export", "format": str(found), "organisation_id": str(of), "exported_at": str(at)}:
                    if found != FORMAT:
                        raise ValueError(f"This is not a file of the format {FORMAT}.")
                    self.organisation_id, self.exported_at = of, at
                case {"kind": "checkpoint"}:
                    self.checkpoints.append(_checkpoint(line))
                case {"kind": "end", "events": int(events), "checkpoints": int(checkpoints)}:
                    self.events_said, self.checkpoints_said = events, checkpoints
        if not self.organisation_id:
            raise ValueError("This is not a trail that Harbour exported: its first line is missing.")

    def events(self) -> Iterator[Record]:
        """Yield every event in the order of the lines; a line that cannot be read is an event that fits nowhere."""
        for number, line in enumerate(self._lines(), start=1):
            kind = line.pop("kind", None)
            if kind == "event" and set(line) == set(COLUMNS):
                yield line
            elif kind not in ("export", "checkpoint", "end"):
                yield {**dict.fromkeys(COLUMNS), "organisation_id": self.organisation_id, "id": f"line {number}"}

    def followers(self, previous_hash: str) -> Iterator[Record]:
        """Yield every event that says it follows a hash."""
        return (event for event in self.events() if event["previous_hash"] == previous_hash)

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                yield _read(text)


def check_file(path: Path, keys: Mapping[str, Ed25519PublicKey], seen: Callable[[], object] = lambda: None) -> Outcome:
    """Check an exported file with nothing but public keys, by key id. Raises ValueError for what is no such file."""
    trail = FiledTrail(path)
    outcome = check_chain(trail, trail.checkpoints, keys, datetime.fromisoformat(trail.exported_at), seen)
    if outcome.finding is None and (words := _is_cut(trail, outcome)) is not None:
        return replace(outcome, finding=Finding(Wrong.TRUNCATED, outcome.events + 1, None, words))
    return outcome


def _is_cut(trail: FiledTrail, outcome: Outcome) -> str | None:
    if (trail.events_said, trail.checkpoints_said) != (outcome.events, len(trail.checkpoints)):
        return "the file does not hold what its last line says"
    made_for_it = (outcome.events, trail.exported_at)
    if outcome.head != GENESIS and made_for_it not in [(each.position, each.made_at) for each in trail.checkpoints]:
        return "the checkpoint that was made with the file is not there"
    return None


def _write(out: TextIO, kind: str, values: Mapping[str, Any]) -> None:
    out.write(json.dumps({"kind": kind, **values}, separators=(",", ":")) + "\n")


def _read(text: str) -> dict[str, Any]:
    try:
        line = read_json(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def _checkpoint(line: dict[str, Any]) -> Checkpoint:
    values = {name: value for name, value in line.items() if name != "kind"}
    is_sound = set(values) == CHECKPOINT_FIELDS and type(values.pop("position")) is int
    if is_sound and all(isinstance(value, str) for value in values.values()):
        return Checkpoint(**{name: line[name] for name in CHECKPOINT_FIELDS})
    return Checkpoint("unreadable", 0, "", "")
