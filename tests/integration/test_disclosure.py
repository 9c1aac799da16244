"""Telling an address, over HTTP, on both databases: to whom, how often, for how long, who hears of it, who has seen it."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.alerts import Alert
from accommodation.disclosure import UNOPENED_FOR, VIEW_FOR
from accommodation.disclosure_caps import DEFAULT_CAPS, DisclosureCaps
from accommodation.models import Worker
from accommodation.vocabulary import Role
from api.outbox import OutboxMessage
from api.scheduler import notice_lapsed_releases
from placement.release_models import AddressDisclosure
from tests.support.problems import assert_problem, masked
from tests.support.sessions import sign_in, step_up
from tests.support.world import Caller, World

NIGHT = datetime.fromisoformat("2026-11-24T02:00:00+00:00")


@dataclass
class Night:
    """An accepted household, the officer who referred it, and the manager who accepted; both have just stepped up."""

    world: World
    officer: Caller
    manager: Caller
    household: dict[str, Any]
    unit: dict[str, Any]
    referral_id: str
    placement_id: str

    @property
    def door(self) -> str:
        return f"/properties/{self.unit['property_id']}/address-disclosures"

    def ask(self, caller: Caller, **body: Any) -> TestResponse:
        """Ask for the address."""
        return caller.post(self.door, {"placement_id": self.placement_id, **body})

    def colleague(self, role: Role = Role.HOUSING_OFFICER) -> Caller:
        """Return somebody else of the officer's organisation, stepped up."""
        return sign_in(self.world.create_caller(role, self.officer.organisation_id))

    def staff(self, role: Role) -> Caller:
        """Return somebody else of the provider, stepped up."""
        return sign_in(self.world.create_caller(role, self.manager.organisation_id))

    def at(self, later: timedelta) -> time_machine.travel:
        """Return the night that much later, with the clock standing still."""
        return time_machine.travel(NIGHT + later, tick=False)


@pytest.fixture
def night(world: World) -> Any:
    """A night whose clock stands still."""
    with time_machine.travel(NIGHT, tick=False):
        yield make_night(world)


def make_night(world: World, **devices: str) -> Night:
    """Arrange an accepted household."""
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager, door_name="Rose room")
    checked = {"phone": "checked", "car": "none", "child_devices": "none", **devices}
    household = world.create_household(officer, tracking_devices=checked)
    referral = world.refer(officer, household, unit)
    assert manager.get(f"/referrals/{referral['id']}/exact-check").status_code == 200
    placement_id = manager.made(f"/referrals/{referral['id']}/accept")["placement_id"]
    return Night(world, sign_in(officer), sign_in(manager), household, unit, referral["id"], placement_id)


def messages(world: World) -> list[OutboxMessage]:
    """Return the outbox, oldest first."""
    with Session(world.engine) as session:
        return list(session.execute(select(OutboxMessage).order_by(OutboxMessage.written_at)).scalars())


def alerts(world: World) -> list[Alert]:
    """Return every alert."""
    with Session(world.engine) as session:
        return list(session.execute(select(Alert).order_by(Alert.raised_at, Alert.id)).scalars())


# --------------------------------------------------------------------------------------------------------- to whom, how


def test_the_named_officer_opens_the_address_that_the_manager_released_to_her(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)

    told = night.ask(night.officer)

    assert told.status_code == 201
    body = told.get_json()
    assert (body["address"]["lines"], body["door_name"]) == (["17 Canary Wharfside"], "Rose room")
    assert datetime.fromisoformat(body["readable_until"]) == NIGHT + VIEW_FOR


def test_acceptance_alone_tells_nobody(night: Night) -> None:
    assert_problem(night.ask(night.officer), "not-found")


