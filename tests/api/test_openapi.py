"""The API document: valid OpenAPI 3.1, complete for a newcomer, true to the code, and committed as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from accommodation.vocabulary import Role
from api.auth.permissions import NEEDS_SECOND_FACTOR, OPEN_OPERATIONS, PERMISSIONS, SESSION_OPERATIONS, SIGN_IN_OPERATIONS
from api.examples import REQUESTS
from api.problems import TITLES
from tests.support.corpus import BAD_GEOMETRIES
from tests.support.openapi_drift import DOCUMENT, current_documents
from tests.support.stage import CIRCLE_IN_KENT, Stage

KEPT_FOR_A_SECOND_WORKER = {"create_area_to_avoid", "update_area_to_avoid", "retire_area_to_avoid"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as the application gives it; needs no database."""
    described: dict[str, Any] = json.loads(current_documents()[DOCUMENT])
    return described


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")

    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_committed_document_says_what_the_api_does() -> None:
    for path, text in current_documents().items():
        assert path.read_text() == text, "run `make docs` and look at the difference"


def test_every_guarded_route_is_in_the_document_under_its_own_id(stage: Stage, document: dict[str, Any]) -> None:
    described = {(operation["operationId"], method, path) for path, method, operation in _operations(document)}
    routes = {(name, each.method.lower(), each.path) for name, each in stage.operations.items()}

    assert described == {route for route in routes if route[0] not in OPEN_OPERATIONS}
    assert len({name for name, _, _ in described}) == len(described)


def test_every_operation_says_what_it_does_what_comes_back_and_who_may(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        at = f"{method} {path}"
        assert operation["summary"], at
        assert operation["summary"][0].isupper(), at
        assert re.search(r"[.!?]$", operation["summary"]), at
        also = {"202"} if operation["operationId"] in KEPT_FOR_A_SECOND_WORKER else set()
        assert set(operation["responses"]) - also <= {"200", "201", "204", "default"}, at
        assert len(set(operation["responses"]) - also) == 2, at
        assert also <= set(operation["responses"]), at
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, at
        if operation["operationId"] in SIGN_IN_OPERATIONS:
            assert operation["security"] == [], at
            continue
        session = {"session": []} if method == "get" else {"session": [], "csrf": []}
        no_key = operation["operationId"] in SESSION_OPERATIONS | NEEDS_SECOND_FACTOR
        assert operation["security"] == ([session] if no_key else [{"key": []}, session]), at
        assert operation["x-roles"] == sorted(PERMISSIONS[operation["operationId"]]), at


def test_creating_answers_201_and_removing_204(document: dict[str, Any]) -> None:
    for _, method, operation in _operations(document):
        success = next(iter(set(operation["responses"]) - {"default", "202"}))
        name = operation["operationId"]
        assert not name.startswith("create_") or success == "201", name
        assert (method == "delete") == (success == "204"), name


def test_the_problem_lists_every_type(document: dict[str, Any]) -> None:
    listed = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]

    assert listed == [f"/problems/{slug}" for slug in TITLES]


def test_every_schema_of_a_request_is_closed_and_every_text_is_bounded(document: dict[str, Any]) -> None:
    for name in _schemas_of_requests(document):
        schema = document["components"]["schemas"][name]
        assert schema["additionalProperties"] is False, name
        for field, said in schema["properties"].items():
            types = said.get("type", [])
            kinds = {types} if isinstance(types, str) else set(types)
            if "string" in kinds:
                assert set(said) & {"enum", "maxLength", "format"}, f"{name}.{field}"
            if kinds & {"integer", "number"}:
                assert {"minimum", "maximum"} <= set(said), f"{name}.{field}"
            if "array" in kinds:
                assert "maxItems" in said, f"{name}.{field}"


def test_every_operation_with_a_body_has_an_example_and_every_example_an_operation(document: dict[str, Any]) -> None:
    with_body = {operation["operationId"] for _, _, operation in _operations(document) if "requestBody" in operation}

    assert with_body == set(REQUESTS)


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_an_example_is_good_by_its_own_schema(document: dict[str, Any], operation: str) -> None:
    content = _body_of(document, operation)

    errors = list(_validator(document, content["schema"]).iter_errors(content["example"]))

    assert [error.message for error in errors] == []


def test_a_body_that_is_sent_in_the_tests_is_good_by_its_schema(stage: Stage, document: dict[str, Any]) -> None:
    for operation in REQUESTS:
        validator = _validator(document, _body_of(document, operation)["schema"])
        assert list(validator.iter_errors(stage.body_of(operation))) == [], operation


def test_the_shapes_of_areas_take_good_ones_and_refuse_what_shows_in_a_shape(document: dict[str, Any]) -> None:
    geometry = document["components"]["schemas"]["AreaToAvoidFields"]["properties"]["geometry"]
    validator = _validator(document, geometry)

    assert validator.is_valid(CIRCLE_IN_KENT)
    refused = [name for name, bad in BAD_GEOMETRIES if not validator.is_valid(bad)]
    assert len(refused) > len(BAD_GEOMETRIES) * 0.6
    assert not [
        name
        for name in ("radius -1", "radius 0", "radius 1e9", "swapped", "the pole", "a polygon with a hole")
        if name not in refused
    ]


def test_the_document_holds_no_key_no_host_and_no_name_of_a_tool(document: dict[str, Any]) -> None:
    text = json.dumps(document).lower()

    assert not re.search(r"werkzeug|flask|smorest|marshmallow|webargs|localhost|127\.0\.0\.1|hb_[0-9a-f]{12}", text)
    assert set(Role) >= {role for _, _, operation in _operations(document) for role in operation.get("x-roles", [])}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method, operation


def _body_of(document: dict[str, Any], operation: str) -> dict[str, Any]:
    found = next(each for _, _, each in _operations(document) if each["operationId"] == operation)
    content: dict[str, Any] = found["requestBody"]["content"]["application/json"]
    return content


def _validator(document: dict[str, Any], schema: dict[str, Any]) -> OAS31Validator:
    """Return a validator of a schema within the document, formats included."""
    whole = {**schema, "components": document["components"]}
    return OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER)


def _schemas_of_requests(document: dict[str, Any]) -> set[str]:
    """Return the names of all schemas that a request may hold, those inside others included."""
    seen: set[str] = set()
    pending = [json.dumps(_body_of(document, operation)["schema"]) for operation in REQUESTS]
    while pending:
        for name in re.findall(r"#/components/schemas/(\w+)", pending.pop()):
            if name not in seen:
                seen.add(name)
                pending.append(json.dumps(document["components"]["schemas"][name]))
    return seen
