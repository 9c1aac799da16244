"""How often somebody may ask: generous for work, tight for signing in, counted over all nodes. Limits by Flask-Limiter.

What a limit is for: nobody's program takes the service from everybody else, and nobody guesses keys or passwords at speed.
What an officer may find out is limited elsewhere, by budgets.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from limits import parse
from sqlalchemy import Engine

from api.auth.cookies import DEVICE
from api.auth.devices import find_browser
from api.auth.guard import COUNT_STRANGER, operation_of
from api.auth.permissions import OPEN_OPERATIONS
from api.auth.shared_counts import EXACT, CountsUnavailable, DatabaseLedger, Ledger, RedisLedger, SharedCounts
from api.auth.throttle import network_of
from api.extensions import current_harbour
from api.problems import DETAIL_OF_STATUS, make_problem
from api.settings import Settings

WINDOW_SECONDS = 60
COME_BACK_SECONDS = 5


def register_limits(app: Flask, settings: Settings, engine: Engine) -> None:
    """Put the limits behind the guard, which has found out who asks; whom it does not know is counted by address."""
    sign_in = settings.sign_in
    ledger: Ledger = DatabaseLedger(engine) if sign_in.redis_url is None else RedisLedger(sign_in.redis_url)
    limiter = Limiter(
        _address,
        storage_uri=f"{SharedCounts.STORAGE_SCHEME[0]}://",
        storage_options={"ledger": ledger},  # type: ignore[dict-item]
        application_limits=[
            ApplicationLimit(
                limit_provider=f"{sign_in.requests_per_minute} per minute",
                key_function=lambda: str(g.principal.worker_id),
                scope="worker",
                exempt_when=lambda: "principal" not in g,
            ),
            ApplicationLimit(
                limit_provider=f"{sign_in.address_requests_per_minute} per minute",
                key_function=_address,
                scope="address",
                exempt_when=lambda: "principal" not in g,
            ),
            ApplicationLimit(
                limit_provider=f"{sign_in.sign_ins_per_minute} per minute",
                key_function=_browser_or_address,
                scope=EXACT,
                exempt_when=lambda: "principal" in g or _is_open(),
            ),
        ],
    )
    limiter.init_app(app)
    strangers = parse(f"{sign_in.sign_ins_per_minute} per minute")

    def count_stranger() -> None:
        """Count a caller whom the guard is about to refuse; raise TooManyTries when she has been refused too often."""
        if not limiter.limiter.hit(strangers, _browser_or_address(), EXACT):
            raise TooManyTries

    app.extensions[COUNT_STRANGER] = count_stranger
    app.register_error_handler(TooManyTries, _too_many)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(CountsUnavailable, _unavailable)


class TooManyTries(Exception):
    """More requests without a good key or session than one address may send in a minute."""


def _address() -> str:
    return _hidden(network_of(request.remote_addr))


def _browser_or_address() -> str:
    """Return the mark of a browser that has signed in before, so that strangers beside it take nothing from it."""
    harbour = current_harbour()
    mark = find_browser(harbour.settings.auth_key, harbour.cookies.read(request, DEVICE))
    return _hidden(mark or network_of(request.remote_addr))


def _hidden(value: str) -> str:
    """Return a name for a counter that tells no address to a log, to Redis or to the database."""
    key = current_harbour().settings.auth_key
    return hmac.new(key, f"counter\x00{value}".encode(), hashlib.sha256).hexdigest()[:32]


def _is_open() -> bool:
    return request.endpoint is None or operation_of(request.endpoint) in OPEN_OPERATIONS


def _too_many(error: Exception) -> Response:
    left = WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS
    return make_problem("too-many-requests", DETAIL_OF_STATUS[429], {"Retry-After": str(left)})


def _unavailable(error: CountsUnavailable) -> Response:
    """Answer that signing in is closed: nobody can say how often it was tried. Work goes on."""
    detail = "Signing in is not possible just now. Nothing was changed. Try again in a moment."
    return make_problem("try-again", detail, {"Retry-After": str(COME_BACK_SECONDS)})
