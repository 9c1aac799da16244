"""Keeping a household from somebody: who states it, who ends it, what a provider keeps, and declared conflicts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from accommodation.alerts import Alert
from accommodation.vocabulary import Role
from placement.blocked_models import BlockedPerson, ConflictDeclaration
from tests.support.problems import assert_problem
from tests.support.world import Caller, World

TABLES = (BlockedPerson.__table__, ConflictDeclaration.__table__)
HIM = {"name": "Terence  O'Testson", "born_on": "1980-02-03"}


def block(officer: Caller, household: dict[str, Any], **whom: Any) -> dict[str, Any]:
    """Keep a household from somebody."""
    body = {"reason": "She is his cousin.", **whom}
    return officer.made(f"/households/{household['id']}/blocked-persons", body)


def sees(caller: Caller, household: dict[str, Any]) -> bool:
    """Tell whether a caller can open a household and finds it in her list."""
    opened = caller.get(f"/households/{household['id']}").status_code == 200
    listed = household["id"] in caller.get("/households?limit=200").get_data(as_text=True)
    assert opened == listed
    return opened


def declare(caller: Caller, **about: Any) -> dict[str, Any]:
    """Declare a conflict."""
    return caller.made("/conflict-declarations", {"relation": "family", **about})


def test_a_colleague_is_kept_from_a_household_and_others_are_not(world: World) -> None:
    officer = world.create_officer()
    cousin = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    household, other = world.create_household(officer), world.create_household(officer)

    block(officer, household, worker_id=str(cousin.worker_id))

    assert (sees(cousin, household), sees(cousin, other), sees(officer, household)) == (False, True, True)


def test_a_name_keeps_it_from_whoever_has_it_wherever_she_works(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    household = world.create_household(officer)
    referral = world.refer(officer, household, world.create_unit(manager))
    assert manager.get(f"/referrals/{referral['id']}").status_code == 200

    block(officer, household, name="wilhelmina  TESTWORKER")

    assert_problem(manager.get(f"/referrals/{referral['id']}"), "not-found")
    assert_problem(manager.post(f"/referrals/{referral['id']}/accept"), "not-found")


def test_a_block_is_over_after_its_last_day(world: World) -> None:
    officer = world.create_officer()
    cousin = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    household = world.create_household(officer)
    block(officer, household, worker_id=str(cousin.worker_id), until_on=world.today().isoformat())
    while_it_runs = sees(cousin, household)

    with world.unit_of_work() as uow:
        uow.session.execute(update(BlockedPerson).values(until_on=world.today() - timedelta(days=1)))

    assert (while_it_runs, sees(cousin, household)) == (False, True)


def test_a_provider_that_must_not_know_is_neither_offered_nor_counted_nor_held(world: World) -> None:
    officer, kept, other = world.create_officer(), world.create_manager(), world.create_manager()
    unit = world.create_unit(kept)
    free = world.create_unit(other)
    household, somebody = world.create_household(officer), world.create_household(officer)

    block(officer, household, provider_id=kept.get("/providers").get_json()["items"][0]["id"])
    found, theirs = world.search(officer, household), world.search(officer, somebody)

    assert found["considered"] == 1
    assert [match["unit_id"] for match in found["matches"]] == [free["id"]]
    assert theirs["considered"] == 2
    assert_problem(world.hold(officer, household, unit), "not-found")


def test_a_provider_that_must_not_know_loses_the_case_and_keeps_the_stay(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    lived_in, asked = world.create_unit(manager), world.create_unit(manager)
    household = world.create_household(officer)
    placement = world.place(officer, manager, household, lived_in)
    referral = world.refer(officer, household, asked)

    block(officer, household, provider_id=manager.get("/providers").get_json()["items"][0]["id"])

    for path in (f"/referrals/{referral['id']}", f"/holds/{referral['hold_id']}", f"/referrals/{placement['referral_id']}"):
        assert_problem(manager.get(path), "not-found")
    assert manager.get("/referrals").get_json()["items"] == []
    assert manager.get("/holds").get_json()["items"] == []
    shown = manager.get(f"/placements/{placement['id']}").get_json()
    assert (shown["state"], shown["household_id"], shown["referral_id"]) == ("living", None, None)
    assert manager.get("/reminders?mine=0&when=all").get_json()["items"]


def test_a_hold_made_before_cannot_become_a_referral_to_a_provider_that_must_not_know(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    household = world.create_household(officer)
    hold = world.hold(officer, household, world.create_unit(manager)).get_json()
    block(officer, household, provider_id=manager.get("/providers").get_json()["items"][0]["id"])

    assert_problem(officer.post("/referrals", {"hold_id": hold["id"]}), "not-found")


@pytest.mark.parametrize("whom", ["a stranger", "nobody known", "an unseen provider", "no name at all", "two at once"])
def test_who_cannot_be_named_that_way_is_refused(world: World, whom: str) -> None:
    officer = world.create_officer(has_agreements=False)
    unseen = world.create_manager(has_agreements=False).get("/providers").get_json()["items"][0]["id"]
    body = {
        "a stranger": {"worker_id": str(world.create_officer().worker_id)},
        "nobody known": {"worker_id": str(uuid.uuid4())},
        "an unseen provider": {"provider_id": unseen},
        "no name at all": {"name": "Unknown"},
        "two at once": {"name": "Somebody Else", "worker_id": str(officer.worker_id)},
    }[whom]
    household = world.create_household(officer)

    answer = officer.post(f"/households/{household['id']}/blocked-persons", {"reason": "He knows her.", **body})

    assert_problem(answer, "invalid-input")


def test_a_lead_alone_ends_it_and_never_for_herself(world: World) -> None:
    officer = world.create_officer()
    lead = world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)
    elsewhere = world.create_caller(Role.SAFEGUARDING_LEAD, world.create_officer().organisation_id)
    cousin = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    household = world.create_household(officer)
    blocked = block(officer, household, worker_id=str(cousin.worker_id))
    of_lead = block(officer, household, worker_id=str(lead.worker_id))
    body = {"reason": "It was somebody else."}

    assert_problem(officer.post(f"/blocked-persons/{blocked['id']}/end", body), "not-permitted")
    assert_problem(elsewhere.post(f"/blocked-persons/{blocked['id']}/end", body), "not-found")
    assert_problem(lead.post(f"/blocked-persons/{of_lead['id']}/end", body), "not-for-yourself")
    by_name = block(officer, world.create_household(officer), name="Testworker Wilhelmina")
    assert_problem(lead.post(f"/blocked-persons/{by_name['id']}/end", body), "not-for-yourself")
    lead.made(f"/blocked-persons/{blocked['id']}/end", body)

    assert sees(cousin, household)
    assert elsewhere.get("/blocked-persons").get_json()["items"] == []


def test_a_stay_of_whom_she_is_kept_from_goes_back_to_the_manager(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    worker = world.create_caller(Role.RESETTLEMENT_WORKER, manager.organisation_id)
    household = world.create_household(officer, perpetrators=[HIM])
    referral = world.refer(officer, household, world.create_unit(manager))
    accepted = manager.made(f"/referrals/{referral['id']}/accept")
    path = f"/placements/{accepted['placement_id']}"
    worker.made(f"{path}/arrival", {"arrived_on": world.today().isoformat()})
    assert worker.get("/reminders").get_json()["items"]

    declare(worker, person=HIM)

    assert worker.get("/reminders?mine=0&when=all").get_json()["items"] == []
    assert manager.get(path).get_json()["resettlement_worker_id"] is None
    assert manager.get("/reminders").get_json()["items"]


def test_who_is_kept_from_a_household_is_not_made_its_resettlement_worker(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    worker = world.create_caller(Role.RESETTLEMENT_WORKER, manager.organisation_id)
    declare(worker, person=HIM)
    referral = world.refer(officer, world.create_household(officer, perpetrators=[HIM]), world.create_unit(manager))
    accepted = manager.made(f"/referrals/{referral['id']}/accept")
    body = {"arrived_on": world.today().isoformat(), "resettlement_worker_id": str(worker.worker_id)}

    problem = assert_problem(manager.post(f"/placements/{accepted['placement_id']}/arrival", body), "invalid-input")

    assert problem["errors"][0]["pointer"] == "/resettlement_worker_id"


@pytest.mark.parametrize("declared_first", [True, False])
@pytest.mark.parametrize("born_on", ["1980-02-03", None])
def test_who_declares_to_know_him_is_kept_from_households_recorded_before_and_after(
    world: World, declared_first: bool, born_on: str | None
) -> None:
    officer = world.create_officer()
    in_conflict = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    person = {"name": "terence o’TESTSON", "born_on": born_on}
    if declared_first:
        declare(in_conflict, person=person)

    household = world.create_household(officer, perpetrators=[HIM])
    other = world.create_household(officer, perpetrators=[{"name": "Somebody Else"}])
    if not declared_first:
        declare(in_conflict, person=person)

    assert (sees(in_conflict, household), sees(in_conflict, other), sees(officer, household)) == (False, True, True)


def test_a_perpetrator_who_is_named_later_counts_too(world: World) -> None:
    officer = world.create_officer()
    in_conflict = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    declare(in_conflict, person=HIM)
    household = world.create_household(officer)
    etag = officer.get(f"/households/{household['id']}").headers["ETag"]

    officer.patch(f"/households/{household['id']}", {"perpetrators": [HIM]}, headers={"If-Match": etag})

    assert not sees(in_conflict, household)


def test_a_declaration_about_a_household_goes_by_its_reference(world: World) -> None:
    officer = world.create_officer()
    in_conflict = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    household = world.create_household(officer)

    declare(in_conflict, reference=household["reference"])

    assert not sees(in_conflict, household)


def test_a_refuges_worker_declares_by_the_reference_of_the_stay(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    placement = world.place(officer, manager, world.create_household(officer), world.create_unit(manager))
    second = world.create_caller(Role.REFUGE_MANAGER, manager.organisation_id)

    declare(second, reference=placement["reference"])

    assert_problem(second.get(f"/placements/{placement['id']}"), "not-found")
    assert manager.get(f"/placements/{placement['id']}").status_code == 200


def test_another_organisations_reference_is_as_one_that_does_not_exist(world: World) -> None:
    officer, stranger = world.create_officer(), world.create_officer()
    household = world.create_household(officer)

    answers = [
        stranger.post("/conflict-declarations", {"relation": "friend", "reference": reference})
        for reference in (household["reference"], "H-2222222222")
    ]

    assert [assert_problem(answer, "invalid-input")["errors"] for answer in answers] == [
        [{"pointer": "/reference", "detail": "There is no such reference that you may see."}]
    ] * 2
    assert sees(officer, household)


def test_a_declaration_does_not_tell_whether_there_is_such_a_household(world: World) -> None:
    officer = world.create_officer()
    world.create_household(officer, perpetrators=[HIM])
    caller = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)

    known, unknown = declare(caller, person=HIM), declare(caller, person={"name": "Nobody Here"})

    assert set(known) == set(unknown)
    assert {name for name in known if known[name] != unknown[name]} <= {"id", "declared_at"}


def test_the_lead_is_told_and_she_cannot_undo_it_alone(world: World) -> None:
    officer = world.create_officer()
    lead = world.create_caller(Role.SAFEGUARDING_LEAD, officer.organisation_id)
    in_conflict = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)
    household = world.create_household(officer, perpetrators=[HIM])
    declared = declare(in_conflict, person=HIM)
    body = {"reason": "It was another man."}

    assert_problem(in_conflict.post(f"/conflict-declarations/{declared['id']}/end", body), "not-permitted")
    with world.unit_of_work() as uow:
        (alert,) = uow.session.execute(select(Alert).where(Alert.kind == "conflict_declared")).scalars()
    lead.made(f"/conflict-declarations/{declared['id']}/end", body)

    assert (alert.organisation_id, alert.details) == (officer.organisation_id, {"worker_id": str(in_conflict.worker_id)})
    assert sees(in_conflict, household)
    assert sees(in_conflict, world.create_household(officer, perpetrators=[HIM]))


def test_names_of_whom_somebody_knows_or_is_kept_from_lie_sealed(world: World) -> None:
    officer = world.create_officer()
    declare(officer, person=HIM)
    block(officer, world.create_household(officer), name="Wilhelmina Someone")

    with world.engine.connect() as connection:
        rows = [repr(tuple(row)) for table in TABLES for row in connection.execute(select(table))]

    assert len(rows) == 2
    assert not [row for row in rows for word in ("testson", "wilhelmina", "someone") if word in row.lower()]


def test_a_household_without_blocks_costs_a_search_no_query(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    world.create_unit(manager)
    blocked, household = world.create_household(officer), world.create_household(officer)
    block(officer, blocked, name="Somebody Else")
    world.search(officer, household)

    def asked(about: dict[str, Any]) -> int:
        statements: list[str] = []

        def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(world.engine, "before_cursor_execute", remember)
        world.search(officer, about)
        event.remove(world.engine, "before_cursor_execute", remember)
        return sum("blocked_person" in statement for statement in statements)

    assert asked(household) == 0
    assert asked(blocked) > 0
