"""Workers: who works in the caller's organisation, in which roles, and when somebody leaves."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields

from accommodation.base import InvalidInput
from accommodation.calendar import local_date, start_of_day
from accommodation.models import Worker
from accommodation.people import (
    end_role,
    get_worker,
    grant_role,
    leave_organisation,
    list_roles,
    list_workers,
    read_worker_name,
)
from accommodation.vocabulary import Role
from api.auth.administration import close_ways_in, end_keys_in_role
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import CivilDate, one_of, text
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork
from placement.handover import list_open_work

blp = HarbourBlueprint("workers", __name__, description="Who works here.")


class RoleChange(Schema):
    role = one_of(Role, required=True)


class WorkerDeparture(Schema):
    last_day_on = CivilDate(
        load_default=None, allow_none=True, metadata={"description": "Her last day, in London; null = now."}
    )
    reason = text(500, required=True)


class WorkerEntrySchema(Schema):
    id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True)
    left_at = fields.AwareDateTime(required=True, allow_none=True)


class WorkerRolesSchema(WorkerEntrySchema):
    roles = fields.List(one_of(Role), required=True)


class WorkerSchema(WorkerRolesSchema):
    name = fields.String(required=True, allow_none=True)


class OpenWorkSchema(WorkerEntrySchema):
    open_work = fields.List(
        fields.String(), required=True, metadata={"description": "References of stays that her manager hands over."}
    )


@blp.route("/workers", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(WorkerEntrySchema))
def list_workers_(query: dict[str, Any]) -> dict[str, Any]:
    """List the workers of the caller's organisation; no names in lists."""
    with unit_of_work(read_only=True) as uow:
        rows = list_workers(uow, after=after_id(query, "workers"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "workers", lambda row: str(row.id), describe_worker)


@blp.route("/workers/<uuid:worker_id>", methods=["GET"])
@blp.response(200, WorkerSchema)
def get_worker_(worker_id: uuid.UUID) -> dict[str, Any]:
    """Open one worker: her name and her roles; the reading is recorded."""
    with unit_of_work() as uow:
        worker = get_worker(uow, worker_id)
        return {**_with_roles(uow, worker), "name": read_worker_name(uow, worker)}


@blp.route("/workers/<uuid:worker_id>/roles", methods=["POST"])
@blp.arguments(RoleChange)
@blp.response(201, WorkerRolesSchema)
def grant_role_(body: dict[str, Any], worker_id: uuid.UUID) -> dict[str, Any]:
    """Grant a role to a colleague. Who may see cases then is told to the safeguarding lead."""
    with unit_of_work() as uow:
        return _with_roles(uow, grant_role(uow, worker_id, Role(body["role"])))


@blp.route("/workers/<uuid:worker_id>/role-endings", methods=["POST"])
@blp.arguments(RoleChange)
@blp.response(200, WorkerRolesSchema)
def end_role_(body: dict[str, Any], worker_id: uuid.UUID) -> dict[str, Any]:
    """End a colleague's role: what she holds in it opens nothing from now on, on every node."""
    with unit_of_work() as uow:
        worker = end_role(uow, worker_id, Role(body["role"]))
        end_keys_in_role(uow, worker_id, Role(body["role"]))
        return _with_roles(uow, worker)


@blp.route("/workers/<uuid:worker_id>/departure", methods=["POST"])
@blp.arguments(WorkerDeparture)
@blp.response(200, OpenWorkSchema)
def record_worker_departure(body: dict[str, Any], worker_id: uuid.UUID) -> dict[str, Any]:
    """Record that a colleague leaves, now or after her last day: her keys die then; what she worked on is listed."""
    with unit_of_work() as uow:
        last_day = body["last_day_on"]
        if last_day is not None and last_day < local_date(uow.now):
            raise InvalidInput(("/last_day_on", "Give today or a later day, or null for now."))
        left_at = uow.now if last_day is None else start_of_day(last_day + timedelta(days=1))
        worker = leave_organisation(uow, worker_id, left_at, body["reason"])
        close_ways_in(uow, worker.id, left_at)
        return {**describe_worker(worker), "open_work": list(list_open_work(uow, worker.id))}


def describe_worker(worker: Worker) -> dict[str, Any]:
    """Return a worker as a list shows her: no name."""
    return {name: getattr(worker, name) for name in WorkerEntrySchema().fields}


def _with_roles(uow: SqlUnitOfWork, worker: Worker) -> dict[str, Any]:
    return {**describe_worker(worker), "roles": list_roles(uow.session, worker.id)}
