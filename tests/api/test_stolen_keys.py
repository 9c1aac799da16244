"""Whoever steals an API key, of whatever role, reads no address with it: every route is walked with every role's key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from accommodation.vocabulary import Role
from api.auth.permissions import NEEDS_SECOND_FACTOR, PERMISSIONS, SESSION_OPERATIONS
from tests.support.canaries import Secret, sightings
from tests.support.problems import assert_problem
from tests.support.sessions import sign_in
from tests.support.stage import CANARIES, READ_OF, Stage

SECRETS = [Secret(name, text) for name, text in CANARIES.items()]


def seen_in(response: TestResponse) -> list[tuple[str, str]]:
    """Return the canaries in an answer, its headers included."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers).encode()
    return sightings(SECRETS, headers + b"\n\n" + response.get_data())


def walk(stage: Stage, key: str, role: Role) -> Iterator[tuple[str, TestResponse]]:
    """Send every operation that a role may call, about our rows, with good bodies and versions: reads, changes, reads."""
    reads = [name for name, operation in stage.operations.items() if operation.method == "GET"]
    for name in [*reads, *(name for name in stage.operations if name not in reads), *reads]:
        operation = stage.operations[name]
        if role not in PERMISSIONS.get(name, frozenset()):
            continue
        headers = {"Authorization": f"Bearer {key}"}
        if operation.method in ("PATCH", "DELETE") and READ_OF.keys() & set(operation.arguments):
            headers["If-Match"] = stage.etag_of(operation)
        body = stage.body_of(name)
        yield name, stage.client.open(operation.at(stage.own.ids), method=operation.method, json=body, headers=headers)


@pytest.mark.parametrize("role", Role)
def test_no_role_s_key_reads_an_address_by_any_route(fresh_stage: Stage, role: Role) -> None:
    stage = fresh_stage
    of_both_sides = [stage.own.callers[role]]
    for side in (Role.HOUSING_OFFICER, Role.REFUGE_MANAGER):
        of_both_sides.append(stage.world.create_caller(role, stage.own.callers[side].organisation_id))
    answered = []

    for caller in of_both_sides:
        for name, response in walk(stage, caller.key, role):
            assert seen_in(response) == [], (name, role)
            answered.append(response.status_code)

    assert any(200 <= status < 300 for status in answered)


def test_the_search_for_canaries_sees_an_address_that_is_told(fresh_stage: Stage) -> None:
    manager = sign_in(fresh_stage.own.callers[Role.REFUGE_MANAGER])
    path = f"/properties/{fresh_stage.own.ids['property_id']}/address-disclosures"

    told = manager.post(path, {"placement_id": fresh_stage.own.ids["placement_id"], "reason": "A control"})

    assert {name for name, _ in seen_in(told)} == {"line", "town", "postcode", "door name"}


def test_the_operations_that_need_a_second_factor_are_those_that_ask_a_key_for_one(fresh_stage: Stage) -> None:
    stage = fresh_stage
    accepted = stage.send("accept_referral").get_json()
    stage.own.ids["placement_id"] = accepted["placement_id"]
    asking = set()

    for name in sorted(PERMISSIONS, key=lambda name: (name not in NEEDS_SECOND_FACTOR, name)):
        operation = stage.operations[name]
        if operation.method in ("PATCH", "DELETE") or name in SESSION_OPERATIONS:
            continue
        caller = stage.caller_of(name)
        headers = {"Authorization": f"Bearer {caller.key}"}
        response = stage.client.open(
            operation.at(stage.own.ids), method=operation.method, json=stage.body_of(name), headers=headers
        )
        if response.status_code == 403:
            assert_problem(response, "step-up-needed")
            asking.add(name)

    assert asking == NEEDS_SECOND_FACTOR
    assert {
        described["operationId"]
        for path in stage.document["paths"].values()
        for described in path.values()
        if isinstance(described, dict) and described.get("x-needs-second-factor")
    } == NEEDS_SECOND_FACTOR
