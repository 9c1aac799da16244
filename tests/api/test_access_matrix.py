"""Who may call what: the table of permissions against the URL map, every role on every route, ours against theirs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from accommodation.models import Worker
from accommodation.vocabulary import Role
from api.auth.administration import issue_key
from api.auth.guard import operation_of
from api.auth.keys import KEY_LENGTH, PREFIX
from api.auth.models import ApiKey
from api.auth.permissions import OPEN_OPERATIONS, PERMISSIONS, SESSION_OPERATIONS, SIGN_IN_OPERATIONS, STEP_UP_OPERATIONS
from tests.support.problems import assert_problem, masked
from tests.support.stage import Operation, Stage

INSTALLATION_WIDE = frozenset(
    {
        "list_alert_coverage",
        "list_organisations",
        "list_providers",
        "get_provider",
        "create_provider",
        "propose_sharing_agreement",
    }
)
"""What the installation's administrator does about other organisations; anybody may be proposed to."""

KEYS = ("none", "another scheme", "no key", "garbage", "unknown", "one letter off", "expired", "revoked", "has left")


def test_every_route_has_a_rule_and_every_rule_has_a_route(stage: Stage) -> None:
    routes = {operation_of(rule.endpoint) for rule in stage.world.app.url_map.iter_rules()}

    assert routes == set(PERMISSIONS) | set(OPEN_OPERATIONS) | set(SIGN_IN_OPERATIONS)
    assert not set(PERMISSIONS) & set(OPEN_OPERATIONS | SIGN_IN_OPERATIONS)
    assert not OPEN_OPERATIONS & SIGN_IN_OPERATIONS
    assert set(PERMISSIONS) >= SESSION_OPERATIONS | STEP_UP_OPERATIONS
    assert all(PERMISSIONS.values())


def test_every_operation_has_one_route(stage: Stage) -> None:
    assert len(stage.operations) == len(list(stage.world.app.url_map.iter_rules()))


def test_a_role_that_is_not_listed_is_refused_before_anything_else(stage: Stage) -> None:
    before = stage.digest()

    for name, operation in stage.operations.items():
        for role in set(Role) - PERMISSIONS.get(name, frozenset(Role)):
            for response in _requests_of_every_kind(stage, operation, stage.own.callers[role].key):
                assert_problem(response, "not-permitted")

    assert stage.digest() == before


@pytest.mark.parametrize("kind", KEYS)
def test_without_a_good_key_nothing_is_answered(stage: Stage, kind: str) -> None:
    authorization = _authorization(stage, kind)
    before = stage.digest()

    for name, operation in stage.operations.items():
        if name not in OPEN_OPERATIONS | SIGN_IN_OPERATIONS:
            for response in _requests_of_every_kind(stage, operation, authorization):
                assert_problem(response, "not-signed-in")

    assert stage.digest() == before


def test_a_listed_role_is_let_in(fresh_stage: Stage) -> None:
    for operation, role in fresh_stage.guarded():
        caller = fresh_stage.own.callers[role]
        response = fresh_stage.send(operation.name, fresh_stage.body_of(operation.name), caller=caller)
        assert response.status_code < 500, (operation.name, role, response.get_data(as_text=True))
        assert response.status_code not in (401, 403), (operation.name, role, response.get_data(as_text=True))


def test_every_operation_does_what_it_says_for_somebody(fresh_stage: Stage) -> None:
    """Without this, a refusal anywhere else might come from a request that was wrong in another way."""
    stage = fresh_stage

    for name in sorted(PERMISSIONS, key=lambda name: (not name.startswith(("get", "list", "update")), name)):
        response = stage.send(name, stage.body_of(name))
        if response.status_code >= 300:  # what an operation before this one did stands in its way
            stage = Stage(stage.world)
            if name in ("confirm_arrival", "record_non_arrival"):
                stage.own.ids["placement_id"] = stage.send("accept_referral").get_json()["placement_id"]
            if name == "get_meeting_point":
                stage.send("accept_referral")
            if name == "state_no_areas_to_avoid":
                stage.send("retire_area_to_avoid", stage.body_of("retire_area_to_avoid"))
            response = stage.send(name, stage.body_of(name))
        assert 200 <= response.status_code < 300, (name, response.get_data(as_text=True))


def test_open_operations_answer_without_a_key(stage: Stage) -> None:
    for name in OPEN_OPERATIONS:
        operation = stage.operations[name]
        assert stage.client.open(operation.path, method=operation.method).status_code == 200


def test_what_is_not_for_the_caller_looks_as_if_it_did_not_exist(stage: Stage) -> None:
    random_ids = {name: str(uuid.uuid4()) for name in stage.own.ids}
    before = stage.digest()
    asked = 0

    for operation, role in stage.guarded():
        if operation.arguments and not _is_installation_wide(operation.name, role):
            caller, body = stage.own.callers[role], stage.body_of(operation.name)
            theirs = stage.send(operation.name, body, caller=caller, ids=stage.other.ids)
            nothing = stage.send(operation.name, body, caller=caller, ids=random_ids)
            assert_problem(theirs, "not-found")
            assert masked(theirs) == masked(nothing), operation.name
            asked += 1

    assert asked > 30
    assert stage.digest() == before


