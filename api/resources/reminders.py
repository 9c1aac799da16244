"""Reminders: what is due about the stays in one's own accommodation."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import QueryBoolean, one_of
from api.pagination import page, read_cursor
from api.resources.common import ListQuery, list_schema
from placement.milestones import Audience, MilestoneKind, Severity
from placement.models import Reminder
from placement.reminders import acknowledge_reminder, list_reminders, when_of
from placement.vocabulary import ReminderOutcome, ReminderState

blp = HarbourBlueprint("reminders", __name__, description="What is due, so that no licence ends unnoticed.")

WHEN = ("open", "due", "overdue", "upcoming", "all")


class ReminderQuery(ListQuery):
    mine = QueryBoolean(load_default=True)
    when = fields.String(
        load_default="open",
        validate=validate.OneOf(WHEN),
        metadata={"description": "open = not acknowledged; due = its time has come; overdue = its day is past."},
    )


class AcknowledgementSchema(Schema):
    outcome = one_of(ReminderOutcome, required=True)


class ReminderSchema(Schema):
    id = fields.UUID(required=True)
    placement_id = fields.UUID(required=True)
    reference = fields.String(required=True)
    kind = one_of(MilestoneKind, required=True)
    due_on = fields.Date(required=True)
    due_at = fields.AwareDateTime(required=True)
    when = fields.String(required=True, validate=validate.OneOf(["upcoming", "due", "overdue", "done"]))
    severity = one_of(Severity, required=True)
    audience = one_of(Audience, required=True)
    legal = fields.Boolean(required=True)
    state = one_of(ReminderState, required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)


@blp.route("/reminders", methods=["GET"])
@blp.arguments(ReminderQuery, location="query")
@blp.response(200, list_schema(ReminderSchema))
def list_reminders_(query: dict[str, Any]) -> dict[str, Any]:
    """List reminders, the longest due first: mine unless asked otherwise, open unless asked otherwise."""
    position = read_cursor(query["cursor"], "reminders")
    after = None if position is None else (datetime.fromisoformat(position[0]), uuid.UUID(position[1]))
    with unit_of_work(read_only=True) as uow:
        rows = list_reminders(uow, mine=query["mine"], when=query["when"], after=after, limit=query["limit"] + 1)
        return page(
            rows,
            query["limit"],
            "reminders",
            lambda row: [row.due_at.isoformat(), str(row.id)],
            lambda row: describe_reminder(row, uow.now),
        )


@blp.route("/reminders/<uuid:reminder_id>/acknowledgement", methods=["POST"])
@blp.arguments(AcknowledgementSchema)
@blp.response(200, ReminderSchema)
def acknowledge_reminder_(body: dict[str, Any], reminder_id: uuid.UUID) -> dict[str, Any]:
    """Say what came of a reminder."""
    with unit_of_work() as uow:
        reminder = acknowledge_reminder(uow, reminder_id, ReminderOutcome(body["outcome"]))
    return describe_reminder(reminder, uow.now)


def describe_reminder(reminder: Reminder, now: datetime) -> dict[str, Any]:
    """Return a reminder as the contract shows it at `now`."""
    shown = {name: getattr(reminder, name) for name in ReminderSchema().fields if name not in ("reference", "when")}
    return {**shown, "reference": reminder.placement.reference, "when": when_of(reminder, now)}
