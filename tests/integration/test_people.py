"""Who works where: roles granted by another, invitations good once, leaving that ends everything on every node."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from accommodation.alerts import Alert
from accommodation.base import InvalidInput, NotFound
from accommodation.invitations import accept_invitation, find_invited
from accommodation.leave import find_deputy
from accommodation.models import Worker
from accommodation.people import has_role
from accommodation.people_models import Invitation, WorkerRole
from accommodation.vocabulary import Role
from api.app import PREFIX, create_app
from api.audit import AuditEvent
from api.auth.administration import issue_key
from api.database import db
from api.unit_of_work import begin_unit_of_work
from tests.support.problems import assert_problem, masked
from tests.support.sessions import sign_in
from tests.support.world import Caller, World


@pytest.fixture
def administrator(world: World) -> Caller:
    """A provider's administrator, in an organisation with a safeguarding lead."""
    manager = world.create_manager()
    world.create_caller(Role.SAFEGUARDING_LEAD, manager.organisation_id)
    return world.create_caller(Role.ADMINISTRATOR, manager.organisation_id)


def colleague(world: World, administrator: Caller, role: Role = Role.RESETTLEMENT_WORKER) -> Caller:
    return world.create_caller(role, administrator.organisation_id)


def alerts(world: World, kind: str) -> list[Alert]:
    with world.unit_of_work() as uow:
        return list(uow.session.execute(select(Alert).where(Alert.kind == kind)).scalars())


def accept(world: World, token: str, name: str = "Nora Newtestworker", now: datetime | None = None) -> Worker:
    """Accept an invitation as the way in does."""
    with world.unit_of_work() as uow:
        principal = find_invited(uow.session, token, now or uow.now)
    if principal is None:
        raise NotFound
    with begin_unit_of_work(world.engine, world.harbour.key_ring, principal, None, now) as uow:
        return accept_invitation(uow, token, name)


# ------------------------------------------------------------------------------------------------------------- roles


def test_nobody_grants_herself_a_role(world: World, administrator: Caller) -> None:
    for role in Role:
        answer = administrator.post(f"/workers/{administrator.worker_id}/roles", {"role": role})
        assert_problem(answer, "not-for-yourself")


def test_an_administrator_cannot_have_a_managers_key(world: World, administrator: Caller) -> None:
    body = {"role": "refuge_manager", "days": 1, "read_only": True, "operations": ["get_me"]}

    problem = assert_problem(sign_in(administrator).post("/api-keys", body), "invalid-input")

    assert problem["errors"][0]["pointer"] == "/role"
    with world.unit_of_work() as uow, pytest.raises(InvalidInput):
        issue_key(uow, world.harbour.settings.auth_key, administrator.worker_id, Role.REFUGE_MANAGER, timedelta(days=1))


def test_a_key_is_made_only_in_a_role_that_was_granted(world: World) -> None:
    officer = world.create_officer()

    with world.unit_of_work() as uow, pytest.raises(InvalidInput):
        issue_key(uow, world.harbour.settings.auth_key, officer.worker_id, Role.AUDITOR, timedelta(days=1))


@pytest.mark.parametrize("role", [Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER])
def test_a_role_that_sees_cases_is_told_to_the_safeguarding_lead(world: World, administrator: Caller, role: Role) -> None:
    other = Role.RESETTLEMENT_WORKER if role is Role.REFUGE_MANAGER else Role.REFUGE_MANAGER
    worker = colleague(world, administrator, other)

    granted = administrator.made(f"/workers/{worker.worker_id}/roles", {"role": role})

    (alert,) = alerts(world, "role_granted")
    assert set(granted["roles"]) == {role, other}
    assert (alert.organisation_id, alert.subject_id) == (administrator.organisation_id, worker.worker_id)
    assert alert.details == {"role": role, "granted_by": str(administrator.worker_id)}


def test_an_auditor_gets_no_role_that_sees_cases(world: World, administrator: Caller) -> None:
    auditor = colleague(world, administrator, Role.AUDITOR)

    answer = administrator.post(f"/workers/{auditor.worker_id}/roles", {"role": "refuge_manager"})

    assert_problem(answer, "roles-exclude-each-other")


