"""Budgets where they are spent: what is refused changes nothing and is written down; a lead can open one."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from accommodation.vocabulary import AlertKind, Role
from api.app import create_app
from api.settings import Settings
from placement.area_changes import add_area
from placement.areas_to_avoid import settle_geometry
from placement.budget_models import BudgetUse
from placement.budgets import DEFAULT_BUDGETS, UNLIMITED
from placement.errors import BudgetSpent
from placement.models import AreaToAvoid, Household
from placement.spending import forget_uses
from placement.vocabulary import BudgetKind
from tests.support.databases import TEST_KEYS
from tests.support.problems import assert_problem
from tests.support.world import HOUSEHOLD, Caller, World

AT = {"postcode": "SS1 1AA"}


def circle(radius: float) -> dict[str, Any]:
    return {"type": "circle", "centre": AT, "radius_metres": radius}


def record(officer: Caller, household: dict[str, Any], radius: float) -> Any:
    body = {"geometry": circle(radius), "reason": "his_home", "source": "survivor"}
    return officer.post(f"/households/{household['id']}/areas-to-avoid", body)


@pytest.fixture
def limited(world: World) -> Iterator[World]:
    """A world with the budgets that an installation has."""
    world.harbour.budgets = DEFAULT_BUDGETS
    yield world
    world.harbour.budgets = UNLIMITED


@pytest.fixture
def officer(limited: World) -> Caller:
    return limited.create_officer()


@pytest.fixture
def lead(limited: World, officer: Caller) -> Caller:
    return limited.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)


def spend_household(officer: Caller) -> dict[str, Any]:
    """Return a household whose budget of areas is spent."""
    household = officer.made("/households", HOUSEHOLD)
    for number in range(19):
        assert record(officer, household, 1_000 + number).status_code == 201
    assert_problem(record(officer, household, 1_019), "budget-spent")
    return household


def rows_of(world: World, model: Any) -> int:
    with world.unit_of_work() as uow:
        return int(uow.session.execute(select(func.count()).select_from(model)).scalar_one())


def test_an_installation_has_the_budgets_and_its_settings_only_tighten_them(tmp_path: Path) -> None:
    def budgets(**environment: str) -> Any:
        settings = Settings.from_environment({"INSTANCE_PATH": str(tmp_path), **TEST_KEYS, **environment})
        return create_app(settings).extensions["harbour"].budgets

    assert budgets() == DEFAULT_BUDGETS
    assert budgets(ASKING_BUDGET_PERCENT="50").of(BudgetKind.GEOMETRY)[1].refuse_at == 20


def test_a_refused_area_leaves_a_row_in_the_trail_and_no_other(limited: World, officer: Caller) -> None:
    household = spend_household(officer)
    auditor = limited.create_caller(Role.AUDITOR, officer.organisation_id)
    before = rows_of(limited, AreaToAvoid), rows_of(limited, BudgetUse)

    assert_problem(record(officer, household, 5_000), "budget-spent")

    events = auditor.get(f"/audit-events?subject_id={household['id']}&limit=200").get_json()["items"]
    assert [event["details"] for event in events if event["action"] == "budget:refused"] == [
        {"budget": "geometry", "scope": "household"}
    ] * 2
    assert (rows_of(limited, AreaToAvoid), rows_of(limited, BudgetUse)) == before


def test_whoever_goes_on_knocking_is_told_of_again_after_her_lead_has_closed_the_alert(
    officer: Caller, lead: Caller
) -> None:
    household = spend_household(officer)
    (alert,) = lead.get("/alerts").get_json()["items"]
    version = {"If-Match": lead.get(f"/alerts/{alert['id']}").headers["ETag"]}
    closed = lead.patch(f"/alerts/{alert['id']}", {"outcome": "explained", "notes": "Seen."}, headers=version)
    assert closed.status_code == 200

    record(officer, household, 6_000)

    (again,) = lead.get("/alerts").get_json()["items"]
    assert again["id"] != alert["id"]
    assert again["details"] == {"scope": "household", "worker_id": str(officer.worker_id), "refused": True}


def test_the_same_area_again_is_free_and_a_metre_more_is_another(limited: World, officer: Caller) -> None:
    household = spend_household(officer)

    assert record(officer, household, 1_003).status_code == 201
    assert record(officer, household, 1_003.0).status_code == 201
    assert_problem(record(officer, household, 1_003.5), "budget-spent")


def test_an_edit_of_the_geometry_counts_and_one_of_the_notes_does_not(limited: World, officer: Caller) -> None:
    household = spend_household(officer)
    area = officer.get(f"/households/{household['id']}/areas-to-avoid").get_json()["items"][0]

    def edit(changes: dict[str, Any]) -> Any:
        version = {"If-Match": officer.get(f"/areas-to-avoid/{area['id']}").headers["ETag"]}
        return officer.patch(f"/areas-to-avoid/{area['id']}", changes, headers=version)

    assert edit({"notes": "His mother's."}).status_code == 200
    assert_problem(edit({"geometry": circle(7_777)}), "budget-spent")


def test_no_geometry_can_be_read_from_what_is_counted(limited: World, officer: Caller) -> None:
    record(officer, officer.made("/households", HOUSEHOLD), 1_234)

    with limited.unit_of_work() as uow:
        uses = uow.session.execute(select(BudgetUse).where(BudgetUse.kind == "geometry")).scalars().all()
        written = json.dumps({"centre": AT, "radius_metres": 1234.0, "type": "circle"}, separators=(",", ":"))
        sealed = uow.cipher.blind_index("geometry", written)
    assert [use.fingerprint for use in uses] == [sealed]
    guessed = {hashlib.sha256(text.encode()).hexdigest() for text in (written, f"geometry\x00{written}")}
    assert sealed not in guessed, "without the index key nobody can try geometries one by one"
    assert "SS1" not in repr([vars(use) for use in uses])


def test_one_of_many_officers_is_stopped_where_one_of_two_is(limited: World, officer: Caller) -> None:
    colleagues = [limited.create_caller(Role.HOUSING_OFFICER, officer.organisation_id) for _ in range(3)]
    for number, colleague in enumerate(colleagues):
        assert record(colleague, colleague.made("/households", HOUSEHOLD), 500 + number).status_code == 201
    households = [officer.made("/households", HOUSEHOLD) for _ in range(3)]

    statuses = [record(officer, households[number % 3], 1_000 + number).status_code for number in range(42)]

    assert statuses == [201] * 39 + [429] * 3
    assert record(colleagues[0], colleagues[0].made("/households", HOUSEHOLD), 600).status_code == 201


def test_there_is_room_again_when_the_week_is_over_and_old_uses_are_forgotten(limited: World, officer: Caller) -> None:
    household = spend_household(officer)

    with limited.unit_of_work() as uow:
        uow.session.execute(update(BudgetUse).values(used_at=uow.now - timedelta(days=7)))
    assert record(officer, household, 9_000).status_code == 201

    with limited.unit_of_work() as uow:
        uow.session.execute(update(BudgetUse).values(used_at=uow.now - timedelta(days=30)))
    with limited.unit_of_work() as uow:
        assert forget_uses(uow) > 0
    assert rows_of(limited, BudgetUse) == 0


def raise_(lead: Caller, scope: str, subject_id: str, budget: str = "geometry", hours: int = 12) -> Any:
    body = {"budget": budget, "scope": scope, "subject_id": subject_id, "hours": hours, "reason": "A family of eleven."}
    return lead.post("/budget-raises", body)


def test_a_lead_opens_a_households_budget_once_and_its_alert_stays(limited: World, officer: Caller, lead: Caller) -> None:
    household = spend_household(officer)

    assert raise_(lead, "household", household["id"]).status_code == 201

    assert [record(officer, household, 3_000 + number).status_code for number in range(21)] == [201] * 20 + [429]
    assert_problem(raise_(lead, "household", household["id"]), "budget-raised-already")
    assert {alert["subject_id"] for alert in lead.get("/alerts").get_json()["items"]} >= {household["id"]}
    (shown,) = lead.get("/budget-raises").get_json()["items"]
    assert (shown["budget"], shown["scope"], shown["raised_by"]) == ("geometry", "household", str(lead.worker_id))


def test_what_was_opened_for_a_household_is_not_shut_by_the_officers_or_the_organisations_budget(
    limited: World, officer: Caller, lead: Caller
) -> None:
    households = [officer.made("/households", HOUSEHOLD) for _ in range(3)]
    for number in range(39):
        assert record(officer, households[number % 3], 1_000 + number).status_code == 201
    assert_problem(record(officer, households[0], 2_000), "budget-spent")

    assert raise_(lead, "household", households[0]["id"]).status_code == 201

    assert record(officer, households[0], 2_000).status_code == 201
    assert_problem(record(officer, households[1], 2_001), "budget-spent")


def test_a_raise_ends(limited: World, officer: Caller, lead: Caller) -> None:
    household = spend_household(officer)
    raise_(lead, "household", household["id"], hours=1)

    with limited.unit_of_work(officer) as uow:
        later = uow.now + timedelta(hours=1, seconds=1)
    geometry = settle_geometry(limited.harbour.atlas, circle(8_000))
    facts = {"geometry": geometry, "reason": "his_home", "source": "survivor"}

    with pytest.raises(BudgetSpent), limited.unit_of_work(officer, later, operation="create_area_to_avoid") as uow:
        add_area(uow, DEFAULT_BUDGETS, uuid.UUID(household["id"]), facts, valid_from=None, valid_to=None)


def test_a_lead_opens_nothing_for_herself_nor_for_others_organisations(limited: World, officer: Caller) -> None:
    spend_household(officer)
    key_of_officer_as_lead = limited.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)
    stranger = limited.create_caller(Role.SAFEGUARDING_LEAD)

    assert_problem(raise_(key_of_officer_as_lead, "officer", str(key_of_officer_as_lead.worker_id)), "about-yourself")
    for scope, subject in (
        ("officer", str(officer.worker_id)),
        ("organisation", str(officer.organisation_id)),
        ("household", str(uuid.uuid4())),
    ):
        assert_problem(raise_(stranger, scope, subject), "not-found")


def test_many_at_once_do_not_outrun_a_budget(limited: World, officer: Caller) -> None:
    household = officer.made("/households", HOUSEHOLD)
    for number in range(17):
        record(officer, household, 1_000 + number)
    barrier, statuses = threading.Barrier(8), []

    def knock(number: int) -> None:
        facts = {
            "geometry": settle_geometry(limited.harbour.atlas, circle(4_000 + number)),
            "reason": "his_home",
            "source": "survivor",
        }
        barrier.wait()
        try:
            with limited.unit_of_work(officer, operation="create_area_to_avoid") as uow:
                add_area(uow, DEFAULT_BUDGETS, uuid.UUID(household["id"]), facts, valid_from=None, valid_to=None)
            statuses.append("taken")
        except BudgetSpent:
            statuses.append("refused")

    threads = [threading.Thread(target=knock, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == ["refused"] * 6 + ["taken"] * 2


def test_an_officer_who_invents_households_is_stopped(limited: World, officer: Caller, lead: Caller) -> None:
    statuses = [officer.post("/households", HOUSEHOLD).status_code for _ in range(42)]

    assert statuses == [201] * 39 + [429] * 3
    assert AlertKind.HOUSEHOLD_BUDGET in {alert["kind"] for alert in lead.get("/alerts").get_json()["items"]}
    assert rows_of(limited, Household) == 39


def state_perpetrators(officer: Caller, household: dict[str, Any], *names: str) -> Any:
    path = f"/households/{household['id']}"
    version = {"If-Match": officer.get(path).headers["ETag"]}
    return officer.patch(path, {"perpetrators": [{"name": name} for name in names]}, headers=version)


def test_asking_with_one_name_after_another_is_told_and_stopped(limited: World, officer: Caller, lead: Caller) -> None:
    household = officer.made("/households", HOUSEHOLD)

    statuses = []
    for number in range(9):
        statuses.append(state_perpetrators(officer, household, f"Canary Person{'abcdefghi'[number]}").status_code)
        if number == 2:
            kinds = {alert["kind"] for alert in lead.get("/alerts").get_json()["items"]}
            assert AlertKind.STATEMENT_BUDGET in kinds

    assert statuses == [200] * 6 + [429] * 3
    assert state_perpetrators(officer, household, "Canary Persona").status_code == 200, "what was said may be said again"


def persons(first: int, names: int) -> list[dict[str, str]]:
    """Return so many names that nobody has, none of them twice."""
    return [{"name": f"Canary Person{chr(97 + n // 26)}{chr(97 + n % 26)}"} for n in range(first, first + names)]


def test_trying_names_over_many_households_is_told_and_stopped(limited: World, officer: Caller, lead: Caller) -> None:
    """Each household's own list is short: it is the officer who has tried sixty names in a week."""
    statuses, told = [], []
    for number in range(9):
        body = {**HOUSEHOLD, "perpetrators": persons(7 * number, 7)}
        statuses.append(officer.post("/households", body).status_code)
        kinds = {alert["kind"] for alert in lead.get("/alerts").get_json()["items"]}
        told.append(AlertKind.PERPETRATOR_BUDGET in kinds)

    assert statuses == [201] * 8 + [429]
    assert told == [False] * 4 + [True] * 5


