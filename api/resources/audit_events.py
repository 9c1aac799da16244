"""The audit trail, for auditors: who did what, when. It says nothing of what was in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from accommodation.calendar import start_of_day
from accommodation.vocabulary import Relation
from api.audit import AuditEvent
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity
from api.pagination import page, read_cursor
from api.resources.common import ListQuery, list_schema

blp = HarbourBlueprint("audit_events", __name__, description="Who did what, when.")


class AuditQuery(ListQuery):
    subject_id = Identity(load_default=lambda: None, allow_none=False)
    worker_id = Identity(load_default=lambda: None, allow_none=False)
    action = fields.String(
        load_default=lambda: None,
        allow_none=False,
        validate=[validate.Length(min=1, max=60), validate.Regexp(r"^[a-z_:]+$")],
        metadata={"description": "Such as `household:read`."},
    )
    from_on = CivilDate(load_default=lambda: None, allow_none=False, metadata={"description": "London's day; included."})
    to_on = CivilDate(load_default=lambda: None, allow_none=False, metadata={"description": "London's day; included."})


class AuditEventSchema(Schema):
    id = fields.UUID(required=True)
    position = fields.Integer(required=True, metadata={"description": "From 1, without gaps, in the organisation."})
    happened_at = fields.AwareDateTime(required=True)
    organisation_id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    action = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    request_id = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True, metadata={"description": "Codes, ids and dates, by action."})
    hash = fields.String(required=True, metadata={"description": "SHA-256 over the event and the hash of the one before."})


@blp.route("/audit-events", methods=["GET"])
@blp.arguments(AuditQuery, location="query")
@blp.response(200, list_schema(AuditEventSchema))
def list_audit_events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events of the auditor's own organisation, in the order of its chain."""
    after = read_cursor(query["cursor"], "audit")
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.OWN_ORGANISATION)
        statement = select(AuditEvent).where(AuditEvent.organisation_id == uow.principal.organisation_id)
        for name in ("subject_id", "worker_id", "action"):
            if query[name] is not None:
                statement = statement.where(getattr(AuditEvent, name) == query[name])
        if query["from_on"] is not None:
            statement = statement.where(AuditEvent.happened_at >= start_of_day(query["from_on"]))
        if query["to_on"] is not None:
            statement = statement.where(AuditEvent.happened_at < start_of_day(query["to_on"] + timedelta(days=1)))
        if after is not None:
            statement = statement.where(AuditEvent.position > after)
        rows = uow.session.execute(statement.order_by(AuditEvent.position).limit(query["limit"] + 1)).scalars().all()
        return page(rows, query["limit"], "audit", lambda row: row.position, describe_event)


def describe_event(event: AuditEvent) -> dict[str, Any]:
    """Return an event as the contract shows it."""
    return {**{name: getattr(event, name) for name in AuditEventSchema().fields}, "hash": event.hash.hex()}
