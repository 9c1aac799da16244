"""The guard: before every view, who is it and may they. Whatever is not in the table of permissions is refused."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized
from werkzeug.wrappers import Response

from accommodation.base import DomainError, Principal
from accommodation.errors import SessionNeeded
from accommodation.step_up import demand_step_up
from api.auth.access import ACCESS, Access
from api.auth.cookies import SESSION
from api.auth.keys import READING_METHODS, find_key
from api.auth.permissions import (
    OPEN_OPERATIONS,
    SESSION_OPERATIONS,
    SIGN_IN_OPERATIONS,
    STEP_UP_OPERATIONS,
)
from api.auth.sessions import FoundSession, find_session, note_seen
from api.database import READ_ONLY, db
from api.extensions import current_harbour

CSRF_HEADER = "X-CSRF-Token"
COUNT_STRANGER = "harbour-count-stranger"


class CrossSiteRequest(DomainError):
    """A change by a session's cookie without proof that a page of ours asked for it."""

    slug = "cross-site-request"

    def __init__(self) -> None:
        super().__init__(f"Send {CSRF_HEADER} as it was given with this session, from a page of this very address.")


def register_guard(app: Flask) -> None:
    """Put the guard before every view of the application, and behind it."""
    app.before_request(_guard)
    app.after_request(_check_asked)


def operation_of(endpoint: str) -> str:
    """Return the operation id of a Flask endpoint: the view's name without its blueprint.

    A view that would hide the use case it calls has an underscore at its end, which is not part of the id.
    """
    return endpoint.rsplit(".", 1)[-1].rstrip("_")


def current_principal() -> Principal:
    """Return the caller that the guard let in."""
    principal: Principal = g.principal
    return principal


def current_csrf_token() -> str:
    """Return the token against forged requests of the session that the guard let in."""
    token: str = g.csrf_token
    return token


def _guard() -> None:
    if request.endpoint is None:
        return  # no such route, or no such method: the framework answers 404 or 405 without touching data
    operation = operation_of(request.endpoint)
    if operation in OPEN_OPERATIONS:
        return
    if operation in SIGN_IN_OPERATIONS:
        if request.method not in READING_METHODS:  # the way back from the identity provider begins on its page
            check_same_origin(required=False)
        return
    now = datetime.now(UTC)
    try:
        principal = _authenticate(operation, now)
    except Unauthorized:
        current_app.extensions[COUNT_STRANGER]()
        raise
    if principal.role not in ACCESS.roles_of(operation):
        raise Forbidden
    if operation in SESSION_OPERATIONS and principal.session_id is None:
        raise SessionNeeded
    if operation in STEP_UP_OPERATIONS:
        demand_step_up(principal, now)
    g.principal, g.operation = principal, operation


def _check_asked(response: Response) -> Response:
    """Refuse to send an answer about rows that no unit of work has asked the table of access about."""
    if "operation" in g and response.status_code < HTTPStatus.BAD_REQUEST and not g.get("access_asked"):
        Access(g.operation, g.principal.role).check_asked()
    return response


def _authenticate(operation: str, now: datetime) -> Principal:
    """Return the caller by key or by session. Both at once is nobody: one of them was not meant to be sent."""
    token = current_harbour().cookies.read(request, SESSION)
    if "Authorization" not in request.headers:
        if token is None:
            raise Unauthorized
        return _by_session(token, now)
    if token is not None:
        error = BadRequest()
        error.harbour_detail = "Send a key or a session's cookie, not both."  # type: ignore[attr-defined]
        raise error
    return _by_key(operation, now)


def _by_key(operation: str, now: datetime) -> Principal:
    scheme, _, key = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized
    settings = current_harbour().settings
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        found = find_key(session, settings.auth_key, key.strip(), now, allow_demo=settings.allows_demo)
    if found is None:
        raise Unauthorized
    if not found.covers(operation, request.method):
        raise Forbidden
    return found.principal


def _by_session(token: str, now: datetime) -> Principal:
    settings = current_harbour().settings
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        found = find_session(session, settings.auth_key, token, now, allow_demo=settings.allows_demo)
    if found is None:
        raise Unauthorized
    if request.method not in READING_METHODS:
        _refuse_forged(found)
    note_seen(db.engine, found, now)
    g.csrf_token = found.csrf_token
    return found.principal


def _refuse_forged(found: FoundSession) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not given.isascii() or not hmac.compare_digest(given, found.csrf_token):
        raise CrossSiteRequest
    check_same_origin(required=True)


def check_same_origin(*, required: bool) -> None:
    """Refuse a request that a page of another site made; where `required`, also one that does not say whose page it was.

    Browsers send `Origin` with every change and let no page choose it; programs that hold a session send it too.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise CrossSiteRequest
    if origin is None:
        if required and site is None:
            raise CrossSiteRequest
        return
    public = current_harbour().settings.sign_in.public_url
    own = (f"http://{request.host}", f"https://{request.host}") if public is None else (public,)
    if origin not in own:
        raise CrossSiteRequest
