"""A populated Harbour: one of every resource, callers of every role in two partnerships, a good request for each route."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from accommodation.alerts import raise_alert
from accommodation.base import Base
from accommodation.disclosure_caps import Capped, DisclosureCaps
from accommodation.vocabulary import AlertKind, Role
from api.app import PREFIX
from api.audit import AuditEvent
from api.auth.guard import operation_of
from api.auth.models import RecoveryCode, RequestCount, WorkerSession
from api.auth.permissions import (
    EVERYBODY,
    NEEDS_SECOND_FACTOR,
    OPEN_OPERATIONS,
    PERMISSIONS,
    SESSION_OPERATIONS,
    SIGN_IN_OPERATIONS,
)
from api.auth.second_factor import digest_of_recovery_code
from api.examples import REQUESTS
from placement.area_changes import change_area
from placement.areas_to_avoid import load_area
from placement.budget_raises import raise_budget
from placement.budgets import DEFAULT_BUDGETS
from placement.models import AreaChange
from placement.spending import spend
from placement.vocabulary import BudgetKind, BudgetScope
from tests.support.sessions import sign_in
from tests.support.world import PASSWORD, Caller, World

RECOVERY_CODE = "abcd-efgh-ijkl-mnop"
CIRCLE_IN_KENT = {"type": "circle", "centre": {"postcode": "CT1 2EH"}, "radius_metres": 1000}
CANARIES = {
    "line": "17 Canary Wharfside",
    "town": "Testtown",
    "postcode": "CB2 1TN",
    "landlord": "Canary Landlords of Cambridge",
    "door name": "Canary door",
    "meeting point": "The clock at the station",
}
"""Where the stage's properties are, as nobody without a second factor may read it."""
CALLED_BY = {"disclose_address": Role.REFUGE_MANAGER}
"""Where the first role that may is not the one that can as often as it likes: an officer is told an address once."""
ENDLESS = DisclosureCaps(**{str(capped): 100_000 for capped in Capped})
READ_OF = {
    "provider_id": "get_provider",
    "property_id": "get_property",
    "unit_id": "get_unit",
    "void_id": "get_void",
    "household_id": "get_household",
    "area_id": "get_area_to_avoid",
    "hold_id": "get_hold",
    "key_id": "get_api_key",
    "alert_id": "get_alert",
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


def operations_of(world: World) -> dict[str, Operation]:
    """Return every route by its operation id."""
    found = {}
    for rule in world.app.url_map.iter_rules():
        (method,) = sorted((rule.methods or set()) - {"HEAD"})
        path = rule.rule.replace("<uuid:", "{").replace(">", "}")
        name = operation_of(rule.endpoint)
        found[name] = Operation(name, method, path, tuple(sorted(rule.arguments)))
    return found


@dataclass
class Partnership:
    """A council and a provider, a caller of each role, and the ids of one row of each kind that they may see."""

    callers: dict[Role, Caller]
    ids: dict[str, str]


class Stage:
    """Two partnerships on one Harbour: `own` is asked for; `other` must stay unseen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client: FlaskClient = world.app.test_client(use_cookies=False)
        self._sessions: list[uuid.UUID] = []
        self._codes: set[bytes] = set()
        world.harbour.disclosure_caps = ENDLESS  # what is tried out here is tried out often
        self.administrator = world.create_caller(Role.ADMINISTRATOR)
        self.own = self._partnership(self.administrator)
        self.other = self._partnership(None)

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Return every route by its operation id."""
        return operations_of(self.world)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document: dict[str, Any] = self.client.get(f"{PREFIX}/openapi.json").get_json()
        return document

    def guarded(self) -> Iterator[tuple[Operation, Role]]:
        """Return each operation that needs a key, with each role that may call it."""
        for name, operation in sorted(self.operations.items()):
            if name not in OPEN_OPERATIONS | SIGN_IN_OPERATIONS:
                for role in sorted(PERMISSIONS.get(name, ())):
                    yield operation, role

    def caller_of(self, operation: str) -> Caller:
        """Return one of our callers whose role may call an operation."""
        return self.own.callers[CALLED_BY.get(operation, sorted(PERMISSIONS.get(operation, EVERYBODY))[0])]

    def body_of(self, operation: str) -> dict[str, Any] | None:
        """Return a good body: the documented example, about our rows and near today. None where there is no body."""
        if operation not in REQUESTS:
            return None
        body = copy.deepcopy(REQUESTS[operation])
        for name in body:
            if name in self.own.ids:
                body[name] = self.own.ids[name]
        body.update(self._timely(operation))
        if body.get("reference") is not None:
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
        if operation == "step_up":
            self._give_recovery_code(caller or self.caller_of(operation))
        path = about.at(ids or self.own.ids) + (f"?{query}" if query else "")
        caller = self.as_needed(operation, caller or self.caller_of(operation))
        sent: dict[str, str | None] = dict(caller.headers)
        if (
            about.method in ("PATCH", "DELETE")
            and "If-Match" not in (headers or {})
            and any(name in READ_OF for name in about.arguments)
        ):
            sent["If-Match"] = self.etag_of(about)
        sent |= headers or {}
        kept = {name: value for name, value in sent.items() if value is not None}
        if data is not None:
            return self.client.open(path, method=about.method, data=data, headers=kept)
        return self.client.open(path, method=about.method, json=body, headers=kept)

    def as_needed(self, operation: str, caller: Caller) -> Caller:
        """Return a caller with what an operation asks for beside her key: a session, or a second factor just shown."""
        if operation in SESSION_OPERATIONS | NEEDS_SECOND_FACTOR and caller.session is None:
            return self.signed_in(caller, stepped_up=operation in NEEDS_SECOND_FACTOR)
        return caller

    def signed_in(self, caller: Caller, *, stepped_up: bool = False) -> Caller:
        """Return a caller with a session of her own, which the digest leaves out."""
        caller = sign_in(caller, stepped_up=stepped_up)
        assert caller.session is not None
        self._sessions.append(caller.session.id)
        return caller

    def etag_of(self, operation: Operation) -> str:
        """Return the present ETag of the row that an operation is about."""
        (argument,) = operation.arguments or ("",)
        if argument not in READ_OF:
            return '"none"'
        return self.send(READ_OF[argument]).headers.get("ETag", '"gone"')

    def stands(self) -> bool:
        """Tell whether the rows are still there: tests that begin with an empty world take them away."""
        return self.administrator.get("/me").status_code == 200

    def digest(self) -> str:
        """Return a digest of every row but those that reading and asking leave behind: trail, counters, sessions."""
        seen = hashlib.sha256()
        with self.world.engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                rows = select(table).order_by(*table.primary_key)
                if table.name == AuditEvent.__tablename__:
                    rows = rows.where(table.c.action.not_like("%:read"), table.c.action.not_like("%:listed"))
                    rows = rows.where(table.c.subject_id.not_in(self._sessions))
                if table.name == RequestCount.__tablename__:
                    continue
                if table.name == WorkerSession.__tablename__:
                    rows = rows.where(table.c.id.not_in(self._sessions))
                if table.name == RecoveryCode.__tablename__:
                    rows = rows.where(table.c.digest.not_in(self._codes))
                seen.update(table.name.encode())
                for row in connection.execute(rows):
                    seen.update(repr(tuple(row)).encode("utf-8", "backslashreplace"))
        return seen.hexdigest()

    def _timely(self, operation: str) -> dict[str, Any]:
        """Return the parts of a body that must be near today, or about a row of its own."""
        today = self.world.today()
        parts: dict[str, dict[str, Any]] = {
            "create_provider": {"organisation_id": self.own.ids["organisation_id"]},
            "propose_sharing_agreement": {
                "starts_on": today.isoformat(),
                "ends_on": (today + timedelta(days=300)).isoformat(),
            },
            "grant_role": {"role": "safeguarding_lead"},
            "record_leave": {
                "starts_on": today.isoformat(),
                "ends_on": (today + timedelta(days=9)).isoformat(),
            },
            "create_invitation": {"organisation_id": None},
            "create_blocked_person": {"worker_id": None, "provider_id": None},
            "create_void": {"starts_on": (today + timedelta(days=200)).isoformat()},
            "update_void": {"ends_on": (today + timedelta(days=50)).isoformat()},
            "create_search": {"needed_on": today.isoformat()},
            "step_up": {"code": RECOVERY_CODE},
            "create_api_key": {"role": None},
            "change_password": {"current_password": PASSWORD},
            "create_hold": {"unit_id": self.own.ids["unit_id"]},
            "create_address_release": {"officer_id": self.own.ids["officer_id"]},
            "confirm_arrival": {"arrived_on": today.isoformat()},
            "extend_licence": {"ends_on": (today + timedelta(days=120)).isoformat()},
            "record_departure": {"departed_on": today.isoformat()},
        }
        return parts.get(operation, {})

    def _give_recovery_code(self, caller: Caller) -> None:
        """Let a caller confirm once that it is she, by a code that every caller of a stage has."""
        digest = digest_of_recovery_code(self.world.harbour.settings.auth_key, caller.worker_id, RECOVERY_CODE)
        self._codes.add(digest)
        with self.world.unit_of_work() as uow:
            uow.session.execute(delete(RecoveryCode).where(RecoveryCode.digest == digest))
            uow.session.add(RecoveryCode(id=uuid.uuid4(), worker_id=caller.worker_id, digest=digest))

    def _partnership(self, installation: Caller | None) -> Partnership:
        """Make a partnership; its administrator is the installation's own, or one of its council's."""
        world = self.world
        officer, manager = world.create_officer(has_agreements=False), world.create_manager(has_agreements=False)
        council_id = officer.organisation_id
        world.create_agreement(council_id, manager.organisation_id)
        administrator = installation or world.create_caller(Role.ADMINISTRATOR, council_id)
        commissioner = world.create_caller(Role.COMMISSIONER, installation and installation.organisation_id)
        lead = world.create_caller(Role.SAFEGUARDING_LEAD, council_id)
        colleague = world.create_caller(Role.AUDITOR, administrator.organisation_id)
        leave = {"starts_on": world.today().isoformat(), "ends_on": (world.today() + timedelta(days=9)).isoformat()}
        invitation = {"roles": ["auditor"], "for_whom": "The new one"}
        other_party = administrator if installation else manager
        proposed = world.create_agreement(council_id, other_party.organisation_id, accepted_at=None, accepted_by=None)
        callers = {
            Role.HOUSING_OFFICER: officer,
            Role.REFUGE_MANAGER: manager,
            Role.RESETTLEMENT_WORKER: world.create_caller(Role.RESETTLEMENT_WORKER, manager.organisation_id),
            Role.COMMISSIONER: commissioner,
            Role.ADMINISTRATOR: administrator,
            Role.AUDITOR: world.create_caller(Role.AUDITOR, council_id),
            Role.SAFEGUARDING_LEAD: lead,
        }
        home = world.create_property(manager, CANARIES["postcode"], landlord=CANARIES["landlord"])
        lived_in, expected, asked, held, out_of_use, free = (
            world.create_unit(manager, home, door_name=CANARIES["door name"]) for _ in range(6)
        )
        placement = world.place(officer, manager, world.create_household(officer), lived_in)
        accepted = world.refer(officer, world.create_household(officer), expected)["id"]
        on_the_way = manager.made(f"/referrals/{accepted}/accept")["placement_id"]
        taken_back = world.release(sign_in(manager), officer, placement["id"])
        manager.made(f"/address-releases/{taken_back['id']}/revocation")
        household = world.create_household(officer, areas=[CIRCLE_IN_KENT])
        until = (world.today() + timedelta(days=40)).isoformat()
        void = {"reason": "repairs", "starts_on": world.today().isoformat(), "ends_on": until}
        for caller in callers.values():
            world.set_up_sign_in(caller)
        session = world.sign_in(administrator).session
        assert session is not None
        alert_id = self._alert_about(officer, household)
        with world.unit_of_work(callers[Role.SAFEGUARDING_LEAD], operation="create_budget_raise") as uow:
            own = officer.organisation_id
            raise_budget(uow, BudgetKind.GEOMETRY, BudgetScope.ORGANISATION, own, 1, "A night of five families.")
        ids = {
            "session_id": str(session.id),
            "organisation_id": str(callers[Role.COMMISSIONER].organisation_id),
            "worker_id": str(colleague.worker_id),
            "officer_id": str(officer.worker_id),
            "leave_id": administrator.made(f"/workers/{colleague.worker_id}/leaves", leave)["id"],
            "invitation_id": administrator.made("/invitations", invitation)["id"],
            "agreement_id": str(proposed),
            "partner_id": str(manager.organisation_id),
            "key_id": world.sign_in(administrator, stepped_up=True).made("/api-keys", {"days": 2})["id"],
            "provider_id": home["provider_id"],
            "property_id": home["id"],
            "unit_id": free["id"],
            "void_id": manager.made(f"/units/{out_of_use['id']}/voids", void)["id"],
            "household_id": household["id"],
            "area_id": officer.get(f"/households/{household['id']}/areas-to-avoid").get_json()["items"][0]["id"],
            "search_id": world.search(officer, household)["id"],
            "blocked_id": officer.made(
                f"/households/{world.create_household(officer)['id']}/blocked-persons",
                {"name": "Cousin Testperson", "reason": "She is his cousin."},
            )["id"],
            "declaration_id": officer.made(
                "/conflict-declarations", {"relation": "family", "person": {"name": "Uncle Testperson"}}
            )["id"],
            "hold_id": world.hold(officer, household, held).get_json()["id"],
            "referral_id": world.refer(officer, household, asked)["id"],
            "placement_id": placement["id"],
            "alert_id": alert_id,
            "change_id": self._change_asked_by_a_colleague(officer),
            "subject_id": str(officer.worker_id),
            "release_id": world.release(sign_in(manager), officer, on_the_way)["id"],
            "legal_hold_id": callers[Role.SAFEGUARDING_LEAD].made(
                f"/households/{household['id']}/legal-holds", {"reason": "A review has asked for the records."}
            )["id"],
            "reminder_id": manager.get("/reminders?mine=0&when=all").get_json()["items"][0]["id"],
        }
        return Partnership(callers, ids)

    def _alert_about(self, officer: Caller, household: dict[str, Any]) -> str:
        """Raise an alert about an officer, who has used a budget, and return its id."""
        with self.world.unit_of_work(officer) as uow:
            spend(uow, DEFAULT_BUDGETS, BudgetKind.GEOMETRY, uuid.UUID(household["id"]), [uuid.uuid4().hex])
            facts = {"scope": "officer", "worker_id": str(officer.worker_id)}
            kind = AlertKind.GEOMETRY_BUDGET
            return str(raise_alert(uow, officer.organisation_id, kind, officer.worker_id, facts).id)

    def _change_asked_by_a_colleague(self, officer: Caller) -> str:
        """Leave a change that would end an area sooner waiting for the officer; it stands in nobody's way."""
        area = self.world.create_area(officer, self.world.create_household(officer), CIRCLE_IN_KENT)
        colleague = self.world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
        until = self.world.today() + timedelta(days=300)
        strict = replace(DEFAULT_BUDGETS, budgets={}, free_hours=0, changes_alone=0)
        with self.world.unit_of_work(colleague, operation="update_area_to_avoid") as uow:
            change = change_area(uow, strict, load_area(uow, uuid.UUID(area["id"])), {"valid_to": until})
            assert isinstance(change, AreaChange)
            return str(change.id)
