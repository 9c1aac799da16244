"""The audit trail: each change and each reading of a household or an address, in the transaction of what it records."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import unit_of_work
from api.audit.models import AuditCheckpoint, AuditEvent, AuditReason
from api.auth.permissions import OPEN_OPERATIONS
from api.examples import REQUESTS
from placement.models import Household
from tests.support.canaries import Secret, sightings
from tests.support.stage import Stage
from tests.support.world import HOUSEHOLD, UNIT, World

SAFEGUARDING = Path(__file__).resolve().parents[2] / "docs" / "safeguarding.md"


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


READS = {
    "get_household": "household:read",
    "list_households": "household:listed",
    "list_areas_to_avoid": "area:listed",
    "get_area_to_avoid": "area:read",
    "create_search": "search:made",
    "get_search": "search:read",
    "list_referrals": "referral:listed",
    "get_referral": "referral:read",
    "get_exact_check": "referral:exact_check:read",
    "list_placements": "placement:listed",
    "get_placement": "placement:read",
    "get_placement_timeline": "placement:timeline:read",
    "disclose_address": "address:disclosed",
    "get_address_release": "address_release:read",
    "list_address_releases": "address_release:listed",
    "list_blocked_persons": "blocked_person:listed",
    "list_conflict_declarations": "conflict:listed",
    "get_worker": "worker:read",
    "get_alert": "alert:read",
    "list_area_changes": "area_change:listed",
    "list_household_readings": "household:readings:listed",
    "list_property_disclosures": "property:disclosures:listed",
    "get_meeting_point": "meeting_point:told",
    "export_household": "household:exported",
}
"""What opens something about a person, or an address, and the event that it leaves."""

NOT_RECORDED = {
    "get_me": "herself",
    "list_providers": "published",
    "get_provider": "published",
    "list_properties": "no address, no person",
    "get_property": "no address, no person",
    "list_units": "published",
    "get_unit": "published",
    "get_void": "a unit's dates; the notes are not shown",
    "list_vacancies": "a unit's dates",
    "list_holds": "ids and dates",
    "get_hold": "ids and dates",
    "list_reminders": "ids, dates and codes",
    "list_leaves": "ids and dates",
    "list_sessions": "her own",
    "get_current_session": "her own",
    "list_invitations": "ids and roles; not for whom",
    "list_alerts": "ids, codes and counts; no words",
    "list_alert_coverage": "counts",
    "list_budget_raises": "ids and numbers; no words",
    "list_sharing_agreements": "between organisations",
    "get_sharing_agreement": "between organisations",
    "list_organisations": "names of organisations",
    "list_workers": "ids; no name",
    "list_api_keys": "ids and dates",
    "get_api_key": "ids and dates",
    "list_legal_holds": "ids and dates; no words",
    "get_legal_hold": "ids and dates; no words",
    "get_retention_period": "a number of days",
    "list_audit_events": "codes and ids; a row here would be in its own answer",
}
"""What is read without a row, and why."""


def test_every_reading_of_a_person_or_an_address_is_an_event_and_searches_are_too(world: World) -> None:
    stage = Stage(world)
    left = {}
    for operation in READS:
        if operation == "get_meeting_point":
            stage.send("accept_referral")
        before = count_events(world)
        answer = stage.send(operation, stage.body_of(operation))
        assert answer.status_code in (200, 201), (operation, answer.get_data(as_text=True))
        left[operation] = [action for action in actions_since(world, before) if action != "session:opened"]

    assert left == {operation: [action] for operation, action in READS.items()}


def test_every_reading_is_either_an_event_or_has_a_reason_not_to_be(world: World) -> None:
    stage = Stage(world)
    readings = {name for name, operation in stage.operations.items() if operation.method == "GET"} - set(OPEN_OPERATIONS)
    readings.discard("return_from_oidc")  # it signs somebody in
    posts = {"create_search", "disclose_address"}

    assert readings | posts == set(READS) | set(NOT_RECORDED)
    assert not set(READS) & set(NOT_RECORDED)
    for operation in NOT_RECORDED:
        before = count_events(world)
        assert stage.send(operation).status_code == 200
        assert set(actions_since(world, before)) <= {"session:opened"}, operation


def test_the_document_lists_what_is_read_without_a_row() -> None:
    section = SAFEGUARDING.read_text().split("## Audit")[1].split("\n## ")[0]

    assert [name for name in NOT_RECORDED if f"`{name}`" not in section] == []


def test_an_auditor_asks_about_a_worker_an_action_and_days(world: World) -> None:
    officer = world.create_officer()
    household = world.create_household(officer)
    officer.get(f"/households/{household['id']}")
    auditor = world.create_caller("auditor", officer.organisation_id)
    today, tomorrow = world.today(), world.today() + timedelta(days=1)

    def actions(query: str) -> list[str]:
        return [event["action"] for event in auditor.get(f"/audit-events?{query}").get_json()["items"]]

    assert actions("action=household:read") == ["household:read"]
    assert actions(f"worker_id={officer.worker_id}") == actions(f"from_on={today}&to_on={today}") != []
    assert actions(f"worker_id={auditor.worker_id}") == actions(f"from_on={tomorrow}") == []
    assert actions(f"to_on={today - timedelta(days=2)}") == []


def test_the_trail_is_listed_in_the_order_of_its_chain_without_gaps(world: World) -> None:
    officer = world.create_officer()
    world.create_household(officer)
    auditor = world.create_caller("auditor", officer.organisation_id)

    first = auditor.get("/audit-events?limit=1").get_json()
    rest = auditor.get(f"/audit-events?cursor={first['next_cursor']}").get_json()["items"]

    shown = [*first["items"], *rest]
    assert [event["position"] for event in shown] == list(range(1, len(shown) + 1))
    assert len({event["hash"] for event in shown}) == len(shown)


def test_no_row_of_the_trail_holds_a_secret_in_the_clear(world: World) -> None:
    """Over everything that every operation records, by every role that may call it."""
    stage = Stage(world)
    for operation, role in stage.guarded():
        stage.send(operation.name, stage.body_of(operation.name), caller=stage.own.callers[role])
    with world.engine.connect() as connection:
        tables = [connection.execute(select(model.__table__)).all() for model in (AuditEvent, AuditReason, AuditCheckpoint)]
    content = repr(tables).encode()

    secrets = [Secret(text, text) for text in _texts_of(REQUESTS) | _texts_of([UNIT, HOUSEHOLD]) if _is_telling(text)]
    secrets += [Secret("address", "17 Canary Wharfside"), Secret("statement", "He is in prison abroad.")]
    secrets += [Secret("key", caller.key) for caller in stage.own.callers.values()]

    assert len(secrets) > 20
    assert count_events(world) > 100
    assert sightings(secrets, content) == []
    assert sightings([Secret("an action", "address:disclosed")], content)


def _texts_of(value: Any) -> set[str]:
    """Return every text within a body, at any depth."""
    if isinstance(value, dict):
        return set().union(*map(_texts_of, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_texts_of, value))
    return {value} if isinstance(value, str) else set()


def _is_telling(text: str) -> bool:
    """Tell words, names, postcodes and numbers from codes, ids and dates."""
    return " " in text or text.startswith("0")


def count_events(world: World) -> int:
    with Session(world.engine) as session:
        return session.execute(select(func.count()).select_from(AuditEvent)).scalar_one()


def actions_since(world: World, count: int) -> list[str]:
    """Return what was recorded after the first `count` events, whoever's they are."""
    with Session(world.engine) as session:
        events = session.execute(select(AuditEvent).order_by(AuditEvent.happened_at, AuditEvent.position)).scalars().all()
        return [event.action for event in events[count:]]
