"""Forgetting, by travelling in time: identity goes on its day and not before, counts stay, a legal hold stops both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from accommodation.base import Base
from accommodation.sealing import open_json
from accommodation.vocabulary import Role
from api.audit import AuditEvent
from api.audit.models import AuditReason
from api.auth.models import ApiKey
from api.retention import forget_what_is_due
from placement.events import HouseholdExported
from placement.models import AreaToAvoid, Household, PerpetratorLink, Placement, Referral, Search
from placement.retention_schedule import (
    ANSWER_DAYS,
    CLOSED_CASE_DAYS,
    COUNT_DAYS,
    MESSAGE_DAYS,
    UNPLACED_DAYS,
    WORKER_DAYS,
)
from tests.support.problems import assert_problem, masked
from tests.support.sessions import sign_in
from tests.support.world import World

NAME = "Ayesha Quuxsurvivor"
CIRCLE_IN_KENT = {"type": "circle", "centre": {"postcode": "CT1 2EH"}, "radius_metres": 1000}
MEMBERS = [{"role": "survivor", "name": NAME, "gender": "female", "born_on": "1990-05-01"}]
PERPETRATOR = [{"name": "Derek Quuxperp", "born_on": "1981-12-13"}]


class Case:
    """A council, a provider and a household with everything that identifies one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.officer, self.manager = world.create_officer(), world.create_manager()
        self.lead = world.create_caller(Role.SAFEGUARDING_LEAD, self.officer.organisation_id)
        self.unit = world.create_unit(self.manager)
        self.household = world.create_household(
            self.officer, members=MEMBERS, perpetrators=PERPETRATOR, areas=[CIRCLE_IN_KENT]
        )

    def decline(self) -> None:
        referral = self.world.refer(self.officer, self.household, self.unit)
        body = {"declined_by": "provider", "reason": "other", "notes": "We quuxdeclined her."}
        assert self.manager.post(f"/referrals/{referral['id']}/decline", body).status_code == 200

    def stay_and_leave(self) -> None:
        placement = self.world.place(self.officer, self.manager, self.household, self.unit)
        body = {"departed_on": self.world.today().isoformat(), "destination": "social"}
        assert self.manager.post(f"/placements/{placement['id']}/departure", body).status_code == 200

    def pass_days(self, days: int) -> int:
        """Run the nightly job as it will run in so many days; who asks afterwards has a key that is good till then."""
        with self.world.engine.begin() as connection:
            connection.execute(update(ApiKey).values(expires_at=datetime.now(UTC) + timedelta(days=20_000)))
        with self.world.app.app_context():
            return forget_what_is_due(datetime.now(UTC) + timedelta(days=days))

    def details(self) -> Mapping[str, Any]:
        with self.world.unit_of_work() as uow:
            household = uow.session.execute(select(Household)).scalar_one()
            details: Mapping[str, Any] = open_json(uow.cipher, household, "details_sealed")
            return details

    def is_remembered(self) -> bool:
        return NAME in repr(self.details())


@pytest.fixture
def case(world: World) -> Case:
    """One household's case, not begun yet."""
    return Case(world)


def test_a_declined_household_is_forgotten_after_its_days_and_not_before(case: Case) -> None:
    case.decline()

    case.pass_days(UNPLACED_DAYS - 1)
    remembered = case.is_remembered()
    case.pass_days(UNPLACED_DAYS + 1)

    assert remembered
    assert not case.is_remembered()


def test_a_household_that_left_is_kept_as_its_organisation_says(case: Case) -> None:
    case.stay_and_leave()
    case.lead.made("/retention-period", {"closed_case_days": 200})

    case.pass_days(199)
    remembered = case.is_remembered()
    case.pass_days(202)

    assert remembered
    assert not case.is_remembered()


def test_without_a_period_of_its_own_a_closed_case_is_kept_six_years(case: Case) -> None:
    case.stay_and_leave()

    case.pass_days(CLOSED_CASE_DAYS - 1)
    remembered = case.is_remembered()
    case.pass_days(CLOSED_CASE_DAYS + 2)

    assert remembered
    assert not case.is_remembered()


def test_a_household_in_its_stay_is_never_forgotten(case: Case) -> None:
    case.world.place(case.officer, case.manager, case.household, case.unit)

    case.pass_days(CLOSED_CASE_DAYS * 2)

    assert case.is_remembered()


