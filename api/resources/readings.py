"""Who has seen this: for the provider its property, for the organisation that recorded a household its household."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from accommodation.calendar import local_date
from accommodation.confinement import across_organisations
from api.audit import AuditEvent
from api.audit.models import AuditReason
from api.audit.reasons import open_reason
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.pagination import page, read_cursor
from api.readings import Position, Reader, find_readers, list_disclosures, list_readings
from api.resources.common import ListQuery, list_schema
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("readings", __name__, description="Who has seen this, for those whose data it is.")

NAMED = {"description": "Null for other organisations' staff, unless the address was released to her."}


class ReaderSchema(Schema):
    worker_id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True, metadata=NAMED)
    organisation_id = fields.UUID(required=True)
    organisation_name = fields.String(required=True, allow_none=True)


class PropertyDisclosureSchema(Schema):
    id = fields.UUID(required=True)
    happened_at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    reader = fields.Nested(ReaderSchema, required=True, allow_none=True, metadata={"description": "Null: time itself."})
    officer = fields.Nested(ReaderSchema, required=True, allow_none=True, metadata={"description": "Whom a release names."})
    referral_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Of an exact check."})
    placement_id = fields.UUID(required=True, allow_none=True)
    release_id = fields.UUID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class HouseholdReadingSchema(Schema):
    id = fields.UUID(required=True)
    read_on = fields.Date(required=True)
    read_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Of your own organisation's readings alone."}
    )
    action = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    reader = fields.Nested(ReaderSchema, required=True, allow_none=True)


@blp.route("/properties/<uuid:property_id>/disclosures", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(PropertyDisclosureSchema))
def list_property_disclosures(query: dict[str, Any], property_id: uuid.UUID) -> dict[str, Any]:
    """List who was told a property's address, to whom it was released, and who ran exact checks, oldest first."""
    with unit_of_work() as uow:
        rows = list_disclosures(uow, property_id, _position(query, "disclosures"), query["limit"] + 1)
        named = {uuid.UUID(row.details["officer_id"]) for row in rows if "officer_id" in row.details}
        readers = find_readers(uow, rows, named)
        return _page(rows, query, "disclosures", lambda row: _disclosure(uow, row, readers))


@blp.route("/households/<uuid:household_id>/readings", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(HouseholdReadingSchema))
def list_household_readings(query: dict[str, Any], household_id: uuid.UUID) -> dict[str, Any]:
    """List who read a household, its areas, searches and referrals, in whatever organisation, oldest first."""
    with unit_of_work() as uow:
        rows = list_readings(uow, household_id, _position(query, "readings"), query["limit"] + 1)
        readers = find_readers(uow, rows, set())
        own = uow.principal.organisation_id
        return _page(rows, query, "readings", lambda row: _reading(row, readers, own))


def _disclosure(uow: SqlUnitOfWork, event: AuditEvent, readers: Mapping[uuid.UUID, Reader]) -> dict[str, Any]:
    officer_id = event.details.get("officer_id")
    about_referral = event.action.startswith("referral:")
    return {
        "id": event.id,
        "happened_at": event.happened_at,
        "action": event.action,
        "reader": readers.get(event.worker_id),
        "officer": None if officer_id is None else readers.get(uuid.UUID(officer_id)),
        "referral_id": event.subject_id if about_referral else None,
        "placement_id": event.details.get("placement_id"),
        "release_id": event.details.get("release_id"),
        "reason": _words(uow, event),
    }


def _reading(event: AuditEvent, readers: Mapping[uuid.UUID, Reader], own: uuid.UUID) -> dict[str, Any]:
    return {
        "id": event.id,
        "read_on": local_date(event.happened_at),
        "read_at": event.happened_at if event.organisation_id == own else None,
        "action": event.action,
        "subject_id": event.subject_id,
        "reader": readers.get(event.worker_id),
    }


def _words(uow: SqlUnitOfWork, event: AuditEvent) -> str | None:
    """Open the reason that somebody gave; None where nobody did, and once it was erased."""
    if event.reason_digest is None:
        return None
    with across_organisations(uow.session):  # why somebody opened an address is told to whose address it is
        row = uow.session.get(AuditReason, event.id)
    if row is None:
        return None
    return open_reason(uow.cipher, event.id, row.reason_sealed)[1]


def _position(query: dict[str, Any], kind: str) -> Position | None:
    found = read_cursor(query["cursor"], kind)
    return None if found is None else (datetime.fromisoformat(found[0]), uuid.UUID(found[1]))


def _page(rows: Sequence[AuditEvent], query: dict[str, Any], kind: str, describe: Any) -> dict[str, Any]:
    return page(rows, query["limit"], kind, lambda row: [row.happened_at.isoformat(), str(row.id)], describe)
