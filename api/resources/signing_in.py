"""Signing in, and the enrolment that comes before the first time."""

from __future__ import annotations

from typing import Any

from flask import after_this_request, request
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from accommodation.base import NotFound
from accommodation.invitations import accept_invitation, find_invited
from accommodation.vocabulary import Role
from api.auth.cookies import DEVICE, SESSION
from api.auth.credentials import normalise_sign_in_name
from api.auth.devices import LIFETIME, make_device
from api.auth.enrolment import begin_enrolment, confirm_enrolment, find_enrolment, open_enrolment
from api.auth.passwords import MAX_BYTES, check_password
from api.auth.second_factor import provisioning_uri
from api.auth.sessions import TOKEN_LENGTH
from api.auth.signing_in import Attempt
from api.auth.throttle import network_of
from api.blueprint import HarbourBlueprint
from api.extensions import current_harbour, strangers_unit_of_work
from api.fields import line, one_of
from api.problems import request_id
from api.resources.sessions import CurrentSessionSchema, answer_session

blp = HarbourBlueprint("signing-in", __name__, description="Signing in for the first time and from then on.")

EMAIL = r"^[^@\s\u0000-\u001f\u007f]{1,64}@[^@\s\u0000-\u001f\u007f]{1,180}$"


def password_field() -> fields.String:
    """Return a field for a password: any characters; its rules are `check_password`'s."""
    return fields.String(required=True, validate=validate.Length(min=1, max=MAX_BYTES))


def sign_in_name_field() -> fields.String:
    """Return a field for a work e-mail address, by which people sign in."""
    return fields.String(
        required=True,
        validate=[validate.Length(min=3, max=245), validate.Regexp(EMAIL, error="Give your work e-mail address.")],
    )


def token_field() -> fields.String:
    """Return a field for a token that Harbour gave."""
    return fields.String(
        required=True,
        validate=[validate.Length(equal=TOKEN_LENGTH), validate.Regexp(r"^[A-Za-z0-9_-]+$", error="Not a token.")],
    )


class SessionCreate(Schema):
    sign_in_name = sign_in_name_field()
    password = password_field()
    code = line(40, required=True, metadata={"description": "Six digits of the authenticator, or a recovery code."})
    role = one_of(Role, load_default=None, allow_none=True, metadata={"description": "Needed by who has several."})


class InvitationAccept(Schema):
    token = token_field()
    name = line(200, required=True, metadata={"description": "The caller's own name; it is sealed."})


class AcceptedInvitationSchema(Schema):
    worker_id = fields.UUID(required=True)
    enrolment_token = fields.String(required=True, metadata={"description": "Shown this once; good for a day."})


class EnrolmentBegin(Schema):
    enrolment_token = token_field()
    sign_in_name = sign_in_name_field()
    password = password_field()


class EnrolmentSchema(Schema):
    secret = fields.String(required=True, metadata={"description": "Shown this once."})
    provisioning_uri = fields.String(required=True, metadata={"description": "What an authenticator reads as a QR code."})


class EnrolmentConfirm(Schema):
    enrolment_token = token_field()
    code = line(40, required=True)


class RecoveryCodesSchema(Schema):
    recovery_codes = fields.List(
        fields.String(), required=True, metadata={"description": "Shown this once; each good once."}
    )


@blp.route("/sessions", methods=["POST"])
@blp.arguments(SessionCreate)
@blp.response(201, CurrentSessionSchema)
def create_session(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in. The answer to anything wrong is the same, and takes the same time, whoever it is about."""
    harbour = current_harbour()
    attempt = Attempt(
        sign_in_name=body["sign_in_name"],
        password=body["password"],
        code=body["code"],
        role=body["role"],
        network=network_of(request.remote_addr),
        device=harbour.cookies.read(request, DEVICE),
        old_token=harbour.cookies.read(request, SESSION),
    )
    row, token = harbour.sign_in.by_password(attempt, request_id())
    remember_device(normalise_sign_in_name(attempt.sign_in_name))
    return answer_session(row, token)


@blp.route("/invitations/acceptance", methods=["POST"])
@blp.arguments(InvitationAccept)
@blp.response(201, AcceptedInvitationSchema)
def accept_invitation_(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an invitation, once, and get a token to enrol with: a name, a password, an authenticator."""
    with strangers_unit_of_work() as uow:
        invited = find_invited(uow.session, body["token"], uow.now)
        if invited is None:
            raise NotFound
        uow.principal = invited
        worker = accept_invitation(uow, body["token"], body["name"])
        token = open_enrolment(uow, current_harbour().settings.auth_key, worker.id)
    return {"worker_id": worker.id, "enrolment_token": token}


@blp.route("/enrolments", methods=["POST"])
@blp.arguments(EnrolmentBegin)
@blp.response(200, EnrolmentSchema)
def begin_enrolment_(body: dict[str, Any]) -> dict[str, Any]:
    """Choose a name and a password, and get the secret for an authenticator. It holds once a code confirms it."""
    harbour = current_harbour()
    auth_key, token, name = harbour.settings.auth_key, body["enrolment_token"], normalise_sign_in_name(body["sign_in_name"])
    with strangers_unit_of_work(read_only=True) as uow:
        find_enrolment(uow, auth_key, token)
    check_password(body["password"], "/password", name)
    stored = harbour.passwords.hash(body["password"])
    with strangers_unit_of_work() as uow:
        secret = begin_enrolment(uow, find_enrolment(uow, auth_key, token), name, stored)
    return {"secret": secret, "provisioning_uri": provisioning_uri(secret, name)}


@blp.route("/enrolments/confirmation", methods=["POST"])
@blp.arguments(EnrolmentConfirm)
@blp.response(200, RecoveryCodesSchema)
def confirm_enrolment_(body: dict[str, Any]) -> dict[str, Any]:
    """Confirm the enrolment by the authenticator's first code. From now on she can sign in; that code is used up."""
    auth_key = current_harbour().settings.auth_key
    with strangers_unit_of_work() as uow:
        codes = confirm_enrolment(uow, auth_key, find_enrolment(uow, auth_key, body["enrolment_token"]), body["code"])
    return {"recovery_codes": codes}


def remember_device(sign_in_name: str) -> None:
    """Mark the browser of the request at hand as one in which this worker has signed in."""
    harbour = current_harbour()
    value = make_device(harbour.settings.auth_key, sign_in_name)

    @after_this_request
    def _set(response: Response) -> Response:
        harbour.cookies.send(response, DEVICE, value, max_age=int(LIFETIME.total_seconds()))
        return response
