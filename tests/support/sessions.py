"""Sessions of a test's callers: real ones, opened as signing in does, without the password and the code."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Engine, update

from accommodation.base import Principal
from api.auth.models import WorkerSession
from api.auth.sessions import ABSOLUTE, STEP_UP, csrf_token_of, open_session
from api.database import db
from api.extensions import Harbour
from api.unit_of_work import begin_unit_of_work

if TYPE_CHECKING:
    from tests.support.world import Caller

NOBODY = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="system")


@dataclass(frozen=True)
class SignedIn:
    """A session as its browser has it."""

    id: uuid.UUID
    token: str
    csrf_token: str
    cookie: str = "harbour"
    origin: str = "http://localhost"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a page of ours."""
        return {"Cookie": f"{self.cookie}={self.token}", "X-CSRF-Token": self.csrf_token, "Origin": self.origin}


def sign_in(caller: Caller, *, stepped_up: bool = True) -> Caller:
    """Return the same worker with a session of her own, her second factor just shown unless told otherwise."""
    engine, harbour = _of(caller)
    auth_key = harbour.settings.auth_key
    with begin_unit_of_work(engine, harbour.key_ring, NOBODY, None) as uow:
        row, token = open_session(uow, auth_key, caller.worker_id, caller.role)
        row.stepped_up_until = uow.now + STEP_UP if stepped_up else None
    return replace(caller, session=SignedIn(row.id, token, csrf_token_of(auth_key, row.digest)))


def step_up(caller: Caller) -> Caller:
    """Show the second factor again in the session at hand, which keeps its token here and its browser open."""
    return _renewed(caller, stepped_up=True)


def stay(caller: Caller) -> Caller:
    """Keep a session alive until now, as its page would by asking for something every few minutes."""
    return _renewed(caller, stepped_up=False)


def _renewed(caller: Caller, *, stepped_up: bool) -> Caller:
    assert caller.session is not None, "a key has no session"
    engine, harbour = _of(caller)
    with begin_unit_of_work(engine, harbour.key_ring, NOBODY, None) as uow:
        values = {"last_seen_at": uow.now, "ends_at": uow.now + ABSOLUTE}
        if stepped_up:
            values["stepped_up_until"] = uow.now + STEP_UP
        uow.session.execute(update(WorkerSession).where(WorkerSession.id == caller.session.id).values(values))
    return caller


def _of(caller: Caller) -> tuple[Engine, Harbour]:
    app = caller.client.application
    with app.app_context():
        return db.engine, app.extensions["harbour"]
