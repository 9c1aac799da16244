"""The life of a case through the API, on both databases: hold, referral, stay, and what each does to the supply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from shapely import Point

from accommodation.supply import touch_units
from geo.areas import parse_area
from geo.postcode import Postcode
from placement.holds import close_hold
from placement.models import Hold, Search
from placement.vocabulary import ReleaseReason
from tests.support.problems import assert_problem
from tests.support.world import Caller, World

SOUTHEND = {"type": "local_authority", "code": "E06000033"}
CIRCLE_AT_CHELMSFORD = {"type": "circle", "centre": {"postcode": "CM1 1QH"}, "radius_metres": 1000}


def offered(answer: dict[str, Any]) -> list[str]:
    """Return the unit ids of all three lists of a search."""
    return [found["unit_id"] for name in ("matches", "confirm", "review") for found in answer[name]]


def excluded(answer: dict[str, Any]) -> dict[str, int]:
    """Return a search's funnel."""
    return {item["reason"]: item["units"] for item in answer["excluded"]}


def expire(world: World, hold_id: str) -> None:
    """Let a hold's time be over, as the clock would; whoever has read the supply is told that its dates are others."""
    with world.unit_of_work() as uow:
        hold = uow.session.get_one(Hold, UUID(hold_id))
        hold.held_at = hold.stay.starts_at = uow.now - timedelta(minutes=91)
        uow.session.flush()
        hold.expires_at = hold.stay.ends_at = uow.now - timedelta(minutes=1)
        touch_units(uow.session, [hold.unit_id])


