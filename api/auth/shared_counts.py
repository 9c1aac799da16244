"""Counters of requests that all nodes share: counted in memory, settled now and then in Redis or in the database.

A node counts up to `SETTLE_EVERY` requests of a caller before it settles, so that a request costs no round trip; a caller
can exceed her limit by that many on each process and no more. Counters named `EXACT` are settled at every request.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from limits.storage import RedisStorage, Storage
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from api.auth.models import RequestCount

SETTLE_EVERY = 50
EXACT = "exact"
REDIS_SECONDS = 0.25
SILENT_SECONDS = 5.0
"""A ledger that failed is left alone for so long: its time limit must not be paid by every request."""

SWEEP_AT = 10_000

log = structlog.get_logger("harbour.limits")


class CountsUnavailable(Exception):
    """What all nodes have counted cannot be read, and this counter may not do without."""


class Ledger(Protocol):
    """Where nodes settle. Raises its own `faults` when it does not answer."""

    faults: tuple[type[Exception], ...]

    def add(self, counter: str, hits: int, ends_at: int) -> int:
        """Add hits to a counter that ends at a Unix time, and return what all nodes have added."""


class RedisLedger:
    """Counters in Redis, by the storage of `limits`, with short time limits."""

    faults: tuple[type[Exception], ...] = (RedisError, OSError)

    def __init__(self, url: str) -> None:
        self._storage = RedisStorage(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)

    def add(self, counter: str, hits: int, ends_at: int) -> int:
        """Add hits; Redis forgets the counter soon after its end."""
        return self._storage.incr(counter, max(1, ends_at - int(time.time()) + 1), hits)


class DatabaseLedger:
    """Counters in the database, one statement each."""

    faults: tuple[type[Exception], ...] = (SQLAlchemyError,)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, counter: str, hits: int, ends_at: int) -> int:
        """Add hits in a transaction of its own."""
        insert: Any = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        counted = insert(RequestCount).values(
            id=hashlib.sha256(counter.encode()).hexdigest(), hits=hits, expires_at=datetime.fromtimestamp(ends_at, UTC)
        )
        counted = counted.on_conflict_do_update(index_elements=["id"], set_={"hits": RequestCount.hits + hits})
        with self._engine.begin() as connection:
            total: int = connection.execute(counted.returning(RequestCount.hits)).scalar_one()
        return total


@dataclass
class _Count:
    ends_at: int
    settled: int = 0
    unsettled: int = 0


class SharedCounts(Storage):
    """The storage that Flask-Limiter counts in: fixed windows that begin at the same instant on every node."""

    STORAGE_SCHEME = ["harbour+shared"]  # noqa: RUF012

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, ledger: Ledger, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        self._ledger = ledger
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()
        self._silent_until = 0.0

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What a ledger may fail with; all of it is handled here."""
        return self._ledger.faults

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, settle when it is time, and return what is known to have been counted on all nodes in this window.

        Raises CountsUnavailable for an exact counter whose ledger does not answer.
        """
        now = time.time()
        is_exact = f"/{EXACT}/" in key
        with self._lock:
            count = self._count(key, expiry, now)
            count.unsettled += amount
            owed = count.unsettled if is_exact or count.unsettled >= SETTLE_EVERY else 0
            if owed:
                count.unsettled -= owed
                count.settled += owed
        if owed:
            self._settle(key, count, owed, now, is_exact)
        return count.settled + count.unsettled

    def get(self, key: str) -> int:
        """Return what is known to have been counted."""
        count = self._counts.get(key)
        return 0 if count is None or count.ends_at <= time.time() else count.settled + count.unsettled

    def get_expiry(self, key: str) -> float:
        """Return the Unix time at which the window ends."""
        count = self._counts.get(key)
        return time.time() if count is None else float(count.ends_at)

    def check(self) -> bool:
        """Tell whether the ledger answered when it was last asked."""
        return time.time() >= self._silent_until

    def reset(self) -> int | None:
        """Forget what this node has counted."""
        with self._lock:
            forgotten = len(self._counts)
            self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one counter of this node."""
        with self._lock:
            self._counts.pop(key, None)

    def _count(self, key: str, expiry: int, now: float) -> _Count:
        count = self._counts.get(key)
        if count is None or count.ends_at <= now:
            if len(self._counts) >= SWEEP_AT:
                self._counts = {name: each for name, each in self._counts.items() if each.ends_at > now}
            count = self._counts[key] = _Count(ends_at=(int(now) // expiry + 1) * expiry)
        return count

    def _settle(self, key: str, count: _Count, owed: int, now: float, is_exact: bool) -> None:
        if now < self._silent_until:
            if is_exact:
                raise CountsUnavailable
            return
        try:
            total = self._ledger.add(f"{key}/{count.ends_at}", owed, count.ends_at)
        except self._ledger.faults as error:
            self._silent_until = now + SILENT_SECONDS
            log.warning("limits_unavailable", error=type(error).__name__)
            if is_exact:
                raise CountsUnavailable from None
            return
        with self._lock:
            count.settled = max(count.settled, total)
