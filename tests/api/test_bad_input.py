"""The bad-input corpus against every operation with a body: a clear 4xx, no echo, and nothing changed."""

from __future__ import annotations

import copy
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from sqlalchemy import delete
from werkzeug.test import TestResponse

from accommodation.vocabulary import Role
from api.app import PREFIX
from api.auth.permissions import PERMISSIONS, SIGN_IN_OPERATIONS
from api.examples import REQUESTS
from api.fields import NOT_BLANK, ONE_LINE
from api.parsing import MAX_HEADER_BYTES
from placement.budget_models import BudgetRaise
from tests.support import corpus
from tests.support.problems import assert_problem
from tests.support.stage import Stage

OPERATIONS = sorted(REQUESTS)
ANY_VERSION = {"If-Match": '"0"'}
"""Shape comes before versions: whatever gets as far as 412 was not refused for its shape."""

NOT_FINITE = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400")
RAW = "@raw@"


@dataclass(frozen=True)
class Place:
    """A place in a body: where it is, and what its schema says of it."""

    path: tuple[str | int, ...]
    schema: dict[str, Any]
    types: frozenset[str]

    @property
    def pointer(self) -> str:
        """Return the place as a JSON pointer."""
        return "".join(f"/{step}" for step in self.path)

    @property
    def is_words(self) -> bool:
        """Tell whether a person writes here what she likes."""
        return self.schema.get("pattern") in (ONE_LINE, NOT_BLANK)


# --- one place at a time --------------------------------------------------------------------------------------------


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_value_of_the_wrong_kind_is_refused_where_it_stands(stage: Stage, operation: str) -> None:
    body, before, sent = stage.body_of(operation), stage.digest(), 0

    for place in _places(stage, operation):
        for value in _wrong_values(place):
            response = stage.send(operation, _put(body, place.path, value), headers=ANY_VERSION)
            problem = _refused(response, 422, place.pointer, value)
            assert any(error["pointer"].startswith(place.pointer) for error in problem["errors"]), (place.pointer, value)
            sent += 1

    assert sent > 10
    assert stage.digest() == before


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_no_database_can_keep_is_refused_anywhere(stage: Stage, operation: str) -> None:
    body, before = stage.body_of(operation), stage.digest()

    for place in _places(stage, operation):
        for text in ("a\x00b", "\ud800", "\udc00x"):
            _refused(stage.send(operation, _put(body, place.path, text), headers=ANY_VERSION), 400, place.pointer, text)
        for token in NOT_FINITE:
            raw = json.dumps(_put(body, place.path, RAW)).replace(f'"{RAW}"', token).encode()
            headers = {**ANY_VERSION, "Content-Type": "application/json"}
            _refused(stage.send(operation, data=raw, headers=headers), 400, place.pointer, token)

    assert stage.digest() == before


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_field_too_many_or_too_few_is_refused(stage: Stage, operation: str) -> None:
    body, before = stage.body_of(operation), stage.digest()

    for place in _places(stage, operation):
        if "object" in place.types and "properties" in place.schema:
            for name in ("surprise", "__proto__", "", "ID", "version", "a/b~c", "<script>", "n" * 500):
                response = stage.send(operation, _put(body, (*place.path, name), 1), headers=ANY_VERSION)
                problem = _refused(response, 422, place.pointer, name)
                assert len(problem["errors"]) == 1
                assert "<script>" not in response.get_data(as_text=True).replace("/<script>", "")
            for name in place.schema.get("required", ()):
                short = copy.deepcopy(body)
                del _at(short, place.path)[name]
                problem = _refused(stage.send(operation, short, headers=ANY_VERSION), 422, place.pointer, name)
                assert {"pointer": f"{place.pointer}/{name}", "detail": "Missing data for required field."} in problem[
                    "errors"
                ]

    assert stage.digest() == before


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_list_too_long_or_with_a_value_twice_is_refused(stage: Stage, operation: str) -> None:
    body, before = stage.body_of(operation), stage.digest()

    for place in _places(stage, operation):
        if "array" in place.types:
            first = (_at(body, place.path) or ["refuge"])[0]
            for items in ([first] * 2_000, [0] * 20_000) + (([first] * 2,) if place.schema.get("uniqueItems") else ()):
                response = stage.send(operation, _put(body, place.path, items), headers=ANY_VERSION)
                problem = _refused(response, 422, place.pointer, None)
                assert len(problem["errors"]) <= 50, "a flood of errors"

    assert stage.digest() == before


