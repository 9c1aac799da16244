"""Sessions: who is let in by a cookie, for how long, from where, and that the end of one is the end on every node."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select, update

from accommodation.models import Worker
from accommodation.people_models import WorkerRole
from api.app import PREFIX, create_app
from api.auth.models import WorkerSession
from api.auth.sessions import ABSOLUTE, IDLE, NOTE_SEEN_AFTER, STEP_UP
from api.settings import Settings
from tests.support.problems import assert_problem, masked
from tests.support.sessions import SignedIn
from tests.support.world import Caller, World


def test_a_session_opens_what_its_worker_may_see(world: World) -> None:
    officer = world.sign_in(world.create_officer())

    household = world.create_household(officer)

    assert officer.get(f"/households/{household['id']}").status_code == 200
    assert officer.get("/me").get_json()["role"] == "housing_officer"


def test_the_token_of_a_session_is_nowhere_in_the_database(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    assert officer.session is not None

    with world.engine.connect() as connection:
        digest = connection.execute(select(WorkerSession.digest)).scalar_one()

    assert len(officer.session.token) == 43
    assert officer.session.token.encode() not in digest
    assert digest != hashlib.sha256(officer.session.token.encode()).digest()


def test_a_session_that_idles_for_fifteen_minutes_is_over(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    start = datetime.now(UTC)

    with time_machine.travel(start + IDLE - timedelta(seconds=30), tick=True):
        assert officer.get("/me").status_code == 200
    with time_machine.travel(start + 2 * IDLE - timedelta(seconds=60), tick=True):
        assert officer.get("/me").status_code == 200
    with time_machine.travel(start + 3 * IDLE, tick=True):
        assert_problem(officer.get("/me"), "not-signed-in")


def test_a_session_is_over_after_twelve_hours_however_busy(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    start = datetime.now(UTC)

    at = start
    while at < start + ABSOLUTE - timedelta(minutes=11):
        at += timedelta(minutes=10)
        with time_machine.travel(at, tick=False):
            assert officer.get("/me").status_code == 200, at - start

    with time_machine.travel(start + ABSOLUTE + timedelta(seconds=1), tick=False):
        assert_problem(officer.get("/me"), "not-signed-in")


def test_reading_writes_to_the_session_once_a_minute_at_most(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    start = datetime.now(UTC)

    with _writes_to_sessions(world) as writes:
        for second in range(0, 600, 20):
            with time_machine.travel(start + timedelta(seconds=second), tick=False):
                assert officer.get("/me").status_code == 200

    assert 5 <= len(writes) <= 600 / NOTE_SEEN_AFTER.total_seconds()


@pytest.mark.parametrize("end", ["sign out", "sign out everywhere", "from another session"])
def test_a_session_ended_on_one_node_is_refused_by_the_other_at_the_next_request(world: World, end: str) -> None:
    officer = world.sign_in(world.create_officer())
    other = world.sign_in(officer)
    with _second_node(world) as elsewhere:
        officer_elsewhere = replace(officer, client=elsewhere)
        assert officer_elsewhere.get("/me").status_code == 200

        match end:
            case "sign out":
                answer = officer.call("DELETE", "/sessions/current")
            case "sign out everywhere":
                answer = other.call("DELETE", "/sessions")
            case _:
                assert officer.session is not None
                answer = other.call("DELETE", f"/sessions/{officer.session.id}")

        assert answer.status_code == 204
        assert_problem(officer_elsewhere.get("/me"), "not-signed-in")


def test_who_has_left_is_refused_with_her_session_at_the_next_request(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    assert officer.get("/me").status_code == 200

    with world.unit_of_work() as uow:
        uow.session.execute(update(Worker).where(Worker.id == officer.worker_id).values(left_at=uow.now))

    assert_problem(officer.get("/me"), "not-signed-in")


def test_who_has_lost_her_role_is_refused_with_her_session_at_the_next_request(world: World) -> None:
    officer = world.sign_in(world.create_officer())
    assert officer.get("/me").status_code == 200

    with world.unit_of_work() as uow:
        uow.session.execute(update(WorkerRole).where(WorkerRole.worker_id == officer.worker_id).values(ended_at=uow.now))

    assert_problem(officer.get("/me"), "not-signed-in")


def test_nobody_ends_or_sees_the_session_of_somebody_else(world: World) -> None:
    officer, colleague = world.sign_in(world.create_officer()), world.sign_in(world.create_officer())
    assert officer.session is not None
    assert colleague.session is not None

    theirs = officer.call("DELETE", f"/sessions/{colleague.session.id}")
    nothing = officer.call("DELETE", "/sessions/6f1f4b0e-0f43-4dd2-9a3e-0d0a9f0b6a11")

    assert masked(theirs) == masked(nothing)
    assert_problem(theirs, "not-found")
    assert [item["id"] for item in officer.get("/sessions").get_json()["items"]] == [str(officer.session.id)]
    assert colleague.get("/me").status_code == 200


FORGERIES: dict[str, dict[str, str | None]] = {
    "no token": {"X-CSRF-Token": None},
    "another token": {"X-CSRF-Token": "A" * 43},
    "odd token": {"X-CSRF-Token": "\u00e9" * 43},
    "another site": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://localhost:8001"},
    "no site": {"Origin": None},
    "a sandbox": {"Origin": "null"},
    "half an address": {"Origin": "http://["},
    "a sister host": {"Sec-Fetch-Site": "same-site"},
    "a link": {"Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_change_that_another_site_might_have_asked_for_is_refused(world: World, forgery: str) -> None:
    officer = world.sign_in(world.create_officer())
    body = {"reference": "x"}

    refused = _send(officer, FORGERIES[forgery], body)

    assert_problem(refused, "cross-site-request")
    assert_problem(_send(officer, {}, body), "invalid-input")
    assert officer.call("GET", "/me", headers={"Origin": "https://evil.example", "X-CSRF-Token": ""}).status_code == 200


def test_the_token_against_forgery_of_one_session_does_not_serve_another(world: World) -> None:
    officer, other = world.sign_in(world.create_officer()), world.sign_in(world.create_officer())
    assert other.session is not None

    assert_problem(_send(officer, {"X-CSRF-Token": other.session.csrf_token}, {}), "cross-site-request")


def test_a_key_needs_no_token_and_both_together_are_nobody(world: World) -> None:
    officer = world.create_officer()
    signed_in = world.sign_in(officer)

    assert_problem(officer.post("/households", {}), "invalid-input")
    for authorization in (f"Bearer {officer.key}", "Basic eDp5", ""):
        assert_problem(signed_in.get("/me", headers={"Authorization": authorization}), "bad-request")


def test_a_key_can_never_do_what_is_for_people(world: World) -> None:
    officer = world.create_officer()

    assert_problem(officer.get("/sessions/current"), "session-needed")
    assert_problem(officer.post("/sessions/current/step-up", {"code": "123456"}), "session-needed")
    assert_problem(officer.post("/me/recovery-codes"), "step-up-needed")


def test_stepping_up_counts_for_five_minutes_and_gives_another_token(world: World) -> None:
    officer = world.create_officer()
    facts, signed_in = world.set_up_sign_in(officer), world.sign_in(officer)
    assert_problem(signed_in.post("/me/recovery-codes"), "step-up-needed")

    answer = signed_in.post("/sessions/current/step-up", {"code": facts.code()})

    stepped_up = replace(signed_in, session=session_of(answer))
    assert_problem(signed_in.get("/me"), "not-signed-in")
    assert stepped_up.post("/me/recovery-codes").status_code == 200
    with time_machine.travel(datetime.now(UTC) + STEP_UP + timedelta(seconds=1), tick=True):
        assert_problem(stepped_up.post("/me/recovery-codes"), "step-up-needed")


def test_a_code_steps_up_once(world: World) -> None:
    officer = world.create_officer()
    facts, signed_in = world.set_up_sign_in(officer), world.sign_in(officer)
    code = facts.code()

    first = signed_in.post("/sessions/current/step-up", {"code": code})
    stepped_up = replace(signed_in, session=session_of(first))

    assert_problem(stepped_up.post("/sessions/current/step-up", {"code": code}), "not-confirmed")
    assert_problem(stepped_up.post("/sessions/current/step-up", {"code": facts.code(step=-1)}), "not-confirmed")
    assert stepped_up.post("/sessions/current/step-up", {"code": facts.code(step=1)}).status_code == 200


def test_a_stolen_session_gets_few_guesses_at_the_second_factor(world: World) -> None:
    officer = world.create_officer()
    facts, stolen = world.set_up_sign_in(officer), world.sign_in(officer)

    answers = [stolen.post("/sessions/current/step-up", {"code": f"{guess:06}"}).status_code for guess in range(8)]

    assert answers == [403] * 5 + [429] * 3
    hers = world.sign_in(officer)
    assert hers.post("/sessions/current/step-up", {"code": facts.code()}).status_code == 200


def test_cookies_are_bound_to_the_host_and_closed_to_scripts_over_tls(world: World) -> None:
    environment = world.database.environment(PUBLIC_URL="https://harbour.example")
    app = create_app(Settings.from_environment(environment), passwords=world.harbour.passwords)
    officer = world.create_officer()
    facts = world.set_up_sign_in(officer)
    body = {"sign_in_name": facts.sign_in_name, "password": facts.password, "code": facts.code()}

    with closing(_Disposed(app)):
        answer = app.test_client(use_cookies=False).post(f"{PREFIX}/sessions", json=body)

    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-harbour", "__Host-harbour-device"}
    for cookie in cookies:
        parts = {part.strip() for part in cookie.split(";")[1:]}
        assert parts >= {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"}
        assert not any(part.startswith("Domain") for part in parts)


def session_of(answer: Any) -> SignedIn:
    """Return the session that an answer gives its browser."""
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    body = answer.get_json()
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("harbour=")]
    return SignedIn(body["id"], cookie.partition(";")[0].partition("=")[2], body["csrf_token"])


class _Disposed:
    """Gives an application's connections back."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def close(self) -> None:
        from api.database import db

        with self._app.app_context():
            db.engine.dispose()


@contextmanager
def _second_node(world: World) -> Iterator[Any]:
    """Run a second application on the same database; returns a client of it."""
    app = create_app(world.database.settings(), passwords=world.harbour.passwords)
    with closing(_Disposed(app)):
        yield app.test_client(use_cookies=False)


@contextmanager
def _writes_to_sessions(world: World) -> Iterator[list[str]]:
    writes: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE worker_session"):
            writes.append(statement)

    event.listen(world.engine, "before_cursor_execute", remember)
    yield writes
    event.remove(world.engine, "before_cursor_execute", remember)


def _send(caller: Caller, changed: dict[str, str | None], body: Any) -> Any:
    headers = {name: value for name, value in {**caller.headers, **changed}.items() if value is not None}
    return caller.client.post(f"{PREFIX}/households", json=body, headers=headers)
