"""Holds: a unit kept for one household while the officer phones."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import Identity, one_of
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from placement.holds import hold_state, hold_unit, list_holds, load_hold, release_hold
from placement.models import Hold
from placement.vocabulary import HoldState, ReleaseReason, Verdict

blp = HarbourBlueprint("holds", __name__, description="Keeping a unit for a household.")


class HoldCreate(Schema):
    household_id = Identity(required=True)
    unit_id = Identity(required=True)
    search_id = Identity(required=True)


class HoldSchema(HoldCreate):
    id = fields.UUID(required=True)
    search_id = Identity(required=True, allow_none=True)
    state = one_of(HoldState, required=True)
    verdict = one_of(Verdict, required=True)
    held_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    term_minutes = fields.Integer(required=True)
    released_at = fields.AwareDateTime(required=True, allow_none=True)


@blp.route("/holds", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(HoldSchema))
def list_holds_(query: dict[str, Any]) -> dict[str, Any]:
    """List the holds that the caller may see."""
    with unit_of_work(read_only=True) as uow:
        rows = list_holds(uow, after=after_id(query, "holds"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "holds", lambda row: str(row.id), lambda row: describe_hold(row, uow.now))


@blp.route("/holds", methods=["POST"])
@blp.arguments(HoldCreate)
@blp.response(201, HoldSchema)
def create_hold(body: dict[str, Any]) -> dict[str, Any]:
    """Hold a unit that a search offered. When somebody was quicker, the problem names the next best units."""
    harbour = current_harbour()
    with unit_of_work() as uow:
        hold = hold_unit(
            uow, harbour.search_engine, harbour.budgets, body["household_id"], body["unit_id"], body["search_id"]
        )
    send_etag(hold)
    return describe_hold(hold, uow.now)


@blp.route("/holds/<uuid:hold_id>", methods=["GET"])
@blp.response(200, HoldSchema)
def get_hold(hold_id: uuid.UUID) -> dict[str, Any]:
    """Get one hold."""
    with unit_of_work(read_only=True) as uow:
        hold = load_hold(uow, hold_id)
    send_etag(hold)
    return describe_hold(hold, uow.now)


@blp.route("/holds/<uuid:hold_id>", methods=["DELETE"])
@blp.response(204)
@blp.versioned
def release_hold_(hold_id: uuid.UUID) -> None:
    """Give a hold back: the unit is free at once. Needs If-Match."""
    with unit_of_work() as uow:
        hold = load_hold(uow, hold_id)
        check_etag(hold)
        release_hold(uow, hold, ReleaseReason.HOLDER_RELEASED)


def describe_hold(hold: Hold, now: datetime) -> dict[str, Any]:
    """Return a hold as the contract shows it at `now`. When a provider's answer ended it is told to nobody."""
    was_answered = hold.release_reason == ReleaseReason.REFERRAL_DECLINED
    return {
        **{name: getattr(hold, name) for name in HoldSchema().fields if name != "state"},
        "released_at": None if was_answered else hold.released_at,
        "state": hold_state(hold, now),
    }
