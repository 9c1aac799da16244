"""Units, their voids and their vacancies."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from accommodation.availability import available_on, busy_until, status_at
from accommodation.freshness import freshness_of
from accommodation.models import Unit, Void
from accommodation.queries import get_property, get_unit, get_void, list_live_stays, list_units
from accommodation.vacancies import (
    cancel_void,
    confirm_vacancies,
    edit_unit,
    move_void_end,
    open_unit,
    record_void,
    withdraw_unit,
)
from accommodation.vault import write_door_name
from accommodation.vocabulary import (
    AccommodationType,
    BoysUpperAge,
    Level,
    NoRecoursePolicy,
    OccupancyBasis,
    ResidentsGender,
    Specialism,
    VoidReason,
)
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity, StrictBoolean, StrictInteger, line, list_of, one_of, text, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.resources.properties import AreaSchema, describe_area
from api.resources.providers import ConfirmationSchema
from placement.licence import DEFAULT_POLICY, occupancy_concern

blp = HarbourBlueprint("units", __name__, description="Rooms and dwellings that one household takes.")


class UnitFields(Schema):
    reference = line(20, required=True)
    accommodation_type = one_of(AccommodationType, required=True)
    self_contained = StrictBoolean(required=True)
    bed_spaces = StrictInteger(required=True, validate=within(1, 20))
    cots = StrictInteger(load_default=0, validate=within(0, 10))
    residents = one_of(ResidentsGender, load_default=None, allow_none=True)
    boys_upper_age = one_of(BoysUpperAge, load_default=None, allow_none=True)
    access = StrictInteger(load_default=None, allow_none=True, validate=within(0, 3))
    no_recourse = one_of(NoRecoursePolicy, load_default=None, allow_none=True)
    mental_health = one_of(Level, load_default=None, allow_none=True)
    substance_use = one_of(Level, load_default=None, allow_none=True)
    pets = StrictBoolean(load_default=None, allow_none=True)
    specialisms = list_of(Specialism, load_default=list)
    occupancy_basis = one_of(OccupancyBasis, required=True)
    licence_days = StrictInteger(load_default=91, validate=within(1, 730))
    turnaround_days = StrictInteger(load_default=3, validate=within(0, 60), metadata={"description": "Working days."})


class UnitCreate(UnitFields):
    property_id = Identity(required=True)
    door_name = line(100, load_default=None, allow_none=True)


class UnitSchema(UnitFields):
    id = fields.UUID(required=True)
    property_id = fields.UUID(required=True)
    area = fields.Nested(AreaSchema, required=True, allow_none=True)
    notice_min_days = fields.Integer(required=True)
    concern = fields.String(required=True, allow_none=True, metadata={"description": "`seek_legal_advice` or null."})
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class VacancySchema(Schema):
    unit_id = fields.UUID(required=True)
    reference = fields.String(required=True)
    status = fields.String(required=True)
    available_on = fields.Date(required=True, allow_none=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    freshness = fields.String(required=True)


class VoidFields(Schema):
    reason = one_of(VoidReason, required=True)
    starts_on = CivilDate(required=True)
    ends_on = CivilDate(load_default=None, allow_none=True, metadata={"description": "The first day it can be let."})
    notes = text(1000, load_default=None, allow_none=True)


class VoidChange(Schema):
    ends_on = CivilDate(required=True, allow_none=True)


class VoidCancel(Schema):
    reason = text(1000, required=True)


class VoidSchema(Schema):
    id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True)
    reason = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)


@blp.route("/units", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(UnitSchema))
def list_units_(query: dict[str, Any]) -> dict[str, Any]:
    """List the units that the caller may see."""
    with unit_of_work(read_only=True) as uow:
        rows = list_units(uow, after=after_id(query, "units"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "units", lambda row: str(row.id), describe_unit)


@blp.route("/units", methods=["POST"])
@blp.arguments(UnitCreate)
@blp.response(201, UnitSchema)
def create_unit(body: dict[str, Any]) -> dict[str, Any]:
    """Open a unit in one of the caller's properties. What is not said is unknown, and never a match by itself."""
    property_id, door_name = body.pop("property_id"), body.pop("door_name")
    body["notice_min_days"] = _notice_min_days(body["occupancy_basis"])
    with unit_of_work() as uow:
        unit = open_unit(uow, get_property(uow, property_id), body)
        if door_name is not None:
            write_door_name(uow, unit.id, door_name)
    send_etag(unit)
    return describe_unit(unit)


@blp.route("/units/<uuid:unit_id>", methods=["GET"])
@blp.response(200, UnitSchema)
def get_unit_(unit_id: uuid.UUID) -> dict[str, Any]:
    """Get one unit."""
    with unit_of_work(read_only=True) as uow:
        unit = get_unit(uow, unit_id)
    send_etag(unit)
    return describe_unit(unit)


