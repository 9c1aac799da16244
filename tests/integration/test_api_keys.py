"""Keys: made by oneself, as far as one says, until one says; an administrator sees and ends them and makes none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accommodation.vocabulary import Role
from api.app import PREFIX
from tests.support.problems import assert_problem, masked
from tests.support.world import Caller, World


def test_a_key_is_made_by_its_owner_with_her_second_factor_and_by_no_key(world: World) -> None:
    officer = world.create_officer()

    assert_problem(officer.post("/api-keys", {}), "step-up-needed")
    assert_problem(world.sign_in(officer).post("/api-keys", {}), "step-up-needed")
    made = world.sign_in(officer, stepped_up=True).made("/api-keys", {})

    assert (made["worker_id"], made["role"]) == (str(officer.worker_id), "housing_officer")
    assert _get(officer, made["key"], "/me").status_code == 200


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_an_administrator_cannot_make_a_key_in_a_role_that_she_does_not_have(world: World, role: Role) -> None:
    administrator = world.sign_in(world.create_caller(Role.ADMINISTRATOR), stepped_up=True)

    refused = administrator.post("/api-keys", {"role": str(role)})

    assert assert_problem(refused, "invalid-input")["errors"][0]["pointer"] == "/role"


def test_nobody_can_make_a_key_for_somebody_else(world: World) -> None:
    administrator, manager = world.sign_in(world.create_caller(Role.ADMINISTRATOR), stepped_up=True), world.create_manager()

    refused = administrator.post("/api-keys", {"worker_id": str(manager.worker_id)})

    assert_problem(refused, "invalid-input")


def test_a_key_for_some_operations_opens_no_other(world: World) -> None:
    officer = world.create_officer()
    key = _made(world, officer, operations=["get_me", "list_households"])

    assert _get(officer, key, "/me").status_code == 200
    assert _get(officer, key, "/households").status_code == 200
    assert_problem(_get(officer, key, "/holds"), "not-permitted")
    assert_problem(_post(officer, key, "/households", {}), "not-permitted")


def test_a_read_only_key_changes_nothing(world: World) -> None:
    officer = world.create_officer()
    key = _made(world, officer, read_only=True)

    assert _get(officer, key, "/households").status_code == 200
    assert_problem(_post(officer, key, "/households", {}), "not-permitted")


@pytest.mark.parametrize("operation", ["step_up", "create_api_key", "accept_referral"])
def test_a_key_is_not_made_for_what_no_key_in_that_role_may_call(world: World, operation: str) -> None:
    officer = world.sign_in(world.create_officer(), stepped_up=True)

    refused = officer.post("/api-keys", {"operations": ["get_me", operation]})

    assert assert_problem(refused, "invalid-input")["errors"][0]["pointer"] == "/operations/1"


def test_a_rotated_key_lives_on_for_the_overlap_and_its_successor_reaches_as_far(world: World) -> None:
    officer = world.create_officer()
    signed_in = world.sign_in(officer, stepped_up=True)
    old = signed_in.made("/api-keys", {"days": 30, "read_only": True, "operations": ["get_me"]})

    new = signed_in.made(f"/api-keys/{old['id']}/rotation", {"overlap_hours": 2})

    assert (new["read_only"], new["operations"], new["role"]) == (True, ["get_me"], "housing_officer")
    assert signed_in.get(f"/api-keys/{old['id']}").get_json()["replaced_by"] == new["id"]
    for hours, answers in ((1, (200, 200)), (3, (401, 200)), (24 * 31, (401, 401))):
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=False):
            assert tuple(_get(officer, key["key"], "/me").status_code for key in (old, new)) == answers


def test_an_overlap_is_a_week_at_most_and_never_lengthens_a_life(world: World) -> None:
    signed_in = world.sign_in(world.create_officer(), stepped_up=True)
    old = signed_in.made("/api-keys", {"days": 1})

    assert_problem(signed_in.post(f"/api-keys/{old['id']}/rotation", {"overlap_hours": 169}), "invalid-input")
    signed_in.made(f"/api-keys/{old['id']}/rotation", {"overlap_hours": 168})

    assert signed_in.get(f"/api-keys/{old['id']}").get_json()["expires_at"] == old["expires_at"]
    assert_problem(signed_in.post(f"/api-keys/{old['id']}/rotation", {}), "illegal-move")


def test_a_revoked_key_is_dead_at_once_and_has_no_successor(world: World) -> None:
    officer = world.create_officer()
    signed_in = world.sign_in(officer, stepped_up=True)
    made = signed_in.made("/api-keys", {})

    _revoke(signed_in, made["id"])

    assert_problem(_get(officer, made["key"], "/me"), "not-signed-in")
    assert_problem(signed_in.post(f"/api-keys/{made['id']}/rotation", {}), "illegal-move")


def test_an_administrator_sees_and_revokes_her_organisations_keys_and_rotates_none(world: World) -> None:
    officer = world.create_officer()
    made = world.sign_in(officer, stepped_up=True).made("/api-keys", {})
    theirs = world.create_caller(Role.ADMINISTRATOR, officer.organisation_id)
    administrator = world.sign_in(theirs, stepped_up=True)

    listed = administrator.get("/api-keys").get_json()["items"]
    rotated = administrator.post(f"/api-keys/{made['id']}/rotation", {})
    _revoke(administrator, made["id"])

    assert made["id"] in [item["id"] for item in listed]
    assert all("key" not in item and "digest" not in item for item in listed)
    assert_problem(rotated, "not-found")
    assert_problem(_get(officer, made["key"], "/me"), "not-signed-in")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.HOUSING_OFFICER])
def test_keys_of_another_organisation_do_not_exist(world: World, role: Role) -> None:
    made = world.sign_in(world.create_officer(), stepped_up=True).made("/api-keys", {})
    other = world.sign_in(world.create_caller(role), stepped_up=True)

    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotation")):
        body = {} if method == "POST" else None
        theirs = other.call(method, f"/api-keys/{made['id']}{path}", body, headers={"If-Match": '"x"'})
        nothing = other.call(method, f"/api-keys/{other.worker_id}{path}", body, headers={"If-Match": '"x"'})
        assert_problem(theirs, "not-found")
        assert masked(theirs) == masked(nothing)
    assert made["id"] not in [item["id"] for item in other.get("/api-keys").get_json()["items"]]


def test_a_colleague_sees_no_key_but_her_own(world: World) -> None:
    officer = world.create_officer()
    made = world.sign_in(officer, stepped_up=True).made("/api-keys", {})
    colleague = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)

    assert_problem(colleague.get(f"/api-keys/{made['id']}"), "not-found")
    assert made["id"] not in [item["id"] for item in colleague.get("/api-keys").get_json()["items"]]


def _made(world: World, caller: Caller, **facts: Any) -> str:
    made: str = world.sign_in(caller, stepped_up=True).made("/api-keys", facts)["key"]
    return made


def _get(caller: Caller, key: str, path: str) -> Any:
    return caller.client.get(PREFIX + path, headers={"Authorization": f"Bearer {key}"})


def _post(caller: Caller, key: str, path: str, body: Any) -> Any:
    return caller.client.post(PREFIX + path, json=body, headers={"Authorization": f"Bearer {key}"})


def _revoke(caller: Caller, key_id: str) -> None:
    etag = caller.get(f"/api-keys/{key_id}").headers["ETag"]
    assert caller.call("DELETE", f"/api-keys/{key_id}", headers={"If-Match": etag}).status_code == 204
