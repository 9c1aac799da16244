"""The audit trail, for auditors: who did what, when. It says nothing of what was in it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from accommodation.vocabulary import Relation
from api.audit import AuditEvent
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import Identity
from api.pagination import page, read_cursor
from api.resources.common import ListQuery, list_schema

blp = HarbourBlueprint("audit_events", __name__, description="Who did what, when.")


class AuditQuery(ListQuery):
    subject_id = Identity(load_default=lambda: None, allow_none=False)


class AuditEventSchema(Schema):
    id = fields.UUID(required=True)
    happened_at = fields.AwareDateTime(required=True)
    organisation_id = fields.UUID(required=True)
    worker_id = fields.UUID(required=True)
    action = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    request_id = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True, metadata={"description": "Codes, ids and dates, by action."})


@blp.route("/audit-events", methods=["GET"])
@blp.arguments(AuditQuery, location="query")
@blp.response(200, list_schema(AuditEventSchema))
def list_audit_events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events of the auditor's own organisation, oldest first."""
    position = read_cursor(query["cursor"], "audit")
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.OWN_ORGANISATION)
        statement = select(AuditEvent).where(AuditEvent.organisation_id == uow.principal.organisation_id)
        if query["subject_id"] is not None:
            statement = statement.where(AuditEvent.subject_id == query["subject_id"])
        if position is not None:
            at, event_id = datetime.fromisoformat(position[0]), uuid.UUID(position[1])
            statement = statement.where(
                (AuditEvent.happened_at > at) | ((AuditEvent.happened_at == at) & (AuditEvent.id > event_id))
            )
        rows = (
            uow.session.execute(statement.order_by(AuditEvent.happened_at, AuditEvent.id).limit(query["limit"] + 1))
            .scalars()
            .all()
        )
        return page(rows, query["limit"], "audit", lambda row: [row.happened_at.isoformat(), str(row.id)], describe_event)


def describe_event(event: AuditEvent) -> dict[str, Any]:
    """Return an event as the contract shows it."""
    return {name: getattr(event, name) for name in AuditEventSchema().fields}