def test_a_refuge_has_no_housing_officer(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)

    problem = assert_problem(
        administrator.post(f"/workers/{worker.worker_id}/roles", {"role": "housing_officer"}), "invalid-input"
    )

    assert problem["errors"][0]["pointer"] == "/role"


def test_nobody_new_sees_cases_where_no_lead_would_be_told(world: World) -> None:
    manager = world.create_manager()
    administrator = world.create_caller(Role.ADMINISTRATOR, manager.organisation_id)

    granted = administrator.post(f"/workers/{manager.worker_id}/roles", {"role": "resettlement_worker"})
    invited = administrator.post("/invitations", {"roles": ["refuge_manager"], "for_whom": "A new manager"})

    assert_problem(granted, "no-safeguarding-lead")
    assert_problem(invited, "no-safeguarding-lead")


def test_the_last_lead_stays_while_anybody_sees_cases(world: World, administrator: Caller) -> None:
    with world.unit_of_work() as uow:
        workers = uow.session.execute(select(Worker.id).where(Worker.organisation_id == administrator.organisation_id))
        lead_id = next(worker_id for worker_id in workers.scalars() if has_role(uow.session, worker_id, "safeguarding_lead"))

    ended = administrator.post(f"/workers/{lead_id}/role-endings", {"role": "safeguarding_lead"})
    gone = administrator.post(f"/workers/{lead_id}/departure", {"reason": "She retires."})

    assert_problem(ended, "no-safeguarding-lead")
    assert_problem(gone, "no-safeguarding-lead")


def test_when_a_role_ends_its_keys_are_refused_at_once(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)
    assert worker.get("/me").status_code == 200

    administrator.made(f"/workers/{worker.worker_id}/role-endings", {"role": "resettlement_worker"})

    assert_problem(worker.get("/me"), "not-signed-in")


@pytest.mark.parametrize("what", ["roles", "role-endings", "departure", "leaves"])
def test_an_administrator_acts_in_her_own_organisation_alone(world: World, administrator: Caller, what: str) -> None:
    stranger = world.create_caller(Role.AUDITOR, world.create_officer().organisation_id)
    today = world.today().isoformat()
    body = {
        "roles": {"role": "auditor"},
        "role-endings": {"role": "auditor"},
        "departure": {"reason": "Gone."},
        "leaves": {"starts_on": today, "ends_on": today},
    }[what]
    installation = world.create_caller(Role.ADMINISTRATOR)

    for caller in (administrator, installation):
        theirs = caller.post(f"/workers/{stranger.worker_id}/{what}", body)
        nothing = caller.post(f"/workers/{uuid.uuid4()}/{what}", body)
        assert_problem(theirs, "not-found")
        assert masked(theirs) == masked(nothing)
    assert stranger.get("/me").status_code == 200


def test_only_the_installations_administrator_adds_organisations_and_providers(world: World, administrator: Caller) -> None:
    organisation = {"name": "Another council", "kind": "council"}
    provider = {
        "organisation_id": str(world.create_officer().organisation_id),
        "name": "Another",
        "kind": "registered_charity",
        "referral_phone": "0300",
    }

    assert_problem(administrator.post("/organisations", organisation), "not-permitted")
    assert_problem(administrator.post("/providers", provider), "not-permitted")
    assert world.create_caller(Role.ADMINISTRATOR).post("/organisations", organisation).status_code == 201


def test_an_administrator_sees_no_other_organisations_people_keys_or_providers(world: World, administrator: Caller) -> None:
    other = world.create_manager()
    home = world.create_property(other)

    text = "".join(administrator.get(f"/{name}").get_data(as_text=True) for name in ("workers", "api-keys", "providers"))
    organisations = administrator.get("/organisations").get_data(as_text=True)

    assert str(administrator.worker_id) in text
    assert str(other.worker_id) not in text
    assert home["provider_id"] not in text
    assert str(other.organisation_id) not in organisations
    assert_problem(administrator.get(f"/providers/{home['provider_id']}"), "not-found")


# ------------------------------------------------------------------------------------------------------- invitations