def test_nobody_but_the_named_officer_learns_that_there_is_a_release(night: Night) -> None:
    release = night.world.release(night.manager, night.officer, night.placement_id)
    strangers = [
        night.colleague(),
        sign_in(night.world.create_officer()),
        sign_in(night.world.create_manager()),
        night.staff(Role.REFUGE_MANAGER),
    ]

    for caller in strangers:
        nothing = caller.post(f"/properties/{uuid.uuid4()}/address-disclosures", {"placement_id": str(uuid.uuid4())})
        if caller.organisation_id != night.manager.organisation_id:
            assert masked(night.ask(caller)) == masked(nothing)
            assert masked(caller.get(f"/address-releases/{release['id']}")) == masked(nothing)
            assert masked(caller.post(f"/address-releases/{release['id']}/revocation")) in (
                masked(nothing),
                masked(caller.post(f"/address-releases/{uuid.uuid4()}/revocation")),
            )
        else:
            assert_problem(night.ask(caller), "invalid-input")  # own staff: only the reason is missing
    releases = f"/placements/{night.placement_id}/address-releases"
    assert strangers[0].get(releases).get_json()["items"] == []
    assert [row["id"] for row in night.officer.get(releases).get_json()["items"]] == [release["id"]]
    with Session(night.world.engine) as session:
        assert session.execute(select(AddressDisclosure)).first() is None


def test_a_release_names_an_officer_of_the_organisation_that_placed_the_household(night: Night) -> None:
    left = night.colleague()
    with night.world.unit_of_work() as uow:
        uow.session.get_one(Worker, left.worker_id).left_at = NIGHT
    path = f"/placements/{night.placement_id}/address-releases"

    other_role = night.colleague(Role.SAFEGUARDING_LEAD).worker_id
    strangers = (night.world.create_officer().worker_id, night.manager.worker_id, uuid.uuid4())
    for worker_id in (*strangers, left.worker_id, other_role):
        problem = assert_problem(night.manager.post(path, {"officer_id": str(worker_id), "reason": "Now"}), "invalid-input")
        assert problem["errors"][0]["pointer"] == "/officer_id"


@pytest.mark.parametrize("role", [Role.RESETTLEMENT_WORKER, Role.HOUSING_OFFICER, Role.ADMINISTRATOR])
def test_only_a_refuge_manager_releases(night: Night, role: Role) -> None:
    body = {"officer_id": str(night.officer.worker_id), "reason": "Now"}

    answer = night.staff(role).post(f"/placements/{night.placement_id}/address-releases", body)

    assert_problem(answer, "not-permitted")


def test_a_manager_of_another_provider_cannot_release(night: Night) -> None:
    other = sign_in(night.world.create_manager())
    body = {"officer_id": str(night.officer.worker_id), "reason": "Now"}

    theirs = other.post(f"/placements/{night.placement_id}/address-releases", body)
    nothing = other.post(f"/placements/{uuid.uuid4()}/address-releases", body)

    assert_problem(theirs, "not-found")
    assert masked(theirs) == masked(nothing)


