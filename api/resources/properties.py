"""Properties: buildings. Their address goes in once and comes out only by a disclosure."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from accommodation.models import Property
from accommodation.properties import NewAddress, edit_property, open_property
from accommodation.queries import get_own_provider, get_property, list_properties
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import LETTERS_AND_DIGITS, Identity, StrictBoolean, StrictFloat, line, text, within
from api.outbox import OutboxNotifier
from api.pagination import page
from api.places import check_postcode, pointing_into
from api.resources.common import ListQuery, after_id, list_schema
from placement.disclosures import disclose_address

blp = HarbourBlueprint("properties", __name__, description="Buildings, without their addresses.")


class AddressSchema(Schema):
    lines = fields.List(line(200), required=True, validate=validate.Length(min=1, max=5))
    town = line(100, required=True)
    postcode = fields.String(required=True, validate=validate.Length(max=12), metadata={"pattern": LETTERS_AND_DIGITS})


class NewAddressSchema(AddressSchema):
    latitude = StrictFloat(load_default=None, allow_none=True, validate=within(-90, 90), metadata={"description": "WGS84"})
    longitude = StrictFloat(load_default=None, allow_none=True, validate=within(-180, 180))

    @validates_schema
    def _both_or_neither(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            raise ValidationError("Give latitude and longitude, or neither.", "longitude")


class PropertyFields(Schema):
    reference = line(20, required=True, metadata={"description": "Your own neutral reference."})
    staff_cover = StrictBoolean(load_default=None, allow_none=True)
    cctv = StrictBoolean(load_default=None, allow_none=True)
    out_of_hours_intake = StrictBoolean(load_default=None, allow_none=True)
    special_risk = StrictBoolean(
        load_default=False,
        metadata={"description": "Search then knows its county alone. To change it, give `special_risk_reason`."},
    )


class PropertyEdit(PropertyFields):
    special_risk_reason = text(500, load_default=None, allow_none=True)


class PropertyCreate(PropertyFields):
    address = fields.Nested(NewAddressSchema, required=True)
    landlord = line(200, load_default=None, allow_none=True)
    meeting_point = text(500, load_default=None, allow_none=True)


class AreaSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)


class PropertySchema(PropertyFields):
    id = fields.UUID(required=True)
    provider_id = fields.UUID(required=True)
    nation = fields.String(required=True)
    area = fields.Nested(AreaSchema, required=True, allow_none=True)


class DisclosureRequest(Schema):
    placement_id = Identity(load_default=None, allow_none=True)
    reason = text(500, load_default=None, allow_none=True)


class DisclosureSchema(Schema):
    property_id = fields.UUID(required=True)
    address = fields.Nested(AddressSchema, required=True)
    door_name = fields.String(required=True, allow_none=True)
    readable_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until then the same session may ask again; null for the property's own staff."},
    )


@blp.route("/properties", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(PropertySchema))
def list_properties_(query: dict[str, Any]) -> dict[str, Any]:
    """List the properties that the caller may see, without addresses."""
    with unit_of_work(read_only=True) as uow:
        rows = list_properties(uow, after=after_id(query, "properties"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "properties", lambda row: str(row.id), describe_property)


@blp.route("/properties", methods=["POST"])
@blp.arguments(PropertyCreate)
@blp.response(201, PropertySchema)
def create_property(body: dict[str, Any]) -> dict[str, Any]:
    """Open a property: its address is sealed, it is filed in the safety cell of its postcode."""
    address = NewAddress(**body.pop("address"))
    landlord, meeting_point = body.pop("landlord"), body.pop("meeting_point")
    atlas = current_harbour().atlas
    check_postcode(address.postcode, "/address/postcode")
    with pointing_into("/address"), unit_of_work() as uow:
        home = open_property(
            uow, atlas, get_own_provider(uow), body, address, landlord=landlord, meeting_point=meeting_point
        )
    send_etag(home)
    return describe_property(home)


@blp.route("/properties/<uuid:property_id>", methods=["GET"])
@blp.response(200, PropertySchema)
def get_property_(property_id: uuid.UUID) -> dict[str, Any]:
    """Get one property, without its address."""
    with unit_of_work(read_only=True) as uow:
        home = get_property(uow, property_id)
    send_etag(home)
    return describe_property(home)


@blp.route("/properties/<uuid:property_id>", methods=["PATCH"])
@blp.arguments(PropertyEdit(partial=True))
@blp.response(200, PropertySchema)
@blp.versioned
def update_property(body: dict[str, Any], property_id: uuid.UUID) -> dict[str, Any]:
    """Change a property's published facts. Needs If-Match. Another address is another property."""
    reason = body.pop("special_risk_reason", None)
    with pointing_into("/special_risk"), unit_of_work() as uow:
        home = get_property(uow, property_id)
        check_etag(home)
        edit_property(uow, current_harbour().atlas, home, body, reason)
    send_etag(home)
    return describe_property(home)


@blp.route("/properties/<uuid:property_id>/address-disclosures", methods=["POST"])
@blp.arguments(DisclosureRequest)
@blp.response(201, DisclosureSchema)
def disclose_address_(body: dict[str, Any], property_id: uuid.UUID) -> dict[str, Any]:
    """Tell the address to the officer it was released to, or to own staff with a reason. Needs a second factor."""
    caps = current_harbour().disclosure_caps
    with unit_of_work() as uow:
        told = disclose_address(uow, OutboxNotifier(uow), caps, property_id, body["placement_id"], body["reason"])
    return vars(told)


def describe_property(home: Property) -> dict[str, Any]:
    """Return a property as the contract shows it: a safety cell, and no address."""
    return {
        **{name: getattr(home, name) for name in PropertySchema().fields if name != "area"},
        "area": describe_area(home),
    }


def describe_area(home: Property) -> dict[str, str] | None:
    """Return the code and name of a property's safety cell, or None when it is filed in another table of cells."""
    partition = current_harbour().atlas.partition
    if home.cell_version != partition.version:
        return None
    return {"code": home.cell, "name": partition.names[partition.index_of(home.cell)]}