# --- whole bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_that_is_not_plain_json_is_refused(stage: Stage, operation: str) -> None:
    before = stage.digest()

    for raw in corpus.RAW_BODIES:
        headers = {**ANY_VERSION, **raw.headers}
        response = stage.send(operation, data=raw.data, headers=headers)
        assert response.status_code in raw.statuses, (raw.name, response.status, response.get_data(as_text=True)[:300])
        assert_problem(response)
        assert len(response.get_data()) < 10_000, raw.name

    assert stage.digest() == before


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "99999999999", "1", "２"])
def test_a_wrong_content_length_is_no_way_in(stage: Stage, length: str) -> None:
    before = stage.digest()
    environ = {"CONTENT_LENGTH": length, "HTTP_AUTHORIZATION": f"Bearer {stage.caller_of('create_organisation').key}"}

    response = stage.client.post(
        f"{PREFIX}/organisations",
        data=json.dumps(stage.body_of("create_organisation")),
        content_type="application/json",
        environ_overrides=environ,
    )

    assert response.status_code in (400, 413), response.get_data(as_text=True)
    assert_problem(response)
    assert stage.digest() == before


@pytest.mark.parametrize(
    "name", ["X-Anything", "Authorization", "Cookie", "If-Match", "Accept", "Content-Type", "Idempotency-Key"]
)
def test_headers_of_64_kilobytes_are_too_large(stage: Stage, name: str) -> None:
    client = stage.world.app.test_client(use_cookies=False)  # one with cookies replaces the header

    for operation in ("get_me", "create_organisation", "get_openapi"):
        about = stage.operations[operation]
        response = client.open(about.path, method=about.method, headers={name: corpus.HUGE_HEADER})
        assert_problem(response, "headers-too-large")


