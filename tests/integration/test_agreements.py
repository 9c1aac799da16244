"""Without an agreement in force neither sees the other: every read of one organisation about another, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from accommodation.people_models import SharingAgreement
from accommodation.supply import touch_agreements
from accommodation.vocabulary import Role
from tests.support.problems import assert_problem, masked
from tests.support.sessions import sign_in
from tests.support.world import Caller, World

LISTS = ("matches", "confirm", "review")


@dataclass
class Pair:
    """A council and a provider that share by one agreement, and a case of theirs in each state."""

    world: World
    officer: Caller
    manager: Caller
    agreement_id: uuid.UUID
    household: dict[str, Any]
    units: list[dict[str, Any]]

    def change(self, **facts: Any) -> None:
        """Change the agreement's row, as its parties or the days would, and let searches know."""
        with self.world.unit_of_work() as uow:
            about = SharingAgreement.id == self.agreement_id
            uow.session.execute(update(SharingAgreement).where(about).values(**facts))
            touch_agreements(uow.session, [self.agreement_id])


@pytest.fixture
def pair(world: World) -> Pair:
    """Two organisations that share with each other and with nobody else, and three free units."""
    officer = world.create_officer(has_agreements=False)
    manager = world.create_manager(has_agreements=False)
    agreement_id = world.create_agreement(officer.organisation_id, manager.organisation_id)
    home = world.create_property(manager)
    units = [world.create_unit(manager, home) for _ in range(3)]
    return Pair(world, officer, manager, agreement_id, world.create_household(officer), units)


NOT_IN_FORCE: dict[str, Callable[[Pair], None]] = {
    "not accepted": lambda pair: pair.change(accepted_at=None, accepted_by=None),
    "ended early": lambda pair: pair.change(ended_at=pair.world.now(), end_reason="safety"),
    "not begun": lambda pair: pair.change(starts_on=pair.world.today() + timedelta(days=1)),
    "over": lambda pair: pair.change(ends_on=pair.world.today() - timedelta(days=1)),
    "for another purpose": lambda pair: pair.change(purpose="move_on"),
}


def mentions(answer: dict[str, Any], pair: Pair) -> bool:
    """Tell whether an answer names any unit or provider of the pair."""
    text = str(answer)
    return any(unit["id"] in text for unit in pair.units) or pair.units[0]["property_id"] in text


@pytest.mark.parametrize("why", NOT_IN_FORCE)
def test_a_search_neither_offers_nor_considers_nor_counts_units_without_an_agreement(pair: Pair, why: str) -> None:
    world = pair.world
    assert world.search(pair.officer, pair.household)["considered"] == 3
    other = world.create_manager(has_agreements=False)
    world.create_agreement(pair.officer.organisation_id, other.organisation_id)
    world.create_unit(other, bed_spaces=1, pets=False)
    two = [{"role": "survivor", "gender": "female"}, {"role": "adult", "gender": "female"}]
    pets = {"pets": True, "pets_must_come": True}
    household = world.create_household(pair.officer, members=two, needs=pets)

    NOT_IN_FORCE[why](pair)
    found = world.search(pair.officer, household)

    assert found["considered"] == 1
    assert found["excluded"] == [{"reason": "bed_spaces", "units": 1}]
    assert found["nearest_miss"] is None
    assert [found[name] for name in LISTS] == [[], [], []]
    assert not mentions(found, pair)


def test_what_a_room_is_kept_for_is_counted_over_the_units_in_sight_alone(pair: Pair) -> None:
    world = pair.world
    stranger = world.create_manager(has_agreements=False)
    world.create_unit(stranger, pets=True, access=0)
    mine = world.create_unit(pair.manager, pets=True, access=0)

    found = world.search(pair.officer, pair.household, limit=50)

    kept = next(match["scarcity"]["kept_for"] for match in found["matches"] if match["unit_id"] == mine["id"])
    assert {"need": "pets", "free_units": 1} in kept


@pytest.mark.parametrize("why", NOT_IN_FORCE)
def test_a_unit_without_an_agreement_cannot_be_held_and_is_answered_like_a_random_id(pair: Pair, why: str) -> None:
    search = pair.world.search(pair.officer, pair.household)
    NOT_IN_FORCE[why](pair)

    def hold(unit_id: str) -> TestResponse:
        body = {"household_id": pair.household["id"], "unit_id": unit_id, "search_id": search["id"]}
        return pair.officer.post("/holds", body)

    answer, nothing = hold(pair.units[0]["id"]), hold(str(uuid.uuid4()))

    assert_problem(answer, "not-found")
    assert masked(answer) == masked(nothing)