def invite(administrator: Caller, *roles: str) -> dict[str, Any]:
    return administrator.made("/invitations", {"roles": list(roles), "for_whom": "Nora, by telephone"})


def test_an_invitation_makes_a_worker_with_its_roles_and_tells_the_lead(world: World, administrator: Caller) -> None:
    invited = invite(administrator, "refuge_manager", "resettlement_worker")

    worker = accept(world, invited["token"])

    shown = administrator.get(f"/workers/{worker.id}").get_json()
    assert (shown["name"], shown["roles"]) == ("Nora Newtestworker", ["refuge_manager", "resettlement_worker"])
    assert worker.organisation_id == administrator.organisation_id
    assert [alert.subject_id for alert in alerts(world, "role_granted")] == [worker.id]


def test_an_invitation_is_good_once(world: World, administrator: Caller) -> None:
    token = invite(administrator, "auditor")["token"]
    accept(world, token)

    with pytest.raises(NotFound):
        accept(world, token)


def test_two_who_accept_with_one_token_become_one_worker(world: World, administrator: Caller) -> None:
    token = invite(administrator, "auditor")["token"]
    with world.unit_of_work() as uow:
        principals = [find_invited(uow.session, token, uow.now) for _ in range(2)]

    made = []
    for principal in principals:
        assert principal is not None
        try:
            with begin_unit_of_work(world.engine, world.harbour.key_ring, principal, None) as uow:
                made.append(accept_invitation(uow, token, "Nora Newtestworker"))
        except NotFound:
            pass

    assert len(made) == 1


@pytest.mark.parametrize("why", ["withdrawn", "expired", "inviter left", "inviter no administrator", "another token"])
def test_an_invitation_that_is_not_open_opens_nothing(world: World, administrator: Caller, why: str) -> None:
    invited = invite(administrator, "auditor")
    second = colleague(world, administrator, Role.ADMINISTRATOR)
    token, now = invited["token"], datetime.now(UTC)
    match why:
        case "withdrawn":
            second.made(f"/invitations/{invited['id']}/withdrawal")
        case "expired":
            now += timedelta(hours=72)
        case "inviter left":
            second.made(f"/workers/{administrator.worker_id}/departure", {"reason": "Gone."})
        case "inviter no administrator":
            second.made(f"/workers/{administrator.worker_id}/role-endings", {"role": "administrator"})
        case "another token":
            token = token[:-1] + ("A" if token[-1] != "A" else "B")

    with pytest.raises(NotFound):
        accept(world, token, now=now)


def test_a_token_is_256_random_bits_and_not_kept(world: World, administrator: Caller) -> None:
    tokens = {invite(administrator, "auditor")["token"] for _ in range(3)}

    with world.unit_of_work() as uow:
        rows = list(uow.session.execute(select(Invitation)).scalars())
    kept = repr([vars(row) for row in rows]) + administrator.get("/invitations").get_data(as_text=True)
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {43}
    assert not [token for token in tokens if token in kept]
    assert all(row.expires_at - row.invited_at == timedelta(hours=72) for row in rows)


def test_the_installation_invites_the_first_administrator_of_an_organisation_and_nobody_else(world: World) -> None:
    installation = world.create_caller(Role.ADMINISTRATOR)
    council = installation.made("/organisations", {"name": "New council", "kind": "council"})["id"]

    def invite_there(role: str) -> Any:
        return installation.post("/invitations", {"organisation_id": council, "roles": [role], "for_whom": "Their clerk"})

    assert_problem(invite_there("auditor"), "invalid-input")
    first = invite_there("administrator")
    accept(world, first.get_json()["token"])

    assert first.status_code == 201
    assert_problem(invite_there("administrator"), "invalid-input")


def test_nobody_invites_into_another_organisation(world: World, administrator: Caller) -> None:
    other = str(world.create_officer().organisation_id)
    body = {"organisation_id": other, "roles": ["administrator"], "for_whom": "Somebody"}

    assert_problem(administrator.post("/invitations", body), "not-permitted")