def test_a_held_unit_cannot_be_offered_to_another_household(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    first, second = world.create_household(officer), world.create_household(officer)
    assert world.hold(officer, first, unit).status_code == 201

    answer = world.search(officer, second)

    assert offered(answer) == []
    assert answer["excluded"] == [{"reason": "not_available", "units": 1}]


def test_a_taken_unit_is_refused_with_the_next_best_ones(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit, other = world.create_unit(manager), world.create_unit(manager)
    first, second = world.create_household(officer), world.create_household(officer)
    search = world.search(officer, second)
    world.hold(officer, first, unit)

    answer = officer.post("/holds", {"household_id": second["id"], "unit_id": unit["id"], "search_id": search["id"]})

    problem = assert_problem(answer, "unit-already-held")
    assert [found["unit_id"] for found in problem["next_best"]] == [other["id"]]


def test_a_hold_is_for_ninety_minutes_unless_its_provider_says_otherwise_and_keeps_its_term(world: World) -> None:
    officer = world.create_officer()
    usual, shorter = world.create_manager(), world.create_manager(hold_minutes=30)

    terms = [
        world.hold(officer, world.create_household(officer), world.create_unit(manager)).get_json()["term_minutes"]
        for manager in (usual, shorter)
    ]

    assert terms == [90, 30]


def test_an_expired_hold_is_free_for_everybody_though_no_job_ran(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    first = world.hold(officer, world.create_household(officer), unit).get_json()
    expire(world, first["id"])
    world.create_unit(manager, bed_spaces=1, access=None)  # any change, so that the supply is read again

    second = world.hold(officer, world.create_household(officer), unit)

    assert second.status_code == 201
    assert officer.get(f"/holds/{first['id']}").get_json()["state"] == "expired"


def test_releasing_a_hold_frees_the_unit_at_once(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer)
    hold = world.hold(officer, household, unit)

    answer = officer.call("DELETE", f"/holds/{hold.get_json()['id']}", headers={"If-Match": hold.headers["ETag"]})

    assert answer.status_code == 204
    assert offered(world.search(officer, household)) == [unit["id"]]


def test_a_hold_with_a_referral_on_it_cannot_be_released(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    hold = officer.get(f"/holds/{referral['hold_id']}")

    answer = officer.call("DELETE", f"/holds/{referral['hold_id']}", headers={"If-Match": hold.headers["ETag"]})

    assert assert_problem(answer, "illegal-move")["legal_moves"] == ["withdraw_referral"]


def test_an_unsuitable_unit_cannot_be_held_by_its_id(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, bed_spaces=1)
    two = [{"role": "survivor", "gender": "female"}, {"role": "adult", "gender": "female"}]

    answer = world.hold(officer, world.create_household(officer, members=two), unit)

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "bed_spaces"


def test_a_unit_inside_an_area_to_avoid_cannot_be_held(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "SS1 1AA"))
    household = world.create_household(officer, areas=[SOUTHEND])

    answer = world.hold(officer, household, unit)

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "area_blocked"


def test_a_search_of_another_household_does_not_open_a_hold(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    search = world.search(officer, world.create_household(officer))
    household = world.create_household(officer)

    answer = officer.post("/holds", {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]})

    assert_problem(answer, "not-found")


def test_nobody_can_be_searched_for_until_somebody_said_where_he_is_or_that_he_is_nowhere(world: World) -> None:
    officer = world.create_officer()
    household = world.create_household(officer, areas=[SOUTHEND])
    area = officer.get(f"/households/{household['id']}/areas-to-avoid").get_json()["items"][0]
    etag = officer.get(f"/areas-to-avoid/{area['id']}").headers["ETag"]
    officer.call("DELETE", f"/areas-to-avoid/{area['id']}", {"reason": "He has moved."}, headers={"If-Match": etag})

    answer = officer.post(f"/households/{household['id']}/searches", {"needed_on": world.today().isoformat()})

    assert_problem(answer, "areas-to-avoid-not-recorded")


def test_the_statement_that_there_is_no_area_ends_when_one_is_recorded(world: World) -> None:
    officer = world.create_officer()
    household = world.create_household(officer)

    world.create_area(officer, household, SOUTHEND)

    assert officer.get(f"/households/{household['id']}").get_json()["no_areas_statement"] is None


def test_a_declined_household_is_not_offered_the_unit_again_and_another_one_is(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household, other = world.create_household(officer), world.create_household(officer)
    referral = world.refer(officer, household, unit)

    manager.made(f"/referrals/{referral['id']}/decline", {"reason": "capacity"})

    assert excluded(world.search(officer, household)) == {"not_available": 1}
    assert offered(world.search(officer, other)) == [unit["id"]]


def test_a_declined_household_may_be_offered_the_next_vacancy_of_the_unit(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, turnaround_days=0)
    household = world.create_household(officer)
    declined = world.refer(officer, household, unit)
    manager.made(f"/referrals/{declined['id']}/decline", {"reason": "capacity"})
    placement = world.place(officer, manager, world.create_household(officer), unit)
    depart(manager, placement, world)

    assert offered(world.search(officer, household)) == [unit["id"]]


def test_declining_for_another_reason_wants_words(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))

    answer = manager.post(f"/referrals/{referral['id']}/decline", {"reason": "other"})

    assert assert_problem(answer, "invalid-input")["errors"][0]["pointer"] == "/notes"


def test_a_withdrawn_referral_frees_the_unit_for_the_same_household_too(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer)
    referral = world.refer(officer, household, unit)

    officer.made(f"/referrals/{referral['id']}/withdraw", {"reason": "made_in_error"})

    assert offered(world.search(officer, household)) == [unit["id"]]


@pytest.mark.parametrize("second", ["accept", "decline", "withdraw"])
def test_an_answered_referral_cannot_be_answered_again(world: World, second: str) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    manager.made(f"/referrals/{referral['id']}/accept")
    caller = officer if second == "withdraw" else manager
    body = {"accept": None, "decline": {"reason": "capacity"}, "withdraw": {"reason": "changed_mind"}}[second]

    answer = caller.post(f"/referrals/{referral['id']}/{second}", body)

    assert assert_problem(answer, "illegal-move")["state"] == "accepted"


def test_accepting_after_the_hold_expired_takes_the_unit_if_it_is_still_free(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    expire(world, referral["hold_id"])

    assert manager.post(f"/referrals/{referral['id']}/accept").status_code == 200


def test_accepting_after_the_hold_expired_is_refused_when_somebody_else_has_the_unit(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    referral = world.refer(officer, world.create_household(officer), unit)
    expire(world, referral["hold_id"])
    world.create_unit(manager)
    assert world.hold(officer, world.create_household(officer), unit).status_code == 201

    answer = manager.post(f"/referrals/{referral['id']}/accept")

    assert_problem(answer, "hold-over")


def test_a_review_unit_is_cleared_by_its_providers_acceptance(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "CM3 5TQ"))
    household = world.create_household(officer, areas=[CIRCLE_AT_CHELMSFORD])
    assert [found["unit_id"] for found in world.search(officer, household)["review"]] == [unit["id"]]
    referral = world.refer(officer, household, unit)

    check = manager.get(f"/referrals/{referral['id']}/exact-check").get_json()
    accepted = manager.post(f"/referrals/{referral['id']}/accept")

    assert check["inside_any"] is False
    assert accepted.status_code == 200


def test_nobodys_acceptance_relaxes_an_area_to_avoid(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "CM1 1QH"))
    household = world.create_household(officer, areas=[CIRCLE_AT_CHELMSFORD])
    referral = world.refer(officer, household, unit)

    check = manager.get(f"/referrals/{referral['id']}/exact-check").get_json()
    answer = manager.post(f"/referrals/{referral['id']}/accept")

    assert check["inside_any"] is True
    assert_problem(answer, "inside-area-to-avoid")


def test_an_area_that_is_added_after_the_hold_is_checked_at_acceptance(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "SS1 1AA"))
    household = world.create_household(officer)
    referral = world.refer(officer, household, unit)
    world.create_area(officer, household, SOUTHEND)

    assert_problem(manager.post(f"/referrals/{referral['id']}/accept"), "inside-area-to-avoid")


def test_the_exact_check_is_for_the_units_own_provider_alone(world: World) -> None:
    officer, manager, stranger = world.create_officer(), world.create_manager(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))

    assert_problem(stranger.get(f"/referrals/{referral['id']}/exact-check"), "not-found")
    assert_problem(officer.get(f"/referrals/{referral['id']}/exact-check"), "not-permitted")


def test_why_a_review_was_declined_is_not_told_to_the_officer(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "CM1 1QH"))
    referral = world.refer(officer, world.create_household(officer, areas=[CIRCLE_AT_CHELMSFORD]), unit)
    manager.made(f"/referrals/{referral['id']}/decline", {"reason": "unsafe_area"})

    assert officer.get(f"/referrals/{referral['id']}").get_json()["reason"] == "not_available"
    assert manager.get(f"/referrals/{referral['id']}").get_json()["reason"] == "unsafe_area"


