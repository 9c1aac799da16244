"""Versions of what people edit: a change needs the present ETag, strong and whole; whoever comes second is told."""

from __future__ import annotations

import uuid

import pytest

from api.auth.permissions import PERMISSIONS
from tests.support.corpus import STALE_VERSIONS
from tests.support.problems import assert_problem, masked
from tests.support.stage import READ_OF, Stage

MUST_NOT_WAIT = frozenset({"revoke_address_release"})
"""Taking an address back is good whatever has changed since: to read it again first would cost the moment that counts."""

VERSIONED = sorted(
    name
    for name in set(PERMISSIONS) - MUST_NOT_WAIT
    if name.startswith(("update_", "cancel_", "retire_", "revoke_", "release_", "close_", "lift_"))
)


WITHOUT_A_VERSION = frozenset({"end_current_session", "end_session", "end_all_sessions"})
"""A session is not edited: whoever ends hers means it, whatever has happened to it since."""


def test_every_change_and_every_removal_asks_for_a_version(stage: Stage) -> None:
    changing = {name for name, operation in stage.operations.items() if operation.method in ("PATCH", "PUT", "DELETE")}

    assert changing == set(VERSIONED) | WITHOUT_A_VERSION


def test_the_document_says_which_operations_ask_for_a_version(stage: Stage) -> None:
    asking = {
        described["operationId"]
        for path in stage.document["paths"].values()
        for method, described in path.items()
        if method != "parameters" and any(part["name"] == "If-Match" for part in described.get("parameters", []))
    }

    assert asking == set(VERSIONED)


@pytest.mark.parametrize("operation", VERSIONED)
def test_a_change_without_a_version_is_refused(stage: Stage, operation: str) -> None:
    before = stage.digest()

    response = stage.send(operation, stage.body_of(operation), headers={"If-Match": None})

    assert_problem(response, "precondition-required")
    assert stage.digest() == before


@pytest.mark.parametrize("operation", VERSIONED)
def test_a_stale_weak_or_made_up_version_is_refused(stage: Stage, operation: str) -> None:
    etag = stage.etag_of(stage.operations[operation]).strip('"')
    before = stage.digest()

    for template in STALE_VERSIONS:
        version = template.format(etag=etag, upper=etag.upper())
        response = stage.send(operation, stage.body_of(operation), headers={"If-Match": version})
        assert_problem(response, "stale-version")
        assert etag not in response.get_data(as_text=True)

    assert stage.digest() == before


def test_the_present_version_is_good_once(fresh_stage: Stage) -> None:
    stage = fresh_stage

    for operation in sorted(VERSIONED, key=lambda name: (not name.startswith("update_"), name)):
        about = stage.operations[operation]
        version = {"If-Match": stage.etag_of(about)}

        first = stage.send(operation, stage.body_of(operation), headers=version)
        second = stage.send(operation, stage.body_of(operation), headers=version)

        assert first.status_code in (200, 204), first.get_data(as_text=True)
        assert_problem(second, "not-found" if operation == "retire_area_to_avoid" else "stale-version")
        if first.status_code == 200:
            assert first.headers["ETag"] == stage.etag_of(about) != version["If-Match"], operation


def test_one_of_several_versions_may_be_the_present_one(fresh_stage: Stage) -> None:
    etag = fresh_stage.etag_of(fresh_stage.operations["update_unit"])

    response = fresh_stage.send("update_unit", {"cots": 3}, headers={"If-Match": f'"0000", {etag}'})

    assert response.status_code == 200


@pytest.mark.parametrize("argument", sorted(READ_OF))
def test_a_version_is_strong_opaque_and_the_same_until_something_changes(stage: Stage, argument: str) -> None:
    first, second = (stage.send(READ_OF[argument]).headers["ETag"] for _ in range(2))

    assert first == second
    assert len(first) == 34
    assert set(first.strip('"')) <= set("0123456789abcdef")


def test_versions_of_two_rows_that_were_changed_as_often_are_different(stage: Stage) -> None:
    tokens = [
        stage.send("get_unit", ids={**stage.own.ids, "unit_id": unit["id"]}).headers["ETag"]
        for unit in stage.send("list_units").get_json()["items"]
    ]

    assert len(set(tokens)) == len(tokens) > 2


@pytest.mark.parametrize("operation", VERSIONED)
def test_a_version_says_nothing_of_what_is_not_for_the_caller(stage: Stage, operation: str) -> None:
    """Whether theirs exists must not show in 412 or 428 against 404."""
    caller = stage.caller_of(operation)
    random_ids = {name: str(uuid.uuid4()) for name in stage.own.ids}

    for version in (None, "*", '"0"'):
        answers = [
            masked(stage.send(operation, stage.body_of(operation), caller=caller, ids=ids, headers={"If-Match": version}))
            for ids in (stage.other.ids, random_ids)
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
