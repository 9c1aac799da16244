"""From an invitation to signing in: each token is good once, nothing holds before a code confirms it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from sqlalchemy import select, update

from accommodation.models import Worker
from accommodation.vocabulary import Role
from api.app import PREFIX
from api.auth.administration import bootstrap_administrator, enrol_again
from api.auth.models import Credential, Enrolment, RecoveryCode
from tests.support.problems import assert_problem, masked
from tests.support.world import Caller, World

NAME, PASSWORD = "new.officer@council.example", "plum gallery tideway sock"
NO_TOKEN = "A" * 43


def test_an_invitation_leads_to_a_worker_who_signs_in_with_her_second_factor(world: World) -> None:
    council_id = world.create_caller(Role.SAFEGUARDING_LEAD).organisation_id
    administrator = world.create_caller(Role.ADMINISTRATOR, council_id)
    body = {"roles": ["housing_officer"], "for_whom": "The new officer"}
    token = administrator.made("/invitations", body)["token"]

    accepted = _post(world, "/invitations/acceptance", {"token": token, "name": "Nour Newofficer"})
    secret, codes = _enrol(world, accepted.get_json()["enrolment_token"])

    signed_in = _sign_in(world, _next_code(secret))
    assert signed_in.status_code == 201
    assert signed_in.get_json()["role"] == "housing_officer"
    assert len(set(codes)) == 10
    assert _sign_in(world, codes[0]).status_code == 201


def test_an_invitation_is_accepted_once_and_a_made_up_one_looks_the_same(world: World) -> None:
    administrator = world.create_caller(Role.ADMINISTRATOR, world.create_officer().organisation_id)
    token = administrator.made("/invitations", {"roles": ["auditor"], "for_whom": "The new one"})["token"]
    assert _post(world, "/invitations/acceptance", {"token": token, "name": "First"}).status_code == 201

    again = _post(world, "/invitations/acceptance", {"token": token, "name": "Second"})
    made_up = _post(world, "/invitations/acceptance", {"token": NO_TOKEN, "name": "Second"})

    assert_problem(again, "not-found")
    assert masked(again) == masked(made_up)


@pytest.mark.parametrize("spoilt", ["used", "replaced", "expired", "she has left", "made up"])
def test_a_token_that_is_no_good_says_nothing_about_why(world: World, spoilt: str) -> None:
    officer = world.create_officer()
    token, at = _token(world, officer), datetime.now(UTC)
    match spoilt:
        case "used":
            _enrol(world, token)
        case "replaced":
            _token(world, officer)
        case "expired":
            at += timedelta(hours=24, seconds=1)
        case "she has left":
            with world.unit_of_work() as uow:
                uow.session.execute(update(Worker).where(Worker.id == officer.worker_id).values(left_at=uow.now))
        case _:
            token = NO_TOKEN

    with time_machine.travel(at, tick=True):
        begun = _begin(world, token)
        confirmed = _post(world, "/enrolments/confirmation", {"enrolment_token": token, "code": "123456"})

    assert_problem(begun, "not-found")
    assert_problem(confirmed, "not-found")
    assert masked(begun) == masked(_begin(world, NO_TOKEN))


def test_nothing_holds_before_the_first_code(world: World) -> None:
    officer = world.create_officer()
    facts = world.set_up_sign_in(officer)
    token = _token(world, officer)
    secret = _begin(world, token).get_json()["secret"]

    assert_problem(_sign_in(world, _next_code(secret)), "not-signed-in")
    wrong = _post(world, "/enrolments/confirmation", {"enrolment_token": token, "code": "000000"})
    old = {"sign_in_name": facts.sign_in_name, "password": facts.password, "code": facts.code()}

    assert_problem(wrong, "invalid-input")
    assert _post(world, "/sessions", old).status_code == 201


def test_the_code_that_confirmed_does_not_sign_in(world: World) -> None:
    token = _token(world, world.create_officer())
    secret = _begin(world, token).get_json()["secret"]
    code = pyotp.TOTP(secret).now()
    assert _post(world, "/enrolments/confirmation", {"enrolment_token": token, "code": code}).status_code == 200

    assert_problem(_sign_in(world, code), "not-signed-in")


def test_enrolling_again_ends_the_sessions_and_codes_that_were_there(world: World) -> None:
    officer = world.create_officer()
    facts, signed_in = world.set_up_sign_in(officer), world.sign_in(officer)
    harbour = world.harbour

    token = enrol_again(world.engine, harbour.key_ring, harbour.settings.auth_key, officer.worker_id)
    _enrol(world, token)

    assert_problem(signed_in.get("/me"), "not-signed-in")
    assert_problem(_sign_in(world, facts.recovery_codes[0]), "not-signed-in")


def test_two_people_do_not_sign_in_by_one_name(world: World) -> None:
    _enrol(world, _token(world, world.create_officer()))

    refused = _begin(world, _token(world, world.create_officer()), sign_in_name=NAME.upper())

    assert_problem(refused, "sign-in-name-in-use")


@pytest.mark.parametrize(
    "password", ["short", "password1234", "new.officer@council.example", "ab" * 600, "é" * 513 + "x" * 13]
)
def test_a_weak_or_endless_password_is_refused(world: World, password: str) -> None:
    refused = _begin(world, _token(world, world.create_officer()), password=password)

    assert assert_problem(refused, "invalid-input")["errors"][0]["pointer"] == "/password"


def test_tokens_codes_and_secrets_are_not_readable_in_the_database(world: World) -> None:
    token = _token(world, world.create_officer())
    secret, codes = _enrol(world, token)
    _begin(world, other := _token(world, world.create_officer()), sign_in_name="canary@council.example")

    with world.engine.connect() as connection:
        rows = [
            row for model in (Enrolment, Credential, RecoveryCode) for row in connection.execute(select(model.__table__))
        ]
    text = repr([tuple(row) for row in rows]).lower()

    for hidden in (token, other, secret, *codes, "canary", NAME, PASSWORD):
        assert hidden.lower() not in text
        assert hidden.lower().replace("-", "") not in text


def test_the_first_administrator_enrols_and_is_made_once(world: World) -> None:
    harbour = world.harbour
    arguments = (world.engine, harbour.key_ring, harbour.settings.auth_key, "The board", "Ada Example")

    first = bootstrap_administrator(*arguments)
    secret, _ = _enrol(world, first.enrolment_token)

    assert first.key is None
    assert _sign_in(world, _next_code(secret)).get_json()["role"] == "administrator"
    with pytest.raises(Exception, match="This installation has workers"):
        bootstrap_administrator(*arguments)


def _token(world: World, caller: Caller) -> str:
    harbour = world.harbour
    return enrol_again(world.engine, harbour.key_ring, harbour.settings.auth_key, caller.worker_id)


def _begin(world: World, token: str, **changed: str) -> Any:
    body = {"enrolment_token": token, "sign_in_name": NAME, "password": PASSWORD, **changed}
    return _post(world, "/enrolments", body)


def _enrol(world: World, token: str) -> tuple[str, list[str]]:
    begun = _begin(world, token).get_json()
    assert begun["provisioning_uri"].startswith("otpauth://totp/Harbour:")
    code = pyotp.TOTP(begun["secret"]).now()
    confirmed = _post(world, "/enrolments/confirmation", {"enrolment_token": token, "code": code})
    assert confirmed.status_code == 200, confirmed.get_data(as_text=True)
    return begun["secret"], confirmed.get_json()["recovery_codes"]


def _next_code(secret: str) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))


def _sign_in(world: World, code: str) -> Any:
    return _post(world, "/sessions", {"sign_in_name": NAME, "password": PASSWORD, "code": code})


def _post(world: World, path: str, body: Any) -> Any:
    return world.app.test_client(use_cookies=False).post(PREFIX + path, json=body)
