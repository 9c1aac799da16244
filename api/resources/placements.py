"""Placements: a household's stay, from acceptance to departure."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from accommodation.models import Unit
from accommodation.sharing import list_in_sight
from accommodation.vocabulary import AgreementScope, OccupancyBasis
from api.blueprint import HarbourBlueprint
from api.etags import send_etag
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity, one_of
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork
from placement.blocking import list_kept_from_organisation
from placement.models import Placement
from placement.placements import (
    confirm_arrival,
    extend_licence,
    list_placements,
    load_placement,
    read_placement,
    record_departure,
    record_non_arrival,
)
from placement.timeline import read_timeline
from placement.vocabulary import Destination, ExtensionReason, NonArrivalReason, PlacementState

blp = HarbourBlueprint("placements", __name__, description="Stays: licence, extension, departure.")


class ArrivalSchema(Schema):
    arrived_on = CivilDate(required=True)
    resettlement_worker_id = Identity(load_default=None, allow_none=True)


class NonArrivalSchema(Schema):
    reason = one_of(NonArrivalReason, required=True)


class ExtensionSchema(Schema):
    ends_on = CivilDate(required=True)
    reason = one_of(ExtensionReason, required=True)


class DepartureSchema(Schema):
    departed_on = CivilDate(required=True)
    destination = one_of(Destination, required=True)


class PlacementSchema(Schema):
    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    referral_id = fields.UUID(required=True, allow_none=True)
    household_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Null for the provider when no agreement with the household's organisation is in force."},
    )
    unit_id = fields.UUID(required=True)
    property_id = fields.UUID(required=True)
    state = one_of(PlacementState, required=True)
    occupancy_basis = one_of(OccupancyBasis, required=True)
    notice_min_days = fields.Integer(required=True)
    licence_starts_on = fields.Date(required=True, allow_none=True)
    licence_ends_on = fields.Date(required=True, allow_none=True)
    departed_on = fields.Date(required=True, allow_none=True)
    destination = fields.String(required=True, allow_none=True)
    resettlement_worker_id = fields.UUID(required=True, allow_none=True)


class TimelineEntrySchema(Schema):
    happened_at = fields.AwareDateTime(required=True)
    what = fields.String(required=True)
    detail = fields.String(required=True, allow_none=True)


class TimelineSchema(Schema):
    items = fields.List(fields.Nested(TimelineEntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


@blp.route("/placements", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(PlacementSchema))
def list_placements_(query: dict[str, Any]) -> dict[str, Any]:
    """List the placements that the caller may see; the reading is recorded."""
    with unit_of_work() as uow:
        rows = list_placements(uow, after=after_id(query, "placements"), limit=query["limit"] + 1)
        shown = _whose_households_show(uow)
        return page(rows, query["limit"], "placements", lambda row: str(row.id), lambda row: _describe(uow, row, shown))


@blp.route("/placements/<uuid:placement_id>", methods=["GET"])
@blp.response(200, PlacementSchema)
def get_placement(placement_id: uuid.UUID) -> dict[str, Any]:
    """Open one placement; the reading is recorded."""
    with unit_of_work() as uow:
        return _one(uow, read_placement(uow, placement_id))


@blp.route("/placements/<uuid:placement_id>/timeline", methods=["GET"])
@blp.response(200, TimelineSchema)
def get_placement_timeline(placement_id: uuid.UUID) -> dict[str, Any]:
    """Show what happened in a placement, oldest first; the reading is recorded."""
    with unit_of_work() as uow:
        entries = read_timeline(uow, load_placement(uow, placement_id))
    return {"items": [vars(entry) for entry in entries], "next_cursor": None}


@blp.route("/placements/<uuid:placement_id>/arrival", methods=["POST"])
@blp.arguments(ArrivalSchema)
@blp.response(200, PlacementSchema)
def confirm_arrival_(body: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """Confirm that the household came: the licence starts and its reminders are planned."""
    with unit_of_work() as uow:
        return _one(uow, confirm_arrival(uow, placement_id, body["arrived_on"], body["resettlement_worker_id"]))


@blp.route("/placements/<uuid:placement_id>/non-arrival", methods=["POST"])
@blp.arguments(NonArrivalSchema)
@blp.response(200, PlacementSchema)
def record_non_arrival_(body: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """Record that the household did not come: the unit is free at once."""
    with unit_of_work() as uow:
        return _one(uow, record_non_arrival(uow, placement_id, NonArrivalReason(body["reason"])))


@blp.route("/placements/<uuid:placement_id>/extensions", methods=["POST"])
@blp.arguments(ExtensionSchema)
@blp.response(201, PlacementSchema)
def extend_licence_(body: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """Move the licence's end to a later day; its reminders follow."""
    with unit_of_work() as uow:
        return _one(uow, extend_licence(uow, placement_id, body["ends_on"], ExtensionReason(body["reason"])))


@blp.route("/placements/<uuid:placement_id>/departure", methods=["POST"])
@blp.arguments(DepartureSchema)
@blp.response(200, PlacementSchema)
def record_departure_(body: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """Record the departure and its destination; the unit's turnaround starts."""
    with unit_of_work() as uow:
        return _one(uow, record_departure(uow, placement_id, body["departed_on"], Destination(body["destination"])))


def _one(uow: SqlUnitOfWork, placement: Placement) -> dict[str, Any]:
    uow.session.flush()
    send_etag(placement)
    return _describe(uow, placement, _whose_households_show(uow))


def _whose_households_show(uow: SqlUnitOfWork) -> Callable[[Placement], bool]:
    """Return the test of whether the caller's organisation may know which household a stay is of; asked once for a list.

    Only who shares with the household's organisation may, and who was not named as one it must be kept from.
    """
    seen, kept_from = list_in_sight(uow, AgreementScope.REFERRALS), list_kept_from_organisation(uow)
    return lambda placement: placement.organisation_id in seen and placement.household_id not in kept_from


def _describe(uow: SqlUnitOfWork, placement: Placement, shows_household: Callable[[Placement], bool]) -> dict[str, Any]:
    """Return a placement as the contract shows it. Its existence means acceptance, so the property may be named."""
    shown = {name: getattr(placement, name) for name in PlacementSchema().fields if name != "property_id"}
    if not shows_household(placement):
        shown |= {"referral_id": None, "household_id": None}
    return {**shown, "property_id": uow.session.get_one(Unit, placement.unit_id).property_id}
