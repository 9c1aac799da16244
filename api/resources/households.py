"""Households: who is in need, and of what. Sealed at rest; seen by the organisation that recorded them."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing, validate, validates_schema

from accommodation.vocabulary import Gender, Level, Specialism
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import CivilDate, StrictBoolean, StrictInteger, line, list_of, one_of, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from placement.households import (
    HouseholdRecord,
    edit_household,
    list_households,
    load_household,
    open_household,
    read_household,
    record_household,
)
from placement.models import Household
from placement.vocabulary import MemberRole, NeedAsked, RiskFlag, TrackerCheck

blp = HarbourBlueprint("households", __name__, description="Households in need of a safe place.")

NOT_ASKED = {"description": "Leave out, or null, while nobody has asked: such units are listed to confirm."}


class MemberSchema(Schema):
    role = one_of(MemberRole, required=True)
    name = line(200, load_default=None, allow_none=True)
    gender = one_of(Gender, load_default=None, allow_none=True)
    born_on = CivilDate(load_default=None, allow_none=True)


class NeedsSchema(Schema):
    access_need = StrictInteger(
        load_default=None,
        allow_none=True,
        validate=within(0, 3),
        metadata={"description": "CORE: 0 wheelchair throughout, 1 essential rooms, 2 level access, 3 none."},
    )
    no_recourse = StrictBoolean(load_default=None, allow_none=True, metadata=NOT_ASKED)
    mental_health = one_of(Level, load_default=None, allow_none=True)
    substance_use = one_of(Level, load_default=None, allow_none=True)
    pets = StrictBoolean(load_default=None, allow_none=True)
    pets_must_come = StrictBoolean(load_default=False)
    specialisms_wanted = list_of(Specialism, load_default=list)
    specialisms_required = list_of(Specialism, load_default=list)
    risks = list_of(RiskFlag, load_default=None, allow_none=True)
    prefers_not_to_say = list_of(
        NeedAsked,
        load_default=list,
        metadata={"description": "Asked, and not answered. Such units are listed to confirm, as when nobody has asked."},
    )

    @validates_schema
    def _said_or_not(self, data: dict[str, Any], **_: Any) -> None:
        for need in data.get("prefers_not_to_say") or ():
            if data.get(need) is not None:
                raise ValidationError(
                    "This is answered. Take it off the list, or leave the answer out.", "prefers_not_to_say"
                )


class PerpetratorSchema(Schema):
    name = line(200, required=True)
    born_on = CivilDate(load_default=None, allow_none=True)
    relation = line(100, load_default=None, allow_none=True)


class SafeContactSchema(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(["telephone", "text", "email", "through_worker"]))
    value = line(200, load_default=None, allow_none=True)
    hours = line(100, load_default=None, allow_none=True)
    code_word = line(50, load_default=None, allow_none=True)
    no_voicemail = StrictBoolean(load_default=True)


class TrackingDevicesSchema(Schema):
    phone = one_of(TrackerCheck, load_default=str(TrackerCheck.NOT_CHECKED))
    car = one_of(TrackerCheck, load_default=str(TrackerCheck.NOT_CHECKED))
    child_devices = one_of(TrackerCheck, load_default=str(TrackerCheck.NOT_CHECKED))


class HouseholdFields(Schema):
    members = fields.List(fields.Nested(MemberSchema), required=True, validate=validate.Length(min=1, max=20))
    needs = fields.Nested(NeedsSchema, load_default=dict)
    perpetrators = fields.List(
        fields.Nested(PerpetratorSchema),
        load_default=list,
        validate=validate.Length(max=10),
        metadata={"description": "He, and those of his relatives and associates whom she fears."},
    )
    safe_contact = fields.Nested(SafeContactSchema, load_default=None, allow_none=True)
    tracking_devices = fields.Nested(TrackingDevicesSchema, load_default=dict)
    risk_score = StrictInteger(load_default=None, allow_none=True, validate=within(0, 24), metadata={"description": "DASH."})
    wishes_to_return = StrictBoolean(load_default=None, allow_none=True)
    external_case_id = line(60, load_default=None, allow_none=True)

    @validates_schema
    def _one_survivor(self, data: dict[str, Any], **_: Any) -> None:
        if "members" in data and not any(member["role"] == MemberRole.SURVIVOR for member in data["members"]):
            raise ValidationError("One member is the survivor.", "members")


class HouseholdPatch(HouseholdFields):
    """The same parts, each on its own: what is left out stays, and no default comes in its place."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Take required and default off a part of the record; within a part they hold."""
        field_obj.required = False
        field_obj.load_default = missing


class HouseholdSchema(HouseholdFields):
    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    no_areas_statement = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class HouseholdEntrySchema(Schema):
    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


@blp.route("/households", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(HouseholdEntrySchema))
def list_households_(query: dict[str, Any]) -> dict[str, Any]:
    """List the organisation's households by reference; nothing of them is opened."""
    with unit_of_work() as uow:
        rows = list_households(uow, after=after_id(query, "households"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "households", lambda row: str(row.id), _entry)


@blp.route("/households", methods=["POST"])
@blp.arguments(HouseholdFields)
@blp.response(201, HouseholdSchema)
def create_household(body: dict[str, Any]) -> dict[str, Any]:
    """Record a household. What is left out counts as not asked."""
    with unit_of_work() as uow:
        record = record_household(uow, current_harbour().budgets, to_json(body))
    send_etag(record.household)
    return describe_household(record)


@blp.route("/households/<uuid:household_id>", methods=["GET"])
@blp.response(200, HouseholdSchema)
def get_household(household_id: uuid.UUID) -> dict[str, Any]:
    """Open one household; the reading is recorded."""
    with unit_of_work() as uow:
        record = read_household(uow, household_id)
    send_etag(record.household)
    return describe_household(record)


@blp.route("/households/<uuid:household_id>", methods=["PATCH"])
@blp.arguments(HouseholdPatch)
@blp.response(200, HouseholdSchema)
@blp.versioned
def update_household(body: dict[str, Any], household_id: uuid.UUID) -> dict[str, Any]:
    """Replace the named parts of a household's record. Needs If-Match."""
    with unit_of_work() as uow:
        household = load_household(uow, household_id)
        check_etag(household)
        edit_household(uow, current_harbour().budgets, household, to_json(body))
        record = open_household(uow, household)
    send_etag(household)
    return describe_household(record)


def describe_household(record: HouseholdRecord) -> dict[str, Any]:
    """Return a household as the contract shows it."""
    return {
        **record.details,
        "id": record.household.id,
        "reference": record.household.reference,
        "created_at": record.household.created_at,
        "no_areas_statement": record.no_areas_statement,
    }


def to_json(body: dict[str, Any]) -> dict[str, Any]:
    """Return loaded values as the JSON that is sealed: dates as ISO text."""
    dumped: dict[str, Any] = HouseholdFields(only=list(body)).dump(body)
    return dumped


def _entry(household: Household) -> dict[str, Any]:
    return {"id": household.id, "reference": household.reference, "created_at": household.created_at}
