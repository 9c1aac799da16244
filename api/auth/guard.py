"""The guard: before every view, who is it and may they. Whatever is not in the table of permissions is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Flask, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from accommodation.base import Principal
from api.auth.access import ACCESS, Access
from api.auth.keys import find_principal
from api.auth.permissions import OPEN_OPERATIONS
from api.database import READ_ONLY, db
from api.extensions import current_harbour


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


def _guard() -> None:
    if request.endpoint is None:
        return  # no such route, or no such method: the framework answers 404 or 405 without touching data
    operation = operation_of(request.endpoint)
    if operation in OPEN_OPERATIONS:
        return
    principal = _authenticate()
    if principal.role not in ACCESS.roles_of(operation):
        raise Forbidden
    g.principal, g.operation = principal, operation


def _check_asked(response: Response) -> Response:
    """Refuse to send an answer about rows that no unit of work has asked the table of access about."""
    if "operation" in g and response.status_code < HTTPStatus.BAD_REQUEST and not g.get("access_asked"):
        Access(g.operation, g.principal.role).check_asked()
    return response


def _authenticate() -> Principal:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized
    settings = current_harbour().settings
    allow_demo = settings.environment != "production"
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        principal = find_principal(session, settings.auth_key, key.strip(), datetime.now(UTC), allow_demo=allow_demo)
    if principal is None:
        raise Unauthorized
    return principal
