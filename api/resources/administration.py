"""Administration: organisations and keys. No case data is within this role's reach."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from accommodation.base import InvalidInput, NotFound
from accommodation.models import Organisation, Worker
from accommodation.people import add_organisation, check_runs_installation, list_organisations
from accommodation.relations import relations_to_own
from accommodation.vocabulary import OrganisationKind, Relation, Role
from api.auth.administration import issue_key, key_state, revoke_key
from api.auth.models import ApiKey
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import Identity, StrictInteger, line, one_of, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("administration", __name__, description="Organisations, keys.")


class OrganisationCreate(Schema):
    name = line(200, required=True)
    kind = one_of(OrganisationKind, required=True)


class OrganisationSchema(OrganisationCreate):
    id = fields.UUID(required=True)


class ApiKeyCreate(Schema):
    worker_id = Identity(required=True)
    role = one_of(Role, required=True)
    days = StrictInteger(load_default=90, validate=within(1, 366))


class ApiKeySchema(Schema):
    id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    role = one_of(Role, required=True)
    prefix = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class NewApiKeySchema(ApiKeySchema):
    key = fields.String(required=True, metadata={"description": "Shown this once."})


@blp.route("/organisations", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(OrganisationSchema))
def list_organisations_(query: dict[str, Any]) -> dict[str, Any]:
    """List the caller's organisation and those it has agreements with; all, for the installation's administrator."""
    with unit_of_work(read_only=True) as uow:
        rows = list_organisations(uow, after=after_id(query, "organisations"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "organisations", lambda row: str(row.id), describe_organisation)


@blp.route("/organisations", methods=["POST"])
@blp.arguments(OrganisationCreate)
@blp.response(201, OrganisationSchema)
def create_organisation(body: dict[str, Any]) -> dict[str, Any]:
    """Add an organisation. Only the administrator of the one that runs this installation may."""
    with unit_of_work() as uow:
        check_runs_installation(uow)
        return describe_organisation(add_organisation(uow, body["name"], OrganisationKind(body["kind"])))


@blp.route("/api-keys", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ApiKeySchema))
def list_api_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List keys; what is shown cannot be used as one."""
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.OWN_ORGANISATION)
        statement = select(ApiKey).join(Worker).where(Worker.organisation_id == uow.principal.organisation_id)
        if (after := after_id(query, "api-keys")) is not None:
            statement = statement.where(ApiKey.id > after)
        rows = uow.session.execute(statement.order_by(ApiKey.id).limit(query["limit"] + 1)).scalars().all()
        return page(rows, query["limit"], "api-keys", lambda row: str(row.id), describe_key)


@blp.route("/api-keys", methods=["POST"])
@blp.arguments(ApiKeyCreate)
@blp.response(201, NewApiKeySchema)
def create_api_key(body: dict[str, Any]) -> dict[str, Any]:
    """Give a worker a key in one role. The key is shown this once and kept nowhere."""
    auth_key = current_harbour().settings.auth_key
    with unit_of_work() as uow:
        worker = uow.session.get(Worker, body["worker_id"])
        if worker is None or worker.organisation_id != uow.principal.organisation_id:
            raise InvalidInput(("/worker_id", "There is no such worker."))
        uow.permit(Relation.OWN_ORGANISATION)
        row, key = issue_key(uow, auth_key, body["worker_id"], Role(body["role"]), timedelta(days=body["days"]))
    send_etag(row)
    return {**describe_key(row), "key": key}


@blp.route("/api-keys/<uuid:key_id>", methods=["GET"])
@blp.response(200, ApiKeySchema)
def get_api_key(key_id: uuid.UUID) -> dict[str, Any]:
    """Get one key; what is shown cannot be used as one."""
    with unit_of_work(read_only=True) as uow:
        row = _get_key(uow, key_id)
    send_etag(row)
    return describe_key(row)


@blp.route("/api-keys/<uuid:key_id>", methods=["DELETE"])
@blp.response(204)
@blp.versioned
def revoke_api_key(key_id: uuid.UUID) -> None:
    """Revoke a key: from the commit on, on every node. Needs If-Match."""
    with unit_of_work() as uow:
        row = _get_key(uow, key_id)
        check_etag(row)
        uow.permit(relations_to_own(uow, row.worker.organisation_id), key_state(row, uow.now))
        revoke_key(uow, row)


def _get_key(uow: SqlUnitOfWork, key_id: uuid.UUID) -> ApiKey:
    row = uow.session.get(ApiKey, key_id)
    if row is None:
        raise NotFound
    uow.permit(relations_to_own(uow, row.worker.organisation_id))
    return row


def describe_organisation(organisation: Organisation) -> dict[str, Any]:
    """Return an organisation as the contract shows it."""
    return {"id": organisation.id, "name": organisation.name, "kind": organisation.kind}


def describe_key(row: ApiKey) -> dict[str, Any]:
    """Return a key's row without anything that could be used."""
    return {name: getattr(row, name) for name in ApiKeySchema().fields}
