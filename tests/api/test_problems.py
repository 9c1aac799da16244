"""One error shape and one set of security headers, whatever goes wrong and wherever; no redirect, no guess at an address."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug import exceptions

from accommodation.vocabulary import Role
from api.app import PREFIX
from api.auth.permissions import OPEN_OPERATIONS, SIGN_IN_OPERATIONS
from api.problems import DETAIL_OF_STATUS, SLUG_OF_STATUS, TITLES, register_problems
from api.security_headers import SECURITY_HEADERS
from tests.support.corpus import BAD_PATHS, CANARY
from tests.support.problems import assert_problem, masked
from tests.support.stage import Stage

SETS_A_COOKIE = frozenset({"end_current_session", "end_all_sessions"})
"""Of those that succeed without a body: they take the session's cookie away."""

AFTER_ACCEPTANCE = frozenset({"get_meeting_point"})
"""Of the readings, what is not there before somebody has accepted."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get")


def test_every_answer_of_every_route_carries_the_security_headers(fresh_stage: Stage) -> None:
    stage = fresh_stage
    for name, operation in stage.operations.items():
        role = sorted(Role)[0] if name in OPEN_OPERATIONS else stage.caller_of(name).role
        good = stage.send(name, {"surprise": 1}, caller=stage.own.callers[role])
        without_key = stage.client.open(operation.at(stage.own.ids), method=operation.method)
        wrong_method = stage.client.open(operation.at(stage.own.ids), method="PUT")
        for response in (good, without_key, wrong_method):
            for header, value in SECURITY_HEADERS.items():
                assert response.headers.getlist(header) == [value], (name, header)
            assert "Server" not in response.headers
            if response is not good or name not in SETS_A_COOKIE:
                assert "Set-Cookie" not in response.headers, name
            assert "Location" not in response.headers


def test_security_headers_forbid_keeping_framing_guessing_and_telling(stage: Stage) -> None:
    headers = stage.client.get("/nowhere").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers  # plain HTTP on a newcomer's machine


def test_no_answer_names_what_harbour_is_built_with(stage: Stage) -> None:
    answers = [
        stage.client.get("/nowhere"),
        stage.client.get(f"{PREFIX}/me"),
        stage.client.open("/health", method="PUT"),
        stage.client.post(f"{PREFIX}/holds", data=b"{"),
    ]

    for response in answers:
        seen = f"{response.headers}{response.get_data(as_text=True)}".lower()
        assert not re.search(r"werkzeug|flask|python|gunicorn|sqlalchemy|psycopg|sqlite|marshmallow", seen)


def test_every_route_names_its_methods_when_it_is_asked_for_another(stage: Stage) -> None:
    taken: dict[str, set[str]] = {}
    for operation in stage.operations.values():
        taken.setdefault(operation.path, set()).add(operation.method)

    for path, methods in taken.items():
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        for method in set(METHODS) - allowed:
            response = stage.client.open(path.format_map(stage.own.ids), method=method)
            if method.upper() in allowed:  # the test client writes methods in capitals
                continue
            assert response.status_code == 405
            if method != "HEAD":
                assert_problem(response, "method-not-allowed")
            assert set(response.headers["Allow"].split(", ")) == allowed, (path, method)


def test_head_is_get_without_its_body(stage: Stage) -> None:
    for name, operation in stage.operations.items():
        if operation.method == "GET" and name not in OPEN_OPERATIONS | SIGN_IN_OPERATIONS | AFTER_ACCEPTANCE:
            headers = stage.as_needed(name, stage.caller_of(name)).headers
            response = stage.client.head(operation.at(stage.own.ids), headers=headers)
            assert response.status_code == 200, name
            assert response.get_data() == b""
            refused = stage.client.head(operation.at(stage.own.ids))
            assert (refused.status_code, refused.get_data()) == (401, b"")


def test_nothing_is_answered_to_other_sites_scripts(stage: Stage) -> None:
    headers = {"Origin": "https://198.51.100.1", "Access-Control-Request-Method": "GET"}

    for path in (f"{PREFIX}/me", "/health", f"{PREFIX}/openapi.json"):
        response = stage.client.options(path, headers=headers)
        assert_problem(response, "method-not-allowed")
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_an_address_that_is_written_otherwise_is_not_found_and_not_redirected(stage: Stage, path: str) -> None:
    unit = stage.own.ids["unit_id"]
    headers = {"Authorization": f"Bearer {stage.own.callers[Role.REFUGE_MANAGER].key}"}

    response = stage.client.get(PREFIX + path.format(id=unit, braced="{" + unit + "}"), headers=headers)

    assert_problem(response, "not-found")
    assert unit not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/health/", "/api", "/api/v1", "/api/v2/me", "/api/v1/openapi.json/", "/favicon.ico", "/.env", "/"]
)
def test_an_address_of_nothing_is_not_found(stage: Stage, path: str) -> None:
    assert_problem(stage.client.get(path), "not-found")


def test_an_id_of_another_form_looks_as_if_it_did_not_exist(stage: Stage) -> None:
    headers = {"Authorization": f"Bearer {stage.own.callers[Role.REFUGE_MANAGER].key}"}

    answers = {
        str(masked(stage.client.get(f"{PREFIX}/units/{identity}", headers=headers)))
        for identity in (uuid.uuid4(), uuid.uuid1(), stage.other.ids["unit_id"], "x", "1", CANARY)
    }

    assert len(answers) == 1


def test_what_kind_of_answer_is_wished_for_changes_nothing(stage: Stage) -> None:
    """There is one representation of everything: JSON. Nobody is sent away for asking for another."""
    for accept in ("text/html", "application/xml", "*/*;q=0", "\u00ff", "application/json;q=0"):
        response = stage.send("get_me", headers={"Accept": accept})
        assert (response.status_code, response.content_type) == (200, "application/json")


@pytest.mark.parametrize("status", sorted(SLUG_OF_STATUS))
def test_every_http_error_is_a_problem(status: int) -> None:
    response = _failing_app(_http_error(status)).test_client().get("/")

    assert_problem(response, SLUG_OF_STATUS[status])


@pytest.mark.parametrize("status", [402, 408, 410, 414, 416, 418, 423, 424, 425, 451])
def test_an_http_error_without_a_problem_of_its_own_is_a_bad_request(status: int) -> None:
    assert_problem(_failing_app(_http_error(status)).test_client().get("/"), "bad-request")


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (OperationalError(f"SELECT {CANARY}", {"name": CANARY}, Exception(CANARY)), "try-again"),
        (PoolTimeout(CANARY), "try-again"),
        (ValueError(CANARY), "internal-error"),
        (RecursionError(CANARY), "internal-error"),
        (KeyError(CANARY), "internal-error"),
        (exceptions.InternalServerError(CANARY), "internal-error"),
        (exceptions.NotFound(CANARY), "not-found"),
        (exceptions.BadRequest(f"<b>{CANARY}</b>"), "bad-request"),
    ],
)
def test_what_nobody_foresaw_is_told_without_a_word_of_it(
    error: Exception, slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    response = _failing_app(error).test_client().get("/")

    assert_problem(response, slug)
    assert CANARY not in response.get_data(as_text=True)
    seen = capsys.readouterr()
    assert CANARY not in seen.out + seen.err


def test_busy_says_when_to_come_again() -> None:
    response = _failing_app(OperationalError("SELECT 1", {}, Exception())).test_client().get("/")

    assert int(response.headers["Retry-After"]) > 0


def test_every_detail_and_slug_is_of_a_known_status() -> None:
    assert set(SLUG_OF_STATUS.values()) <= set(TITLES)
    assert set(DETAIL_OF_STATUS) <= set(SLUG_OF_STATUS)
    assert all(TITLES[slug][0] == status for status, slug in SLUG_OF_STATUS.items())


def _failing_app(error: Exception) -> Flask:
    """Return an application with our problems and one view that fails."""
    app = Flask("failing")
    register_problems(app)

    @app.get("/")
    def fail() -> str:
        raise error

    return app


def _http_error(status: int) -> exceptions.HTTPException:
    if status == 405:
        return exceptions.MethodNotAllowed(["GET"])
    error = exceptions.HTTPException()
    error.code = status
    return error