def test_a_twelfth_name_for_one_household_is_refused(limited: World, officer: Caller) -> None:
    household = officer.made("/households", {**HOUSEHOLD, "perpetrators": persons(0, 10)})

    answers = [state_perpetrators(officer, household, persons(number, 1)[0]["name"]) for number in (10, 11)]

    assert answers[0].status_code == 200
    assert assert_problem(answers[1], "budget-spent")


def test_a_long_honest_list_of_perpetrators_fits(limited: World, officer: Caller) -> None:
    names = [{"name": f"Canary Relative{letter}"} for letter in "abcdefghij"]

    assert officer.post("/households", {**HOUSEHOLD, "perpetrators": names}).status_code == 201


def test_an_officer_who_holds_one_bed_after_another_is_told_of_and_stopped(
    limited: World, officer: Caller, lead: Caller
) -> None:
    limited.harbour.budgets = DEFAULT_BUDGETS.tightened(10)
    unit = limited.create_unit(limited.create_manager())
    household = limited.create_household(officer)

    statuses = []
    for _ in range(12):
        held = limited.hold(officer, household, unit)
        statuses.append(held.status_code)
        if held.status_code == 201:
            version = {"If-Match": officer.get(f"/holds/{held.get_json()['id']}").headers["ETag"]}
            officer.call("DELETE", f"/holds/{held.get_json()['id']}", headers=version)

    assert statuses == [201] * 11 + [429]
    assert AlertKind.HOLD_BUDGET in {alert["kind"] for alert in lead.get("/alerts").get_json()["items"]}