def test_a_resident_with_the_same_perpetrator_hides_the_property_without_a_word(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    home = world.create_property(manager)
    first, beside = world.create_unit(manager, home), world.create_unit(manager, home)
    him = [{"name": "Terence  O'Testson", "born_on": "1980-02-03"}]
    world.place(officer, manager, world.create_household(officer, perpetrators=him), first)

    same = world.search(officer, world.create_household(officer, perpetrators=[{"name": "terence o’TESTSON"}]))
    other = world.search(officer, world.create_household(officer, perpetrators=[{"name": "Somebody Else"}]))

    assert excluded(same) == {"not_available": 2}
    assert offered(other) == [beside["id"]]


def test_a_quota_without_recourse_closes_when_it_is_full(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager(no_recourse_quota=1)
    units = [world.create_unit(manager, no_recourse="quota") for _ in range(2)]
    household = world.create_household(officer, needs={"no_recourse": True})
    assert len(offered(world.search(officer, household))) == 2
    world.hold(officer, world.create_household(officer, needs={"no_recourse": True}), units[0])

    answer = world.search(officer, household)

    assert offered(answer) == []
    assert excluded(answer) == {"not_available": 1, "no_recourse": 1}


def depart(manager: Caller, placement: dict[str, Any], world: World) -> dict[str, Any]:
    """Record a departure today."""
    body = {"departed_on": world.today().isoformat(), "destination": "social"}
    return manager.made(f"/placements/{placement['id']}/departure", body)


def test_arrival_starts_the_licence_and_extension_moves_its_end(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, licence_days=28)
    placement = world.place(officer, manager, world.create_household(officer), unit)
    later = (world.today() + timedelta(days=56)).isoformat()

    extended = manager.made(f"/placements/{placement['id']}/extensions", {"ends_on": later, "reason": "safety"})

    assert placement["licence_ends_on"] == (world.today() + timedelta(days=28)).isoformat()
    assert extended["licence_ends_on"] == later


def test_an_extension_moves_the_end_to_a_later_day_only(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    placement = world.place(officer, manager, world.create_household(officer), world.create_unit(manager))

    answer = manager.post(
        f"/placements/{placement['id']}/extensions", {"ends_on": placement["licence_ends_on"], "reason": "safety"}
    )

    assert_problem(answer, "extension-not-later")


def test_departure_starts_the_turnaround_and_wants_a_destination(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, turnaround_days=5)
    placement = world.place(officer, manager, world.create_household(officer), unit)
    body = {"departed_on": world.today().isoformat()}
    assert_problem(manager.post(f"/placements/{placement['id']}/departure", body), "invalid-input")

    depart(manager, placement, world)

    board = manager.get("/vacancies").get_json()["items"][0]
    assert board["status"] == "void"
    assert board["available_on"] > world.today().isoformat()


def test_a_household_that_did_not_come_leaves_the_unit_free(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    referral = world.refer(officer, world.create_household(officer), unit)
    accepted = manager.made(f"/referrals/{referral['id']}/accept")

    manager.made(f"/placements/{accepted['placement_id']}/non-arrival", {"reason": "went_elsewhere"})

    assert manager.get("/vacancies").get_json()["items"][0]["status"] == "free"


def test_a_move_that_the_state_does_not_allow_names_the_legal_ones(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    placement = world.place(officer, manager, world.create_household(officer), world.create_unit(manager))

    answer = manager.post(f"/placements/{placement['id']}/arrival", {"arrived_on": world.today().isoformat()})

    problem = assert_problem(answer, "illegal-move")
    assert (problem["state"], problem["legal_moves"]) == ("living", ["extend_licence", "record_departure"])


def test_a_placement_keeps_the_terms_that_its_unit_had(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    placement = world.place(officer, manager, world.create_household(officer), unit)
    etag = manager.get(f"/units/{unit['id']}").headers["ETag"]
    change = {"occupancy_basis": "protected_licence", "self_contained": True}
    assert manager.patch(f"/units/{unit['id']}", change, headers={"If-Match": etag}).status_code == 200

    kept = manager.get(f"/placements/{placement['id']}").get_json()

    assert (kept["occupancy_basis"], kept["notice_min_days"]) == ("excluded_licence", 7)


def test_a_void_over_a_held_unit_is_refused(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    world.hold(officer, world.create_household(officer), unit)

    answer = manager.post(f"/units/{unit['id']}/voids", {"reason": "repairs", "starts_on": world.today().isoformat()})

    assert_problem(answer, "unit-already-taken")


def test_a_void_unit_is_not_offered_and_a_cancelled_void_frees_it(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer)
    body = {"reason": "repairs", "starts_on": world.today().isoformat()}
    made = manager.post(f"/units/{unit['id']}/voids", body)
    assert offered(world.search(officer, household)) == []

    path = f"/voids/{made.get_json()['id']}"
    answer = manager.call("DELETE", path, {"reason": "The plumber came."}, headers={"If-Match": made.headers["ETag"]})

    assert answer.status_code == 204
    assert offered(world.search(officer, household)) == [unit["id"]]


def test_a_provider_sees_needs_at_once_and_names_only_after_accepting(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))

    before = manager.get(f"/referrals/{referral['id']}")
    after = manager.post(f"/referrals/{referral['id']}/accept")

    assert "Ayesha" not in before.get_data(as_text=True)
    assert "1990" not in before.get_data(as_text=True)
    assert after.get_json()["case"]["members"][0]["name"] == "Ayesha Testperson"


def test_a_point_outside_the_cell_of_its_postcode_is_refused_and_nothing_is_opened(world: World) -> None:
    manager = world.create_manager()
    address = {"lines": ["1 Far Away"], "town": "Leeds", "postcode": "SS1 1AA", "latitude": 53.8, "longitude": -1.55}

    answer = manager.post("/properties", {"reference": "B-FAR", "address": address})

    assert_problem(answer, "point-outside-cell")
    assert manager.get("/properties").get_json()["items"] == []


def test_a_street_address_cannot_be_looked_up_without_a_geocoder_and_the_officer_is_told_what_else_to_give(
    world: World,
) -> None:
    officer = world.create_officer()
    household = world.create_household(officer)
    geometry = {"type": "circle", "centre": {"address": "1 Canary Street, Southend"}, "radius_metres": 500}
    body = {"geometry": geometry, "reason": "his_home", "source": "survivor"}

    answer = officer.post(f"/households/{household['id']}/areas-to-avoid", body)

    problem = assert_problem(answer, "look-up-unavailable")
    assert "Give a postcode or a point" in problem["detail"]


def test_a_referral_cannot_rest_on_a_hold_that_was_given_back(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    hold = world.hold(officer, world.create_household(officer), world.create_unit(manager))
    path = f"/holds/{hold.get_json()['id']}"
    officer.call("DELETE", path, headers={"If-Match": hold.headers["ETag"]})

    answer = officer.post("/referrals", {"hold_id": hold.get_json()["id"]})

    assert assert_problem(answer, "hold-over")["state"] == "released"


def test_accepting_never_takes_a_unit_whose_hold_was_given_back_behind_the_referral(world: World) -> None:
    """What a release that raced with the referral would have left behind."""
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    with world.unit_of_work() as uow:
        hold = uow.session.get_one(Hold, UUID(referral["hold_id"]))
        close_hold(uow, hold, ReleaseReason.HOLDER_RELEASED)

    answer = manager.post(f"/referrals/{referral['id']}/accept")

    assert assert_problem(answer, "hold-over")["state"] == "released"


def test_a_household_that_no_longer_fits_is_not_accepted(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    household = world.create_household(officer)
    referral = world.refer(officer, household, world.create_unit(manager, bed_spaces=1))
    etag = officer.get(f"/households/{household['id']}").headers["ETag"]
    two = [{"role": "survivor", "gender": "female"}, {"role": "adult", "gender": "female"}]
    officer.patch(f"/households/{household['id']}", {"members": two}, headers={"If-Match": etag})

    answer = manager.post(f"/referrals/{referral['id']}/accept")

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "bed_spaces"


def test_a_unit_that_was_withdrawn_meanwhile_accepts_nobody(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    referral = world.refer(officer, world.create_household(officer), unit)
    manager.made(f"/units/{unit['id']}/withdrawal")

    answer = manager.post(f"/referrals/{referral['id']}/accept")

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "withdrawn"


def test_two_households_that_fled_the_same_man_are_not_both_accepted_into_one_property(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    home = world.create_property(manager)
    him = [{"name": "Terence Testson"}]
    referrals = [
        world.refer(officer, world.create_household(officer, perpetrators=him), world.create_unit(manager, home))
        for _ in range(2)
    ]
    manager.made(f"/referrals/{referrals[0]['id']}/accept")

    answer = manager.post(f"/referrals/{referrals[1]['id']}/accept")

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "linked_to_resident"


def test_a_property_without_a_point_of_its_own_is_inside_wherever_it_might_be(world: World) -> None:
    """The postcode's point is just outside the circle; the building may be on either side of it."""
    officer, manager = world.create_officer(), world.create_manager()
    circle = {"type": "circle", "centre": {"latitude": 51.7355, "longitude": 0.4700}, "radius_metres": 1000}
    postcode = "CM1 1QH"
    vague = world.create_unit(manager, world.create_property(manager, postcode))
    gazetteer = world.harbour.atlas.gazetteer
    place = gazetteer.find(Postcode.parse(postcode))
    area = parse_area(circle, gazetteer)
    assert area.outer is not None
    radius = 1000 + area.outer.distance(Point(place.easting, place.northing)) - place.uncertainty_metres / 2
    household = world.create_household(officer, areas=[{**circle, "radius_metres": max(radius, 100)}])

    referral = world.refer(officer, household, vague)
    check = manager.get(f"/referrals/{referral['id']}/exact-check").get_json()

    assert check["inside_any"] is True


def test_an_unsafe_area_is_never_the_reason_that_an_officer_sees(world: World) -> None:
    """Areas may be added after the hold, to ask a second exact question."""
    officer, manager = world.create_officer(), world.create_manager()
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    manager.made(f"/referrals/{referral['id']}/decline", {"reason": "unsafe_area"})

    seen = officer.get(f"/referrals/{referral['id']}").get_json()

    assert (seen["verdict"], seen["reason"], seen["declined_by"]) == ("suitable", "not_available", None)


def test_an_old_search_is_judged_as_of_today(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, boys_upper_age="14")
    today = world.today()
    birthday = today.replace(year=today.year - 15)
    members = [{"role": "survivor", "gender": "female"}, {"role": "child", "gender": "male", "born_on": str(birthday)}]
    household = world.create_household(officer, members=members)
    search = world.search(officer, household)
    with world.unit_of_work() as uow:
        uow.session.get_one(Search, UUID(search["id"])).needed_on = today - timedelta(days=1)

    answer = officer.post("/holds", {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]})

    assert assert_problem(answer, "unit-not-suitable")["reason"] == "boys_upper_age"


def test_a_household_without_recourse_does_not_fill_the_quota_against_itself(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager(no_recourse_quota=1)
    unit = world.create_unit(manager, no_recourse="quota")
    referral = world.refer(officer, world.create_household(officer, needs={"no_recourse": True}), unit)

    assert manager.post(f"/referrals/{referral['id']}/accept").status_code == 200
