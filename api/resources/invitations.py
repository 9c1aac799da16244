"""Invitations: how somebody comes to work here. Accepting is part of signing in."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields, validate

from accommodation.invitations import invitation_state, invite, list_invitations, withdraw_invitation
from accommodation.people_models import Invitation
from accommodation.vocabulary import Role
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import Identity, line, list_of, one_of
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("invitations", __name__, description="Asking somebody to work here.")

STATES = ("open", "accepted", "withdrawn", "expired")


class InvitationCreate(Schema):
    organisation_id = Identity(
        load_default=None,
        allow_none=True,
        metadata={"description": "Null = the caller's. Another one: its first administrator, by the installation's."},
    )
    roles = list_of(Role, at_least=1, required=True)
    for_whom = line(200, required=True, metadata={"description": "Your own note of whom you ask; it is sealed."})


class InvitationSchema(Schema):
    id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    roles = fields.List(one_of(Role), required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    invited_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    accepted_by = fields.UUID(required=True, allow_none=True)


class NewInvitationSchema(InvitationSchema):
    token = fields.String(required=True, metadata={"description": "Shown this once; good once, for 72 hours."})


@blp.route("/invitations", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(InvitationSchema))
def list_invitations_(query: dict[str, Any]) -> dict[str, Any]:
    """List the invitations into the caller's organisation and those it sent; what is shown cannot be used as one."""
    with unit_of_work(read_only=True) as uow:
        rows = list_invitations(uow, after=after_id(query, "invitations"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "invitations", lambda row: str(row.id), lambda row: describe_invitation(uow, row))


@blp.route("/invitations", methods=["POST"])
@blp.arguments(InvitationCreate)
@blp.response(201, NewInvitationSchema)
def create_invitation(body: dict[str, Any]) -> dict[str, Any]:
    """Invite a person. The token is shown this once; give it to her in person or by telephone."""
    with unit_of_work() as uow:
        organisation_id = body["organisation_id"] or uow.principal.organisation_id
        invitation, token = invite(uow, organisation_id, [Role(role) for role in body["roles"]], body["for_whom"])
        return {**describe_invitation(uow, invitation), "token": token}


@blp.route("/invitations/<uuid:invitation_id>/withdrawal", methods=["POST"])
@blp.response(200, InvitationSchema)
def withdraw_invitation_(invitation_id: uuid.UUID) -> dict[str, Any]:
    """Take back an invitation that nobody has accepted."""
    with unit_of_work() as uow:
        return describe_invitation(uow, withdraw_invitation(uow, invitation_id))


def describe_invitation(uow: SqlUnitOfWork, invitation: Invitation) -> dict[str, Any]:
    """Return an invitation without anything that could be used."""
    columns = ("id", "organisation_id", "roles", "invited_at", "expires_at", "accepted_by")
    return {**{name: getattr(invitation, name) for name in columns}, "state": invitation_state(invitation, uow.now)}