def test_a_legal_hold_stops_it_until_it_is_lifted(case: Case) -> None:
    case.decline()
    held = case.lead.post(f"/households/{case.household['id']}/legal-holds", {"reason": "A review has asked."})
    hold_id = held.get_json()["id"]

    case.pass_days(UNPLACED_DAYS + 1)
    remembered = case.is_remembered()
    lifted = case.lead.call(
        "DELETE", f"/legal-holds/{hold_id}", {"reason": "It has reported."}, headers={"If-Match": held.headers["ETag"]}
    )
    case.pass_days(UNPLACED_DAYS + 1)

    assert remembered
    assert lifted.status_code == 204
    assert not case.is_remembered()


def test_what_identified_it_is_gone_from_every_table_and_what_is_counted_stays(case: Case) -> None:
    case.decline()
    before = _ciphertexts(case.world)

    case.pass_days(UNPLACED_DAYS + 1)

    with case.world.unit_of_work() as uow:
        session = uow.session
        household = session.execute(select(Household)).scalar_one()
        referral = session.execute(select(Referral)).scalar_one()
        searches = session.execute(select(Search)).scalars().all()
        assert session.execute(select(AreaToAvoid)).scalars().all() == []
        assert session.execute(select(PerpetratorLink)).scalars().all() == []
        assert household.forgotten_at is not None
        assert household.reference != case.household["reference"]
        assert (referral.state, referral.reason, referral.notes_sealed) == ("declined", "other", None)
        assert [(search.household_id, search.answer_sealed) for search in searches] == [(None, None)]
        assert searches[0].demand["needs"]["people"] == 1
    assert case.details()["members"] == [{"role": "survivor", "gender": "female"}]
    about_supply = {"vault_address", "vault_door", "worker"}
    after = _ciphertexts(case.world)
    kept = {table for table, values in after.items() if values & before.get(table, set())}
    assert kept <= about_supply


def test_the_words_in_the_trail_go_and_the_events_stay(case: Case) -> None:
    path = f"/households/{case.household['id']}/legal-holds"
    held = case.lead.post(path, {"reason": "A review has asked."})
    lifting = {"reason": "It has quuxreported."}
    version = {"If-Match": held.headers["ETag"]}
    case.lead.call("DELETE", f"/legal-holds/{held.get_json()['id']}", lifting, headers=version)
    events, words = _trail(case.world)

    case.pass_days(UNPLACED_DAYS + 1)

    events_after, words_after = _trail(case.world)
    assert words
    assert words_after == set()
    assert events <= events_after
    with case.world.unit_of_work() as uow:
        assert uow.session.execute(select(AuditEvent.id).where(AuditEvent.action == "household:forgotten")).all()


def test_the_words_about_its_address_go_too_though_the_property_stays(case: Case) -> None:
    placement = case.world.place(case.officer, case.manager, case.household, case.unit)
    case.world.release(sign_in(case.manager), case.officer, placement["id"])
    gone = {"departed_on": case.world.today().isoformat(), "destination": "social"}
    case.manager.made(f"/placements/{placement['id']}/departure", gone)
    _, words = _trail(case.world)

    case.pass_days(CLOSED_CASE_DAYS + 2)

    assert words
    assert _trail(case.world)[1] == set()


def test_the_deleted_bytes_are_not_in_the_file(case: Case) -> None:
    if case.world.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps dead rows until its own vacuum: operations.md says so")
    case.decline()
    with case.world.unit_of_work() as uow:
        sealed = uow.session.execute(select(AreaToAvoid.facts_sealed)).scalar_one()
    path = case.world.database.directory / "harbour.sqlite3"
    _move_log_into_file(case.world)
    assert sealed in path.read_bytes()

    case.pass_days(UNPLACED_DAYS + 1)
    _move_log_into_file(case.world)

    assert sealed not in path.read_bytes()


def test_a_forgotten_household_looks_as_if_it_had_never_been(case: Case) -> None:
    case.decline()
    case.pass_days(UNPLACED_DAYS + 1)

    gone = case.officer.get(f"/households/{case.household['id']}")
    nobody = case.officer.get("/households/00000000-0000-4000-8000-000000000000")

    assert_problem(gone, "not-found")
    assert masked(gone) == masked(nobody)
    assert case.officer.get("/households").get_json()["items"] == []


def test_the_answer_of_a_search_goes_and_its_demand_stays(case: Case) -> None:
    search = case.world.search(case.officer, case.household)
    case.world.place(case.officer, case.manager, case.household, case.unit)  # an open case is not forgotten

    case.pass_days(ANSWER_DAYS + 1)

    assert_problem(case.officer.get(f"/searches/{search['id']}"), "not-found")
    with case.world.unit_of_work() as uow:
        assert all(
            row.demand["needs"] and row.answer_sealed is None for row in uow.session.execute(select(Search)).scalars()
        )


