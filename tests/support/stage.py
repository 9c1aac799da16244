"""A populated Harbour: one of every resource, callers of every role in two partnerships, a good request for each route."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accommodation.base import Base
from accommodation.vocabulary import Role
from api.app import PREFIX
from api.audit import AuditEvent
from api.auth.guard import operation_of
from api.auth.permissions import OPEN_OPERATIONS, PERMISSIONS
from api.examples import REQUESTS
from tests.support.world import Caller, World

CIRCLE_IN_KENT = {"type": "circle", "centre": {"postcode": "CT1 2EH"}, "radius_metres": 1000}
READ_OF = {
    "provider_id": "get_provider",
    "property_id": "get_property",
    "unit_id": "get_unit",
    "void_id": "get_void",
    "household_id": "get_household",
    "area_id": "get_area_to_avoid",
    "hold_id": "get_hold",
    "key_id": "get_api_key",
    "legal_hold_id": "get_legal_hold",
}
"""The operation that tells the version of what somebody edits."""


@dataclass(frozen=True)
class Operation:
    """One route of the URL map."""

    name: str
    method: str
    path: str
    arguments: tuple[str, ...]

    def at(self, ids: dict[str, str]) -> str:
        """Return the path with ids in their places."""
        return self.path.format_map(ids)


@dataclass
class Partnership:
    """A council and a provider, a caller of each role, and the ids of one row of each kind that they may see."""

    callers: dict[Role, Caller]
    ids: dict[str, str]


class Stage:
    """Two partnerships on one Harbour: `own` is asked for; `other` must stay unseen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client: FlaskClient = world.app.test_client()
        self.administrator = world.create_caller(Role.ADMINISTRATOR)
        self.own = self._partnership()
        self.other = self._partnership()

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Return every route by its operation id."""
        found = {}
        for rule in self.world.app.url_map.iter_rules():
            (method,) = sorted((rule.methods or set()) - {"HEAD"})
            path = rule.rule.replace("<uuid:", "{").replace(">", "}")
            name = operation_of(rule.endpoint)
            found[name] = Operation(name, method, path, tuple(sorted(rule.arguments)))
        return found

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document: dict[str, Any] = self.client.get(f"{PREFIX}/openapi.json").get_json()
        return document

    def guarded(self) -> Iterator[tuple[Operation, Role]]:
        """Return each operation that needs a key, with each role that may call it."""
        for name, operation in sorted(self.operations.items()):
            if name not in OPEN_OPERATIONS:
                for role in sorted(PERMISSIONS.get(name, ())):
                    yield operation, role

    def caller_of(self, operation: str) -> Caller:
        """Return one of our callers whose role may call an operation."""
        return self.own.callers[sorted(PERMISSIONS[operation])[0]]

    def body_of(self, operation: str) -> dict[str, Any] | None:
        """Return a good body: the documented example, about our rows and near today. None where there is no body."""
        if operation not in REQUESTS:
            return None
        body = copy.deepcopy(REQUESTS[operation])
        for name in body:
            if name in self.own.ids:
                body[name] = self.own.ids[name]
        body.update(self._timely(operation))
        if "reference" in body:
            body["reference"] = uuid.uuid4().hex[:20]
        return body

    def send(
        self,
        operation: str,
        body: Any = None,
        *,
        caller: Caller | None = None,
        ids: dict[str, str] | None = None,
        headers: dict[str, str | None] | None = None,
        query: str = "",
        data: bytes | None = None,
    ) -> TestResponse:
        """Send one operation: by a caller who may, about our rows, with their versions, unless told otherwise."""
        about = self.operations[operation]
        path = about.at(ids or self.own.ids) + (f"?{query}" if query else "")
        sent: dict[str, str | None] = {"Authorization": f"Bearer {(caller or self.caller_of(operation)).key}"}
        if about.method in ("PATCH", "DELETE") and "If-Match" not in (headers or {}):
            sent["If-Match"] = self.etag_of(about)
        sent |= headers or {}
        kept = {name: value for name, value in sent.items() if value is not None}
        if data is not None:
            return self.client.open(path, method=about.method, data=data, headers=kept)
        return self.client.open(path, method=about.method, json=body, headers=kept)

    def etag_of(self, operation: Operation) -> str:
        """Return the present ETag of the row that an operation is about."""
        (argument,) = operation.arguments
        return self.send(READ_OF[argument]).headers.get("ETag", '"gone"')

    def stands(self) -> bool:
        """Tell whether the rows are still there: tests that begin with an empty world take them away."""
        return self.administrator.get("/me").status_code == 200

    def digest(self) -> str:
        """Return a digest of every row of every table but the audit trail's rows of reading."""
        seen = hashlib.sha256()
        with self.world.engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                rows = select(table).order_by(*table.primary_key)
                if table.name == AuditEvent.__tablename__:
                    rows = rows.where(table.c.action.not_like("%:read"), table.c.action.not_like("%:listed"))
                seen.update(table.name.encode())
                for row in connection.execute(rows):
                    seen.update(repr(tuple(row)).encode("utf-8", "backslashreplace"))
        return seen.hexdigest()

    def _timely(self, operation: str) -> dict[str, Any]:
        """Return the parts of a body that must be near today, or about a row of its own."""
        today = self.world.today()
        parts: dict[str, dict[str, Any]] = {
            "create_provider": {"organisation_id": self.own.ids["organisation_id"]},
            "create_void": {"starts_on": (today + timedelta(days=200)).isoformat()},
            "update_void": {"ends_on": (today + timedelta(days=50)).isoformat()},
            "create_search": {"needed_on": today.isoformat()},
            "create_hold": {"unit_id": self.own.ids["unit_id"]},
            "confirm_arrival": {"arrived_on": today.isoformat()},
            "extend_licence": {"ends_on": (today + timedelta(days=120)).isoformat()},
            "record_departure": {"departed_on": today.isoformat()},
        }
        return parts.get(operation, {})

    def _partnership(self) -> Partnership:
        world = self.world
        officer, manager = world.create_officer(), world.create_manager()
        callers = {
            Role.HOUSING_OFFICER: officer,
            Role.REFUGE_MANAGER: manager,
            Role.RESETTLEMENT_WORKER: world.create_caller(Role.RESETTLEMENT_WORKER, manager.organisation_id),
            Role.COMMISSIONER: world.create_caller(Role.COMMISSIONER),
            Role.ADMINISTRATOR: self.administrator,
            Role.AUDITOR: world.create_caller(Role.AUDITOR, officer.organisation_id),
            Role.SAFEGUARDING_LEAD: world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id),
        }
        home = world.create_property(manager)
        lived_in, asked, held, out_of_use, free = (world.create_unit(manager, home) for _ in range(5))
        placement = world.place(officer, manager, world.create_household(officer), lived_in)
        household = world.create_household(officer, areas=[CIRCLE_IN_KENT])
        until = (world.today() + timedelta(days=40)).isoformat()
        void = {"reason": "repairs", "starts_on": world.today().isoformat(), "ends_on": until}
        key = {"worker_id": str(callers[Role.AUDITOR].worker_id), "role": "auditor", "days": 2}
        ids = {
            "organisation_id": str(callers[Role.COMMISSIONER].organisation_id),
            "worker_id": str(officer.worker_id),
            "key_id": self.administrator.made("/api-keys", key)["id"],
            "provider_id": home["provider_id"],
            "property_id": home["id"],
            "unit_id": free["id"],
            "void_id": manager.made(f"/units/{out_of_use['id']}/voids", void)["id"],
            "household_id": household["id"],
            "area_id": officer.get(f"/households/{household['id']}/areas-to-avoid").get_json()["items"][0]["id"],
            "search_id": world.search(officer, household)["id"],
            "hold_id": world.hold(officer, household, held).get_json()["id"],
            "referral_id": world.refer(officer, household, asked)["id"],
            "placement_id": placement["id"],
            "legal_hold_id": callers[Role.SAFEGUARDING_LEAD].made(
                f"/households/{household['id']}/legal-holds", {"reason": "A review has asked for the records."}
            )["id"],
            "reminder_id": manager.get("/reminders?mine=0&when=all").get_json()["items"][0]["id"],
        }
        return Partnership(callers, ids)
