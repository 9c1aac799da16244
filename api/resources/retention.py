"""Keeping and forgetting: legal holds, how long closed cases are kept, and a household's own request for what is held."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import unit_of_work
from api.fields import StrictInteger, text, within
from placement.legal_holds import (
    lift_legal_hold,
    list_legal_holds,
    load_legal_hold,
    place_legal_hold,
    set_retention_period,
)
from placement.retention import read_closed_case_days
from placement.retention_models import LegalHold
from placement.retention_schedule import CLOSED_CASE_DAYS_LEAST, CLOSED_CASE_DAYS_MOST
from placement.subject_access import export_household

blp = HarbourBlueprint("retention", __name__, description="What is kept, for how long, and what is held about a household.")


class LegalHoldCreate(Schema):
    reason = text(500, required=True)


class LegalHoldSchema(Schema):
    id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    placed_at = fields.AwareDateTime(required=True)
    placed_by = fields.UUID(required=True)
    lifted_at = fields.AwareDateTime(required=True, allow_none=True)
    lifted_by = fields.UUID(required=True, allow_none=True)


class LegalHoldListSchema(Schema):
    items = fields.List(fields.Nested(LegalHoldSchema), required=True)


class RetentionPeriodSchema(Schema):
    closed_case_days = StrictInteger(required=True, validate=within(CLOSED_CASE_DAYS_LEAST, CLOSED_CASE_DAYS_MOST))


class SubjectAccessSchema(Schema):
    exported_at = fields.AwareDateTime(required=True)
    reference = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    details = fields.Dict(required=True)
    no_areas_statement = fields.String(required=True, allow_none=True)
    areas_to_avoid = fields.List(fields.Dict(), required=True)
    searches = fields.List(fields.Dict(), required=True)
    holds = fields.List(fields.Dict(), required=True)
    referrals = fields.List(fields.Dict(), required=True)
    placements = fields.List(fields.Dict(), required=True)
    extensions = fields.List(fields.Dict(), required=True)
    reminders = fields.List(fields.Dict(), required=True)


@blp.route("/households/<uuid:household_id>/legal-holds", methods=["GET"])
@blp.response(200, LegalHoldListSchema)
def list_legal_holds_(household_id: uuid.UUID) -> dict[str, Any]:
    """List a household's legal holds, oldest first, lifted ones included."""
    with unit_of_work(read_only=True) as uow:
        return {"items": list_legal_holds(uow, household_id)}


@blp.route("/households/<uuid:household_id>/legal-holds", methods=["POST"])
@blp.arguments(LegalHoldCreate)
@blp.response(201, LegalHoldSchema)
def place_legal_hold_(body: dict[str, Any], household_id: uuid.UUID) -> LegalHold:
    """Keep everything of a household, whatever the schedule says, until the hold is lifted."""
    with unit_of_work() as uow:
        hold = place_legal_hold(uow, household_id, body["reason"])
    send_etag(hold)
    return hold


@blp.route("/legal-holds/<uuid:legal_hold_id>", methods=["GET"])
@blp.response(200, LegalHoldSchema)
def get_legal_hold(legal_hold_id: uuid.UUID) -> LegalHold:
    """Get one legal hold."""
    with unit_of_work(read_only=True) as uow:
        hold = load_legal_hold(uow, legal_hold_id)
    send_etag(hold)
    return hold


@blp.route("/legal-holds/<uuid:legal_hold_id>", methods=["DELETE"])
@blp.arguments(LegalHoldCreate)
@blp.response(204)
@blp.versioned
def lift_legal_hold_(body: dict[str, Any], legal_hold_id: uuid.UUID) -> None:
    """Lift a legal hold, saying why; the schedule goes on. Needs If-Match."""
    with unit_of_work() as uow:
        hold = load_legal_hold(uow, legal_hold_id)
        check_etag(hold)
        lift_legal_hold(uow, hold, body["reason"])


@blp.route("/retention-period", methods=["GET"])
@blp.response(200, RetentionPeriodSchema)
def get_retention_period() -> dict[str, int]:
    """Tell how many days the organisation keeps the identity in closed cases."""
    with unit_of_work(read_only=True) as uow:
        return {"closed_case_days": read_closed_case_days(uow)}


@blp.route("/retention-period", methods=["POST"])
@blp.arguments(RetentionPeriodSchema)
@blp.response(201, RetentionPeriodSchema)
def set_retention_period_(body: dict[str, Any]) -> dict[str, int]:
    """Say how many days the organisation keeps the identity in closed cases; past choices stay in the trail."""
    with unit_of_work() as uow:
        return {"closed_case_days": set_retention_period(uow, body["closed_case_days"]).closed_case_days}


@blp.route("/households/<uuid:household_id>/subject-access-export", methods=["GET"])
@blp.response(200, SubjectAccessSchema)
def export_household_(household_id: uuid.UUID) -> dict[str, Any]:
    """Get all that is held about a household, for its own request. Needs a second factor shown just now; recorded."""
    with unit_of_work() as uow:
        return export_household(uow, household_id)
