"""Alerts: for the lead of the organisation alone, closed in her words and never about herself; the job that raises them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import delete, select, update

from accommodation.alerts import Alert, raise_alert
from accommodation.people_models import WorkerRole
from accommodation.vocabulary import AlertKind, Role
from api.auth.models import ApiKey, ExternalIdentity
from api.scheduler import JOBS
from api.watching import watch_for_misuse
from placement.budgets import DEFAULT_BUDGETS, UNLIMITED
from placement.events import HouseholdRead, SearchMade
from tests.support.problems import assert_problem
from tests.support.world import Caller, World

CLOSING = {"outcome": "explained", "notes": "Canary words of the lead."}


@pytest.fixture
def officer(world: World) -> Caller:
    return world.create_officer()


@pytest.fixture
def lead(world: World, officer: Caller) -> Caller:
    return world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)


def raise_about(world: World, subject: Caller, hours_ago: float = 0, **details: Any) -> str:
    with world.unit_of_work(subject) as uow:
        kind = AlertKind.GEOMETRY_BUDGET
        alert = raise_alert(uow, subject.organisation_id, kind, subject.worker_id, {"scope": "officer", **details})
        alert.raised_at = uow.now - timedelta(hours=hours_ago)
        return str(alert.id)


def close(lead: Caller, alert_id: str, body: dict[str, Any] = CLOSING) -> Any:
    version = {"If-Match": lead.get(f"/alerts/{alert_id}").headers.get("ETag", '"none"')}
    return lead.patch(f"/alerts/{alert_id}", body, headers=version)


def test_a_lead_closes_an_alert_once_with_an_outcome_and_notes(world: World, officer: Caller, lead: Caller) -> None:
    alert_id = raise_about(world, officer)

    closed = close(lead, alert_id)

    assert closed.status_code == 200
    assert (closed.get_json()["outcome"], closed.get_json()["closed_by"]) == ("explained", str(lead.worker_id))
    assert lead.get(f"/alerts/{alert_id}").get_json()["notes"] == CLOSING["notes"]
    assert_problem(close(lead, alert_id), "illegal-move")
    assert lead.get("/alerts").get_json()["items"] == []
    assert [each["id"] for each in lead.get("/alerts?state=closed").get_json()["items"]] == [alert_id]
    with world.unit_of_work() as uow:
        sealed = uow.session.get_one(Alert, uuid.UUID(alert_id)).notes_sealed
    assert sealed is not None
    assert b"Canary" not in sealed


@pytest.mark.parametrize("body", [{"outcome": "explained"}, {"outcome": "explained", "notes": " "}, {"notes": "Seen."}])
def test_no_alert_is_closed_without_both(world: World, officer: Caller, lead: Caller, body: dict[str, Any]) -> None:
    assert_problem(close(lead, raise_about(world, officer), body), "invalid-input")


def test_nobody_closes_an_alert_about_herself(world: World, officer: Caller, lead: Caller) -> None:
    other_lead = world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)
    about_her = raise_about(world, lead)
    named_in_it = raise_about(world, officer, worker_id=str(lead.worker_id))

    assert_problem(close(lead, about_her), "about-yourself")
    assert_problem(close(lead, named_in_it), "about-yourself")
    assert close(other_lead, about_her).status_code == 200


def test_alerts_are_their_own_organisations(world: World, officer: Caller, lead: Caller) -> None:
    alert_id = raise_about(world, world.create_officer())

    assert lead.get("/alerts?state=all").get_json()["items"] == []
    assert_problem(lead.get(f"/alerts/{alert_id}"), "not-found")
    assert_problem(close(lead, alert_id), "not-found")


@pytest.mark.parametrize(("hours", "overdue"), [(71.9, False), (72.1, True)])
def test_an_alert_that_waits_for_three_days_is_overdue(
    world: World, officer: Caller, lead: Caller, hours: float, overdue: bool
) -> None:
    raise_about(world, officer, hours)

    (shown,) = lead.get("/alerts").get_json()["items"]

    assert shown["overdue"] is overdue


def coverage_of(world: World, organisation_id: uuid.UUID) -> dict[str, Any]:
    administrator = world.create_caller(Role.ADMINISTRATOR)
    items = administrator.get("/alert-coverage?limit=200").get_json()["items"]
    found: dict[str, Any] = next(each for each in items if each["organisation_id"] == str(organisation_id))
    return found


def test_the_administrator_sees_which_organisation_has_nobody_who_looks(world: World, officer: Caller) -> None:
    raise_about(world, officer, 80)

    without = coverage_of(world, officer.organisation_id)
    lead = world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)
    with_one = coverage_of(world, officer.organisation_id)
    with world.unit_of_work() as uow:
        uow.session.execute(delete(ApiKey).where(ApiKey.worker_id == lead.worker_id))

    assert (without["has_safeguarding_lead"], without["open_alerts"], without["overdue_alerts"]) == (False, 1, 1)
    assert "nobody sees them" in without["warning"]
    assert with_one["has_safeguarding_lead"]
    assert "72 hours" in with_one["warning"]
    assert coverage_of(world, officer.organisation_id)["has_safeguarding_lead"] is False


def test_a_lead_whose_role_has_ended_is_none_though_her_key_is_good(world: World, officer: Caller, lead: Caller) -> None:
    assert coverage_of(world, officer.organisation_id)["has_safeguarding_lead"]

    with world.unit_of_work() as uow:
        uow.session.execute(update(WorkerRole).where(WorkerRole.worker_id == lead.worker_id).values(ended_at=uow.now))

    assert not coverage_of(world, officer.organisation_id)["has_safeguarding_lead"]


def test_a_lead_who_signs_in_and_has_no_key_is_one(world: World, officer: Caller, lead: Caller) -> None:
    with world.unit_of_work() as uow:
        uow.session.execute(delete(ApiKey).where(ApiKey.worker_id == lead.worker_id))
        identity = ExternalIdentity(worker_id=lead.worker_id, blind_index=uuid.uuid4().hex, created_at=uow.now)
        identity.subject_sealed = b"whom her provider means"
        uow.session.add(identity)

    assert coverage_of(world, officer.organisation_id)["has_safeguarding_lead"]


def test_alerts_that_nobody_sees_are_in_the_log(world: World, officer: Caller) -> None:
    raise_about(world, officer)

    with structlog.testing.capture_logs() as events:
        watch_for_misuse(world.engine, world.harbour.key_ring)

    (line,) = [event for event in events if event["event"] == "alerts_unattended"]
    assert line["organisation_id"] == str(officer.organisation_id)


def test_watching_is_a_job() -> None:
    assert "watch_workers" in {job.name for job in JOBS}


def read_many(world: World, officer: Caller, number: int) -> None:
    """Let an officer open so many households that others recorded."""
    with world.unit_of_work(officer) as uow:
        for _ in range(number):
            uow.record(HouseholdRead(subject_id=uuid.uuid4()))


def watch(world: World, **after: float) -> int:
    with world.unit_of_work() as uow:
        at = uow.now + timedelta(**after)
    return watch_for_misuse(world.engine, world.harbour.key_ring, at)


def kinds_of(lead: Caller) -> list[str]:
    return sorted(alert["kind"] for alert in lead.get("/alerts").get_json()["items"])


def test_reading_households_that_she_never_worked_with_is_noticed_once(world: World, officer: Caller, lead: Caller) -> None:
    read_many(world, officer, 20)

    assert [watch(world), watch(world), watch(world)] == [1, 0, 0]

    (alert,) = lead.get("/alerts").get_json()["items"]
    assert (alert["kind"], alert["subject_id"]) == (AlertKind.UNFAMILIAR_HOUSEHOLDS_READ, str(officer.worker_id))
    assert alert["details"] == {"count": 20, "told_from": 20, "days": 7}


def test_what_was_explained_comes_back_when_there_is_twice_as_much(world: World, officer: Caller, lead: Caller) -> None:
    read_many(world, officer, 20)
    watch(world)
    assert close(lead, lead.get("/alerts").get_json()["items"][0]["id"]).status_code == 200

    read_many(world, officer, 19)
    assert watch(world) == 0
    read_many(world, officer, 1)
    assert watch(world) == 1


def test_a_household_that_she_recorded_is_her_own_to_read(world: World, officer: Caller, lead: Caller) -> None:
    for _ in range(20):
        household = world.create_household(officer)
        officer.get(f"/households/{household['id']}")

    watch(world)

    assert AlertKind.UNFAMILIAR_HOUSEHOLDS_READ not in kinds_of(lead)


def test_what_is_older_than_the_week_is_not_counted(world: World, officer: Caller, lead: Caller) -> None:
    read_many(world, officer, 20)

    assert watch(world, days=7, minutes=1) == 0


def test_many_searches_without_a_hold_and_at_a_pace_are_noticed(world: World, officer: Caller, lead: Caller) -> None:
    household = world.create_household(officer)
    world.search(officer, household)
    with world.unit_of_work(officer) as uow:
        for _ in range(59):
            uow.record(SearchMade(subject_id=uuid.uuid4()))

    watch(world)

    assert kinds_of(lead) == [AlertKind.SEARCHES_AT_PACE, AlertKind.SEARCHES_WITHOUT_HOLD]


def test_one_drawn_area_for_many_households_is_noticed_and_one_authority_is_not(
    world: World, officer: Caller, lead: Caller
) -> None:
    world.harbour.budgets = DEFAULT_BUDGETS
    other = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    drawn = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 900}
    for _ in range(6):
        world.create_household(officer, areas=[drawn])
        world.create_household(other, areas=[{"type": "local_authority", "code": "E06000033"}])
    world.harbour.budgets = UNLIMITED

    watch(world)

    about = {(alert["kind"], alert["subject_id"]) for alert in lead.get("/alerts").get_json()["items"]}
    assert about == {(AlertKind.GEOMETRY_SHARED, str(officer.worker_id))}


def test_holds_given_back_again_and_again_are_noticed(world: World, officer: Caller, lead: Caller) -> None:
    manager = world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer)
    search = world.search(officer, household)
    body = {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]}
    for _ in range(25):
        hold = officer.post("/holds", body)
        assert hold.status_code == 201
        path = f"/holds/{hold.get_json()['id']}"
        assert officer.call("DELETE", path, headers={"If-Match": hold.headers["ETag"]}).status_code == 204

    watch(world)

    assert kinds_of(lead) == [AlertKind.HOLDS_RELEASED]


def test_alerts_hold_codes_ids_and_counts_alone(world: World, officer: Caller, lead: Caller) -> None:
    read_many(world, officer, 70)
    raise_about(world, officer, worker_id=str(officer.worker_id))
    watch(world)

    with world.unit_of_work() as uow:
        details = uow.session.execute(select(Alert.details)).scalars().all()
    assert len(details) == 3
    for each in details:
        for value in each.values():
            assert isinstance(value, int) or value == "officer" or uuid.UUID(value)