def test_a_legal_hold_keeps_the_answers_of_searches_too(case: Case) -> None:
    search = case.world.search(case.officer, case.household)
    case.lead.made(f"/households/{case.household['id']}/legal-holds", {"reason": "A review has asked."})

    case.pass_days(ANSWER_DAYS + 1)

    assert case.officer.get(f"/searches/{search['id']}").status_code == 200


def test_counts_are_deleted_in_the_end_with_everything_that_refers_to_them(case: Case) -> None:
    case.stay_and_leave()
    case.pass_days(CLOSED_CASE_DAYS + 2)
    with case.world.unit_of_work() as uow:
        assert uow.session.execute(select(Placement)).scalars().all()

    case.pass_days(CLOSED_CASE_DAYS + 2 + COUNT_DAYS + 1)

    with case.world.unit_of_work() as uow:
        for model in (Household, Placement, Referral, Search):
            assert uow.session.execute(select(model)).scalars().all() == [], model


def test_the_job_may_run_twice_and_does_nothing_the_second_time(case: Case) -> None:
    case.decline()

    first, second = case.pass_days(UNPLACED_DAYS + 1), case.pass_days(UNPLACED_DAYS + 1)

    assert first > 0
    assert second == 0


def test_a_worker_who_left_long_ago_has_no_name(world: World) -> None:
    officer = world.create_officer()
    with world.unit_of_work() as uow:
        uow.session.execute(text("UPDATE worker SET left_at = created_at"))
    with world.app.app_context():
        forget_what_is_due(datetime.now(UTC) + timedelta(days=max(WORKER_DAYS, MESSAGE_DAYS) + 1))

    with world.unit_of_work() as uow:
        names = uow.session.execute(text("SELECT name_sealed FROM worker")).scalars().all()
    assert officer.worker_id
    assert set(names) == {None}


def test_an_export_needs_a_second_factor_and_is_recorded(case: Case) -> None:
    case.decline()

    path = f"/households/{case.household['id']}/subject-access-export"
    auditor = case.world.create_caller(Role.AUDITOR, case.officer.organisation_id)

    assert_problem(case.lead.get(path), "step-up-needed")
    assert_problem(sign_in(case.lead, stepped_up=False).get(path), "step-up-needed")
    assert sign_in(case.lead).get(path).get_json()["details"]["members"][0]["name"] == NAME

    events = auditor.get(f"/audit-events?subject_id={case.household['id']}&limit=200").get_json()["items"]
    assert [event["worker_id"] for event in events if event["action"] == HouseholdExported.name] == [
        str(case.lead.worker_id)
    ]


@pytest.mark.parametrize("days", [0, 89, 3_651])
def test_a_period_outside_its_bounds_is_refused(case: Case, days: int) -> None:
    assert_problem(case.lead.post("/retention-period", {"closed_case_days": days}), "invalid-input")


def _trail(world: World) -> tuple[set[Any], set[Any]]:
    """Return the ids of the trail's events, and of those that still have somebody's words."""
    with world.unit_of_work() as uow:
        events, words = (uow.session.execute(select(model.id)).scalars().all() for model in (AuditEvent, AuditReason))
    return set(events), set(words)


def _ciphertexts(world: World) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    with world.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if column.name.endswith("_sealed"):
                    values = connection.execute(select(column).where(column.is_not(None))).scalars()
                    found.setdefault(table.name, set()).update(values)
    return found


def _move_log_into_file(world: World) -> None:
    world.engine.dispose()
    raw = world.engine.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def test_prefers_not_to_say_is_an_answer_that_is_kept_and_never_makes_a_match(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    world.create_unit(manager, mental_health="none")

    needs = {"mental_health": None, "prefers_not_to_say": ["mental_health"]}
    household = world.create_household(officer, needs=needs)
    found = world.search(officer, household)

    read = officer.get(f"/households/{household['id']}").get_json()
    assert read["needs"]["prefers_not_to_say"] == ["mental_health"]
    assert found["matches"] == []
    assert [entry["unknown"] for entry in found["confirm"]] == [["mental_health"]]


def test_an_answer_and_preferring_not_to_give_it_contradict_each_other(world: World) -> None:
    officer = world.create_officer()
    body = {"members": MEMBERS, "needs": {"pets": True, "prefers_not_to_say": ["pets"]}}

    assert_problem(officer.post("/households", body), "invalid-input")
