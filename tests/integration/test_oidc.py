"""OpenID Connect against a real provider: who is let in by it, what else she must show, and that nothing works twice."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, update

from accommodation.models import Worker
from accommodation.sealing import seal_json
from api.app import PREFIX, create_app
from api.auth.models import ExternalIdentity, OidcAttempt
from api.auth.settings import OIDC_RETURN_PATH
from api.settings import Settings
from tests.integration.test_sessions import _Disposed, session_of
from tests.support.identity_provider import CLIENT, go_there_and_back, start_provider
from tests.support.problems import assert_problem, masked
from tests.support.world import Caller, SignInFacts, World

REDIRECT_URI = f"http://localhost{OIDC_RETURN_PATH}"
HER_NAME = "officer@council.example"
ACCOUNTS = {
    "officer": {"email": HER_NAME, "email_verified": True, "amr": ["pwd", "mfa"]},
    "by-password-alone": {"email": HER_NAME, "email_verified": True, "amr": ["pwd"]},
    "unverified": {"email": HER_NAME, "email_verified": False, "amr": ["pwd", "mfa"]},
    "stranger": {"email": "stranger@council.example", "email_verified": True, "amr": ["pwd", "mfa"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider for the tests of this file."""
    with start_provider(REDIRECT_URI, ACCOUNTS) as issuer:
        yield issuer


def test_she_signs_in_by_the_provider_and_her_own_code(world: World, issuer: str) -> None:
    officer, facts = _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")

        assert site.come_back(trip).get_json() == {"needs_code": True}
        signed_in = session_of(site.finish(trip, code=facts.code()))

        me = site.client.get(f"{PREFIX}/me", headers=signed_in.headers).get_json()
    assert (me["worker_id"], me["role"]) == (str(officer.worker_id), "housing_officer")


def test_what_says_that_it_asked_for_a_second_factor_is_believed_from_the_second_time_on(world: World, issuer: str) -> None:
    _, facts = _officer(world)
    with _site(world, issuer, OIDC_SECOND_FACTORS="mfa,hwk") as site:
        first, second = site.go("officer"), None

        assert site.come_back(first).get_json() == {"needs_code": True}
        assert_problem(site.finish(first), "not-signed-in")
        assert site.finish(first, code=facts.code()).status_code == 201
        second = site.go("officer")
        assert site.come_back(second).get_json() == {"needs_code": False}
        assert site.finish(second).status_code == 201


@pytest.mark.parametrize("account", ["stranger", "unverified", "by-password-alone", "nobody"])
def test_the_provider_makes_nobody_a_worker_and_vouches_for_no_unverified_name(
    world: World, issuer: str, account: str
) -> None:
    _officer(world)
    with _site(world, issuer, OIDC_SECOND_FACTORS="mfa") as site:
        trip = site.go(account)
        refused = site.come_back(trip)

        assert_problem(refused, "not-signed-in")
        assert_problem(site.finish(trip, code="000000"), "not-signed-in")
    with world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(ExternalIdentity)).scalar() == 0


def test_somebody_who_has_left_is_let_in_by_no_provider(world: World, issuer: str) -> None:
    officer, facts = _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")
        site.come_back(trip)
        with world.unit_of_work() as uow:
            uow.session.execute(update(Worker).where(Worker.id == officer.worker_id).values(left_at=uow.now))

        assert_problem(site.finish(trip, code=facts.code()), "not-signed-in")


@pytest.mark.parametrize(
    "fault", ["state", "another's browser", "no browser", "nonce", "code", "another's code", "too late"]
)
def test_a_way_back_that_is_not_the_one_she_went_is_refused(world: World, issuer: str, fault: str) -> None:
    _, facts = _officer(world)
    with _site(world, issuer) as site:
        trip, other = site.go("officer"), site.go("officer")
        at = datetime.now(UTC)
        match fault:
            case "state":
                trip.back["state"] = "A" * 43
            case "another's browser":
                trip.cookie = other.cookie
            case "no browser":
                trip.cookie = "x=y"
            case "nonce":
                _change_nonce(world)
            case "code":
                trip.back["code"] = "made-up"
            case "another's code":
                trip.back["code"] = other.back["code"]
            case _:
                at += timedelta(minutes=10, seconds=5)

        with time_machine.travel(at, tick=True):
            refused = site.come_back(trip)
            finished = site.finish(trip, code=facts.code())

        assert_problem(refused, "not-signed-in")
        assert_problem(finished, "not-signed-in")
        assert masked(refused)[:2] == masked(finished)[:2]


def test_a_way_back_is_walked_once_and_a_code_is_exchanged_once(world: World, issuer: str) -> None:
    _, facts = _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")
        assert site.come_back(trip).status_code == 200

        assert_problem(site.come_back(trip), "not-signed-in")
        with world.unit_of_work() as uow:
            uow.session.execute(update(OidcAttempt).values(returned_at=None))
        assert_problem(site.come_back(trip), "not-signed-in")  # now it is the provider who says no
        assert site.finish(trip, code=facts.code()).status_code == 201
        assert_problem(site.finish(trip, code=facts.code(step=1)), "not-signed-in")


