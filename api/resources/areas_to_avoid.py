"""Areas to avoid: where a household must not be, and who said so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import CivilDate, one_of, text
from api.places import AREA_SHAPES, pointing_into
from api.resources.area_changes import KEPT, AreaChangeEntrySchema, send_pending
from placement.area_changes import add_area, change_area, drop_area
from placement.areas_to_avoid import AreaRecord, load_area, read_area, read_areas, settle_geometry, state_no_areas
from placement.households import load_household
from placement.models import AreaChange
from placement.vocabulary import AreaConfidence, AreaReason, AreaSource

blp = HarbourBlueprint("areas_to_avoid", __name__, description="Where a household must not be.")

GEOMETRY = {"description": "One of five kinds, told apart by `type`.", "oneOf": AREA_SHAPES}


class AreaToAvoidFields(Schema):
    geometry = fields.Dict(required=True, metadata=GEOMETRY)
    reason = one_of(AreaReason, required=True)
    source = one_of(AreaSource, required=True)
    confidence = one_of(AreaConfidence, load_default=str(AreaConfidence.CERTAIN))
    notes = text(1000, load_default=None, allow_none=True)
    valid_from = CivilDate(load_default=None, allow_none=True)
    valid_to = CivilDate(load_default=None, allow_none=True)


class AreaToAvoidChange(AreaToAvoidFields):
    reviewed_on = CivilDate(allow_none=True)


class AreaToAvoidSchema(AreaToAvoidFields):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    reviewed_on = fields.Date(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.UUID(required=True)


class AreasSchema(Schema):
    items = fields.List(fields.Nested(AreaToAvoidSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReasonSchema(Schema):
    reason = text(1000, required=True)


class StatementSchema(Schema):
    household_id = fields.UUID(required=True)
    no_areas_statement = fields.String(required=True)


@blp.route("/households/<uuid:household_id>/areas-to-avoid", methods=["GET"])
@blp.response(200, AreasSchema)
def list_areas_to_avoid(household_id: uuid.UUID) -> dict[str, Any]:
    """Open all areas of a household, oldest first; the reading is recorded."""
    with unit_of_work() as uow:
        records = read_areas(uow, household_id)
    return {"items": [describe_area_to_avoid(record) for record in records], "next_cursor": None}


@blp.route("/households/<uuid:household_id>/areas-to-avoid", methods=["POST"])
@blp.arguments(AreaToAvoidFields)
@blp.response(201, AreaToAvoidSchema)
@blp.alt_response(202, schema=AreaChangeEntrySchema, description=KEPT)
def create_area_to_avoid(body: dict[str, Any], household_id: uuid.UUID) -> dict[str, Any] | Response:
    """Record an area to avoid, with source and validity, or keep it for a second worker (202)."""
    valid_from, valid_to = body.pop("valid_from"), body.pop("valid_to")
    body["geometry"] = _settled(body["geometry"])
    with unit_of_work() as uow:
        made = add_area(uow, current_harbour().budgets, household_id, body, valid_from=valid_from, valid_to=valid_to)
    return _answer(made)


@blp.route("/households/<uuid:household_id>/no-areas-to-avoid", methods=["POST"])
@blp.arguments(ReasonSchema)
@blp.response(201, StatementSchema)
def state_no_areas_to_avoid(body: dict[str, Any], household_id: uuid.UUID) -> dict[str, Any]:
    """State that there is no area to avoid, and why; without one or the other nothing can be searched."""
    with unit_of_work() as uow:
        state_no_areas(uow, load_household(uow, household_id), body["reason"])
    return {"household_id": household_id, "no_areas_statement": body["reason"]}


@blp.route("/areas-to-avoid/<uuid:area_id>", methods=["GET"])
@blp.response(200, AreaToAvoidSchema)
def get_area_to_avoid(area_id: uuid.UUID) -> dict[str, Any]:
    """Open one area; the reading is recorded."""
    with unit_of_work() as uow:
        record = read_area(uow, area_id)
    send_etag(record.area)
    return describe_area_to_avoid(record)


@blp.route("/areas-to-avoid/<uuid:area_id>", methods=["PATCH"])
@blp.arguments(AreaToAvoidChange(partial=True))
@blp.response(200, AreaToAvoidSchema)
@blp.alt_response(202, schema=AreaChangeEntrySchema, description=KEPT)
@blp.versioned
def update_area_to_avoid(body: dict[str, Any], area_id: uuid.UUID) -> dict[str, Any] | Response:
    """Change an area, or keep the change for a second worker (202). Needs If-Match."""
    if "geometry" in body:
        body["geometry"] = _settled(body["geometry"])
    with unit_of_work() as uow:
        area = load_area(uow, area_id)
        check_etag(area)
        made = change_area(uow, current_harbour().budgets, area, body)
    return _answer(made)


@blp.route("/areas-to-avoid/<uuid:area_id>", methods=["DELETE"])
@blp.arguments(ReasonSchema)
@blp.response(204)
@blp.alt_response(202, schema=AreaChangeEntrySchema, description=KEPT)
@blp.versioned
def retire_area_to_avoid(body: dict[str, Any], area_id: uuid.UUID) -> Response | None:
    """Retire an area, with a reason, or keep that for a second worker (202). Needs If-Match."""
    with unit_of_work() as uow:
        area = load_area(uow, area_id)
        check_etag(area)
        change = drop_area(uow, current_harbour().budgets, area, body["reason"])
    return None if change is None else send_pending(change)


def _answer(made: AreaRecord | AreaChange) -> dict[str, Any] | Response:
    if isinstance(made, AreaChange):
        return send_pending(made)
    send_etag(made.area)
    return describe_area_to_avoid(made)


def _settled(geometry: dict[str, Any]) -> Mapping[str, Any]:
    with pointing_into("/geometry"):
        return settle_geometry(current_harbour().atlas, geometry)


def describe_area_to_avoid(record: AreaRecord) -> dict[str, Any]:
    """Return an area as the contract shows it, to somebody of the household's organisation."""
    area = record.area
    columns = ("id", "household_id", "valid_from", "valid_to", "reviewed_on", "recorded_at", "recorded_by")
    return {**record.facts, **{name: getattr(area, name) for name in columns}}
