"""Administration: organisations and workers. No case data is within this role's reach."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from accommodation.models import Organisation, Worker
from accommodation.vocabulary import OrganisationKind
from api.auth.administration import add_organisation, add_worker
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import Identity, line, one_of
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema

blp = HarbourBlueprint("administration", __name__, description="Organisations and workers.")


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


def _list(query: dict[str, Any], kind: str, model: Any, describe: Any) -> dict[str, Any]:
    with unit_of_work(read_only=True) as uow:
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