def test_an_id_token_that_has_run_out_is_refused(world: World, issuer: str) -> None:
    _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")
        with world.unit_of_work() as uow:
            uow.session.execute(update(OidcAttempt).values(expires_at=uow.now + timedelta(days=2)))

        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
            assert_problem(site.come_back(trip), "not-signed-in")


def test_a_client_with_the_wrong_secret_signs_nobody_in(world: World, issuer: str) -> None:
    _officer(world)
    with _site(world, issuer, OIDC_CLIENT_SECRET="wrong") as site:
        assert_problem(site.come_back(site.go("officer")), "not-signed-in")


@pytest.mark.parametrize("trouble", ["down", "silent", "another issuer"])
def test_without_the_provider_passwords_still_sign_in(world: World, issuer: str, trouble: str) -> None:
    _, facts = _officer(world)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if trouble == "down":
            listener.close()
        wrong = issuer.replace("127.0.0.1", "localhost") if trouble == "another issuer" else f"http://127.0.0.1:{port}"
        with _site(world, wrong) as site:
            refused = site.client.post(f"{PREFIX}/oidc-sign-ins")
            body = {"sign_in_name": facts.sign_in_name, "password": facts.password, "code": facts.code()}
            by_password = site.client.post(f"{PREFIX}/sessions", json=body)

    assert_problem(refused, "identity-provider-unavailable")
    assert by_password.status_code == 201


def test_guesses_at_her_code_after_the_provider_are_few(world: World, issuer: str) -> None:
    _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")
        site.come_back(trip)

        answers = [site.finish(trip, code=f"{guess:06}").status_code for guess in range(7)]

    assert answers == [401] * 5 + [429] * 2


def test_nothing_of_the_way_there_is_readable_in_the_database(world: World, issuer: str) -> None:
    _officer(world)
    with _site(world, issuer) as site:
        trip = site.go("officer")
        site.come_back(trip)

    with world.engine.connect() as connection:
        rows = repr([tuple(row) for row in connection.execute(select(OidcAttempt.__table__))])
    for hidden in (trip.back["state"], trip.back["code"], trip.cookie.partition("=")[2], "officer"):
        assert hidden not in rows


def test_without_an_identity_provider_there_is_no_way_there(world: World) -> None:
    client = world.app.test_client(use_cookies=False)

    assert_problem(client.post(f"{PREFIX}/oidc-sign-ins"), "not-found")
    assert_problem(client.post(f"{PREFIX}/oidc-sign-ins/session", json={}), "not-found")


def test_in_ci_the_real_provider_is_not_left_out() -> None:
    import os

    assert os.environ.get("CI") != "true" or shutil.which("node"), "CI has Node: without it this file tests nothing"


@dataclass
class _Trip:
    cookie: str
    back: dict[str, str]


@dataclass
class _Site:
    client: Any

    def go(self, account: str) -> _Trip:
        answer = self.client.post(f"{PREFIX}/oidc-sign-ins")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert {"HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        url = answer.get_json()["authorization_url"]
        assert "code_challenge_method=S256" in url
        return _Trip(cookie.partition(";")[0], go_there_and_back(url, account, REDIRECT_URI))

    def come_back(self, trip: _Trip) -> Any:
        path = f"{PREFIX}/oidc-sign-ins/return"
        headers = {"Cookie": trip.cookie, "Sec-Fetch-Site": "cross-site"}
        return self.client.get(path, query_string=trip.back, headers=headers)

    def finish(self, trip: _Trip, **body: Any) -> Any:
        return self.client.post(f"{PREFIX}/oidc-sign-ins/session", json=body, headers={"Cookie": trip.cookie})


@contextmanager
def _site(world: World, issuer: str, **environment: str) -> Iterator[_Site]:
    variables = {"OIDC_ISSUER": issuer, **CLIENT, "PUBLIC_URL": "http://localhost", **environment}
    settings = Settings.from_environment(world.database.environment(**variables))
    app = create_app(settings, passwords=world.harbour.passwords)
    with closing(_Disposed(app)):
        yield _Site(app.test_client(use_cookies=False))


def _officer(world: World) -> tuple[Caller, SignInFacts]:
    officer = world.create_officer()
    return officer, world.set_up_sign_in(officer, HER_NAME)


def _change_nonce(world: World) -> None:
    """Let Harbour expect another nonce than the one that it sent, as if the answer were to somebody else's question."""
    from accommodation.sealing import open_json

    with world.unit_of_work() as uow:
        for row in uow.session.execute(select(OidcAttempt)).scalars():
            _, code_verifier = open_json(uow.cipher, row, "secrets_sealed")
            seal_json(uow.cipher, row, "secrets_sealed", ["A" * 43, code_verifier])
