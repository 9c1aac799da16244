"""Alerts: what may be misuse, for the safeguarding lead of the organisation; who has none, for the administrator."""

from __future__ import annotations

import uuid
from datetime import datetime
from itertools import chain
from typing import Any

from marshmallow import Schema, fields, validate

from accommodation.alerts import Alert, OpenedAlert, close_alert, is_overdue, list_alerts, load_alert, read_alert
from accommodation.confinement import across_organisations
from accommodation.people import relations_to_installation
from accommodation.vocabulary import AlertKind, AlertOutcome, Relation
from api.alert_coverage import list_coverage
from api.blueprint import HarbourBlueprint
from api.etags import check_etag, send_etag
from api.extensions import unit_of_work
from api.fields import one_of, text
from api.pagination import page, read_cursor
from api.resources.common import ListQuery, after_id, list_schema

blp = HarbourBlueprint("alerts", __name__, description="What a safeguarding lead must look at.")

IS_OPEN = {"open": True, "closed": False, "all": None}


class AlertQuery(ListQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(list(IS_OPEN)))


class AlertEntrySchema(Schema):
    id = fields.UUID(required=True)
    kind = one_of(AlertKind, required=True)
    subject_id = fields.UUID(required=True, metadata={"description": "A worker, household, property or organisation."})
    details = fields.Dict(required=True, metadata={"description": "Codes, ids and counts."})
    raised_at = fields.AwareDateTime(required=True)
    overdue = fields.Boolean(required=True, metadata={"description": "Open for more than 72 hours."})
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.UUID(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)


class AlertSchema(AlertEntrySchema):
    notes = fields.String(required=True, allow_none=True)


class AlertClose(Schema):
    outcome = one_of(AlertOutcome, required=True)
    notes = text(4000, required=True)


class AlertCoverageEntrySchema(Schema):
    organisation_id = fields.UUID(required=True)
    has_safeguarding_lead = fields.Boolean(required=True)
    open_alerts = fields.Integer(required=True)
    overdue_alerts = fields.Integer(required=True)
    warning = fields.String(required=True, allow_none=True)


@blp.route("/alerts", methods=["GET"])
@blp.arguments(AlertQuery, location="query")
@blp.response(200, list_schema(AlertEntrySchema))
def list_alerts_(query: dict[str, Any]) -> dict[str, Any]:
    """List the organisation's alerts, the oldest first: open ones unless asked otherwise."""
    position = read_cursor(query["cursor"], "alerts")
    after = None if position is None else (datetime.fromisoformat(position[0]), uuid.UUID(position[1]))
    with unit_of_work(read_only=True) as uow:
        rows = list_alerts(uow, is_open=IS_OPEN[query["state"]], after=after, limit=query["limit"] + 1)
        return page(
            rows,
            query["limit"],
            "alerts",
            lambda row: [row.raised_at.isoformat(), str(row.id)],
            lambda row: describe_alert(row, uow.now),
        )


@blp.route("/alerts/<uuid:alert_id>", methods=["GET"])
@blp.response(200, AlertSchema)
def get_alert(alert_id: uuid.UUID) -> dict[str, Any]:
    """Open one alert with the notes that it was closed with; the reading is recorded."""
    with unit_of_work() as uow:
        opened = read_alert(uow, alert_id)
    return _send(opened, uow.now)


@blp.route("/alerts/<uuid:alert_id>", methods=["PATCH"])
@blp.arguments(AlertClose)
@blp.response(200, AlertSchema)
@blp.versioned
def close_alert_(body: dict[str, Any], alert_id: uuid.UUID) -> dict[str, Any]:
    """Close an alert with an outcome and notes; never one about oneself. Needs If-Match."""
    with unit_of_work() as uow:
        alert = load_alert(uow, alert_id)
        check_etag(alert)
        opened = close_alert(uow, alert, AlertOutcome(body["outcome"]), body["notes"])
    return _send(opened, uow.now)


@blp.route("/alert-coverage", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(AlertCoverageEntrySchema))
def list_alert_coverage(query: dict[str, Any]) -> dict[str, Any]:
    """List whether somebody looks at the organisation's alerts, and how many wait; for the installation's, all of them."""
    with unit_of_work(read_only=True) as uow:
        relation = uow.permit(chain(relations_to_installation(uow), [Relation.OWN_ORGANISATION]))
        only = None if relation is Relation.INSTALLATION else uow.principal.organisation_id
        with across_organisations(uow.session):  # counts alone; `only` her own, unless she runs the installation
            rows = list_coverage(
                uow.session, uow.now, only=only, after=after_id(query, "coverage"), limit=query["limit"] + 1
            )
    return page(
        rows,
        query["limit"],
        "coverage",
        lambda row: str(row.organisation_id),
        lambda row: {name: getattr(row, name) for name in AlertCoverageEntrySchema().fields},
    )


def describe_alert(alert: Alert, now: datetime) -> dict[str, Any]:
    """Return an alert as the contract shows it at `now`."""
    shown = {name: getattr(alert, name) for name in AlertEntrySchema().fields if name != "overdue"}
    return {**shown, "overdue": is_overdue(alert, now)}


def _send(opened: OpenedAlert, now: datetime) -> dict[str, Any]:
    send_etag(opened.alert)
    return {**describe_alert(opened.alert, now), "notes": opened.notes}