def test_a_placement_in_one_property_does_not_open_another(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    elsewhere = night.world.create_property(night.manager)

    answer = night.officer.post(f"/properties/{elsewhere['id']}/address-disclosures", {"placement_id": night.placement_id})

    assert_problem(answer, "not-found")


# ------------------------------------------------------------------------------------------------------- second factor


def test_without_a_second_factor_the_named_officer_hears_that_it_is_all_she_lacks(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)

    assert_problem(night.ask(sign_in(night.officer, stepped_up=False)), "step-up-needed")


def test_without_a_second_factor_everything_else_looks_as_if_it_did_not_exist(world: World) -> None:
    """Devices unchecked, used up, revoked, opened elsewhere, a cap: a stolen session or key is told none of it."""
    with time_machine.travel(NIGHT, tick=False):
        night = make_night(world, phone="not_checked")
        blind = sign_in(night.officer, stepped_up=False)
        night.world.release(night.manager, night.officer, night.placement_id)
        nothing = masked(blind.post(f"/properties/{uuid.uuid4()}/address-disclosures", {"reason": "x"}))

        unchecked = night.ask(blind)
        assert_problem(night.ask(night.officer), "tracking-devices-unchecked")
        check_devices(night)
        allowed = night.ask(blind)
        world.harbour.disclosure_caps = DisclosureCaps(officer_views=0)
        capped = night.ask(blind)
        assert_problem(night.ask(night.officer), "disclosure-cap-reached")
        world.harbour.disclosure_caps = DEFAULT_CAPS
        assert night.ask(night.officer).status_code == 201
        elsewhere = night.ask(blind)
    with night.at(VIEW_FOR):
        used = night.ask(sign_in(night.officer, stepped_up=False))

    assert_problem(allowed, "step-up-needed")
    assert [masked(answer) == nothing for answer in (unchecked, capped, elsewhere, used)] == [True] * 4


def check_devices(night: Night) -> None:
    """Record that every device was checked."""
    path = f"/households/{night.household['id']}"
    etag = night.officer.get(path).headers["ETag"]
    devices = {"phone": "checked", "car": "none", "child_devices": "none"}
    assert night.officer.patch(path, {"tracking_devices": devices}, headers={"If-Match": etag}).status_code == 200


def test_a_second_factor_shown_too_long_ago_counts_no_more(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)

    with night.at(timedelta(minutes=5)):
        late = night.ask(night.officer)
        in_time = night.ask(step_up(night.officer))

    assert_problem(late, "step-up-needed")
    assert in_time.status_code == 201


def test_releasing_and_looking_up_need_a_second_factor_and_taking_back_does_not(night: Night) -> None:
    blind = sign_in(night.manager, stepped_up=False)
    body = {"officer_id": str(night.officer.worker_id), "reason": "Now"}
    path = f"/placements/{night.placement_id}/address-releases"

    assert_problem(blind.post(path, body), "step-up-needed")
    assert_problem(blind.post(path, {**body, "officer_id": str(uuid.uuid4())}), "not-found")
    assert_problem(blind.post(night.door, {"reason": "A plumber"}), "step-up-needed")
    assert_problem(blind.post(night.door, {}), "not-found")
    release = night.world.release(night.manager, night.officer, night.placement_id)
    assert blind.post(f"/address-releases/{release['id']}/revocation").status_code == 200


# ----------------------------------------------------------------------------------------------- once, fifteen minutes


def test_the_session_that_opened_it_reads_it_again_for_fifteen_minutes_and_then_never(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    first = night.ask(night.officer)

    with night.at(VIEW_FOR - timedelta(seconds=1)):
        again = night.ask(step_up(night.officer))
    with night.at(VIEW_FOR):
        late = night.ask(step_up(night.officer))

    assert again.get_json() == first.get_json()
    assert assert_problem(late, "release-over")["state"] == "used"


def test_reading_again_needs_the_second_factor_again(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    night.ask(night.officer)

    with night.at(timedelta(minutes=6)):
        assert_problem(night.ask(night.officer), "step-up-needed")


def test_another_session_of_the_same_officer_cannot_read_the_view(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    night.ask(night.officer)

    problem = assert_problem(night.ask(sign_in(night.officer)), "release-over")

    assert problem["state"] == "opened_elsewhere"


def test_a_release_that_nobody_opened_dies_after_a_day_and_both_organisations_hear_of_it_once(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    before = len(messages(night.world))

    with night.at(UNOPENED_FOR), night.world.app.app_context():
        assert_problem(night.ask(step_up(night.officer)), "release-over")
        told = [notice_lapsed_releases(), notice_lapsed_releases()]

    assert told == [1, 0]
    written = messages(night.world)[before:]
    assert {message.organisation_id for message in written} == {
        night.officer.organisation_id,
        night.manager.organisation_id,
    }


def test_a_release_that_was_opened_or_taken_back_does_not_lapse(night: Night) -> None:
    release = night.world.release(night.manager, night.officer, night.placement_id)
    night.manager.made(f"/address-releases/{release['id']}/revocation")
    night.world.release(night.manager, night.officer, night.placement_id)
    night.ask(night.officer)

    with night.at(UNOPENED_FOR * 2), night.world.app.app_context():
        assert notice_lapsed_releases() == 0


@pytest.mark.parametrize("opened", [False, True])
def test_a_revoked_release_tells_nothing_also_in_the_middle_of_its_view(night: Night, opened: bool) -> None:
    release = night.world.release(night.manager, night.officer, night.placement_id)
    if opened:
        assert night.ask(night.officer).status_code == 201

    revoked = night.manager.post(f"/address-releases/{release['id']}/revocation")

    assert revoked.get_json()["state"] == "revoked"
    assert assert_problem(night.ask(night.officer), "release-over")["state"] == "revoked"
    again = night.manager.post(f"/address-releases/{release['id']}/revocation")
    assert assert_problem(again, "illegal-move")["legal_moves"] == ["create_address_release"]


def test_one_release_at_a_time_and_a_new_one_ends_the_sight_of_the_officer_before(night: Night) -> None:
    path = f"/placements/{night.placement_id}/address-releases"
    other = night.colleague()
    first = night.world.release(night.manager, night.officer, night.placement_id)
    refused = night.manager.post(path, {"officer_id": str(other.worker_id), "reason": "Shift change"})
    night.manager.made(f"/address-releases/{first['id']}/revocation")
    night.world.release(night.manager, other, night.placement_id)

    assert assert_problem(refused, "illegal-move")["legal_moves"] == ["revoke_address_release"]
    assert_problem(night.ask(night.officer), "not-found")
    assert night.ask(other).status_code == 201


def test_arrival_ends_the_release_and_the_manager_may_release_again_while_they_live_there(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    arrived_on = night.world.today().isoformat()
    night.manager.made(f"/placements/{night.placement_id}/arrival", {"arrived_on": arrived_on})

    ended = night.ask(night.officer)
    night.world.release(night.manager, night.officer, night.placement_id)
    anew = night.ask(night.officer)
    departed = {"departed_on": arrived_on, "destination": "social"}
    night.manager.made(f"/placements/{night.placement_id}/departure", departed)
    gone = night.ask(night.officer)

    assert assert_problem(ended, "release-over")["state"] == "arrived"
    assert anew.status_code == 201
    assert assert_problem(gone, "release-over")["state"] == "over"
    path = f"/placements/{night.placement_id}/address-releases"
    refused = night.manager.post(path, {"officer_id": str(night.officer.worker_id), "reason": "Post"})
    assert assert_problem(refused, "illegal-move")["state"] == "over"


def test_the_devices_are_checked_before_an_address_or_a_meeting_point_is_told(world: World) -> None:
    night = make_night(world, car="not_checked")
    world.release(night.manager, night.officer, night.placement_id)
    meeting = f"/referrals/{night.referral_id}/meeting-point"

    before = [night.ask(night.officer), night.officer.get(meeting)]
    check_devices(night)
    after = [night.ask(night.officer), night.officer.get(meeting)]

    for answer in before:
        assert_problem(answer, "tracking-devices-unchecked")
    assert [answer.status_code for answer in after] == [201, 200]


def test_two_at_once_open_one_release_once(world: World) -> None:
    night = make_night(world)
    night.world.release(night.manager, night.officer, night.placement_id)
    sessions = [sign_in(night.officer) for _ in range(8)]
    barrier = threading.Barrier(len(sessions))
    statuses: list[int] = []

    def open_it(session: Caller) -> None:
        caller = replace(session, client=world.app.test_client(use_cookies=False))
        barrier.wait()
        statuses.append(night.ask(caller).status_code)

    threads = [threading.Thread(target=open_it, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201] + [409] * 7


# ------------------------------------------------------------------------------------------------------- meeting point


def test_the_meeting_point_comes_after_acceptance_with_a_second_factor_and_stands_in_no_other_answer(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    referral = world.refer(officer, world.create_household(officer), unit)
    path = f"/referrals/{referral['id']}/meeting-point"

    early = sign_in(officer).get(path)
    accepted = manager.post(f"/referrals/{referral['id']}/accept")

    assert_problem(early, "not-found")
    assert_problem(officer.get(path), "step-up-needed")
    assert_problem(sign_in(world.create_officer()).get(path), "not-found")
    assert sign_in(officer).get(path).get_json()["meeting_point"] == "The clock at the station"
    assert sign_in(manager).get(path).status_code == 200
    for caller in (officer, manager, sign_in(officer), sign_in(manager)):
        for shown in (f"/referrals/{referral['id']}", "/referrals", "/placements"):
            assert "clock" not in caller.get(shown).get_data(as_text=True)
    assert "clock" not in accepted.get_data(as_text=True)


# ------------------------------------------------------------------------------------------------------------ own staff


@pytest.mark.parametrize("role", [Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER])
def test_own_staff_give_a_reason_and_her_organisation_sees_it(night: Night, role: Role) -> None:
    worker = night.staff(role)
    assert_problem(worker.post(night.door, {}), "invalid-input")

    told = worker.post(night.door, {"reason": "To let the plumber in"})

    assert told.get_json()["readable_until"] is None
    lead = night.staff(Role.SAFEGUARDING_LEAD)
    seen = lead.get(f"/properties/{night.unit['property_id']}/disclosures").get_json()["items"]
    disclosed = [row for row in seen if row["action"] == "address:disclosed"]
    assert [(row["reader"]["worker_id"], row["reason"]) for row in disclosed] == [
        (str(worker.worker_id), "To let the plumber in")
    ]
    assert {message.organisation_id for message in messages(night.world)} == {night.manager.organisation_id}


# ------------------------------------------------------------------------------------------------------------ who hears


def test_both_organisations_hear_of_each_act_in_a_reference_and_a_date(night: Night) -> None:
    both = {night.officer.organisation_id, night.manager.organisation_id}
    acts = [
        lambda: night.world.release(night.manager, night.officer, night.placement_id)["id"],
        lambda: night.ask(night.officer),
        lambda: night.manager.made(f"/address-releases/{released}/revocation"),
        lambda: night.ask(night.manager, reason="To lay the table"),
    ]
    released, written = "", 0

    for act in acts:
        answer = act()
        released = answer if isinstance(answer, str) else released
        fresh = messages(night.world)[written:]
        written += len(fresh)
        assert sorted(message.organisation_id for message in fresh) == sorted(both)

    reference = night.officer.get(f"/placements/{night.placement_id}").get_json()["reference"]
    assert {message.text for message in messages(night.world)} == {
        f"{reference}: something was recorded on 2026-11-24. Open Harbour."
    }


def test_reading_a_view_again_is_recorded_and_told_to_nobody_a_second_time(night: Night) -> None:
    night.world.release(night.manager, night.officer, night.placement_id)
    night.ask(night.officer)
    told = len(messages(night.world))

    night.ask(night.officer)

    path = f"/properties/{night.unit['property_id']}/disclosures"
    actions = {row["action"] for row in night.manager.get(path).get_json()["items"]}
    assert actions >= {"address:disclosed", "address:disclosed:again"}
    assert len(messages(night.world)) == told


def test_a_refused_telling_leaves_nothing_behind(night: Night) -> None:
    night.world.harbour.disclosure_caps = DisclosureCaps(property_views=0)
    night.world.release(night.manager, night.officer, night.placement_id)
    told = len(messages(night.world))

    assert_problem(night.ask(night.officer), "disclosure-cap-reached")

    release = night.officer.get(f"/placements/{night.placement_id}/address-releases").get_json()["items"][0]
    assert (release["state"], release["opened_at"]) == ("released", None)
    assert len(messages(night.world)) == told


# ----------------------------------------------------------------------------------------------------------------- caps


CAPS_OF_A_VIEW = ["officer_views", "organisation_views", "property_views"]


@pytest.mark.parametrize("capped", CAPS_OF_A_VIEW)
def test_a_view_over_a_cap_is_refused_until_the_day_is_over(night: Night, capped: str) -> None:
    night.world.harbour.disclosure_caps = DisclosureCaps(**{capped: 1})
    night.world.release(night.manager, night.officer, night.placement_id)
    assert night.ask(night.officer).status_code == 201
    second = night.officer if capped == "officer_views" else night.colleague()

    with night.at(timedelta(minutes=20)):
        night.world.release(step_up(night.manager), second, night.placement_id)
        refused = night.ask(step_up(second))
    with night.at(timedelta(hours=24)):
        later = night.ask(step_up(second))

    problem = assert_problem(refused, "disclosure-cap-reached")
    assert datetime.fromisoformat(problem["come_back_at"]) == NIGHT + timedelta(hours=24)
    assert int(refused.headers["Retry-After"]) == 24 * 3600 - 20 * 60
    assert later.status_code == 201


def test_when_to_come_back_does_not_tell_the_minute_of_somebody_elses_view(night: Night) -> None:
    night.world.harbour.disclosure_caps = DisclosureCaps(property_views=1)
    night.world.release(night.manager, night.officer, night.placement_id)
    with night.at(timedelta(minutes=7)):
        night.ask(step_up(night.officer))
    other = night.colleague()

    with night.at(timedelta(minutes=30)):
        night.world.release(step_up(night.manager), other, night.placement_id)
        problem = assert_problem(night.ask(step_up(other)), "disclosure-cap-reached")

    assert problem["come_back_at"].endswith(":00:00+00:00")


def test_a_manager_releases_and_staff_look_up_only_so_often(night: Night) -> None:
    night.world.harbour.disclosure_caps = DisclosureCaps(manager_releases=1, staff_readings=1, provider_readings=2)
    release = night.world.release(night.manager, night.officer, night.placement_id)
    night.manager.made(f"/address-releases/{release['id']}/revocation")
    body = {"officer_id": str(night.officer.worker_id), "reason": "Again"}

    over = night.manager.post(f"/placements/{night.placement_id}/address-releases", body)
    looked_up = [
        caller.post(night.door, {"reason": "Keys"}).status_code
        for caller in (night.manager, night.manager, *(night.staff(Role.RESETTLEMENT_WORKER) for _ in range(2)))
    ]

    assert_problem(over, "disclosure-cap-reached")
    assert looked_up == [201, 429, 201, 429]


def test_nearing_a_cap_alerts_the_lead_of_the_organisation_concerned_once(night: Night) -> None:
    for number in range(5):
        with night.at(timedelta(minutes=20 * number)):
            night.world.release(step_up(night.manager), night.officer, night.placement_id)
            assert night.ask(step_up(night.officer)).status_code == 201

    raised = {(alert.details["counted"], alert.organisation_id, alert.subject_id) for alert in alerts(night.world)}
    assert len(alerts(night.world)) == len(raised)
    assert raised == {
        ("officer_views", night.officer.organisation_id, night.officer.worker_id),
        ("property_views", night.manager.organisation_id, uuid.UUID(night.unit["property_id"])),
    }


# --------------------------------------------------------------------------------------------------- who has seen this


def test_the_provider_sees_who_was_told_and_who_ran_the_exact_check_and_by_name_whom_it_named(night: Night) -> None:
    release = night.world.release(night.manager, night.officer, night.placement_id, "She drives them")
    night.ask(night.officer, reason="For the taxi")
    night.colleague().get(f"/referrals/{night.referral_id}/meeting-point")

    rows = night.manager.get(f"/properties/{night.unit['property_id']}/disclosures").get_json()["items"]

    by_action = {row["action"]: row for row in rows}
    assert by_action["referral:exact_check:read"]["referral_id"] == night.referral_id
    assert by_action["referral:exact_check:read"]["reader"]["name"] == "Wilhelmina Testworker"
    assert by_action["address:released"]["officer"]["worker_id"] == str(night.officer.worker_id)
    assert by_action["address:released"]["reason"] == "She drives them"
    disclosed = by_action["address:disclosed"]
    assert (disclosed["reader"]["name"], disclosed["reason"]) == ("Wilhelmina Testworker", "For the taxi")
    assert (disclosed["release_id"], disclosed["placement_id"]) == (release["id"], night.placement_id)
    assert by_action["meeting_point:told"]["reader"]["name"] is None
    assert by_action["meeting_point:told"]["reader"]["organisation_name"].startswith("Organisation")


def test_the_council_sees_who_read_its_household_in_both_organisations_and_no_exact_check(night: Night) -> None:
    night.officer.get(f"/households/{night.household['id']}")
    night.manager.get(f"/referrals/{night.referral_id}")
    lead = night.colleague(Role.SAFEGUARDING_LEAD)

    rows = lead.get(f"/households/{night.household['id']}/readings").get_json()["items"]

    assert rows == night.officer.get(f"/households/{night.household['id']}/readings").get_json()["items"]
    assert {row["action"] for row in rows} == {"household:read", "referral:read"}
    own = [row for row in rows if row["reader"]["organisation_id"] == str(night.officer.organisation_id)]
    theirs = [row for row in rows if row not in own]
    assert own
    assert theirs
    assert all(row["reader"]["name"] == "Wilhelmina Testworker" and row["read_at"] for row in own)
    assert all(row["reader"]["name"] is None and row["read_at"] is None for row in theirs)
    assert {row["read_on"] for row in rows} == {"2026-11-24"}


def test_what_others_own_is_not_listed(night: Night) -> None:
    other_manager, other_officer = night.world.create_manager(), night.world.create_officer()
    property_path = f"/properties/{night.unit['property_id']}/disclosures"
    household_path = f"/households/{night.household['id']}/readings"

    assert_problem(other_manager.get(property_path), "not-found")
    assert_problem(other_officer.get(household_path), "not-found")
    assert_problem(night.colleague(Role.SAFEGUARDING_LEAD).get(property_path), "not-found")
    assert_problem(night.staff(Role.SAFEGUARDING_LEAD).get(household_path), "not-found")
