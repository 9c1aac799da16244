"""The audit trail: each change and each reading of a household or an address, in the transaction of what it records."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import unit_of_work
from api.audit import AuditEvent
from placement.models import Household
from tests.support.world import World


def actions_on(world: World, subject_id: str) -> list[str]:
    """Return what was recorded about a row, oldest first."""
    with Session(world.engine) as session:
        query = select(AuditEvent.action).where(AuditEvent.subject_id == uuid.UUID(subject_id))
        return list(session.execute(query.order_by(AuditEvent.position)).scalars())


def test_recording_reading_and_changing_a_household_are_all_recorded(world: World) -> None:
    officer = world.create_officer()
    household = world.create_household(officer)
    etag = officer.get(f"/households/{household['id']}").headers["ETag"]
    officer.patch(f"/households/{household['id']}", {"risk_score": 20}, headers={"If-Match": etag})

    assert actions_on(world, household["id"]) == [
        "household:recorded",
        "household:no_areas:stated",
        "household:read",
        "household:edited",
    ]


def test_an_event_says_who_and_for_whom_and_nothing_of_what_was_in_it(world: World) -> None:
    officer = world.create_officer()
    household = world.create_household(officer)

    with Session(world.engine) as session:
        query = select(AuditEvent).where(AuditEvent.subject_id == uuid.UUID(household["id"]))
        events = session.execute(query).scalars().all()

    assert {(event.worker_id, event.organisation_id) for event in events} == {(officer.worker_id, officer.organisation_id)}
    assert "Ayesha" not in repr([event.details for event in events])


def test_a_refused_change_leaves_no_event_and_a_lost_event_leaves_no_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.create_officer()
    body = {"members": [{"role": "survivor"}]}

    def broken(*_: Any) -> None:
        raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr(unit_of_work, "write_audit", broken)
    answer = officer.post("/households", body)
    monkeypatch.undo()

    with Session(world.engine) as session:
        households = session.execute(select(func.count()).select_from(Household)).scalar_one()
    assert answer.status_code == 500
    assert households == 0


def test_an_auditor_sees_her_own_organisations_trail_and_no_other(world: World) -> None:
    officer, stranger = world.create_officer(), world.create_officer()
    household = world.create_household(officer)
    own = world.create_caller("auditor", officer.organisation_id)
    other = world.create_caller("auditor", stranger.organisation_id)

    assert own.get(f"/audit-events?subject_id={household['id']}").get_json()["items"]
    assert other.get(f"/audit-events?subject_id={household['id']}").get_json()["items"] == []
