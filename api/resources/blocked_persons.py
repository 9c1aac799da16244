"""From whom a household is kept: persons and organisations stated for it, and conflicts that workers declare."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity, line, one_of, text
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from placement.blocked_models import BlockedPerson, ConflictDeclaration
from placement.blocked_persons import (
    block_person,
    declare_conflict,
    end_block,
    end_conflict,
    list_blocked_persons,
    list_conflicts,
)
from placement.households import load_household
from placement.vocabulary import ConflictRelation

blp = HarbourBlueprint("blocked_persons", __name__, description="From whom a household is kept.")


class BlockedPersonCreate(Schema):
    worker_id = Identity(load_default=None, allow_none=True, metadata={"description": "A colleague."})
    provider_id = Identity(load_default=None, allow_none=True)
    name = line(200, load_default=None, allow_none=True, metadata={"description": "Whoever has it, wherever she works."})
    until_on = CivilDate(load_default=None, allow_none=True, metadata={"description": "The last day; null = for good."})
    reason = text(500, required=True)

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if sum(data.get(name) is not None for name in ("worker_id", "provider_id", "name")) != 1:
            raise ValidationError("Give one of: worker_id, provider_id, name.", "name")


class EndReason(Schema):
    reason = text(500, required=True)


class BlockedPersonSchema(Schema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True, allow_none=True)
    organisation_id = fields.UUID(required=True, allow_none=True)
    by_name = fields.Boolean(required=True)
    declared = fields.Boolean(required=True, metadata={"description": "It follows from her own declaration."})
    stated_at = fields.AwareDateTime(required=True)
    until_on = fields.Date(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class ConflictPersonSchema(Schema):
    name = line(200, required=True)
    born_on = CivilDate(load_default=None, allow_none=True)


class ConflictCreate(Schema):
    relation = one_of(ConflictRelation, required=True)
    reference = line(20, load_default=None, allow_none=True, metadata={"description": "A household's or a stay's."})
    person = fields.Nested(ConflictPersonSchema, load_default=None, allow_none=True)

    @validates_schema
    def _about_somebody(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("reference") is None and data.get("person") is None:
            raise ValidationError("Give a reference, or the person.", "person")


class ConflictSchema(Schema):
    id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    relation = one_of(ConflictRelation, required=True)
    declared_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


@blp.route("/households/<uuid:household_id>/blocked-persons", methods=["POST"])
@blp.arguments(BlockedPersonCreate)
@blp.response(201, BlockedPersonSchema)
def create_blocked_person(body: dict[str, Any], household_id: uuid.UUID) -> dict[str, Any]:
    """Keep a household from a colleague, a provider, or whoever has a name. A safeguarding lead alone can end it."""
    with unit_of_work() as uow:
        household = load_household(uow, household_id)
        return describe_blocked(block_person(uow, household, body.pop("reason"), **body))


@blp.route("/blocked-persons", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(BlockedPersonSchema))
def list_blocked_persons_(query: dict[str, Any]) -> dict[str, Any]:
    """List whom the organisation's households are kept from."""
    with unit_of_work() as uow:
        rows = list_blocked_persons(uow, after=after_id(query, "blocked-persons"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "blocked-persons", lambda row: str(row.id), describe_blocked)


@blp.route("/blocked-persons/<uuid:blocked_id>/end", methods=["POST"])
@blp.arguments(EndReason)
@blp.response(200, BlockedPersonSchema)
def end_blocked_person(body: dict[str, Any], blocked_id: uuid.UUID) -> dict[str, Any]:
    """Let somebody see a household again, with the reason; never oneself."""
    with unit_of_work() as uow:
        return describe_blocked(end_block(uow, blocked_id, body["reason"]))


@blp.route("/conflict-declarations", methods=["POST"])
@blp.arguments(ConflictCreate)
@blp.response(201, ConflictSchema)
def declare_conflict_(body: dict[str, Any]) -> dict[str, Any]:
    """Declare that the caller knows somebody: she is kept from those households, now and later; her lead is told."""
    person = body["person"]
    if person is not None and person["born_on"] is not None:
        person = {**person, "born_on": person["born_on"].isoformat()}
    with unit_of_work() as uow:
        return describe_conflict(declare_conflict(uow, ConflictRelation(body["relation"]), body["reference"], person))


@blp.route("/conflict-declarations", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ConflictSchema))
def list_conflict_declarations(query: dict[str, Any]) -> dict[str, Any]:
    """List what the organisation's workers have declared; not whom they know."""
    with unit_of_work() as uow:
        rows = list_conflicts(uow, after=after_id(query, "conflicts"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "conflicts", lambda row: str(row.id), describe_conflict)


@blp.route("/conflict-declarations/<uuid:declaration_id>/end", methods=["POST"])
@blp.arguments(EndReason)
@blp.response(200, ConflictSchema)
def end_conflict_declaration(body: dict[str, Any], declaration_id: uuid.UUID) -> dict[str, Any]:
    """End a declared conflict and all that it kept from her, with the reason; never one's own."""
    with unit_of_work() as uow:
        return describe_conflict(end_conflict(uow, declaration_id, body["reason"]))


def describe_blocked(blocked: BlockedPerson) -> dict[str, Any]:
    """Return a block as the contract shows it: neither the name nor the reason."""
    columns = ("id", "household_id", "worker_id", "stated_at", "until_on", "ended_at")
    return {
        **{name: getattr(blocked, name) for name in columns},
        "organisation_id": blocked.blocked_organisation_id,
        "by_name": blocked.name_sealed is not None,
        "declared": blocked.declaration_id is not None,
    }


def describe_conflict(declaration: ConflictDeclaration) -> dict[str, Any]:
    """Return a declaration as the contract shows it."""
    return {name: getattr(declaration, name) for name in ConflictSchema().fields}
