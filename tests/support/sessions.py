"""Callers with a session and a second factor. The one place to change when sessions are made over HTTP."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request

from accommodation.base import Principal
from api.auth import guard
from tests.support.world import Caller

STEP_UP_LASTS = timedelta(minutes=5)
PREFIX = "session-"


@dataclass
class _Session:
    caller: Caller
    session_id: uuid.UUID
    stepped_up_until: datetime | None


_SESSIONS: dict[str, _Session] = {}


def sign_in(caller: Caller, *, stepped_up: bool = True) -> Caller:
    """Return the same worker with a session of her own, her second factor just shown unless told otherwise."""
    _install()
    token = f"{PREFIX}{uuid.uuid4()}"
    until = datetime.now(UTC) + STEP_UP_LASTS if stepped_up else None
    _SESSIONS[token] = _Session(caller, uuid.uuid4(), until)
    return replace(caller, key=token)


def step_up(caller: Caller) -> Caller:
    """Show the second factor again in the session at hand."""
    _SESSIONS[caller.key].stepped_up_until = datetime.now(UTC) + STEP_UP_LASTS
    return caller


def _install() -> None:
    """Let the guard know the sessions made here, beside its own keys; once for all tests of a process."""
    if getattr(guard._authenticate, "knows_test_sessions", False):
        return
    with_keys = guard._authenticate

    def authenticate() -> Principal:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = _SESSIONS.get(token)
        if found is None:
            return with_keys()
        caller = found.caller
        return Principal(caller.worker_id, caller.organisation_id, caller.role, found.session_id, found.stepped_up_until)

    marked: Any = authenticate
    marked.knows_test_sessions = True
    guard._authenticate = marked
