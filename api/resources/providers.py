"""Providers: who runs accommodation, and the referral line that a housing officer sees."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from accommodation.models import Provider, Unit
from accommodation.people import check_runs_installation
from accommodation.properties import edit_provider, open_provider
from accommodation.queries import get_provider, list_providers, list_unit_ids_of_provider
from accommodation.vacancies import confirm_vacancies
from accommodation.vocabulary import ProviderKind
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import unit_of_work
from api.fields import Identity, StrictInteger, line, one_of, text, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema

blp = HarbourBlueprint("providers", __name__, description="Who runs accommodation.")


class ProviderFields(Schema):
    name = line(200, required=True)
    kind = one_of(ProviderKind, required=True)
    referral_phone = line(40, required=True)
    hold_minutes = StrictInteger(load_default=90, validate=within(30, 480))
    no_recourse_quota = StrictInteger(
        load_default=None, allow_none=True, validate=within(0, 1000), metadata={"description": "Households at one time."}
    )
    gender_policy = text(500, load_default=None, allow_none=True)


class ProviderCreate(ProviderFields):
    organisation_id = Identity(required=True)


class ProviderSchema(ProviderFields):
    id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)


class ConfirmationSchema(Schema):
    confirmed_at = fields.AwareDateTime(required=True)
    units = fields.Integer(required=True)


@blp.route("/providers", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ProviderSchema))
def list_providers_(query: dict[str, Any]) -> dict[str, Any]:
    """List the providers that the caller may see."""
    with unit_of_work(read_only=True) as uow:
        rows = list_providers(uow, after=after_id(query, "providers"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "providers", lambda row: str(row.id), describe_provider)


@blp.route("/providers", methods=["POST"])
@blp.arguments(ProviderCreate)
@blp.response(201, ProviderSchema)
def create_provider(body: dict[str, Any]) -> dict[str, Any]:
    """Make an organisation a provider. Only the administrator of the one that runs this installation may."""
    with unit_of_work() as uow:
        check_runs_installation(uow)
        provider = open_provider(uow, body.pop("organisation_id"), body)
    send_etag(provider)
    return describe_provider(provider)


@blp.route("/providers/<uuid:provider_id>", methods=["GET"])
@blp.response(200, ProviderSchema)
def get_provider_(provider_id: uuid.UUID) -> dict[str, Any]:
    """Get one provider."""
    with unit_of_work(read_only=True) as uow:
        provider = get_provider(uow, provider_id)
    send_etag(provider)
    return describe_provider(provider)


@blp.route("/providers/<uuid:provider_id>", methods=["PATCH"])
@blp.arguments(ProviderFields(partial=True))
@blp.response(200, ProviderSchema)
@blp.versioned
def update_provider(body: dict[str, Any], provider_id: uuid.UUID) -> dict[str, Any]:
    """Change a provider's published facts. Needs If-Match."""
    with unit_of_work() as uow:
        provider = get_provider(uow, provider_id)
        check_etag(provider)
        edit_provider(uow, provider, body)
    send_etag(provider)
    return describe_provider(provider)


@blp.route("/providers/<uuid:provider_id>/vacancy-confirmations", methods=["POST"])
@blp.response(201, ConfirmationSchema)
def confirm_provider_vacancies(provider_id: uuid.UUID) -> dict[str, Any]:
    """Say that all of the provider's vacancies are still true as of now."""
    with unit_of_work() as uow:
        get_provider(uow, provider_id)
        units = [uow.session.get_one(Unit, unit_id) for unit_id in list_unit_ids_of_provider(uow, provider_id)]
        confirmed_at = confirm_vacancies(uow, provider_id, units)
    return {"confirmed_at": confirmed_at, "units": len(units)}


def describe_provider(provider: Provider) -> dict[str, Any]:
    """Return a provider as the contract shows it."""
    return {name: getattr(provider, name) for name in ProviderSchema().fields}
