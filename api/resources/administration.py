"""Administration: organisations, workers and their keys. No case data is within this role's reach."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from accommodation.base import NotFound
from accommodation.models import Organisation, Worker
from accommodation.vocabulary import OrganisationKind, Relation, Role
from api.auth.administration import add_organisation, add_worker, issue_key, revoke_key
from api.auth.models import ApiKey
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import Identity, StrictInteger, line, one_of, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("administration", __name__, description="Organisations, workers, keys.")


class OrganisationCreate(Schema):
    name = line(200, required=True)
    kind = one_of(OrganisationKind, required=True)


class OrganisationSchema(OrganisationCreate):
    id = fields.UUID(required=True)


class WorkerCreate(Schema):
    organisation_id = Identity(required=True)
    name = line(200, required=True)


class WorkerEntrySchema(Schema):
    id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)


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
def list_organisations(query: dict[str, Any]) -> dict[str, Any]:
    """List organisations."""
    return _list(query, "organisations", Organisation, describe_organisation)


@blp.route("/organisations", methods=["POST"])
@blp.arguments(OrganisationCreate)
@blp.response(201, OrganisationSchema)
def create_organisation(body: dict[str, Any]) -> dict[str, Any]:
    """Add an organisation."""
    with unit_of_work() as uow:
        return describe_organisation(add_organisation(uow, body["name"], OrganisationKind(body["kind"])))


@blp.route("/workers", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(WorkerEntrySchema))
def list_workers(query: dict[str, Any]) -> dict[str, Any]:
    """List workers by id and organisation."""
    return _list(query, "workers", Worker, describe_worker)


@blp.route("/workers", methods=["POST"])
@blp.arguments(WorkerCreate)
@blp.response(201, WorkerEntrySchema)
def create_worker(body: dict[str, Any]) -> dict[str, Any]:
    """Add a worker to an organisation; her name is sealed."""
    with unit_of_work() as uow:
        return describe_worker(add_worker(uow, body["organisation_id"], body["name"]))


@blp.route("/api-keys", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ApiKeySchema))
def list_api_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List keys; what is shown cannot be used as one."""
    return _list(query, "api-keys", ApiKey, describe_key)


@blp.route("/api-keys", methods=["POST"])
@blp.arguments(ApiKeyCreate)
@blp.response(201, NewApiKeySchema)
def create_api_key(body: dict[str, Any]) -> dict[str, Any]:
    """Give a worker a key in one role. The key is shown this once and kept nowhere."""
    auth_key = current_harbour().settings.auth_key
    with unit_of_work() as uow:
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
        revoke_key(uow, row)


def _get_key(uow: SqlUnitOfWork, key_id: uuid.UUID) -> ApiKey:
    row = uow.session.get(ApiKey, key_id)
    if row is None:
        raise NotFound
    uow.permit(Relation.INSTALLATION)
    return row


def _list(query: dict[str, Any], kind: str, model: Any, describe: Any) -> dict[str, Any]:
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.INSTALLATION)
        statement = select(model).order_by(model.id).limit(query["limit"] + 1)
        if (after := after_id(query, kind)) is not None:
            statement = statement.where(model.id > after)
        rows = uow.session.execute(statement).scalars().all()
        return page(rows, query["limit"], kind, lambda row: str(row.id), describe)


def describe_organisation(organisation: Organisation) -> dict[str, Any]:
    """Return an organisation as the contract shows it."""
    return {"id": organisation.id, "name": organisation.name, "kind": organisation.kind}


def describe_worker(worker: Worker) -> dict[str, Any]:
    """Return a worker as the contract shows her: no name in lists."""
    return {"id": worker.id, "organisation_id": worker.organisation_id}


def describe_key(row: ApiKey) -> dict[str, Any]:
    """Return a key's row without anything that could be used."""
    return {name: getattr(row, name) for name in ApiKeySchema().fields}
