"""Questions of the matrix of access: an operation, by somebody of a role who works at a place, about a row in a state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.alerts import Alert
from accommodation.models import Property, Provider, Unit, Void
from accommodation.vocabulary import Role
from api import unit_of_work
from api.auth.models import ApiKey
from api.auth.permissions import NEEDS_SECOND_FACTOR, SESSION_OPERATIONS
from api.etags import etag_of
from placement.models import AreaToAvoid, Hold, Household
from placement.release_models import AddressRelease
from placement.retention_models import LegalHold
from tests.support.case_rows import make_rows
from tests.support.stage import Operation, Stage
from tests.support.world import Caller

PLACES = ("asking", "named", "asked", "elsewhere_council", "elsewhere_provider", "installation")
"""Where somebody works, seen from the rows: the council that asked (`named`: she is the officer whom the address was
released to, and her leaves and keys are asked about), the provider that was asked, others, and who runs the installation."""

COUNCIL = ("household_id", "area_id", "search_id", "change_id", "blocked_id", "declaration_id", "alert_id", "subject_id")
COUNCIL += ("legal_hold_id",)
SUPPLY = ("provider_id", "property_id", "unit_id", "void_id")
CASE = ("hold_id", "referral_id", "placement_id", "reminder_id", "release_id")
PEOPLE = ("worker_id", "key_id", "leave_id", "session_id")
"""What ids belong to: the council, the provider, both sides of a case, a worker of the council."""

KIND_OF = {
    "placement_id": "placement",
    "referral_id": "referral",
    "hold_id": "hold",
    "reminder_id": "reminder",
    "void_id": "void",
    "unit_id": "unit",
    "key_id": "key",
    "leave_id": "leave",
    "worker_id": "worker",
    "invitation_id": "invitation",
    "agreement_id": "agreement",
    "alert_id": "alert",
    "change_id": "area_change",
    "blocked_id": "blocked",
    "declaration_id": "declaration",
    "legal_hold_id": "legal_hold",
}
LIFE_OF = {"blocked": "block", "declaration": "block"}
"""Kinds of rows whose states are those of another kind."""
NAMED_IN_BODY = {
    "create_hold": "household_id",
    "create_referral": "hold_id",
    "create_unit": "property_id",
    "disclose_address": "placement_id",
    "create_budget_raise": "subject_id",
}
"""The operations whose row stands in the body and not in the path."""
VERSIONED: dict[str, Any] = {
    "provider_id": Provider,
    "property_id": Property,
    "unit_id": Unit,
    "void_id": Void,
    "household_id": Household,
    "area_id": AreaToAvoid,
    "hold_id": Hold,
    "key_id": ApiKey,
    "alert_id": Alert,
    "legal_hold_id": LegalHold,
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
    """One question of the matrix."""

    operation: str
    role: Role
    place: str
    state: str | None


class Cases:
    """The rows of one partnership on a stage, by (kind, state), and callers by (role, place)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.callers = {(role, place): self._caller(role, place) for role in Role for place in PLACES}
        self.worker = self.callers[Role.COMMISSIONER, "named"]
        self.ids = make_rows(stage, self.callers[Role.ADMINISTRATOR, "asking"], self.worker)
        self.sessions: dict[tuple[Role, str], Caller] = {}
        self._etags: dict[tuple[str, str], str] = {}
        with Session(stage.world.engine) as session:
            release = select(AddressRelease.placement_id).where(AddressRelease.id == uuid.UUID(stage.own.ids["release_id"]))
            self.released = str(session.execute(release).scalar_one())

    def sign_in(self) -> None:
        """Give every caller a session in which her second factor was just shown, and a recovery code."""
        for who, caller in self.callers.items():
            self.sessions[who] = self.stage.signed_in(caller, stepped_up=True)
            if who[1] == "asking":
                self.stage._give_recovery_code(caller)

    def subject_of(self, operation: Operation) -> str | None:
        """Return the name of the id that an operation is about, or None."""
        if operation.name in NAMED_IN_BODY:
            return NAMED_IN_BODY[operation.name]
        return operation.arguments[0] if operation.arguments else None

    def kind_of(self, operation: Operation) -> str | None:
        """Return the kind of the row that an operation is about, by its states."""
        kind = KIND_OF.get(self.subject_of(operation) or "")
        return None if kind is None else LIFE_OF.get(kind, kind)

    def states_of(self, operation: Operation) -> list[str | None]:
        """Return the states in which there is a row for an operation."""
        if operation.name in ("disclose_address", "get_meeting_point", "create_address_release"):
            return [None]  # its states are the machine's
        kind = KIND_OF.get(self.subject_of(operation) or "")
        states = [state for known, state in self.ids if known == kind and state != "met"]
        return list(states) or [None]

    def relations_of(self, ask: Ask) -> set[str]:
        """Return how the row that is asked about stands to who asks, as the pages say."""
        operation, role, place = self.stage.operations[ask.operation], ask.role, ask.place
        subject, found = self.subject_of(operation), set()
        in_council = place in ("asking", "named")
        if place == "installation" and role is Role.ADMINISTRATOR:
            found.add("installation")
        if operation.name == "create_property":
            return found | ({"own_organisation"} if place in ("asked", "elsewhere_provider") else set())
        if operation.name == "disclose_address":
            is_named = place == "named" and role is Role.HOUSING_OFFICER
            return found | ({"own_organisation"} if place == "asked" else {"herself"} if is_named else set())
        if subject in COUNCIL or subject == "invitation_id":
            return found | ({"own_organisation"} if in_council else set())
        if subject == "agreement_id":
            return found | ({"own_organisation"} if in_council or place == "asked" else set())
        if subject in SUPPLY:
            return found | ({"own_organisation"} if place == "asked" else set())
        if subject == "release_id" and place == "named" and role is Role.HOUSING_OFFICER:
            found.add("herself")
        if subject in CASE:
            return found | ({"asking"} if in_council else {place} & {"asked"})
        if subject in PEOPLE:
            if place == "named" and role is Role.COMMISSIONER and ask.state != "left":
                found.add("herself")
            return found | ({"own_organisation"} if in_council else set())
        return found | {"own_organisation", "asking", "asked", "herself", "nothing"}

    def send(self, ask: Ask, *, about_nothing: bool = False) -> TestResponse:
        """Ask a question over HTTP, about its row or about a random id."""
        operation = self.stage.operations[ask.operation]
        subject = self.subject_of(operation)
        caller = self._signed_in(ask)
        ids, body = dict(self.stage.own.ids), self.stage.body_of(ask.operation)
        if subject is not None:
            row_id = self._row_of(ask, subject)
            ids[subject] = str(uuid.uuid4()) if about_nothing else row_id
            if ask.operation == "disclose_address" and about_nothing:
                ids["property_id"] = str(uuid.uuid4())
            if body is not None and ask.operation in NAMED_IN_BODY:
                body[subject] = ids[subject]
        headers = dict(caller.headers)
        if operation.method in ("PATCH", "DELETE") and subject in VERSIONED:
            headers["If-Match"] = f'"{self._etag(subject, ids[subject])}"'
        return self.stage.client.open(operation.at(ids), method=operation.method, json=body, headers=headers)

    def _row_of(self, ask: Ask, subject: str) -> str:
        if ask.operation in ("disclose_address", "get_meeting_point", "create_address_release"):
            met, planned = self.ids["referral", "met"], self.ids["placement", "planned"]
            chosen = {"disclose_address": self.released, "get_meeting_point": met, "create_address_release": planned}
            return chosen[ask.operation]
        if subject == "session_id":
            session = self.sessions[Role.COMMISSIONER, "named"].session
            assert session is not None
            return str(session.id)
        kind = KIND_OF.get(subject)
        return self.ids[kind, ask.state] if kind is not None and ask.state is not None else self.stage.own.ids[subject]

    def _signed_in(self, ask: Ask) -> Caller:
        needs_session = ask.operation in SESSION_OPERATIONS | NEEDS_SECOND_FACTOR
        return (self.sessions if needs_session else self.callers)[ask.role, ask.place]

    def _etag(self, subject: str, row_id: str) -> str:
        if (subject, row_id) not in self._etags:
            with self.stage.world.app.app_context(), Session(self.stage.world.engine) as session:
                row = session.get(VERSIONED[subject], uuid.UUID(row_id))
                self._etags[subject, row_id] = "gone" if row is None else etag_of(row)
        return self._etags[subject, row_id]

    def _caller(self, role: Role, place: str) -> Caller:
        stage = self.stage
        if place == "named" and role is Role.HOUSING_OFFICER:
            return stage.own.callers[role]
        if place == "installation":
            return stage.world.create_caller(role, stage.administrator.organisation_id)
        partnership = stage.other if place.startswith("elsewhere") else stage.own
        whose = Role.REFUGE_MANAGER if place in ("asked", "elsewhere_provider") else Role.HOUSING_OFFICER
        caller = stage.world.create_caller(role, partnership.callers[whose].organisation_id)
        if place == "asking":
            stage.world.set_up_sign_in(caller)
        return caller


def forget_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every unit of work of this test be judged by the database and then forgotten."""
    monkeypatch.setattr(unit_of_work, "Session", ForgetfulSession)
