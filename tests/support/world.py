"""A Harbour to arrange in: builders with sensible defaults, callers over HTTP, units of work for use cases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Engine, String, cast, func, insert, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.base import Base, Principal
from accommodation.calendar import local_date
from accommodation.disclosure_caps import DEFAULT_CAPS
from accommodation.models import Organisation, Worker
from accommodation.people import add_organisation, add_worker
from accommodation.people_models import SharingAgreement, WorkerRole
from accommodation.supply import touch_agreements
from accommodation.vocabulary import OrganisationKind, Role
from api.app import PREFIX, create_app
from api.auth.access import NOTING, SYSTEM_OPERATION
from api.auth.administration import issue_key
from api.auth.credentials import set_credential
from api.auth.models import WorkerSession
from api.auth.passwords import HashCost, Passwords
from api.cli import register_commands
from api.database import db
from api.extensions import Harbour
from api.unit_of_work import SqlUnitOfWork, begin_unit_of_work
from placement.budgets import UNLIMITED
from placement.index import VacancyIndex
from tests.support.append_only import append_only_lifted
from tests.support.databases import Database
from tests.support.sessions import SignedIn, sign_in, step_up

NOBODY = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="system")
CHEAP = HashCost(memory_kib=8, passes=1)
"""Nobody guesses a test's password."""

PASSWORD = "weir heron lantern oboe"
MIGRATIONS = str(Path(__file__).resolve().parents[2] / "migrations")

SEEKERS = (OrganisationKind.COUNCIL, OrganisationKind.HELPLINE)
KIND_OF_ROLE = {
    Role.REFUGE_MANAGER: OrganisationKind.PROVIDER,
    Role.COMMISSIONER: OrganisationKind.BOARD,
    Role.ADMINISTRATOR: OrganisationKind.BOARD,
}
"""Where a test's worker works when it does not say: everybody else is a council's."""

ALONE = " (alone)"
"""In the name of an organisation that was made to share with nobody by itself."""

UNIT: dict[str, Any] = {
    "accommodation_type": "refuge",
    "self_contained": False,
    "bed_spaces": 4,
    "cots": 1,
    "residents": "women",
    "boys_upper_age": "16",
    "access": 3,
    "no_recourse": "not_accepted",
    "mental_health": "medium",
    "substance_use": "low",
    "pets": False,
    "specialisms": [],
    "occupancy_basis": "excluded_licence",
    "licence_days": 91,
    "turnaround_days": 3,
}
"""A room in which everything is said."""

HOUSEHOLD: dict[str, Any] = {
    "members": [{"role": "survivor", "name": "Ayesha Testperson", "gender": "female", "born_on": "1990-05-01"}],
    "needs": {
        "access_need": 3,
        "no_recourse": False,
        "mental_health": "low",
        "substance_use": "none",
        "pets": False,
        "risks": [],
    },
    "tracking_devices": {"phone": "checked", "car": "checked", "child_devices": "none"},
}
"""A household of one who was asked everything."""


@dataclass(frozen=True)
class SignInFacts:
    """What somebody knows and has to sign in with."""

    sign_in_name: str
    password: str
    totp_secret: str
    recovery_codes: list[str]

    def code(self, now: datetime | None = None, step: int = 0) -> str:
        """Return the authenticator's code, now or as many 30-second steps away."""
        at = (now or datetime.now(UTC)) + timedelta(seconds=30 * step)
        return pyotp.TOTP(self.totp_secret).at(at)


