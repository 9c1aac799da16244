"""A second worker: the fourth change to a household's areas in seven days waits, and nothing is called clear meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from accommodation.vocabulary import Role
from placement.budgets import DEFAULT_BUDGETS, UNLIMITED
from placement.models import AreaChange, AreaToAvoid, Household
from tests.support.problems import assert_problem
from tests.support.world import Caller, World

CHELMSFORD = {"type": "circle", "centre": {"postcode": "CM1 1QH"}, "radius_metres": 60_000}
FAR = {"type": "circle", "centre": {"postcode": "NE1 4ST"}, "radius_metres": 1_000}


def far(number: int) -> dict[str, Any]:
    return {**FAR, "radius_metres": 1_000 + number}


class Case:
    """A household recorded some days ago, with three areas, whose officer has changed three things this week."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.officer = world.create_officer()
        self.colleague = world.create_caller(Role.HOUSING_OFFICER, self.officer.organisation_id)
        self.manager = world.create_manager()
        self.unit = world.create_unit(self.manager)
        self.household = world.create_household(self.officer, areas=[far(number) for number in range(5)])
        self.path = f"/households/{self.household['id']}"
        self.days_pass(3)
        for number in range(5, 8):
            assert self.add(far(number)).status_code == 201

    def days_pass(self, days: int) -> None:
        """Let the household, and all that was done about it, be so many days older."""
        with self.world.unit_of_work() as uow:
            about = uuid.UUID(self.household["id"])
            made = uow.now - timedelta(days=days)
            uow.session.execute(update(Household).where(Household.id == about).values(created_at=made))
            uow.session.execute(update(AreaChange).where(AreaChange.household_id == about).values(asked_at=made))
            uow.session.execute(update(AreaToAvoid).where(AreaToAvoid.household_id == about).values(recorded_at=made))

    def add(self, geometry: dict[str, Any]) -> Any:
        body = {"geometry": geometry, "reason": "his_home", "source": "survivor", "notes": "Canary notes"}
        return self.officer.post(f"{self.path}/areas-to-avoid", body)

    def areas(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.officer.get(f"{self.path}/areas-to-avoid").get_json()["items"]
        return items

    def send(self, method: str, area: dict[str, Any], body: dict[str, Any]) -> Any:
        path = f"/areas-to-avoid/{area['id']}"
        return self.officer.call(method, path, body, headers={"If-Match": self.officer.get(path).headers["ETag"]})

    def search(self) -> Any:
        return self.officer.post(f"{self.path}/searches", {"needed_on": self.world.today().isoformat()})

    def pending(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.colleague.get(f"{self.path}/area-changes").get_json()["items"]
        return items

    def verdict(self) -> str | None:
        """Return in which list of a search the unit stands, or None."""
        answer = self.search().get_json()
        for name in ("matches", "confirm", "review"):
            if self.unit["id"] in {found["unit_id"] for found in answer[name]}:
                return name
        return None


@pytest.fixture
def case(world: World) -> Iterator[Case]:
    world.harbour.budgets = DEFAULT_BUDGETS
    yield Case(world)
    world.harbour.budgets = UNLIMITED


def test_five_areas_on_the_first_day_and_three_changes_later_need_nobody_else(case: Case) -> None:
    assert len(case.areas()) == 8
    assert case.pending() == []


def test_a_fourth_change_that_adds_waits_and_meanwhile_nothing_is_called_clear(case: Case) -> None:
    search = case.search().get_json()
    held = case.officer.post(
        "/holds", {"household_id": case.household["id"], "unit_id": case.unit["id"], "search_id": search["id"]}
    )
    referral = case.officer.made("/referrals", {"hold_id": held.get_json()["id"]})

    kept = case.add(CHELMSFORD)

    assert kept.status_code == 202
    assert (kept.get_json()["state"], kept.get_json()["widens"]) == ("pending", True)
    assert len(case.areas()) == 8
    assert_problem(case.search(), "area-change-pending")
    other = case.world.create_unit(case.manager)
    body = {"household_id": case.household["id"], "unit_id": other["id"], "search_id": search["id"]}
    assert_problem(case.officer.post("/holds", body), "area-change-pending")
    assert_problem(case.manager.post(f"/referrals/{referral['id']}/accept"), "area-change-pending")
    assert_problem(case.officer.post(f"{case.path}/no-areas-to-avoid", {"reason": "None."}), "area-change-pending")


def test_a_referral_is_not_made_either_while_an_area_waits(case: Case) -> None:
    hold = case.world.hold(case.officer, case.household, case.unit).get_json()

    assert case.add(CHELMSFORD).status_code == 202

    assert_problem(case.officer.post("/referrals", {"hold_id": hold["id"]}), "area-change-pending")


def test_a_colleague_sees_what_is_asked_and_confirms_it(case: Case) -> None:
    assert case.verdict() == "matches"
    change = case.add(CHELMSFORD).get_json()

    (shown,) = case.pending()
    assert shown["wanted"]["geometry"]["radius_metres"] == CHELMSFORD["radius_metres"]
    confirmed = case.colleague.post(f"/area-changes/{change['id']}/confirmation")

    assert (confirmed.status_code, confirmed.get_json()["state"]) == (200, "confirmed")
    assert len(case.areas()) == 9
    assert case.verdict() is None, "the unit is inside"
    assert_problem(case.colleague.post(f"/area-changes/{change['id']}/confirmation"), "illegal-move")


def test_a_colleague_refuses_and_the_areas_are_as_they_were(case: Case) -> None:
    change = case.add(CHELMSFORD).get_json()

    refused = case.colleague.post(f"/area-changes/{change['id']}/refusal", {"reason": "Entered twice."})

    assert refused.get_json()["state"] == "refused"
    assert len(case.areas()) == 8
    assert case.verdict() == "matches"


@pytest.mark.parametrize("decision", ["confirmation", "refusal"])
def test_nobody_decides_on_her_own_change(case: Case, decision: str) -> None:
    change = case.add(CHELMSFORD).get_json()
    body = {"reason": "Mine."} if decision == "refusal" else None

    assert_problem(case.officer.post(f"/area-changes/{change['id']}/{decision}", body), "second-worker-needed")
    manager_there = case.world.create_caller(Role.REFUGE_MANAGER, case.officer.organisation_id)
    assert_problem(manager_there.post(f"/area-changes/{change['id']}/{decision}", body), "not-permitted")
    stranger = case.world.create_officer()
    assert_problem(stranger.post(f"/area-changes/{change['id']}/{decision}", body), "not-found")
    assert_problem(case.search(), "area-change-pending")


def test_the_database_too_knows_that_the_second_worker_is_another(case: Case) -> None:
    change = case.add(CHELMSFORD).get_json()

    by_herself = update(AreaChange).where(AreaChange.id == uuid.UUID(change["id"]))
    by_herself = by_herself.values(decided_by=case.officer.worker_id)

    with pytest.raises(IntegrityError), case.world.unit_of_work() as uow:
        uow.session.execute(by_herself)


def test_an_area_whose_retirement_waits_stays_in_force_and_searching_goes_on(case: Case) -> None:
    case.days_pass(20)
    case.days_pass(3)
    with_unit = case.add(CHELMSFORD)
    assert with_unit.status_code == 201
    for area in case.areas()[:2]:
        assert case.send("DELETE", area, {"reason": "He moved."}).status_code == 204

    kept = case.send("DELETE", with_unit.get_json(), {"reason": "He moved away."})

    assert (kept.status_code, kept.get_json()["widens"]) == (202, False)
    assert case.verdict() is None, "still inside"
    assert case.colleague.post(f"/area-changes/{kept.get_json()['id']}/confirmation").status_code == 200
    assert case.verdict() == "matches"


def test_an_edit_that_may_widen_stops_the_search_and_one_that_ends_sooner_does_not(case: Case) -> None:
    area = case.areas()[0]
    sooner = (case.world.today() + timedelta(days=30)).isoformat()

    narrowed = case.send("PATCH", area, {"valid_to": sooner})
    assert (narrowed.status_code, narrowed.get_json()["widens"]) == (202, False)
    assert case.verdict() == "matches"

    moved = case.send("PATCH", area, {"geometry": CHELMSFORD, "notes": "A new address"})
    assert (moved.status_code, moved.get_json()["widens"]) == (202, True)
    assert_problem(case.search(), "area-change-pending")

    for change in case.pending():
        assert case.colleague.post(f"/area-changes/{change['id']}/confirmation").status_code == 200
    (edited,) = [each for each in case.areas() if each["id"] == area["id"]]
    assert (edited["valid_to"], edited["notes"]) == (sooner, "A new address")
    assert edited["geometry"]["radius_metres"] == CHELMSFORD["radius_metres"]
    assert case.verdict() is None


def test_a_pending_change_to_an_area_that_went_meanwhile_can_only_be_refused(case: Case) -> None:
    area = case.areas()[0]
    first = case.send("DELETE", area, {"reason": "He moved."}).get_json()
    second = case.send("PATCH", area, {"geometry": CHELMSFORD}).get_json()
    assert case.colleague.post(f"/area-changes/{first['id']}/confirmation").status_code == 200

    assert_problem(case.colleague.post(f"/area-changes/{second['id']}/confirmation"), "illegal-move")
    assert_problem(case.search(), "area-change-pending")
    assert case.colleague.post(f"/area-changes/{second['id']}/refusal", {"reason": "Gone."}).status_code == 200
    assert case.search().status_code == 201


def test_notes_and_a_review_are_no_change(case: Case) -> None:
    area = case.areas()[0]

    seen = case.send("PATCH", area, {"notes": "Still true.", "reviewed_on": "2026-02-02", "confidence": "likely"})

    assert seen.status_code == 200


def test_what_waits_is_sealed_and_gone_once_it_is_decided(case: Case) -> None:
    change = case.add(CHELMSFORD).get_json()

    def kept() -> bytes | None:
        with case.world.unit_of_work() as uow:
            row = uow.session.get_one(AreaChange, uuid.UUID(change["id"]))
            return row.wanted_sealed

    sealed = kept()
    assert sealed is not None
    assert not [word for word in (b"CM1", b"Canary", b"circle") if word in sealed]
    case.colleague.post(f"/area-changes/{change['id']}/confirmation")
    assert kept() is None


def test_the_flag_on_the_household_counts_what_waits(case: Case) -> None:
    first, second = (case.add(far(90 + number)).get_json() for number in range(2))

    def flag() -> int:
        with case.world.unit_of_work() as uow:
            query = select(Household.pending_area_changes).where(Household.id == uuid.UUID(case.household["id"]))
            return uow.session.execute(query).scalar_one()

    counts = [flag()]
    case.colleague.post(f"/area-changes/{first['id']}/confirmation")
    counts.append(flag())
    case.colleague.post(f"/area-changes/{second['id']}/refusal", {"reason": "No."})
    counts.append(flag())
    assert counts == [2, 1, 0]


def test_asking_counts_against_the_budget_whether_or_not_it_is_done(case: Case) -> None:
    statuses = [case.add(far(200 + number)).status_code for number in range(12)]

    assert statuses == [202] * 11 + [429]


def test_decisions_and_readings_are_in_the_trail(case: Case) -> None:
    auditor: Caller = case.world.create_caller(Role.AUDITOR, case.officer.organisation_id)
    change = case.add(CHELMSFORD).get_json()
    case.pending()
    case.colleague.post(f"/area-changes/{change['id']}/refusal", {"reason": "Entered twice."})

    events = auditor.get(f"/audit-events?subject_id={change['id']}").get_json()["items"]

    assert [(event["action"], event["worker_id"]) for event in events] == [
        ("area_change:asked", str(case.officer.worker_id)),
        ("area_change:refused", str(case.colleague.worker_id)),
    ]
    read = auditor.get(f"/audit-events?subject_id={case.household['id']}&limit=200").get_json()["items"]
    assert "area_change:listed" in {event["action"] for event in read}
