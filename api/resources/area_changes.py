"""Changes to areas to avoid that wait for a second worker."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, json
from marshmallow import Schema, fields

from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import one_of, text
from placement.area_changes import OpenedChange, confirm_area_change, read_area_changes, refuse_area_change
from placement.models import AreaChange
from placement.vocabulary import AreaAct, AreaChangeState

blp = HarbourBlueprint("area_changes", __name__, description="Changes to areas that want a second worker.")

KEPT = "Not done: it waits for a second worker. While it would widen an area, nothing can be searched for the household."


class AreaChangeEntrySchema(Schema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    area_id = fields.UUID(required=True, allow_none=True)
    act = one_of(AreaAct, required=True)
    widens = fields.Boolean(required=True)
    state = one_of(AreaChangeState, required=True)
    asked_by = fields.UUID(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class AreaChangeSchema(AreaChangeEntrySchema):
    wanted = fields.Dict(required=True, metadata={"description": "What would be written: fields of the area, or a reason."})


class AreaChangesSchema(Schema):
    items = fields.List(fields.Nested(AreaChangeSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RefusalSchema(Schema):
    reason = text(500, required=True)


@blp.route("/households/<uuid:household_id>/area-changes", methods=["GET"])
@blp.response(200, AreaChangesSchema)
def list_area_changes(household_id: uuid.UUID) -> dict[str, Any]:
    """Open the changes to a household's areas that wait for a second worker, oldest first; the reading is recorded."""
    with unit_of_work() as uow:
        opened = read_area_changes(uow, household_id)
    return {"items": [_describe_opened(each) for each in opened], "next_cursor": None}


@blp.route("/area-changes/<uuid:change_id>/confirmation", methods=["POST"])
@blp.response(200, AreaChangeEntrySchema)
def confirm_area_change_(change_id: uuid.UUID) -> dict[str, Any]:
    """Do what a colleague asked for. Never by herself."""
    with unit_of_work() as uow:
        return describe_area_change(confirm_area_change(uow, change_id))


@blp.route("/area-changes/<uuid:change_id>/refusal", methods=["POST"])
@blp.arguments(RefusalSchema)
@blp.response(200, AreaChangeEntrySchema)
def refuse_area_change_(body: dict[str, Any], change_id: uuid.UUID) -> dict[str, Any]:
    """Refuse what a colleague asked for, and say why. Never by herself."""
    with unit_of_work() as uow:
        return describe_area_change(refuse_area_change(uow, change_id, body["reason"]))


def describe_area_change(change: AreaChange) -> dict[str, Any]:
    """Return a change as the contract shows it without opening it."""
    return {name: getattr(change, name) for name in AreaChangeEntrySchema().fields}


def send_pending(change: AreaChange) -> Response:
    """Answer 202 with the change that was kept instead of done."""
    return Response(
        json.dumps(AreaChangeEntrySchema().dump(describe_area_change(change))), status=202, content_type="application/json"
    )


def _describe_opened(opened: OpenedChange) -> dict[str, Any]:
    return {**describe_area_change(opened.change), "wanted": dict(opened.wanted)}