CHELMSFORD = {"type": "circle", "centre": {"postcode": "CM1 1QH"}, "radius_metres": 1_500}


def answer_of_one(world: World, officer: Caller, manager: Caller, unit: dict[str, Any]) -> Any:
    """Record a household whose area overlaps a unit's cell, and ask the unit's provider: one exact bit."""
    household = world.create_household(officer, areas=[CHELMSFORD])
    hold = world.hold(officer, household, unit)
    assert (hold.status_code, hold.get_json()["verdict"]) == (201, "review")
    response = officer.post("/referrals", {"hold_id": hold.get_json()["id"]})
    if response.status_code == 201:
        declined = manager.post(f"/referrals/{response.get_json()['id']}/decline", {"reason": "capacity"})
        assert declined.status_code == 200
    return response


def test_inventing_households_buys_no_more_exact_bits_of_a_property(limited: World, officer: Caller, lead: Caller) -> None:
    manager = limited.create_manager()
    home = limited.create_property(manager)
    units = [limited.create_unit(manager, home) for _ in range(6)]
    colleague = limited.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)

    answers = [answer_of_one(limited, (officer, colleague)[n % 2], manager, units[n]) for n in range(5)]

    assert [answer.status_code for answer in answers] == [201] * 4 + [429]
    (alert,) = [each for each in lead.get("/alerts").get_json()["items"] if each["kind"] == AlertKind.EXACT_BIT_BUDGET]
    assert alert["subject_id"] == home["id"]
    assert int(answers[-1].headers["Retry-After"]) > 29 * 24 * 3_600
    elsewhere = limited.create_officer()
    assert answer_of_one(limited, elsewhere, manager, units[5]).status_code == 201, "another council asks for itself"


def exact_bits(world: World) -> int:
    with world.unit_of_work() as uow:
        query = select(func.count()).select_from(BudgetUse).where(BudgetUse.kind == BudgetKind.EXACT_BIT)
        return int(uow.session.execute(query).scalar_one())


def test_an_area_that_comes_after_the_hold_or_after_the_referral_is_an_exact_bit_too(
    limited: World, officer: Caller
) -> None:
    manager = limited.create_manager()
    home = limited.create_property(manager)
    first, second = (limited.create_unit(manager, home) for _ in range(2))
    far = {"type": "circle", "centre": {"postcode": "NE1 4ST"}, "radius_metres": 1_000}
    early, late = (limited.create_household(officer, areas=[far]) for _ in range(2))

    hold = limited.hold(officer, early, first).get_json()
    limited.create_area(officer, early, CHELMSFORD)
    assert officer.post("/referrals", {"hold_id": hold["id"]}).status_code == 201
    assert exact_bits(limited) == 1
    limited.refer(officer, late, second)
    assert exact_bits(limited) == 1, "clear of every area: the answer says nothing of the place"
    limited.create_area(officer, late, CHELMSFORD)
    assert exact_bits(limited) == 2