def test_a_unit_in_sight_is_held_and_next_best_are_those_in_sight(pair: Pair) -> None:
    world = pair.world
    stranger = world.create_manager(has_agreements=False)
    world.create_unit(stranger)
    for unit in pair.units:
        assert world.hold(pair.officer, world.create_household(pair.officer), unit).status_code == 201

    answer = world.hold(pair.officer, pair.household, pair.units[0])

    assert assert_problem(answer, "unit-already-held")["next_best"] == []


@pytest.fixture
def case(pair: Pair) -> tuple[Pair, dict[str, str]]:
    """The pair with a hold, a referral, a placement that is planned, one that is lived in, and a search."""
    world, officer = pair.world, pair.officer
    search = world.search(officer, pair.household)
    living = world.place(officer, pair.manager, world.create_household(officer), pair.units[0])
    referral = world.refer(officer, world.create_household(officer), pair.units[1])
    hold = world.hold(officer, world.create_household(officer), pair.units[2]).get_json()
    coming = world.refer(officer, world.create_household(officer), world.create_unit(pair.manager))
    expected = pair.manager.made(f"/referrals/{coming['id']}/accept")["placement_id"]
    pair.officer, pair.manager = sign_in(officer), sign_in(pair.manager)
    release = world.release(pair.manager, officer, expected)
    ids = {
        "search": search["id"],
        "hold": hold["id"],
        "referral": referral["id"],
        "placement": living["id"],
        "property": pair.manager.get(f"/placements/{expected}").get_json()["property_id"],
        "expected": expected,
        "release": release["id"],
        "accepted": coming["id"],
        "household": living["household_id"],
    }
    return pair, ids


OFFICER_READS = {
    "search": lambda ids: ("GET", f"/searches/{ids['search']}", None),
    "hold": lambda ids: ("GET", f"/holds/{ids['hold']}", None),
    "refer": lambda ids: ("POST", "/referrals", {"hold_id": ids["hold"]}),
    "referral": lambda ids: ("GET", f"/referrals/{ids['referral']}", None),
    "withdraw": lambda ids: ("POST", f"/referrals/{ids['referral']}/withdraw", {"reason": "changed_mind"}),
    "accepted referral": lambda ids: ("GET", f"/referrals/{ids['accepted']}", None),
    "meeting point": lambda ids: ("GET", f"/referrals/{ids['accepted']}/meeting-point", None),
    "release": lambda ids: ("GET", f"/address-releases/{ids['release']}", None),
    "releases": lambda ids: ("GET", f"/placements/{ids['expected']}/address-releases", None),
    "placement": lambda ids: ("GET", f"/placements/{ids['placement']}", None),
    "timeline": lambda ids: ("GET", f"/placements/{ids['placement']}/timeline", None),
    "address": lambda ids: (
        "POST",
        f"/properties/{ids['property']}/address-disclosures",
        {"placement_id": ids["expected"], "reason": "She is on her way."},
    ),
}
MANAGER_READS = {
    "hold": lambda ids: ("GET", f"/holds/{ids['hold']}", None),
    "referral": lambda ids: ("GET", f"/referrals/{ids['referral']}", None),
    "exact check": lambda ids: ("GET", f"/referrals/{ids['referral']}/exact-check", None),
    "accept": lambda ids: ("POST", f"/referrals/{ids['referral']}/accept", None),
    "decline": lambda ids: ("POST", f"/referrals/{ids['referral']}/decline", {"reason": "capacity"}),
    "accepted referral, with names": lambda ids: ("GET", f"/referrals/{ids['accepted']}", None),
    "meeting point": lambda ids: ("GET", f"/referrals/{ids['accepted']}/meeting-point", None),
    "release": lambda ids: (
        "POST",
        f"/placements/{ids['expected']}/address-releases",
        {"officer_id": str(uuid.uuid4()), "reason": "She drives them."},
    ),
}
CHANGES = ("accept", "withdraw", "release")


