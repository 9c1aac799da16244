"""Slowing down whoever guesses, in a way that cannot be used to lock somebody out.

Failures are counted in the database, so for all nodes: at the *pair* of account and place, at the place, and at the
account. Only the first two refuse. The account's own count makes strangers' pairs narrower and refuses nobody: ten
thousand failures from elsewhere leave the owner's first try, and any try from a browser that she has signed in with before.
An attempt is charged before the password is looked at and refunded when it was right, so that many at once gain nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from accommodation.base import DomainError
from api.auth.models import SignInFailures

PAIR_FREE = 5
PAIR_FREE_UNDER_ATTACK = 1
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
PAIR_FORGETS = timedelta(hours=24)
PLACE_FREE = 100
PLACE_FORGETS = timedelta(hours=1)
ACCOUNT_ATTACKED = 50
ACCOUNT_FORGETS = timedelta(hours=24)
IPV6_PREFIX = 64
"""One household's or office's line; the addresses within are its own to choose."""


class TooManyRequests(DomainError):
    """Asked too often; `retry_after_seconds` says when to come back."""

    slug = "too-many-requests"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many tries. Wait as long as Retry-After says, then try again.")
        self.retry_after_seconds = max(1, ceil(wait.total_seconds()))


@dataclass(frozen=True)
class Place:
    """From where somebody tries: a network prefix, and a browser known to belong to the account, or None."""

    network: str
    device: str | None = None


@dataclass(frozen=True)
class Charge:
    """The counters at which one attempt was charged, and how many failures the account had had before it."""

    pair: str
    others: tuple[str, ...]
    account_failures: int


def network_of(address: str | None) -> str:
    """Return the prefix that one address stands for: itself in IPv4, its /64 in IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    prefix = IPV6_PREFIX if parsed.version == 6 else 32
    return str(ipaddress.ip_network(f"{parsed}/{prefix}", strict=False))


def wait_at_pair(failures: int, failed_at: datetime, now: datetime, free: int) -> timedelta:
    """Return how long a pair with so many failures still has to wait: nothing at first, then doubling to 15 minutes."""
    if failures < free:
        return timedelta(0)
    doubled: timedelta = FIRST_WAIT * 2 ** min(failures - free, 10)
    return failed_at + min(doubled, LONGEST_WAIT) - now


def charge(session: Session, auth_key: bytes, account: str, place: Place, now: datetime) -> Charge:
    """Count one attempt on an account (its normalised name) before it is looked at.

    Raises TooManyRequests, having counted nothing, when this place must wait. Whether there is such an account is not known
    here and makes no difference.
    """

    def name(*parts: str) -> str:
        return hmac.new(auth_key, "\x00".join(("throttle", *parts)).encode(), hashlib.sha256).hexdigest()

    place_id, account_id = name("place", place.network), name("account", account)
    pair_id = name("pair", account, place.network) if place.device is None else name("device", account, place.device)
    if place.device is None:
        at_place = _lock(session, place_id, now)
        if at_place.failures >= PLACE_FREE:
            raise TooManyRequests(at_place.forget_at - now)
    at_account = _lock(session, account_id, now)
    is_attacked = place.device is None and at_account.failures >= ACCOUNT_ATTACKED
    at_pair = _lock(session, pair_id, now)
    free = PAIR_FREE_UNDER_ATTACK if is_attacked else PAIR_FREE
    wait = wait_at_pair(at_pair.failures, at_pair.failed_at, now, free)
    if wait > timedelta(0):
        raise TooManyRequests(wait)
    others: tuple[str, ...] = (account_id,)
    if place.device is None:
        others = (place_id, account_id)
        _add(session, place_id, now, at_place.forget_at if at_place.failures else now + PLACE_FORGETS)
    _add(session, account_id, now, now + ACCOUNT_FORGETS)
    _add(session, pair_id, now, now + PAIR_FORGETS)
    return Charge(pair_id, others, at_account.failures)


def refund(session: Session, charged: Charge) -> None:
    """Take an attempt back that was right; this place may begin anew at this account."""
    session.execute(update(SignInFailures).where(SignInFailures.id == charged.pair).values(failures=0))
    for counter in charged.others:
        is_counted = SignInFailures.id == counter, SignInFailures.failures > 0
        session.execute(update(SignInFailures).where(*is_counted).values(failures=SignInFailures.failures - 1))


def _lock(session: Session, counter: str, now: datetime) -> Any:
    """Return a counter's row, locked, made when it is not there and zero when it has been forgotten."""
    table: Table = SignInFailures.__table__  # type: ignore[assignment]
    insert: Callable[..., Any] = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    empty = {"id": counter, "failures": 0, "failed_at": now, "forget_at": now}
    session.execute(insert(table).values(empty).on_conflict_do_nothing())
    forgotten = SignInFailures.id == counter, SignInFailures.forget_at <= now
    session.execute(update(SignInFailures).where(*forgotten).values(failures=0))
    return session.execute(select(table).where(table.c.id == counter).with_for_update()).one()


def _add(session: Session, counter: str, now: datetime, forget_at: datetime) -> None:
    counted = {"failures": SignInFailures.failures + 1, "failed_at": now, "forget_at": forget_at}
    session.execute(update(SignInFailures).where(SignInFailures.id == counter).values(counted))
