"""Sealing anew, online: every sealed value that is not under the writing key, in short transactions, while people work.

What is left to do is read from the values themselves, so a run that was killed at any instant is taken up by the next. A
value is replaced only if it is still the one that was read (compare and set): an edit that came in between stays. Versions
and ETags stay too, since nothing that anybody can see has changed.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, or_, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from api.crypto.ring import KeyRing, SealBroken, key_id_of
from api.crypto.sealed_columns import SealedTable, is_under, row_id_of
from api.database import READ_ONLY

BATCH = 100
IDLE_PASSES = 20
WAIT_SECONDS = 0.25
"""Rows that others hold just now are left out and come again: after this pause, that often without any progress."""
PAUSE_SECONDS = 0.02

Progress = Callable[[int], None]


@dataclass
class Outcome:
    """What became of the values of one kind: done, not opening (by place and key id), or in a table that refuses."""

    done: int = 0
    skipped: int = 0
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Take another outcome in."""
        self.done += other.done
        self.skipped += other.skipped
        self.broken.update(other.broken)
        self.refused.update(other.refused)


@dataclass(frozen=True)
class _Change:
    row_id: Any
    column: Any
    old: bytes
    new: bytes


def seal_anew(engine: Engine, ring: KeyRing, tables: Sequence[SealedTable], progress: Progress) -> Outcome:
    """Bring every sealed value of these tables under the key that writes; raises OperationalError when nobody answers."""
    outcome = Outcome()
    for sealed in tables:
        outcome.add(until_done(lambda sealed=sealed: _pass(engine, ring, sealed, progress)))  # type: ignore[misc]
    return outcome


def until_done(one_pass: Callable[[], Outcome]) -> Outcome:
    """Repeat a pass until it skips nothing, or has for long moved nothing. What does not open is counted once."""
    total, idle = Outcome(), 0
    while True:
        found = one_pass()
        total.done, total.skipped = total.done + found.done, found.skipped
        total.broken, total.refused = found.broken, found.refused
        idle = 0 if found.done else idle + 1
        if not found.skipped or found.refused or idle >= IDLE_PASSES:
            return total
        if not found.done:
            time.sleep(WAIT_SECONDS)


def _pass(engine: Engine, ring: KeyRing, sealed: SealedTable, progress: Progress) -> Outcome:
    outcome = Outcome()
    for rows in _stale_batches(engine, ring, sealed):
        changes = list(_changes(ring, sealed, rows, outcome))
        begun = time.monotonic()
        try:
            with engine.begin() as connection:
                done = _replace(connection, sealed, changes)
        except OperationalError:
            raise
        except DBAPIError as error:  # a trigger or a right forbids it; who set that up is told, and the others go on
            return Outcome(done=outcome.done, refused={sealed.name: type(error.orig).__name__})
        outcome.done += done
        outcome.skipped += len(changes) - done
        progress(done)
        give_way(time.monotonic() - begun)
    return outcome


def _stale_batches(engine: Engine, ring: KeyRing, sealed: SealedTable) -> Iterator[Sequence[Any]]:
    """Read on by row id, so that a row which cannot be done does not come again in this pass."""
    stale = or_(*(and_(column.is_not(None), ~is_under(column, ring.writer)) for column in sealed.columns))
    query = select(sealed.identity, *sealed.columns).where(stale).order_by(sealed.identity).limit(BATCH)
    after: Any = None
    while True:
        with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            page = query if after is None else query.where(sealed.identity > after)
            rows = connection.execute(page).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _changes(ring: KeyRing, sealed: SealedTable, rows: Sequence[Any], outcome: Outcome) -> Iterator[_Change]:
    for row_id, *values in rows:
        for column, value in zip(sealed.columns, values, strict=True):
            if value is None or key_id_of(value) == ring.writer:
                continue
            place: dict[str, Any] = {"table": sealed.name, "column": column.name, "row_id": row_id_of(row_id)}
            try:
                plaintext = ring.open(value, **place)
            except SealBroken:
                outcome.broken[f"{sealed.name}.{column.name}", key_id_of(value)] += 1
                continue
            yield _Change(row_id, column, value, ring.seal(plaintext, **place))


def _replace(connection: Connection, sealed: SealedTable, changes: Sequence[_Change]) -> int:
    """Write what is still as it was read and held by nobody else; returns how many values that were.

    Rows that another transaction holds are not waited for: who waits for nobody is in no deadlock.
    """
    ids = {change.row_id for change in changes}
    free = set(connection.execute(lock_free(sealed.identity, ids)).scalars()) if ids else set()
    done = 0
    for column in sealed.columns:
        values = [
            {"of_row": change.row_id, "as_read": change.old, "anew": change.new}
            for change in changes
            if change.column is column and change.row_id in free
        ]
        if values:
            unchanged = and_(sealed.identity == bindparam("of_row"), column == bindparam("as_read"))
            statement = update(sealed.table).where(unchanged).values({column: bindparam("anew")})
            done += connection.execute(statement, values).rowcount
    return done


def lock_free(identity: Any, ids: Collection[uuid.UUID]) -> Any:
    """Return the query that locks those rows that nobody holds, and names them. SQLite has locked everything already."""
    return select(identity).where(identity.in_(ids)).with_for_update(key_share=True, skip_locked=True)


def give_way(held_seconds: float) -> None:
    """Leave the database to others for as long as it was held, and a little: SQLite has one lock, and no queue for it."""
    time.sleep(PAUSE_SECONDS + held_seconds)
