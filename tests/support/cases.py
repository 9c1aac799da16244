"""One row of every kind in every state of its life, and callers of every role on every side of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.models import Property, Provider, Stay, Unit, Void
from accommodation.vocabulary import Role
from api import unit_of_work
from api.auth.models import ApiKey
from api.etags import etag_of
from placement.models import AreaToAvoid, Hold, Household, Reminder
from tests.support.stage import Operation, Stage
from tests.support.world import Caller

PLACES = ("asking", "asked", "elsewhere_council", "elsewhere_provider")
"""Where somebody works, seen from the rows: the council that asked, the provider that was asked, or another of each."""

OWNER = {
    "household_id": "asking",
    "area_id": "asking",
    "search_id": "asking",
    "provider_id": "asked",
    "property_id": "asked",
    "unit_id": "asked",
    "void_id": "asked",
}
KIND_OF = {"placement_id": "placement", "referral_id": "referral", "hold_id": "hold", "reminder_id": "reminder"}
KIND_OF |= {"void_id": "void", "unit_id": "unit", "key_id": "key"}
NAMED_IN_BODY = {
    "create_hold": "household_id",
    "create_referral": "hold_id",
    "create_unit": "property_id",
    "disclose_address": "placement_id",
}
"""The operations whose row stands in the body and not in the path."""

VERSIONED = {
    "provider_id": Provider,
    "property_id": Property,
    "unit_id": Unit,
    "void_id": Void,
    "household_id": Household,
    "area_id": AreaToAvoid,
    "hold_id": Hold,
    "key_id": ApiKey,
}


class ForgetfulSession(Session):
    """A session that sends everything and keeps nothing: what was done once can be asked again."""

    def commit(self) -> None:
        """Let the database judge, then forget."""
        self.flush()
        self.expunge_all()
        self.rollback()


@dataclass(frozen=True)
class Ask:
    """One question of the matrix: an operation by a role working at a place, about a row in a state."""

    operation: str
    role: Role
    place: str
    state: str | None


class Cases:
    """The rows of one partnership on a stage, by (kind, state), and callers by (role, place)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.callers = {(role, place): self._caller(role, place) for role in Role for place in PLACES}
        self.ids = self._rows()
        self._etags: dict[tuple[str, str], str] = {}

    def subject_of(self, operation: Operation) -> str | None:
        """Return the name of the id that an operation is about, or None."""
        if operation.name in NAMED_IN_BODY:
            return NAMED_IN_BODY[operation.name]
        return operation.arguments[0] if operation.arguments else None

    def states_of(self, operation: Operation) -> list[str | None]:
        """Return the states in which there is a row for an operation."""
        kind = KIND_OF.get(self.subject_of(operation) or "")
        states = [state for known, state in self.ids if known == kind]
        return list(states) or [None]

    def relations_at(self, operation: Operation, place: str) -> set[str]:
        """Return how an operation's row stands to somebody who works at a place, as the pages say."""
        subject = self.subject_of(operation)
        if operation.name == "disclose_address":
            return {"installation"} | ({"own_organisation"} if place == "asked" else {"asking"} & {place})
        if subject in OWNER:
            return {"installation"} | ({"own_organisation"} if OWNER[subject] == place else set())
        if subject in ("hold_id", "referral_id", "placement_id", "reminder_id"):
            return {place} & {"asking", "asked"}
        if operation.name == "create_property":
            return {"own_organisation"} if place in ("asked", "elsewhere_provider") else set()
        if subject is None:
            return {"own_organisation", "asking", "asked", "herself", "installation", "nothing"}
        return {"installation"}

    def send(self, ask: Ask, *, about_nothing: bool = False) -> TestResponse:
        """Ask a question over HTTP, about its row or about a random id."""
        operation = self.stage.operations[ask.operation]
        subject = self.subject_of(operation)
        ids, body = dict(self.stage.own.ids), self.stage.body_of(ask.operation)
        if subject is not None:
            kind = KIND_OF.get(subject)
            row_id = self.ids[kind, ask.state] if kind is not None and ask.state is not None else ids[subject]
            ids[subject] = str(uuid.uuid4()) if about_nothing else row_id
            if ask.operation == "disclose_address":
                ids["property_id"] = str(uuid.uuid4()) if about_nothing else ids["property_id"]
            if body is not None and ask.operation in NAMED_IN_BODY:
                body[subject] = ids[subject]
        headers = {"Authorization": f"Bearer {self.callers[ask.role, ask.place].key}"}
        if operation.method in ("PATCH", "DELETE") and subject is not None:
            headers["If-Match"] = f'"{self._etag(subject, ids[subject])}"'
        return self.stage.client.open(operation.at(ids), method=operation.method, json=body, headers=headers)

    def _etag(self, subject: str, row_id: str) -> str:
        if (subject, row_id) not in self._etags:
            with self.stage.world.app.app_context(), Session(self.stage.world.engine) as session:
                row = session.get(VERSIONED[subject], uuid.UUID(row_id))
                self._etags[subject, row_id] = "gone" if row is None else etag_of(row)
        return self._etags[subject, row_id]

    def _caller(self, role: Role, place: str) -> Caller:
        partnership = self.stage.own if place in ("asking", "asked") else self.stage.other
        whose = Role.HOUSING_OFFICER if place in ("asking", "elsewhere_council") else Role.REFUGE_MANAGER
        return self.stage.world.create_caller(role, partnership.callers[whose].organisation_id)

    def _rows(self) -> dict[tuple[str, str], str]:
        """Make the rows. All placements are in the stage's own property, so that one path serves them all."""
        world, own = self.stage.world, self.stage.own
        officer, manager = own.callers[Role.HOUSING_OFFICER], own.callers[Role.REFUGE_MANAGER]
        home = {"id": own.ids["property_id"]}
        ids: dict[tuple[str, str], str] = {("unit", "offered"): own.ids["unit_id"]}

        def refer() -> dict[str, Any]:
            return world.refer(officer, world.create_household(officer), world.create_unit(manager, home))

        def hold() -> str:
            held = world.hold(officer, world.create_household(officer), world.create_unit(manager, home))
            return str(held.get_json()["id"])

        ids["hold", "live"], ids["hold", "expired"], ids["hold", "released"] = hold(), hold(), hold()
        self._release(officer, ids["hold", "released"])
        self._expire(ids["hold", "expired"])
        made, declined, withdrawn = refer(), refer(), refer()
        manager.made(f"/referrals/{declined['id']}/decline", {"reason": "capacity"})
        officer.made(f"/referrals/{withdrawn['id']}/withdraw", {"reason": "changed_mind"})
        ids |= {("referral", "made"): made["id"], ("referral", "declined"): declined["id"]}
        ids["referral", "withdrawn"] = withdrawn["id"]
        today = world.today().isoformat()
        for state in ("planned", "living", "not_arrived", "departed"):
            accepted = manager.made(f"/referrals/{refer()['id']}/accept")
            path = f"/placements/{accepted['placement_id']}"
            ids["placement", state] = accepted["placement_id"]
            if state == "not_arrived":
                manager.made(f"{path}/non-arrival", {"reason": "changed_mind"})
            if state in ("living", "departed"):
                manager.made(f"{path}/arrival", {"arrived_on": today})
            if state == "departed":
                manager.made(f"{path}/departure", {"departed_on": today, "destination": "social"})
        ids["referral", "accepted"], ids["hold", "converted"] = accepted["id"], accepted["hold_id"]
        ids |= self._reminders(ids["placement", "living"])
        ids |= self._voids(manager, home) | self._keys()
        withdrawn_unit = world.create_unit(manager, home)
        manager.made(f"/units/{withdrawn_unit['id']}/withdrawal")
        ids["unit", "withdrawn"] = withdrawn_unit["id"]
        return ids

    def _release(self, officer: Caller, hold_id: str) -> None:
        etag = officer.get(f"/holds/{hold_id}").headers["ETag"]
        assert officer.call("DELETE", f"/holds/{hold_id}", headers={"If-Match": etag}).status_code == 204

    def _expire(self, hold_id: str) -> None:
        with self.stage.world.unit_of_work() as uow:
            hold = uow.session.get_one(Hold, uuid.UUID(hold_id))
            early, late = uow.now - timedelta(hours=2), uow.now - timedelta(hours=1)
            uow.session.execute(update(Hold).where(Hold.id == hold.id).values(held_at=early, expires_at=late))
            uow.session.execute(update(Stay).where(Stay.id == hold.stay_id).values(starts_at=early, ends_at=late))

    def _reminders(self, placement_id: str) -> dict[tuple[str, str], str]:
        manager = self.stage.own.callers[Role.REFUGE_MANAGER]
        items = manager.get("/reminders?mine=0&when=all&limit=200").get_json()["items"]
        mine = [uuid.UUID(item["id"]) for item in items if item["placement_id"] == placement_id]
        states = ("pending", "sent", "superseded", "cancelled", "acknowledged")
        with self.stage.world.unit_of_work() as uow:
            for reminder_id, state in zip(mine, states, strict=False):
                values = {"acknowledged_at": uow.now} if state == "acknowledged" else {"state": state}
                uow.session.execute(update(Reminder).where(Reminder.id == reminder_id).values(values))
        return {("reminder", state): str(reminder_id) for reminder_id, state in zip(mine, states, strict=False)}

    def _voids(self, manager: Caller, home: dict[str, Any]) -> dict[tuple[str, str], str]:
        today = self.stage.world.today()
        body = {"reason": "repairs", "starts_on": today.isoformat(), "ends_on": (today + timedelta(days=9)).isoformat()}
        unit_ids = [self.stage.world.create_unit(manager, home)["id"] for _ in range(2)]
        open_one, over = (manager.made(f"/units/{unit_id}/voids", body)["id"] for unit_id in unit_ids)
        etag = manager.get(f"/voids/{over}").headers["ETag"]
        answer = manager.call("DELETE", f"/voids/{over}", {"reason": "Mended."}, headers={"If-Match": etag})
        assert answer.status_code == 204
        return {("void", "open"): open_one, ("void", "over"): over}

    def _keys(self) -> dict[tuple[str, str], str]:
        body = {"worker_id": self.stage.own.ids["worker_id"], "role": "auditor", "days": 2}
        ids = {
            ("key", state): self.stage.administrator.made("/api-keys", body)["id"]
            for state in ("valid", "expired", "revoked")
        }
        with self.stage.world.unit_of_work() as uow:
            for state, column in (("expired", "expires_at"), ("revoked", "revoked_at")):
                about = update(ApiKey).where(ApiKey.id == uuid.UUID(ids["key", state]))
                uow.session.execute(about.values({column: uow.now}))
        return ids


def forget_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every unit of work of this test be judged by the database and then forgotten."""
    monkeypatch.setattr(unit_of_work, "Session", ForgetfulSession)
