"""Sessions of whoever is signed in: which there are, stepping up, signing out."""

from __future__ import annotations

import uuid
from typing import Any

from flask import after_this_request
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from accommodation.base import NotFound
from accommodation.vocabulary import Relation
from api.auth.confirming import confirm_by_code
from api.auth.cookies import SESSION
from api.auth.guard import current_csrf_token, current_principal
from api.auth.models import WorkerSession
from api.auth.sessions import (
    IDLE,
    csrf_token_of,
    end_session,
    end_sessions,
    is_open,
    list_open_sessions,
    step_up,
)
from api.blueprint import HarbourBlueprint
from api.extensions import current_harbour, unit_of_work
from api.fields import line
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("sessions", __name__, description="Signing in, stepping up, signing out.")


class SessionSchema(Schema):
    id = fields.UUID(required=True)
    role = fields.String(required=True)
    is_current = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    idle_at = fields.AwareDateTime(required=True, metadata={"description": "Over then, unless it is used before."})
    ends_at = fields.AwareDateTime(required=True, metadata={"description": "Over then in any case."})
    stepped_up_until = fields.AwareDateTime(required=True, allow_none=True)


class CurrentSessionSchema(SessionSchema):
    csrf_token = fields.String(required=True, metadata={"description": "Send it as X-CSRF-Token with every change."})


class SessionList(Schema):
    items = fields.List(fields.Nested(SessionSchema), required=True)


class CodeSchema(Schema):
    code = line(40, required=True, metadata={"description": "Six digits of the authenticator, or a recovery code."})


@blp.route("/sessions", methods=["GET"])
@blp.response(200, SessionList)
def list_sessions() -> dict[str, Any]:
    """List the caller's own sessions that could still be used, oldest first."""
    principal = current_principal()
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.HERSELF)
        rows = list_open_sessions(uow.session, principal.worker_id, uow.now)
    return {"items": [describe_session(row, principal.session_id) for row in rows]}


@blp.route("/sessions", methods=["DELETE"])
@blp.response(204)
def end_all_sessions() -> None:
    """Sign out everywhere: every session of the caller is over, this one too."""
    with unit_of_work() as uow:
        uow.permit(Relation.HERSELF)
        end_sessions(uow, uow.principal.worker_id)
    forget_cookie()


@blp.route("/sessions/current", methods=["GET"])
@blp.response(200, CurrentSessionSchema)
def get_current_session() -> dict[str, Any]:
    """Get this session and its token against forged requests."""
    with unit_of_work(read_only=True) as uow:
        row = _current(uow)
    return {**describe_session(row, row.id), "csrf_token": current_csrf_token()}


@blp.route("/sessions/current", methods=["DELETE"])
@blp.response(204)
def end_current_session() -> None:
    """Sign out."""
    with unit_of_work() as uow:
        end_session(uow, _current(uow))
    forget_cookie()


@blp.route("/sessions/current/step-up", methods=["POST"])
@blp.arguments(CodeSchema)
@blp.response(200, CurrentSessionSchema)
def step_up_(body: dict[str, Any]) -> dict[str, Any]:
    """Show the second factor once more. For five minutes the session may do what needs it; its token is a new one."""
    harbour, principal = current_harbour(), current_principal()
    confirm_by_code(harbour, principal, body["code"])
    with unit_of_work() as uow:
        row = _current(uow)
        token = step_up(uow, row, harbour.settings.auth_key)
    return answer_session(row, token)


@blp.route("/sessions/<uuid:session_id>", methods=["DELETE"])
@blp.response(204)
def end_session_(session_id: uuid.UUID) -> None:
    """End one of the caller's own sessions."""
    with unit_of_work() as uow:
        row = uow.session.get(WorkerSession, session_id)
        is_hers = row is not None and row.worker_id == uow.principal.worker_id
        uow.permit([Relation.HERSELF] if is_hers else [])
        if row is None or not is_open(row, uow.now):
            raise NotFound
        end_session(uow, row)


def describe_session(row: WorkerSession, current_id: uuid.UUID | None) -> dict[str, Any]:
    """Return a session as the contract shows it."""
    return {
        "id": row.id,
        "role": row.role,
        "is_current": row.id == current_id,
        "created_at": row.created_at,
        "last_seen_at": row.last_seen_at,
        "idle_at": min(row.last_seen_at + IDLE, row.ends_at),
        "ends_at": row.ends_at,
        "stepped_up_until": row.stepped_up_until,
    }


def answer_session(row: WorkerSession, token: str) -> dict[str, Any]:
    """Return a session that has a new token, and put the token into the browser's cookie."""
    harbour = current_harbour()

    @after_this_request
    def _set(response: Response) -> Response:
        harbour.cookies.send(response, SESSION, token)
        return response

    return {**describe_session(row, row.id), "csrf_token": csrf_token_of(harbour.settings.auth_key, row.digest)}


def forget_cookie() -> None:
    """Take the session's cookie away with the answer of the request at hand."""
    harbour = current_harbour()

    @after_this_request
    def _forget(response: Response) -> Response:
        harbour.cookies.forget(response, SESSION)
        return response


def _current(uow: SqlUnitOfWork) -> WorkerSession:
    row = uow.session.get(WorkerSession, uow.principal.session_id)
    if row is None or not is_open(row, uow.now):
        raise NotFound
    uow.permit(Relation.HERSELF)
    return row