def test_a_body_that_names_what_is_not_for_the_caller_is_answered_as_if_it_did_not_exist(stage: Stage) -> None:
    before = stage.digest()
    asked = 0

    for operation, role in stage.guarded():
        body = stage.body_of(operation.name) or {}
        for name in set(body) & set(stage.own.ids):
            if (
                not _is_installation_wide(operation.name, role)
                and body[name] == stage.own.ids[name]
                and name != "placement_id"
            ):
                caller = stage.own.callers[role]
                theirs = stage.send(operation.name, {**body, name: stage.other.ids[name]}, caller=caller)
                nothing = stage.send(operation.name, {**body, name: str(uuid.uuid4())}, caller=caller)
                assert theirs.status_code in (404, 422), (operation.name, name, theirs.get_data(as_text=True))
                assert masked(theirs) == masked(nothing), (operation.name, name)
                asked += 1

    assert asked >= 5
    assert stage.digest() == before


def test_whose_household_it_is_does_not_show_in_what_is_wrong_with_the_request(stage: Stage) -> None:
    """Shape comes before existence: a bad body gets the same answer about ours, theirs and nobody's."""
    random_ids = {name: str(uuid.uuid4()) for name in stage.own.ids}

    for operation, role in stage.guarded():
        if operation.arguments and stage.body_of(operation.name) is not None:
            caller = stage.own.callers[role]
            ours, theirs, nothing = (
                masked(stage.send(operation.name, {"surprise": 1}, caller=caller, ids=ids, headers={"If-Match": "*"}))
                for ids in (stage.own.ids, stage.other.ids, random_ids)
            )
            assert ours == theirs == nothing, operation.name


def test_lists_hold_nothing_of_another_organisation(stage: Stage) -> None:
    theirs = set(stage.other.ids.values()) - set(stage.own.ids.values())

    for operation, role in stage.guarded():
        if operation.method == "GET" and not operation.arguments and not _is_installation_wide(operation.name, role):
            text = stage.send(operation.name, caller=stage.own.callers[role]).get_data(as_text=True)
            assert not [identity for identity in theirs if identity in text], (operation.name, role)


def _is_installation_wide(operation: str, role: Role) -> bool:
    return role is Role.ADMINISTRATOR and operation in INSTALLATION_WIDE


def _requests_of_every_kind(stage: Stage, operation: Operation, authorization: str | None) -> list[TestResponse]:
    """Send a good request, one about nothing, and rubbish: none of it may be looked at before the key is."""
    if authorization is not None and " " not in authorization and authorization.startswith(PREFIX):
        authorization = f"Bearer {authorization}"
    headers: dict[str, Any] = {} if authorization is None else {"Authorization": authorization}
    ours, nothing = operation.at(stage.own.ids), operation.at({name: str(uuid.uuid4()) for name in stage.own.ids})
    call = stage.client.open
    return [
        call(ours, method=operation.method, json=stage.body_of(operation.name), headers={**headers, "If-Match": "*"}),
        call(nothing, method=operation.method, json=stage.body_of(operation.name), headers=headers),
        call(f"{ours}?surprise=1", method=operation.method, data=b"\xff{", headers={**headers, "Content-Type": "x/y"}),
    ]


def _authorization(stage: Stage, kind: str) -> str | None:
    good = stage.own.callers[Role.HOUSING_OFFICER].key
    match kind:
        case "none":
            return None
        case "another scheme":
            return f"Basic {good}"
        case "no key":
            return "Bearer "
        case "garbage":
            return "Bearer \u00ff' OR 1=1 --"
        case "unknown":
            return f"Bearer {PREFIX}{'0' * (KEY_LENGTH - len(PREFIX))}"
        case "one letter off":
            return f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}"
    return f"Bearer {_spoilt_key(stage, kind)}"


def _spoilt_key(stage: Stage, kind: str) -> str:
    """Return a key that was good until it expired, was revoked, or its owner left."""
    world, now = stage.world, datetime.now(UTC)
    caller = world.create_caller(Role.HOUSING_OFFICER)
    with world.unit_of_work() as uow:
        auth_key = world.harbour.settings.auth_key
        row, key = issue_key(uow, auth_key, caller.worker_id, Role.HOUSING_OFFICER, timedelta(hours=1))
    assert caller.client.get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    with world.unit_of_work() as uow:
        about_key = update(ApiKey).where(ApiKey.id == row.id)
        if kind == "expired":
            uow.session.execute(about_key.values(expires_at=now))
        elif kind == "revoked":
            uow.session.execute(about_key.values(revoked_at=now))
        else:
            uow.session.execute(update(Worker).where(Worker.id == caller.worker_id).values(left_at=now))
    return key
