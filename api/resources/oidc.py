"""Signing in by the organisation's identity provider: OpenID Connect, authorization code with PKCE."""

from __future__ import annotations

from typing import Any

from flask import after_this_request, request
from marshmallow import EXCLUDE, Schema, fields, validate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from accommodation.base import NotFound
from accommodation.vocabulary import Role
from api.auth.cookies import PROVIDER_TRIP, SESSION
from api.auth.oidc import IdentityRefused, OidcProvider
from api.auth.oidc_trips import LIFETIME, begin_trip, find_returned, finish_trip, note_identity, take_return
from api.auth.throttle import network_of
from api.blueprint import HarbourBlueprint
from api.extensions import current_harbour, strangers_unit_of_work
from api.fields import line, one_of
from api.problems import request_id
from api.resources.sessions import CurrentSessionSchema, answer_session

blp = HarbourBlueprint("oidc", __name__, description="Signing in by the organisation's identity provider.")

VISIBLE = r"^[\u0021-\u007e]+$"


class OidcStartSchema(Schema):
    authorization_url = fields.String(required=True, metadata={"description": "Send the browser there."})


class OidcReturn(Schema):
    code = fields.String(
        load_default=lambda: None, allow_none=False, validate=[validate.Length(min=1, max=2000), validate.Regexp(VISIBLE)]
    )
    state = fields.String(required=True, validate=[validate.Length(min=1, max=200), validate.Regexp(VISIBLE)])


class OidcReturnSchema(Schema):
    needs_code = fields.Boolean(
        required=True, metadata={"description": "Her own authenticator's code is asked for as well."}
    )


class OidcSessionCreate(Schema):
    code = line(40, load_default=None, allow_none=True, metadata={"description": "As for signing in by password."})
    role = one_of(Role, load_default=None, allow_none=True, metadata={"description": "Needed by who has several."})


@blp.route("/oidc-sign-ins", methods=["POST"])
@blp.response(200, OidcStartSchema)
def start_oidc_sign_in() -> dict[str, Any]:
    """Begin at the identity provider. The browser must be the one that comes back, within ten minutes."""
    harbour, provider = current_harbour(), _provider()
    with strangers_unit_of_work() as uow:
        trip = begin_trip(uow, harbour.settings.auth_key)
    url = provider.authorization_url(trip.state, trip.nonce, trip.code_verifier)

    @after_this_request
    def _set(response: Response) -> Response:
        # Lax, because the way back begins on the provider's page.
        seconds = int(LIFETIME.total_seconds())
        harbour.cookies.send(response, PROVIDER_TRIP, trip.browser, samesite="Lax", max_age=seconds)
        return response

    return {"authorization_url": url}


@blp.route("/oidc-sign-ins/return", methods=["GET"])
@blp.arguments(OidcReturn, location="query", unknown=EXCLUDE)
@blp.response(200, OidcReturnSchema)
def return_from_oidc(query: dict[str, Any]) -> dict[str, Any]:
    """Come back from the identity provider, once. Nobody is signed in by this alone."""
    harbour, provider = current_harbour(), _provider()
    auth_key, browser = harbour.settings.auth_key, harbour.cookies.read(request, PROVIDER_TRIP)
    try:
        with strangers_unit_of_work() as uow:
            attempt_id, nonce, code_verifier = take_return(uow, auth_key, browser, query["state"])
        if query["code"] is None:  # the provider says no
            raise IdentityRefused
        identity = provider.identify(query["code"], nonce, code_verifier)
        with strangers_unit_of_work() as uow:
            needs_code = note_identity(uow, attempt_id, identity, provider.settings.second_factors)
    except IdentityRefused:
        raise Unauthorized from None
    return {"needs_code": needs_code}


@blp.route("/oidc-sign-ins/session", methods=["POST"])
@blp.arguments(OidcSessionCreate)
@blp.response(201, CurrentSessionSchema)
def create_oidc_session(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in as whom the identity provider named, in one of her roles."""
    harbour = current_harbour()
    _provider()
    auth_key, browser = harbour.settings.auth_key, harbour.cookies.read(request, PROVIDER_TRIP)
    with strangers_unit_of_work(read_only=True) as uow:
        found = find_returned(uow, auth_key, browser)
    if found is None or found.worker_id is None:
        raise Unauthorized
    try:
        row, token = harbour.sign_in.by_provider(
            found.worker_id,
            code=body["code"] or "",
            needs_code=found.needs_code,
            role=body["role"],
            network=network_of(request.remote_addr),
            old_token=harbour.cookies.read(request, SESSION),
            request_id=request_id(),
            finish=lambda uow: finish_trip(uow, found),
        )
    except IdentityRefused:
        raise Unauthorized from None

    @after_this_request
    def _forget(response: Response) -> Response:
        harbour.cookies.forget(response, PROVIDER_TRIP)
        return response

    return answer_session(row, token)


def _provider() -> OidcProvider:
    provider = current_harbour().oidc
    if provider is None:
        raise NotFound
    return provider