def test_an_invitation_in_roles_that_exclude_each_other_is_refused(world: World, administrator: Caller) -> None:
    body = {"roles": ["administrator", "refuge_manager"], "for_whom": "Somebody"}

    assert_problem(administrator.post("/invitations", body), "roles-exclude-each-other")


# ------------------------------------------------------------------------------------------------------------ leaving


@pytest.fixture
def second_node(world: World) -> Iterator[Flask]:
    """Another application on the same database."""
    app = create_app(world.database.settings())
    yield app
    with app.app_context():
        db.engine.dispose()


def test_who_leaves_on_one_node_is_refused_by_the_next_request_on_another(
    world: World, administrator: Caller, second_node: Flask
) -> None:
    worker = colleague(world, administrator)
    headers = {"Authorization": f"Bearer {worker.key}"}
    there = second_node.test_client()
    assert there.get(f"{PREFIX}/me", headers=headers).status_code == 200

    administrator.made(f"/workers/{worker.worker_id}/departure", {"reason": "She has moved away."})

    assert_problem(there.get(f"{PREFIX}/me", headers=headers), "not-signed-in")


def test_who_has_left_is_refused_though_her_key_was_not_revoked(world: World) -> None:
    officer = world.create_officer()
    with world.unit_of_work() as uow:
        uow.session.get_one(Worker, officer.worker_id).left_at = uow.now - timedelta(seconds=1)

    assert_problem(officer.get("/me"), "not-signed-in")


def test_who_has_lost_her_role_is_refused_though_her_key_was_not_revoked(world: World) -> None:
    officer = world.create_officer()
    with world.unit_of_work() as uow:
        hers = update(WorkerRole).where(WorkerRole.worker_id == officer.worker_id)
        uow.session.execute(hers.values(ended_at=uow.now))

    assert_problem(officer.get("/me"), "not-signed-in")


def test_a_last_day_to_come_ends_the_keys_then_and_not_before(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)
    body = {"last_day_on": world.today().isoformat(), "reason": "Her contract ends."}

    left_at = administrator.made(f"/workers/{worker.worker_id}/departure", body)["left_at"]

    keys = administrator.get("/api-keys").get_json()["items"]
    (expires_at,) = (key["expires_at"] for key in keys if key["worker_id"] == str(worker.worker_id))
    assert expires_at <= left_at
    assert worker.get("/me").status_code == 200


def test_what_she_worked_on_is_listed_for_handover_by_reference_alone(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)
    officer, manager = world.create_officer(), colleague(world, administrator, Role.REFUGE_MANAGER)
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    accepted = manager.made(f"/referrals/{referral['id']}/accept")
    placement = worker.made(f"/placements/{accepted['placement_id']}/arrival", {"arrived_on": world.today().isoformat()})

    departed = administrator.made(f"/workers/{worker.worker_id}/departure", {"reason": "She has moved away."})

    assert departed["open_work"] == [placement["reference"]]
    assert set(departed) == {"id", "organisation_id", "left_at", "open_work"}


def test_what_nobody_works_on_any_more_reminds_the_manager(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)
    officer, manager = world.create_officer(), colleague(world, administrator, Role.REFUGE_MANAGER)
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager))
    accepted = manager.made(f"/referrals/{referral['id']}/accept")
    worker.made(f"/placements/{accepted['placement_id']}/arrival", {"arrived_on": world.today().isoformat()})
    before = manager.get("/reminders?limit=200").get_json()["items"]
    everything = manager.get("/reminders?mine=0&limit=200").get_json()["items"]

    administrator.made(f"/workers/{worker.worker_id}/departure", {"reason": "She has moved away."})

    after = manager.get("/reminders?limit=200").get_json()["items"]
    assert len(before) < len(after) == len(everything)


def test_a_departure_can_be_brought_forward(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)
    path = f"/workers/{worker.worker_id}/departure"
    later = (world.today() + timedelta(days=30)).isoformat()
    administrator.made(path, {"last_day_on": later, "reason": "Her contract ends."})

    administrator.made(path, {"reason": "She has been looking people up."})

    assert_problem(worker.get("/me"), "not-signed-in")
    assert_problem(administrator.post(path, {"reason": "Again."}), "illegal-move")