@dataclass(frozen=True)
class Caller:
    """Somebody with a key over HTTP, or with a session once `World.sign_in` has given her one."""

    client: FlaskClient
    key: str
    worker_id: uuid.UUID
    organisation_id: uuid.UUID
    role: Role
    session: SignedIn | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Return what shows who she is: her session's cookie as a page of ours would send it, or her key."""
        if self.session is None:
            return {"Authorization": f"Bearer {self.key}"}
        return self.session.headers

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Call a path under the prefix and return the response."""
        headers = {**self.headers, **options.pop("headers", {})}
        if json is not None:
            options["json"] = json
        return self.client.open(PREFIX + path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json, **options)

    def patch(self, path: str, json: Any, **options: Any) -> TestResponse:
        return self.call("PATCH", path, json, **options)

    def made(self, path: str, json: Any = None) -> dict[str, Any]:
        """POST and return the body; anything but success is a failure of the arrangement."""
        response = self.post(path, json)
        assert response.status_code in (200, 201), response.get_data(as_text=True)
        body: dict[str, Any] = response.get_json()
        return body


class World:
    """An application on one database. Create what a rule needs; everything else has a default."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app = app
        self.database = database
        self._number = 0
        with app.app_context():
            self.engine: Engine = db.engine

    @property
    def harbour(self) -> Harbour:
        harbour: Harbour = self.app.extensions["harbour"]
        return harbour

    def empty(self) -> None:
        """Delete every row and forget what was read of them."""
        with self.engine.begin() as connection:
            with append_only_lifted(connection):
                for table in reversed(Base.metadata.sorted_tables):
                    if table.name != "supply_version":
                        connection.execute(table.delete())
            connection.execute(text("UPDATE supply_version SET version = version + 1"))
        self.harbour.disclosure_caps = DEFAULT_CAPS
        engine = self.harbour.search_engine
        self.harbour._engine = replace(engine, index=VacancyIndex(engine.atlas.partition))

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Return the local date."""
        return local_date(datetime.now(UTC))

    def principal_of(self, caller: Caller) -> Principal:
        """Return who the guard would say a caller is."""
        principal = Principal(caller.worker_id, caller.organisation_id, caller.role)
        if caller.session is None:
            return principal
        with Session(self.engine) as session:
            row = session.get_one(WorkerSession, caller.session.id)
            return replace(principal, session_id=row.id, stepped_up_until=row.stepped_up_until)

    @contextmanager
    def unit_of_work(
        self, caller: Caller | None = None, now: datetime | None = None, *, operation: str | None = None
    ) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work for a caller, at a time. She must say for which operation, or no row is permitted to her."""
        operation = operation or (SYSTEM_OPERATION if caller is None else NOTING)
        principal = NOBODY if caller is None else self.principal_of(caller)
        with begin_unit_of_work(self.engine, self.harbour.key_ring, principal, None, now, operation=operation) as uow:
            yield uow

    def create_caller(
        self,
        role: Role | str,
        organisation_id: uuid.UUID | None = None,
        kind: str | None = None,
        *,
        has_agreements: bool = True,
    ) -> Caller:
        """Create a worker with a key in a role, in a new organisation unless one is given.

        A new council or provider has an agreement with every one there is, unless told otherwise. An administrator in a
        new organisation is the installation's own.
        """
        with self.unit_of_work() as uow:
            if organisation_id is None:
                self._number += 1
                organisation_kind = OrganisationKind(kind or KIND_OF_ROLE.get(Role(role), "council"))
                organisation = add_organisation(
                    uow, f"Organisation {self._number}{'' if has_agreements else ALONE}", organisation_kind
                )
                organisation.runs_installation = role == Role.ADMINISTRATOR and kind is None
                organisation_id = organisation.id
            else:
                has_agreements = False
            worker = add_worker(uow, organisation_id, "Wilhelmina Testworker")
            uow.session.add(WorkerRole(worker_id=worker.id, role=Role(role), granted_at=uow.now))
            uow.session.flush()
            auth_key = self.harbour.settings.auth_key
            _, key = issue_key(uow, auth_key, worker.id, Role(role), timedelta(days=1))
            if has_agreements:
                self._agree_with_everybody(uow, organisation_id)
        client = self.app.test_client(use_cookies=False)
        return Caller(client, key, worker.id, organisation_id, Role(role))

    def give_role(self, caller: Caller, role: Role | str) -> None:
        """Give a caller one more role."""
        with self.unit_of_work() as uow:
            uow.session.add(WorkerRole(worker_id=caller.worker_id, role=Role(role), granted_at=uow.now))

    def set_up_sign_in(self, caller: Caller, sign_in_name: str | None = None) -> SignInFacts:
        """Give a caller a password and a second factor, as a confirmed enrolment would."""
        name, secret = sign_in_name or f"{uuid.uuid4().hex}@council.example", pyotp.random_base32()
        with self.unit_of_work() as uow:
            stored = self.harbour.passwords.hash(PASSWORD)
            auth_key = self.harbour.settings.auth_key
            codes = set_credential(uow, auth_key, caller.worker_id, name, stored, secret)
        return SignInFacts(name, PASSWORD, secret, codes)

    def sign_in(self, caller: Caller, *, stepped_up: bool = False) -> Caller:
        """Return the caller with a session of her own instead of her key; `stepped_up`: her second factor just shown."""
        return sign_in(caller, stepped_up=stepped_up)

    def step_up(self, caller: Caller) -> Caller:
        """Show the second factor of a caller's session just now."""
        return step_up(caller)

    def create_officer(self, *, has_agreements: bool = True) -> Caller:
        """Create a housing officer in a council of her own, which shares with every provider unless told otherwise."""
        return self.create_caller(Role.HOUSING_OFFICER, has_agreements=has_agreements)

    def create_agreement(self, one: uuid.UUID, other: uuid.UUID, **facts: Any) -> uuid.UUID:
        """Create an agreement of two organisations, signed by both and in force unless told otherwise."""
        with self.unit_of_work() as uow:
            return self._agree(uow, [(one, other)], **facts)[0]

    def _agree_with_everybody(self, uow: SqlUnitOfWork, organisation_id: uuid.UUID) -> None:
        """Sign with every council if it is a provider, and with every provider if it is none."""
        own = uow.session.get_one(Organisation, organisation_id)
        is_provider = own.kind == OrganisationKind.PROVIDER
        others = select(Organisation.id).where(
            Organisation.kind.in_(SEEKERS) if is_provider else Organisation.kind == OrganisationKind.PROVIDER,
            Organisation.name.not_like(f"%{ALONE}"),
            Organisation.id.in_(select(Worker.organisation_id)),
        )
        if own.kind in (*SEEKERS, OrganisationKind.PROVIDER):
            self._agree(uow, [(own.id, other) for other in uow.session.execute(others).scalars()])

    def _agree(self, uow: SqlUnitOfWork, pairs: list[tuple[uuid.UUID, uuid.UUID]], **facts: Any) -> list[uuid.UUID]:
        """Write agreements as if both administrators had signed them."""
        if not pairs:
            return []
        first = dict(
            uow.session.execute(
                select(Worker.organisation_id, func.min(cast(Worker.id, String))).group_by(Worker.organisation_id)
            ).all()
        )
        rows = [
            {
                "id": uuid.uuid4(),
                "proposer_id": one,
                "partner_id": other,
                "purpose": "placement",
                "shares_vacancies": True,
                "shares_referrals": True,
                "starts_on": self.today() - timedelta(days=30),
                "ends_on": self.today() + timedelta(days=365),
                "proposed_at": uow.now,
                "proposed_by": uuid.UUID(first[one]),
                "accepted_at": uow.now,
                "accepted_by": uuid.UUID(first[other]),
                "ended_at": None,
                "supply_version": 0,
                "version": 1,
                **facts,
            }
            for one, other in pairs
        ]
        uow.session.execute(insert(SharingAgreement), rows)
        touch_agreements(uow.session, [row["id"] for row in rows])
        return [row["id"] for row in rows]

    def create_manager(self, *, has_agreements: bool = True, **facts: Any) -> Caller:
        """Create a refuge manager whose organisation is a provider that shares with every council, unless told otherwise."""
        manager = self.create_caller(Role.REFUGE_MANAGER, has_agreements=has_agreements)
        administrator = self.create_caller(Role.ADMINISTRATOR)
        self._number += 1
        administrator.made(
            "/providers",
            {
                "organisation_id": str(manager.organisation_id),
                "name": f"Provider {self._number}",
                "kind": "registered_charity",
                "referral_phone": "0300 123 0000",
                **facts,
            },
        )
        return manager

    def create_property(self, manager: Caller, postcode: str = "CM1 1QH", **facts: Any) -> dict[str, Any]:
        """Create a property at a postcode."""
        self._number += 1
        address = {"lines": ["17 Canary Wharfside"], "town": "Testtown", "postcode": postcode, **facts.pop("address", {})}
        body = {
            "reference": f"B{self._number}",
            "address": address,
            "staff_cover": True,
            "cctv": True,
            "out_of_hours_intake": True,
            "meeting_point": "The clock at the station",
            **facts,
        }
        return manager.made("/properties", body)

    def create_unit(self, manager: Caller, home: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
        """Create a free, fully described unit."""
        home = home or self.create_property(manager)
        self._number += 1
        return manager.made("/units", {**UNIT, "property_id": home["id"], "reference": f"U{self._number}", **facts})

    def create_household(self, officer: Caller, *, areas: Any = (), **facts: Any) -> dict[str, Any]:
        """Create a household; without areas, a worker has stated that there is none."""
        needs = {**HOUSEHOLD["needs"], **facts.pop("needs", {})}
        household = officer.made("/households", {**HOUSEHOLD, "needs": needs, **facts})
        for geometry in areas:
            self.create_area(officer, household, geometry)
        if not areas:
            officer.made(f"/households/{household['id']}/no-areas-to-avoid", {"reason": "He is in prison abroad."})
        return household

    def create_area(self, officer: Caller, household: dict[str, Any], geometry: dict[str, Any]) -> dict[str, Any]:
        """Create an area to avoid."""
        body = {"geometry": geometry, "reason": "his_home", "source": "survivor"}
        return officer.made(f"/households/{household['id']}/areas-to-avoid", body)

    def search(self, officer: Caller, household: dict[str, Any], **request: Any) -> dict[str, Any]:
        """Search for today, or as asked."""
        body = {"needed_on": self.today().isoformat(), **request}
        return officer.made(f"/households/{household['id']}/searches", body)

    def hold(self, officer: Caller, household: dict[str, Any], unit: dict[str, Any]) -> TestResponse:
        """Search, then ask for a hold of a unit."""
        search = self.search(officer, household)
        body = {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]}
        return officer.post("/holds", body)

    def refer(self, officer: Caller, household: dict[str, Any], unit: dict[str, Any]) -> dict[str, Any]:
        """Hold a unit and refer the household."""
        hold = self.hold(officer, household, unit)
        assert hold.status_code == 201, hold.get_data(as_text=True)
        return officer.made("/referrals", {"hold_id": hold.get_json()["id"]})

    def place(self, officer: Caller, manager: Caller, household: dict[str, Any], unit: dict[str, Any]) -> dict[str, Any]:
        """Refer, accept and confirm arrival today; returns the placement."""
        referral = self.refer(officer, household, unit)
        accepted = manager.made(f"/referrals/{referral['id']}/accept")
        return manager.made(f"/placements/{accepted['placement_id']}/arrival", {"arrived_on": self.today().isoformat()})

    def release(
        self, manager: Caller, officer: Caller, placement_id: str, reason: str = "She drives them."
    ) -> dict[str, Any]:
        """Release the address of a placement to an officer; the manager has just shown her second factor."""
        body = {"officer_id": str(officer.worker_id), "reason": reason}
        return manager.made(f"/placements/{placement_id}/address-releases", body)


def make_world(database: Database, gazetteer_directory: Path) -> World:
    """Make an application on a database, migrate it, and give it the shared gazetteer."""
    link = database.directory / "gazetteer"
    if not link.exists():
        link.symlink_to(gazetteer_directory)
    app = create_app(database.settings(), passwords=Passwords(CHEAP))
    app.extensions["harbour"].budgets = UNLIMITED  # tests ask more than people may; those of budgets set a policy
    register_commands(app)
    with app.app_context():
        upgrade(directory=MIGRATIONS)
    return World(app, database)
