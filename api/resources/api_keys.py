"""Keys for programs: a worker's own to make, rotate and revoke; an administrator's to see and revoke."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from accommodation.people import relations_to_worker
from accommodation.vocabulary import Relation, Role
from api.auth.key_keeping import get_key, key_state, keys_in_relation, make_own_key, revoke_key, rotate_key
from api.auth.models import ApiKey
from api.auth.permissions import PERMISSIONS
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import StrictBoolean, StrictInteger, one_of, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema

blp = HarbourBlueprint("api-keys", __name__, description="Keys for programs.")

LONGEST_OVERLAP_HOURS = 168


class ApiKeyCreate(Schema):
    role = one_of(Role, load_default=None, allow_none=True, metadata={"description": "The acting role if none is given."})
    days = StrictInteger(load_default=90, validate=within(1, 366))
    read_only = StrictBoolean(load_default=False)
    operations = fields.List(
        fields.String(validate=validate.OneOf(sorted(PERMISSIONS), error="There is no such operation.")),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "What the key may call; whatever its role may if none are given."},
    )


class ApiKeyRotate(Schema):
    overlap_hours = StrictInteger(
        load_default=24,
        validate=within(0, LONGEST_OVERLAP_HOURS),
        metadata={"description": "How long the old key lives on."},
    )


class ApiKeySchema(Schema):
    id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    role = one_of(Role, required=True)
    prefix = fields.String(required=True)
    read_only = fields.Boolean(required=True)
    operations = fields.List(fields.String(), required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    replaced_by = fields.UUID(required=True, allow_none=True)


class NewApiKeySchema(ApiKeySchema):
    key = fields.String(required=True, metadata={"description": "Shown this once."})


@blp.route("/api-keys", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ApiKeySchema))
def list_api_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List the caller's keys, for an administrator her organisation's; what is shown cannot be used as one."""
    with unit_of_work(read_only=True) as uow:
        relation = uow.permit([Relation.OWN_ORGANISATION, Relation.HERSELF])
        statement = keys_in_relation(uow.principal, relation).order_by(ApiKey.id).limit(query["limit"] + 1)
        if (after := after_id(query, "api-keys")) is not None:
            statement = statement.where(ApiKey.id > after)
        rows = uow.session.execute(statement).scalars().all()
        return page(rows, query["limit"], "api-keys", lambda row: str(row.id), describe_key)


@blp.route("/api-keys", methods=["POST"])
@blp.arguments(ApiKeyCreate)
@blp.response(201, NewApiKeySchema)
def create_api_key(body: dict[str, Any]) -> dict[str, Any]:
    """Make a key of one's own in a role that one has. It is shown this once and kept nowhere."""
    with unit_of_work() as uow:
        row, key = make_own_key(
            uow,
            current_harbour().settings.auth_key,
            Role(body["role"] or uow.principal.role),
            timedelta(days=body["days"]),
            read_only=body["read_only"],
            operations=body["operations"],
        )
    send_etag(row)
    return {**describe_key(row), "key": key}


@blp.route("/api-keys/<uuid:key_id>", methods=["GET"])
@blp.response(200, ApiKeySchema)
def get_api_key(key_id: uuid.UUID) -> dict[str, Any]:
    """Get one key; what is shown cannot be used as one."""
    with unit_of_work(read_only=True) as uow:
        row = get_key(uow, key_id)
    send_etag(row)
    return describe_key(row)


@blp.route("/api-keys/<uuid:key_id>", methods=["DELETE"])
@blp.response(204)
@blp.versioned
def revoke_api_key(key_id: uuid.UUID) -> None:
    """Revoke a key: from the commit on, on every node. Needs If-Match."""
    with unit_of_work() as uow:
        row = get_key(uow, key_id)
        check_etag(row)
        uow.permit(relations_to_worker(uow, row.worker), key_state(row, uow.now))
        revoke_key(uow, row)


@blp.route("/api-keys/<uuid:key_id>/rotation", methods=["POST"])
@blp.arguments(ApiKeyRotate)
@blp.response(201, NewApiKeySchema)
def rotate_api_key(body: dict[str, Any], key_id: uuid.UUID) -> dict[str, Any]:
    """Make a key's successor, which reaches as far and lives as long. The old one lives on for the overlap."""
    with unit_of_work() as uow:
        auth_key = current_harbour().settings.auth_key
        row, key = rotate_key(uow, auth_key, key_id, timedelta(hours=body["overlap_hours"]))
    send_etag(row)
    return {**describe_key(row), "key": key}


def describe_key(row: ApiKey) -> dict[str, Any]:
    """Return a key's row without anything that could be used."""
    return {name: getattr(row, name) for name in ApiKeySchema().fields}