def test_nobody_records_her_own_departure(administrator: Caller) -> None:
    answer = administrator.post(f"/workers/{administrator.worker_id}/departure", {"reason": "I go."})

    assert_problem(answer, "not-for-yourself")


# -------------------------------------------------------------------------------------------------------------- leave


def test_a_deputy_of_the_same_role_stands_in_on_the_days_of_leave(world: World, administrator: Caller) -> None:
    worker, deputy = colleague(world, administrator), colleague(world, administrator)
    first, last = world.today() + timedelta(days=3), world.today() + timedelta(days=5)
    body = {"starts_on": first.isoformat(), "ends_on": last.isoformat(), "deputy_id": str(deputy.worker_id)}

    leave = worker.made(f"/workers/{worker.worker_id}/leaves", body)

    def deputies() -> list[uuid.UUID | None]:
        days = (first - timedelta(days=1), first, last, last + timedelta(days=1))
        with world.unit_of_work() as uow:
            return [find_deputy(uow.session, worker.worker_id, day) for day in days]

    assert deputies() == [None, deputy.worker_id, deputy.worker_id, None]
    worker.made(f"/leaves/{leave['id']}/withdrawal")
    assert deputies() == [None] * 4


@pytest.mark.parametrize("who", ["another role", "another organisation", "herself", "nobody known"])
def test_a_deputy_is_a_colleague_in_the_same_role(world: World, administrator: Caller, who: str) -> None:
    worker = colleague(world, administrator)
    deputy_id = {
        "another role": lambda: colleague(world, administrator, Role.REFUGE_MANAGER).worker_id,
        "another organisation": lambda: world.create_caller(Role.RESETTLEMENT_WORKER).worker_id,
        "herself": lambda: worker.worker_id,
        "nobody known": uuid.uuid4,
    }[who]()
    today = world.today().isoformat()
    body = {"starts_on": today, "ends_on": today, "deputy_id": str(deputy_id)}

    problem = assert_problem(worker.post(f"/workers/{worker.worker_id}/leaves", body), "invalid-input")

    assert problem["errors"][0]["pointer"] == "/deputy_id"


def test_a_deputy_who_is_away_or_has_left_does_not_stand_in(world: World, administrator: Caller) -> None:
    worker, deputy = colleague(world, administrator), colleague(world, administrator)
    today = world.today()
    days = {"starts_on": today.isoformat(), "ends_on": today.isoformat()}
    worker.made(f"/workers/{worker.worker_id}/leaves", {**days, "deputy_id": str(deputy.worker_id)})

    leave = administrator.made(f"/workers/{deputy.worker_id}/leaves", days)
    with world.unit_of_work() as uow:
        while_away = find_deputy(uow.session, worker.worker_id, today)
    administrator.made(f"/leaves/{leave['id']}/withdrawal")
    with world.unit_of_work() as uow:
        back = find_deputy(uow.session, worker.worker_id, today)
    administrator.made(f"/workers/{deputy.worker_id}/departure", {"reason": "Gone."})
    with world.unit_of_work() as uow:
        gone = find_deputy(uow.session, worker.worker_id, today)

    assert (while_away, back, gone) == (None, deputy.worker_id, None)


def test_nobody_but_an_administrator_sees_or_records_the_leave_of_another(world: World, administrator: Caller) -> None:
    worker, other = colleague(world, administrator), colleague(world, administrator)
    today = world.today().isoformat()

    assert_problem(other.get(f"/workers/{worker.worker_id}/leaves"), "not-found")
    body = {"starts_on": today, "ends_on": today}
    assert_problem(other.post(f"/workers/{worker.worker_id}/leaves", body), "not-found")


def test_reading_a_name_leaves_a_row(world: World, administrator: Caller) -> None:
    worker = colleague(world, administrator)

    administrator.get(f"/workers/{worker.worker_id}")

    with world.unit_of_work() as uow:
        query = select(AuditEvent.worker_id).where(AuditEvent.action == "worker:read")
        assert uow.session.execute(query).scalars().all() == [administrator.worker_id]