def ask(caller: Caller, what: tuple[str, str, Any]) -> TestResponse:
    """Send a request made above."""
    method, path, body = what
    return caller.call(method, path, body)


@pytest.mark.parametrize("side", ["officer", "manager"])
def test_while_the_agreement_is_in_force_both_sides_see_the_case(case: tuple[Pair, dict[str, str]], side: str) -> None:
    """Without this, the refusals below might come from a request that was wrong in another way."""
    pair, ids = case
    reads, caller = (OFFICER_READS, pair.officer) if side == "officer" else (MANAGER_READS, pair.manager)

    answers = {
        name: ask(caller, read(ids)).status_code
        for name, read in reads.items()
        if name not in CHANGES or (side, name) == ("officer", "release")
    }

    assert set(answers.values()) <= {200, 201}, answers


@pytest.mark.parametrize("why", NOT_IN_FORCE)
def test_when_an_agreement_ends_so_does_the_sight_on_both_sides(case: tuple[Pair, dict[str, str]], why: str) -> None:
    pair, ids = case
    random_ids = {name: str(uuid.uuid4()) for name in ids}
    NOT_IN_FORCE[why](pair)

    for reads, caller in ((OFFICER_READS, pair.officer), (MANAGER_READS, pair.manager)):
        for name, read in reads.items():
            gone, nothing = ask(caller, read(ids)), ask(caller, read({**random_ids}))
            assert_problem(gone, "not-found")
            assert masked(gone) == masked(nothing), name


@pytest.mark.parametrize("why", NOT_IN_FORCE)
def test_lists_are_empty_of_the_other_side(case: tuple[Pair, dict[str, str]], why: str) -> None:
    pair, _ = case
    everywhere = [(pair.officer, "/holds"), (pair.officer, "/referrals"), (pair.officer, "/placements")]
    everywhere += [(pair.manager, "/holds"), (pair.manager, "/referrals")]
    before = [len(caller.get(path).get_json()["items"]) for caller, path in everywhere]
    NOT_IN_FORCE[why](pair)

    after = [caller.get(path).get_json()["items"] for caller, path in everywhere]

    assert all(before)
    assert after == [[]] * len(everywhere)


def test_the_provider_keeps_the_stay_in_her_own_building_and_not_whose_household_it_is(
    case: tuple[Pair, dict[str, str]],
) -> None:
    pair, ids = case
    path = f"/placements/{ids['placement']}"
    before = pair.manager.get(path).get_json()
    pair.change(ended_at=pair.world.now(), end_reason="safety")

    after = pair.manager.get(path).get_json()
    listed = pair.manager.get("/placements").get_json()["items"]

    assert before["household_id"] == ids["household"]
    assert after == {**before, "household_id": None, "referral_id": None}
    assert after in listed
    assert {(item["household_id"], item["referral_id"]) for item in listed} == {(None, None)}
    assert pair.manager.get(f"{path}/timeline").status_code == 200
    assert pair.manager.get("/reminders?mine=0&when=all").get_json()["items"]
    leaving = {"departed_on": pair.world.today().isoformat(), "destination": "social"}
    assert pair.manager.post(f"{path}/departure", leaving).status_code == 200


def test_the_council_keeps_its_own_household(case: tuple[Pair, dict[str, str]]) -> None:
    pair, ids = case
    pair.change(ended_at=pair.world.now(), end_reason="safety")

    assert pair.officer.get(f"/households/{ids['household']}").status_code == 200


def test_vacancies_alone_let_a_unit_be_held_and_no_household_be_referred(pair: Pair) -> None:
    pair.change(shares_referrals=False)

    hold = pair.world.hold(pair.officer, pair.household, pair.units[0])
    answer = pair.officer.post("/referrals", {"hold_id": hold.get_json()["id"]})

    assert hold.status_code == 201
    assert_problem(answer, "agreement-does-not-cover")


def test_referrals_alone_show_no_unit_in_a_search(pair: Pair) -> None:
    pair.change(shares_vacancies=False)

    assert pair.world.search(pair.officer, pair.household)["considered"] == 0


def test_a_council_with_a_refuge_of_its_own_needs_no_agreement_with_itself(world: World) -> None:
    manager = world.create_manager(has_agreements=False)
    officer = world.create_caller(Role.HOUSING_OFFICER, manager.organisation_id)
    unit = world.create_unit(manager)

    placement = world.place(officer, manager, world.create_household(officer), unit)

    assert officer.get(f"/placements/{placement['id']}").get_json()["household_id"] == placement["household_id"]