def test_many_small_headers_are_too_large_together(stage: Stage) -> None:
    headers = {f"X-Header-{number}": "x" * 90 for number in range(MAX_HEADER_BYTES // 100)}

    assert_problem(stage.client.get(f"{PREFIX}/me", headers=headers), "headers-too-large")


# --- rules that need more than a shape ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["create_area_to_avoid", "update_area_to_avoid"])
def test_a_geometry_that_cannot_be_drawn_is_refused_with_a_pointer_into_the_body(stage: Stage, operation: str) -> None:
    before = stage.digest()

    for name, geometry in corpus.BAD_GEOMETRIES:
        body = {**(stage.body_of(operation) or {}), "geometry": geometry}
        response = stage.send(operation, body, headers=ANY_VERSION)
        problem = assert_problem(response, "place-not-usable")
        assert corpus.CANARY not in response.get_data(as_text=True), name
        (error,) = problem["errors"]
        assert error["pointer"].startswith("/geometry"), name
        wanted = _at_pointer(body, error["pointer"].rpartition("/")[0])
        assert wanted is not None, (name, error["pointer"])

    assert stage.digest() == before


def test_a_street_address_cannot_be_looked_up_where_no_look_up_is_set_up(stage: Stage) -> None:
    body = {**(stage.body_of("create_area_to_avoid") or {}), "geometry": corpus.circle({"address": "1 High Street"})}

    assert_problem(stage.send("create_area_to_avoid", body), "look-up-unavailable")


def test_a_value_that_breaks_a_rule_is_refused_where_it_stands(stage: Stage) -> None:
    today = stage.world.today()
    before = stage.digest()

    def on(days: int) -> str:
        return (today + timedelta(days=days)).isoformat()

    elsewhere = {"latitude": 54.5, "longitude": -3.5}
    broken: tuple[tuple[str, str, Any, str, str], ...] = (
        ("create_void", "/ends_on", on(199), "invalid-input", "/ends_on"),
        ("create_void", "/ends_on", on(200), "invalid-input", "/ends_on"),
        ("update_void", "/ends_on", on(-1), "invalid-input", "/ends_on"),
        ("update_void", "/ends_on", on(0), "invalid-input", "/ends_on"),
        ("create_area_to_avoid", "/valid_to", "2026-01-04", "invalid-input", "/valid_to"),
        ("create_search", "/needed_on", on(-1), "invalid-input", "/needed_on"),
        ("create_search", "/needed_on", on(367), "invalid-input", "/needed_on"),
        ("create_search", "/preferences/anchor_postcode", "ZZ99 9ZZ", "place-not-usable", "/preferences/anchor_postcode"),
        ("create_search", "/preferences/anchor_postcode", "SS1", "place-not-usable", "/preferences/anchor_postcode"),
        ("create_property", "/address/postcode", "ZZ99 9ZZ", "place-not-usable", "/address/postcode"),
        ("create_property", "/address/postcode", "", "place-not-usable", "/address/postcode"),
        ("create_property", "/address/latitude", 51.7, "invalid-input", "/address/longitude"),
        ("create_property", "/address", elsewhere, "point-outside-cell", "/address"),
        ("create_property", "/address", {"latitude": 10, "longitude": 10}, "place-not-usable", "/address"),
        ("create_household", "/members/0/role", "adult", "invalid-input", "/members"),
        ("create_provider", "/organisation_id", str(uuid.uuid4()), "invalid-input", "/organisation_id"),
        ("record_departure", "/departed_on", on(1), "invalid-input", "/departed_on"),
        ("record_departure", "/departed_on", on(-1), "invalid-input", "/departed_on"),
        ("extend_licence", "/ends_on", on(600), "invalid-input", "/ends_on"),
        ("extend_licence", "/ends_on", on(1), "extension-not-later", ""),
        ("confirm_arrival", "/arrived_on", on(0), "illegal-move", ""),
        ("create_unit", "/residents", "any", "shared-unit-not-single-sex", ""),
        ("update_unit", "/residents", "any", "shared-unit-not-single-sex", ""),
        ("state_no_areas_to_avoid", "/reason", "None.", "areas-to-avoid-recorded", ""),
    )
    for operation, pointer, value, slug, wanted in broken:
        path = tuple(int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
        body = stage.body_of(operation)
        if isinstance(value, dict):
            value = {**_at(body, path), **value}
        problem = assert_problem(stage.send(operation, _put(body, path, value)), slug)
        pointers = [error["pointer"] for error in problem.get("errors", [])]
        assert pointers == ([wanted] if wanted else []), (operation, pointer, value)

    assert stage.digest() == before


# --- text that means something to somebody else ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        name
        for name in OPERATIONS
        if name.startswith(("create_", "update_", "disclose_")) and name not in SIGN_IN_OPERATIONS | {"create_api_key"}
    ],
)
def test_any_words_are_kept_as_they_were_written_and_reach_no_log(
    worn_stage: Stage, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = worn_stage
    words = [place for place in _places(stage, operation) if place.is_words]
    caplog.set_level(logging.DEBUG)

    with structlog.testing.capture_logs() as events:
        structlog.get_logger("harbour.test").warning("control", text=corpus.HOSTILE_TEXTS[0])
        for text in corpus.HOSTILE_TEXTS:
            _written(stage, operation, words, text)
        for text in corpus.BREAKING_TEXTS:
            _written(stage, operation, [place for place in words if place.schema["pattern"] != ONE_LINE], text)

    said = [str(event) for event in events] + [record.getMessage() for record in caplog.records]
    assert corpus.HOSTILE_TEXTS[0] in "".join(event["text"] for event in events if event["event"] == "control")
    assert not [line for line in said[1:] for text in corpus.HOSTILE_TEXTS[:20] if text in line]


@pytest.mark.before_the_database
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_line_is_one_line(stage: Stage, operation: str) -> None:
    before = stage.digest()

    for place in _places(stage, operation):
        if place.schema.get("pattern") == ONE_LINE:
            for text in corpus.BREAKING_TEXTS:
                body = _put(stage.body_of(operation), place.path, text[: place.schema["maxLength"]])
                _refused(stage.send(operation, body, headers=ANY_VERSION), 422, place.pointer, text)

    assert stage.digest() == before


# --- queries and cursors --------------------------------------------------------------------------------------------


def test_an_odd_query_is_refused_on_every_list(stage: Stage) -> None:
    before = stage.digest()
    lists = _lists(stage)

    for operation in lists:
        for query in corpus.BAD_LIST_QUERIES:
            response = stage.send(operation, query=query)
            assert response.status_code in (400, 422), (operation, query, response.status)
            assert_problem(response)
            assert corpus.CANARY not in response.get_data(as_text=True).replace(f"/{corpus.CANARY}", ""), (operation, query)

    assert len(lists) >= 10
    assert stage.digest() == before


def test_a_query_is_refused_where_none_is_taken(stage: Stage) -> None:
    before = stage.digest()

    for operation in set(PERMISSIONS) - set(_lists(stage)):
        problem = assert_problem(stage.send(operation, stage.body_of(operation), query="surprise=1"), "invalid-input")
        assert problem["errors"] == [{"pointer": "", "detail": "This address takes no query."}]

    assert stage.digest() == before


@pytest.mark.parametrize("query", ["mine=maybe", "mine=", "mine=2", "when=never", "when=", "mine=1&mine=1"])
def test_an_odd_filter_of_reminders_is_refused(stage: Stage, query: str) -> None:
    assert stage.send("list_reminders", query=query).status_code in (400, 422)


def test_an_odd_filter_of_the_audit_trail_is_refused(stage: Stage) -> None:
    for identity in corpus.BAD_IDS:
        assert_problem(stage.send("list_audit_events", query=f"subject_id={quote(identity)}"), "invalid-input")


def test_a_cursor_is_good_for_its_own_list_and_its_own_organisation_alone(stage: Stage) -> None:
    cursors = {name: stage.send(name, query="limit=1").get_json()["next_cursor"] for name in _lists(stage)}
    given = {name: cursor for name, cursor in cursors.items() if cursor is not None}

    for name, cursor in given.items():
        caller = stage.caller_of(name)
        assert stage.send(name, query=f"limit=1&cursor={cursor}").status_code == 200
        for other in set(cursors) - {name}:
            assert_problem(stage.send(other, query=f"cursor={cursor}"), "invalid-input")
        theirs = stage.other.callers[caller.role]
        if theirs.organisation_id != caller.organisation_id:
            assert_problem(stage.send(name, query=f"cursor={cursor}", caller=theirs), "invalid-input")
        payload, _, signature = cursor.rpartition(".")
        for spoilt in (cursor[:-1], cursor + "A", cursor.swapcase(), payload, f"{payload}.", f"A{payload}.{signature}"):
            assert_problem(stage.send(name, query=f"cursor={spoilt}"), "invalid-input")

    assert len(given) >= 6


def test_a_cursor_of_the_same_organisation_may_be_passed_on(stage: Stage) -> None:
    cursor = stage.send("list_placements", query="limit=1").get_json()["next_cursor"]

    assert cursor is None or stage.send("list_placements", query=f"cursor={cursor}").status_code == 200


# --- helpers --------------------------------------------------------------------------------------------------------


def _lists(stage: Stage) -> list[str]:
    return sorted(name for name in PERMISSIONS if "limit" in _query_names(stage, name))


def _query_names(stage: Stage, operation: str) -> set[str]:
    about = stage.operations[operation]
    described = stage.document["paths"][about.path][about.method.lower()]
    return {parameter["name"] for parameter in described.get("parameters", []) if parameter["in"] == "query"}


def _places(stage: Stage, operation: str) -> Iterator[Place]:
    """Return every place in an operation's body: those of its example, into the first item of each list."""
    about = stage.operations[operation]
    described = stage.document["paths"][about.path][about.method.lower()]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    return _walk(stage.document, schema, stage.body_of(operation), ())


def _walk(document: dict[str, Any], schema: dict[str, Any], value: Any, path: tuple[str | int, ...]) -> Iterator[Place]:
    schema = _resolved(document, schema)
    types = schema.get("type", [])
    if path:
        yield Place(path, schema, frozenset([types] if isinstance(types, str) else types))
    elif schema.get("properties"):
        yield Place((), schema, frozenset({"object"}))
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from _walk(document, inner, value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from _walk(document, schema["items"], value[0], (*path, 0))


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference opened; of a choice between one and null, the one that may be null."""
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    if "anyOf" in schema:
        one = _resolved(document, next(choice for choice in schema["anyOf"] if "$ref" in choice))
        return {**one, "type": ["object", "null"]}
    if "allOf" in schema:
        return _resolved(document, schema["allOf"][0])
    return schema


def _wrong_values(place: Place) -> Iterator[Any]:
    """Return values that are wrong in a place, by what its schema says."""
    if not place.path:
        return
    for kind, values in corpus.SAMPLES.items():
        if kind not in place.types and not (kind == "integer" and "number" in place.types):
            yield from values
    if place.types & {"integer", "number"}:
        yield from corpus.WILD_NUMBERS
    if "string" in place.types:
        yield corpus.HUGE_TEXT
        if "enum" in place.schema:
            yield from (corpus.CANARY, "", place.schema["enum"][0].upper() + " ", place.schema["enum"][0] + "\u2003")
        if place.is_words:
            yield from ("", " ", "\t\n", "\u2003", "x" * (place.schema["maxLength"] + 1))
    match place.schema.get("format"):
        case "date":
            yield from corpus.BAD_DATES
        case "uuid":
            yield from corpus.BAD_IDS


def _refused(response: TestResponse, status: int, pointer: str, value: Any) -> dict[str, Any]:
    """Assert a refusal by one status, that does not say what was refused; returns the problem."""
    text = response.get_data(as_text=True)
    assert response.status_code == status, (pointer, str(value)[:60], response.status, text[:300])
    assert corpus.CANARY not in text, (pointer, text)
    if isinstance(value, str) and len(value) > 12:
        assert value not in "".join(error["detail"] for error in response.get_json(force=True).get("errors", []))
    return assert_problem(response)


def _written(stage: Stage, operation: str, words: list[Place], text: str) -> None:
    """Write a text into every place that can hold it; whatever the answer shows of them is what was written."""
    body = stage.body_of(operation)
    fitting = [place for place in words if len(text) <= place.schema["maxLength"]]
    if not fitting:
        return
    for place in fitting:
        body = _put(body, place.path, text)
    if operation == "create_provider" and body is not None:
        body["organisation_id"] = str(stage.world.create_caller(Role.COMMISSIONER).organisation_id)
    if operation == "create_blocked_person" and body is not None and body["name"] == text:
        body["name"] = f"Cousin {text}"[:200]  # signs alone are nobody's name
        fitting = [place for place in fitting if place.path != ("name",)]
    if operation == "create_budget_raise":  # each may be raised once in seven days
        with stage.world.engine.begin() as connection:
            connection.execute(delete(BudgetRaise))
    if operation == "create_void" and body is not None:
        unit = stage.world.create_unit(stage.own.callers[Role.REFUGE_MANAGER])
        response = stage.send(operation, body, ids={**stage.own.ids, "unit_id": unit["id"]})
    else:
        response = stage.send(operation, body)
    assert response.status_code in (200, 201), (operation, text, response.get_data(as_text=True))
    shown = response.get_json()
    if operation == "create_address_release":  # one is live at a time
        stage.send("revoke_address_release", ids={**stage.own.ids, "release_id": shown["id"]})
    for place in fitting:
        kept = _at_pointer(shown, place.pointer)
        assert kept in (None, text), (operation, place.pointer, text)


def _put(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of a body with a value at a place."""
    changed = copy.deepcopy(body)
    if not path:
        return value
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _at(body: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def _at_pointer(body: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer, or None."""
    for step in pointer.split("/")[1:]:
        try:
            body = body[int(step) if isinstance(body, list) else step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return body
