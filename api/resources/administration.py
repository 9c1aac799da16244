"""Administration: organisations. No case data is within this role's reach."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from accommodation.models import Organisation
from accommodation.people import add_organisation, check_runs_installation, list_organisations
from accommodation.vocabulary import OrganisationKind
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import line, one_of
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema

blp = HarbourBlueprint("administration", __name__, description="Organisations.")


class OrganisationCreate(Schema):
    name = line(200, required=True)
    kind = one_of(OrganisationKind, required=True)


class OrganisationSchema(OrganisationCreate):
    id = fields.UUID(required=True)


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


def describe_organisation(organisation: Organisation) -> dict[str, Any]:
    """Return an organisation as the contract shows it."""
    return {"id": organisation.id, "name": organisation.name, "kind": organisation.kind}