def test_two_administrators_sign_and_then_each_sees_the_other(world: World) -> None:
    officer, manager = world.create_officer(has_agreements=False), world.create_manager(has_agreements=False)
    world.create_unit(manager)
    household = world.create_household(officer)
    ours = world.create_caller(Role.ADMINISTRATOR, officer.organisation_id)
    theirs = world.create_caller(Role.ADMINISTRATOR, manager.organisation_id)

    proposed = ours.made("/sharing-agreements", proposal(world, manager))
    assert proposed["state"] == "proposed"
    assert world.search(officer, household)["considered"] == 0
    assert_problem(ours.post(f"/sharing-agreements/{proposed['id']}/acceptance"), "illegal-move")
    accepted = theirs.made(f"/sharing-agreements/{proposed['id']}/acceptance")

    assert accepted["state"] == "in_force"
    assert world.search(officer, household)["considered"] == 1
    ended = ours.made(f"/sharing-agreements/{proposed['id']}/end", {"reason": "terms_broken", "notes": "He was told."})
    assert ended["state"] == "ended"
    assert world.search(officer, household)["considered"] == 0


def test_nobody_signs_for_another_organisation(world: World) -> None:
    officer, manager = world.create_officer(has_agreements=False), world.create_manager(has_agreements=False)
    ours = world.create_caller(Role.ADMINISTRATOR, officer.organisation_id)
    installation = world.create_caller(Role.ADMINISTRATOR)
    proposed = ours.made("/sharing-agreements", proposal(world, manager))

    for path in (f"/sharing-agreements/{proposed['id']}", f"/sharing-agreements/{uuid.uuid4()}"):
        assert_problem(installation.get(path), "not-found")
        assert_problem(installation.post(f"{path}/acceptance"), "not-found")
        assert_problem(installation.post(f"{path}/end", {"reason": "safety"}), "not-found")
    assert installation.get("/sharing-agreements").get_json()["items"] == []


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        (lambda world, own: {"partner_id": str(own)}, "/partner_id"),
        (lambda world, own: {"partner_id": str(uuid.uuid4())}, "/partner_id"),
        (lambda world, own: {"ends_on": (world.today() - timedelta(days=1)).isoformat()}, "/ends_on"),
        (lambda world, own: {"ends_on": (world.today() + timedelta(days=1200)).isoformat()}, "/ends_on"),
        (lambda world, own: {"scope": []}, "/scope"),
    ],
)
def test_an_agreement_is_between_two_for_something_for_three_years_at_most(
    world: World, facts: Callable[[World, uuid.UUID], dict[str, Any]], pointer: str
) -> None:
    manager = world.create_manager()
    ours = world.create_caller(Role.ADMINISTRATOR, world.create_officer().organisation_id)
    body = {**proposal(world, manager), **facts(world, ours.organisation_id)}

    problem = assert_problem(ours.post("/sharing-agreements", body), "invalid-input")

    assert problem["errors"][0]["pointer"] == pointer


def test_the_lead_can_end_the_sight_at_once(pair: Pair) -> None:
    lead = pair.world.create_caller(Role.SAFEGUARDING_LEAD, pair.manager.organisation_id)

    lead.made(f"/sharing-agreements/{pair.agreement_id}/end", {"reason": "safety"})

    assert pair.world.search(pair.officer, pair.household)["considered"] == 0


def test_agreements_cost_a_search_no_query(pair: Pair) -> None:
    pair.world.search(pair.officer, pair.household)
    statements: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(pair.world.engine, "before_cursor_execute", remember)
    pair.world.search(pair.officer, pair.household)
    event.remove(pair.world.engine, "before_cursor_execute", remember)

    assert any("household" in statement for statement in statements)
    assert not [statement for statement in statements if "sharing_agreement" in statement]


def proposal(world: World, manager: Caller) -> dict[str, Any]:
    """Return a good proposal to a provider."""
    return {
        "partner_id": str(manager.organisation_id),
        "purpose": "placement",
        "scope": ["vacancies", "referrals"],
        "starts_on": world.today().isoformat(),
        "ends_on": (world.today() + timedelta(days=365)).isoformat(),
    }