@blp.route("/units/<uuid:unit_id>", methods=["PATCH"])
@blp.arguments(UnitFields(partial=True))
@blp.response(200, UnitSchema)
@blp.versioned
def update_unit(body: dict[str, Any], unit_id: uuid.UUID) -> dict[str, Any]:
    """Change a unit's published facts. Needs If-Match."""
    if "occupancy_basis" in body:
        body["notice_min_days"] = _notice_min_days(body["occupancy_basis"])
    with unit_of_work() as uow:
        unit = get_unit(uow, unit_id)
        check_etag(unit)
        edit_unit(uow, unit, body)
    send_etag(unit)
    return describe_unit(unit)


@blp.route("/units/<uuid:unit_id>/withdrawal", methods=["POST"])
@blp.response(200, UnitSchema)
def withdraw_unit_(unit_id: uuid.UUID) -> dict[str, Any]:
    """Take a unit out of search from now on."""
    with unit_of_work() as uow:
        unit = withdraw_unit(uow, get_unit(uow, unit_id))
    send_etag(unit)
    return describe_unit(unit)


@blp.route("/units/<uuid:unit_id>/vacancy-confirmations", methods=["POST"])
@blp.response(201, ConfirmationSchema)
def confirm_unit_vacancy(unit_id: uuid.UUID) -> dict[str, Any]:
    """Say that this unit's vacancy is still true as of now."""
    with unit_of_work() as uow:
        confirmed_at = confirm_vacancies(uow, unit_id, [get_unit(uow, unit_id)])
    return {"confirmed_at": confirmed_at, "units": 1}


@blp.route("/units/<uuid:unit_id>/voids", methods=["POST"])
@blp.arguments(VoidFields)
@blp.response(201, VoidSchema)
def create_void(body: dict[str, Any], unit_id: uuid.UUID) -> dict[str, Any]:
    """Take a unit out of letting for a time."""
    with unit_of_work() as uow:
        unit = get_unit(uow, unit_id)
        void = record_void(uow, unit.id, VoidReason(body["reason"]), body["starts_on"], body["ends_on"], body["notes"])
        uow.session.refresh(void)
    send_etag(void)
    return describe_void(void)


@blp.route("/voids/<uuid:void_id>", methods=["GET"])
@blp.response(200, VoidSchema)
def get_void_(void_id: uuid.UUID) -> dict[str, Any]:
    """Get one void."""
    with unit_of_work(read_only=True) as uow:
        void = get_void(uow, void_id)
    send_etag(void)
    return describe_void(void)


@blp.route("/voids/<uuid:void_id>", methods=["PATCH"])
@blp.arguments(VoidChange)
@blp.response(200, VoidSchema)
@blp.versioned
def update_void(body: dict[str, Any], void_id: uuid.UUID) -> dict[str, Any]:
    """Move a void's end. Needs If-Match."""
    with unit_of_work() as uow:
        void = get_void(uow, void_id)
        check_etag(void)
        move_void_end(uow, void, body["ends_on"])
    send_etag(void)
    return describe_void(void)


@blp.route("/voids/<uuid:void_id>", methods=["DELETE"])
@blp.arguments(VoidCancel)
@blp.response(204)
@blp.versioned
def cancel_void_(body: dict[str, Any], void_id: uuid.UUID) -> None:
    """Cancel a void, with a reason: the unit can be let from now on. Needs If-Match."""
    with unit_of_work() as uow:
        void = get_void(uow, void_id)
        check_etag(void)
        cancel_void(uow, void, body["reason"])


@blp.route("/vacancies", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(VacancySchema))
def list_vacancies(query: dict[str, Any]) -> dict[str, Any]:
    """Show the board: each unit's status, from when it can be had, and how far that can be believed."""
    with unit_of_work(read_only=True) as uow:
        rows = list_units(uow, after=after_id(query, "vacancies"), limit=query["limit"] + 1)
        stays = list_live_stays(uow, [unit.id for unit in rows])

        def describe(unit: Unit) -> dict[str, Any]:
            facts = stays.get(unit.id, [])
            return {
                "unit_id": unit.id,
                "reference": unit.reference,
                "status": status_at(facts, uow.now, withdrawn=unit.withdrawn_at is not None),
                "available_on": available_on(busy_until(facts), uow.now) if unit.withdrawn_at is None else None,
                "confirmed_at": unit.confirmed_at,
                "freshness": freshness_of(unit.confirmed_at, uow.now),
            }

        return page(rows, query["limit"], "vacancies", lambda row: str(row.id), describe)


def describe_unit(unit: Unit) -> dict[str, Any]:
    """Return a unit as the contract shows it."""
    return {
        **{name: getattr(unit, name) for name in UnitSchema().fields if name not in ("area", "concern")},
        "area": describe_area(unit.property),
        "concern": occupancy_concern(OccupancyBasis(unit.occupancy_basis), unit.self_contained),
    }


def describe_void(void: Void) -> dict[str, Any]:
    """Return a void as the contract shows it."""
    return {
        "id": void.id,
        "unit_id": void.unit_id,
        "reason": void.reason,
        "starts_at": void.stay.starts_at,
        "ends_at": void.stay.ends_at,
        "cancelled_at": void.cancelled_at,
    }


def _notice_min_days(basis: str) -> int:
    return DEFAULT_POLICY.notice_min_days(OccupancyBasis(basis))
