"""An answer about areas is one exact bit for the officer: accepted or not available, and never why, by whom or when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accommodation.vocabulary import Role
from tests.support.problems import assert_problem
from tests.support.sessions import sign_in
from tests.support.world import Caller, World

NIGHT = datetime.fromisoformat("2026-11-24T14:00:00+00:00")
TOUCHING = {"type": "circle", "centre": {"postcode": "CM1 1QH"}, "radius_metres": 1000}
ELSEWHERE = {"type": "circle", "centre": {"postcode": "NE1 4ST"}, "radius_metres": 1000}

HISTORIES: list[tuple[int, dict[str, Any]]] = [
    (1, {"reason": "unsafe_area"}),
    (1, {"reason": "capacity"}),
    (7, {"reason": "unsafe_area"}),
    (55, {"reason": "risk_to_others", "notes": "We know him."}),
    (55, {"reason": "too_near", "declined_by": "household"}),
]
"""Minutes until the provider declines, and in which words."""


def seen_by_officer(officer: Caller, referral: dict[str, Any], household: dict[str, Any]) -> list[Any]:
    """Return everything that the officer can read about a referral afterwards, ids and versions aside."""
    one = officer.get(f"/referrals/{referral['id']}").get_json()
    listed = [row for row in officer.get("/referrals").get_json()["items"] if row["id"] == referral["id"]]
    hold = officer.get(f"/holds/{referral['hold_id']}").get_json()
    holds = [row for row in officer.get("/holds").get_json()["items"] if row["id"] == referral["hold_id"]]
    readings = officer.get(f"/households/{household['id']}/readings").get_json()["items"]
    own = {"id", "hold_id", "household_id", "unit_id", "search_id"}
    hers = [{name: value for name, value in row.items() if name not in own} for row in (one, *listed, hold, *holds)]
    return [*hers, [(row["action"], row["read_on"]) for row in readings if row["read_at"] is None]]


def declined(world: World, minutes: int, answer: dict[str, Any], *, areas_after: bool) -> list[Any]:
    """Let a provider decline so late and in such words, exact check first; return what the officer sees at the hour."""
    with time_machine.travel(NIGHT, tick=False):
        officer, manager = world.create_officer(), world.create_manager()
        unit = world.create_unit(manager)
        household = world.create_household(officer, areas=[ELSEWHERE if areas_after else TOUCHING])
        referral = world.refer(officer, household, unit)
        if areas_after:
            world.create_area(officer, household, TOUCHING)
    with time_machine.travel(NIGHT + timedelta(minutes=minutes), tick=False):
        manager.get(f"/referrals/{referral['id']}")
        if minutes != 7:
            manager.get(f"/referrals/{referral['id']}/exact-check")
        manager.made(f"/referrals/{referral['id']}/decline", answer)
    with time_machine.travel(NIGHT + timedelta(hours=1), tick=False):
        return seen_by_officer(officer, referral, household)


def test_whatever_the_reason_the_minute_and_the_exact_check_a_declined_review_looks_the_same(world: World) -> None:
    seen = []
    for minutes, answer in HISTORIES:
        world.empty()
        seen.append(declined(world, minutes, answer, areas_after=False))

    assert all(one == seen[0] for one in seen)
    assert (seen[0][0]["verdict"], seen[0][0]["state"], seen[0][0]["reason"]) == ("review", "declined", "not_available")
    assert (seen[0][0]["answered_at"], seen[0][0]["answered_on"]) == (None, "2026-11-24")


def test_an_area_added_after_the_hold_does_not_make_a_reason_tell_what_the_exact_check_found(world: World) -> None:
    """Otherwise "not available" in place of any other reason would say "inside", of an area of her choosing."""
    seen = []
    for minutes, answer in HISTORIES:
        world.empty()
        seen.append(declined(world, minutes, answer, areas_after=True))

    assert all(one == seen[0] for one in seen)
    assert (seen[0][0]["verdict"], seen[0][0]["reason"]) == ("suitable", "not_available")


def test_a_reason_that_is_not_about_areas_is_told_with_who_gave_it_and_without_the_minute(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    household = world.create_household(officer)
    referral = world.refer(officer, household, world.create_unit(manager))
    manager.made(f"/referrals/{referral['id']}/decline", {"reason": "household_size"})

    seen = officer.get(f"/referrals/{referral['id']}").get_json()

    assert (seen["reason"], seen["declined_by"], seen["answered_at"]) == ("household_size", "provider", None)
    assert manager.get(f"/referrals/{referral['id']}").get_json()["answered_at"] is not None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REFUGE_MANAGER])
def test_the_exact_check_is_for_no_other_role_of_the_units_own_provider(world: World, role: Role) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer, areas=[TOUCHING]), world.create_unit(manager))
    caller = sign_in(world.create_caller(role, manager.organisation_id))

    assert_problem(caller.get(f"/referrals/{referral['id']}/exact-check"), "not-permitted")


def test_the_exact_check_is_for_no_manager_of_another_provider(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer, areas=[TOUCHING]), world.create_unit(manager))

    assert_problem(sign_in(world.create_manager()).get(f"/referrals/{referral['id']}/exact-check"), "not-found")
    assert manager.get(f"/referrals/{referral['id']}/exact-check").get_json()["inside_any"] is True


def test_an_answer_about_one_unit_and_household_is_given_twice_at_most(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer, areas=[TOUCHING])
    for _ in range(2):
        referral = world.refer(officer, household, unit)
        officer.made(f"/referrals/{referral['id']}/withdraw", {"reason": "made_in_error"})

    assert_problem(world.hold(officer, household, unit), "asked-too-often")
