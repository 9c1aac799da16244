"""Leave: the days on which a worker is away, and who deputises."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from accommodation.leave import list_leaves, record_leave, withdraw_leave
from accommodation.people_models import WorkerLeave
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity

blp = HarbourBlueprint("leaves", __name__, description="Who is away, and who deputises.")


class LeaveCreate(Schema):
    starts_on = CivilDate(required=True)
    ends_on = CivilDate(required=True, metadata={"description": "The last day away, in London."})
    deputy_id = Identity(load_default=None, allow_none=True)


class LeaveSchema(LeaveCreate):
    id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class LeaveList(Schema):
    items = fields.List(fields.Nested(LeaveSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


@blp.route("/workers/<uuid:worker_id>/leaves", methods=["GET"])
@blp.response(200, LeaveList)
def list_leaves_(worker_id: uuid.UUID) -> dict[str, Any]:
    """List the leaves of the caller, or for an administrator of a colleague, oldest first."""
    with unit_of_work(read_only=True) as uow:
        return {"items": [describe_leave(row) for row in list_leaves(uow, worker_id)], "next_cursor": None}


@blp.route("/workers/<uuid:worker_id>/leaves", methods=["POST"])
@blp.arguments(LeaveCreate)
@blp.response(201, LeaveSchema)
def record_leave_(body: dict[str, Any], worker_id: uuid.UUID) -> dict[str, Any]:
    """Record that the caller, or for an administrator a colleague, is away; a deputy works in the same roles."""
    with unit_of_work() as uow:
        return describe_leave(record_leave(uow, worker_id, body["starts_on"], body["ends_on"], body["deputy_id"]))


@blp.route("/leaves/<uuid:leave_id>/withdrawal", methods=["POST"])
@blp.response(200, LeaveSchema)
def withdraw_leave_(leave_id: uuid.UUID) -> dict[str, Any]:
    """Withdraw a leave that is not over."""
    with unit_of_work() as uow:
        return describe_leave(withdraw_leave(uow, leave_id))


def describe_leave(leave: WorkerLeave) -> dict[str, Any]:
    """Return a leave as the contract shows it."""
    return {name: getattr(leave, name) for name in LeaveSchema().fields}
