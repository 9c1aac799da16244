"""Signing in: what lets somebody in, that every refusal is one answer, and what a change of password ends."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, select, update

from accommodation.models import Worker
from accommodation.people_models import WorkerRole
from api.app import PREFIX
from api.audit import AuditEvent
from api.auth.models import Credential, SignInFailures
from api.auth.passwords import HashCost, Passwords
from api.auth.throttle import ACCOUNT_ATTACKED, LONGEST_WAIT, PAIR_FREE, PLACE_FREE
from tests.integration.test_sessions import session_of
from tests.support.problems import assert_problem, masked
from tests.support.world import Caller, SignInFacts, World

HERS, HIS = "203.0.113.7", "198.51.100.9"


def test_name_password_and_code_open_a_session_in_her_role(world: World) -> None:
    officer, facts = _officer(world)

    signed_in = session_of(_sign_in(world, facts, code=facts.code()))

    me = officer.client.get(f"{PREFIX}/me", headers=signed_in.headers).get_json()
    assert (me["worker_id"], me["role"]) == (str(officer.worker_id), "housing_officer")


def test_her_name_is_the_same_however_it_is_typed(world: World) -> None:
    _, facts = _officer(world, "Zoë.Example@council.example")

    answer = _sign_in(world, facts, sign_in_name="ZOE\u0308.EXAMPLE@council.example", code=facts.code())

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "fault", ["unknown", "password", "code", "used code", "old code", "role", "left", "no role", "demo"]
)
def test_whatever_is_wrong_the_answer_is_the_same(world: World, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    officer, facts = _officer(world)
    wrong: dict[str, Any] = {"code": facts.code()}
    allow_demo = True
    match fault:
        case "unknown":
            wrong["sign_in_name"] = "nobody@council.example"
        case "password":
            wrong["password"] = facts.password + "!"
        case "code":
            wrong["code"] = f"{(int(facts.code()) + 1) % 1_000_000:06}"
        case "used code":
            assert _sign_in(world, facts, **wrong).status_code == 201
        case "old code":
            wrong["code"] = facts.code(step=-4)
        case "role":
            wrong["role"] = "refuge_manager"
        case "left":
            _change(world, update(Worker).where(Worker.id == officer.worker_id).values(left_at=datetime.now(UTC)))
        case "no role":
            _change(world, delete(WorkerRole).where(WorkerRole.worker_id == officer.worker_id))
        case "demo":
            _change(world, update(Credential).where(Credential.worker_id == officer.worker_id).values(is_demo=True))
            allow_demo = False
    stranger = {"sign_in_name": "stranger@council.example", "password": "x" * 12, "code": "000000"}

    with world.app.app_context():
        monkeypatch.setattr(world.harbour.sign_in, "allow_demo", allow_demo)
    refused = _sign_in(world, facts, **wrong)

    assert_problem(refused, "not-signed-in")
    assert masked(refused) == masked(_sign_in(world, facts, **stranger))
    assert "Set-Cookie" not in refused.headers


def test_a_recovery_code_lets_in_once(world: World) -> None:
    _, facts = _officer(world)
    code = facts.recovery_codes[3].upper().replace("-", " ")

    assert _sign_in(world, facts, code=code).status_code == 201
    assert_problem(_sign_in(world, facts, code=code), "not-signed-in")
    assert _sign_in(world, facts, code=facts.recovery_codes[4]).status_code == 201


def test_who_has_two_roles_says_in_which_one_she_acts_and_keeps_her_code(world: World) -> None:
    officer, facts = _officer(world)
    world.give_role(officer, "auditor")
    code = facts.code()

    asked = assert_problem(_sign_in(world, facts, code=code), "role-not-chosen")
    signed_in = session_of(_sign_in(world, facts, code=code, role="auditor"))

    assert asked["roles"] == ["housing_officer", "auditor"]
    assert officer.client.get(f"{PREFIX}/me", headers=signed_in.headers).get_json()["role"] == "auditor"


def test_signing_in_again_in_the_same_browser_ends_the_session_that_was_there(world: World) -> None:
    officer, facts = _officer(world)
    first = session_of(_sign_in(world, facts, code=facts.code()))

    second = session_of(_sign_in(world, facts, code=facts.code(step=1), headers={"Cookie": f"harbour={first.token}"}))

    assert second.token != first.token
    assert_problem(officer.client.get(f"{PREFIX}/me", headers=first.headers), "not-signed-in")
    assert officer.client.get(f"{PREFIX}/me", headers=second.headers).status_code == 200


def test_a_session_token_that_a_browser_brings_along_is_never_taken_over(world: World) -> None:
    _, facts = _officer(world)

    signed_in = session_of(_sign_in(world, facts, code=facts.code(), headers={"Cookie": f"harbour={'A' * 43}"}))

    assert signed_in.token != "A" * 43


def test_another_site_cannot_sign_somebody_in(world: World) -> None:
    _, facts = _officer(world)

    refused = _sign_in(world, facts, code=facts.code(), headers={"Origin": "https://evil.example"})

    assert_problem(refused, "cross-site-request")


def test_a_changed_password_ends_every_other_session(world: World) -> None:
    officer, facts = _officer(world)
    here, elsewhere = world.sign_in(officer, stepped_up=True), world.sign_in(officer)
    fresh = "plum gallery tideway sock"

    answer = here.post("/me/password", {"current_password": facts.password, "new_password": fresh})

    changed = session_of(answer)
    assert_problem(elsewhere.get("/me"), "not-signed-in")
    assert_problem(here.get("/me"), "not-signed-in")
    assert officer.client.get(f"{PREFIX}/me", headers=changed.headers).status_code == 200
    assert_problem(_sign_in(world, facts, code=facts.code()), "not-signed-in")
    assert _sign_in(world, facts, password=fresh, code=facts.code()).status_code == 201


def test_a_password_is_not_changed_without_the_old_one_nor_to_a_weak_one(world: World) -> None:
    officer, facts = _officer(world)
    here = world.sign_in(officer, stepped_up=True)
    fresh = "plum gallery tideway sock"

    assert_problem(here.post("/me/password", {"current_password": "wrong " * 3, "new_password": fresh}), "not-confirmed")
    weak = here.post("/me/password", {"current_password": facts.password, "new_password": "password1234"})

    assert assert_problem(weak, "invalid-input")["errors"][0]["pointer"] == "/new_password"
    assert _sign_in(world, facts, code=facts.code()).status_code == 201


def test_a_password_is_hashed_again_when_its_cost_has_changed(world: World) -> None:
    officer, facts = _officer(world)
    about_her = Credential.worker_id == officer.worker_id
    older = Passwords(HashCost(memory_kib=16, passes=2)).hash(facts.password)
    _change(world, update(Credential).where(about_her).values(password_hash=older))

    assert _sign_in(world, facts, code=facts.code()).status_code == 201

    with world.engine.connect() as connection:
        stored = connection.execute(select(Credential.password_hash).where(about_her)).scalar_one()
    assert "m=8,t=1,p=1" in stored
    assert stored.startswith("$argon2id$")


def test_neither_name_nor_password_nor_secret_is_readable_in_the_database(world: World) -> None:
    _, facts = _officer(world, "canary.name@council.example")

    with world.engine.connect() as connection:
        row = repr(tuple(connection.execute(select(Credential.__table__)).one())).lower()

    assert "canary" not in row
    assert facts.password not in row
    assert facts.totp_secret.lower() not in row


# --- guessing -------------------------------------------------------------------------------------------------------


def test_guessing_from_one_place_is_slowed_and_then_refused(world: World) -> None:
    _, facts = _officer(world)

    answers = [_guess(world, facts, HIS) for _ in range(PAIR_FREE + 3)]

    assert [answer.status_code for answer in answers] == [401] * PAIR_FREE + [429] * 3
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30
    # The right password does not help while he waits; it would tell him that it was right.
    assert_problem(_sign_in(world, facts, address=HIS, code=facts.code()), "too-many-requests")


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(world: World) -> None:
    _, facts = _officer(world)
    at, waits = datetime.now(UTC), []

    for _ in range(16):
        with time_machine.travel(at, tick=False):
            answer = _guess(world, facts, HIS)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            at += timedelta(seconds=waits[-1])

    assert waits[:3] == [30, 60, 120]
    assert max(waits) == LONGEST_WAIT.total_seconds()


def test_failures_from_elsewhere_never_stop_her_at_her_usual_place(world: World) -> None:
    _, facts = _officer(world)
    for number in range(1, 60):
        _guess(world, facts, f"198.51.100.{number}")
    _set_failures(world, 10_000)

    from_her_desk = _sign_in(world, facts, address=HERS, code=facts.code())

    assert from_her_desk.status_code == 201


def test_failures_in_her_own_office_never_stop_the_browser_she_has_used_before(world: World) -> None:
    _, facts = _officer(world)
    first = _sign_in(world, facts, address=HERS, code=facts.code())
    device = _device_of(first)
    for _ in range(PLACE_FREE + 5):
        _guess(world, facts, HERS, name=f"colleague{_}@council.example")
    for _ in range(PAIR_FREE + 2):
        _guess(world, facts, HERS)

    from_a_strange_browser = _sign_in(world, facts, address=HERS, code=facts.code(step=1))
    from_her_own = _sign_in(world, facts, address=HERS, code=facts.code(step=1), headers={"Cookie": device})

    assert_problem(from_a_strange_browser, "too-many-requests")
    assert from_her_own.status_code == 201


def test_a_known_browser_is_known_for_its_own_account_alone_and_is_slowed_too(world: World) -> None:
    _, facts = _officer(world)
    _, others = _officer(world)
    device = _device_of(_sign_in(world, facts, address=HERS, code=facts.code()))

    at_hers = [_guess(world, facts, HERS, headers={"Cookie": device}).status_code for _ in range(PAIR_FREE + 1)]
    at_others = [_guess(world, others, HIS, headers={"Cookie": device}).status_code for _ in range(PAIR_FREE)]
    at_others.append(_guess(world, others, HIS).status_code)

    assert at_hers == [401] * PAIR_FREE + [429]
    assert at_others == [401] * PAIR_FREE + [429]


def test_one_place_cannot_try_many_accounts(world: World) -> None:
    _, facts = _officer(world)

    answers = [_guess(world, facts, HIS, name=f"worker{number}@council.example") for number in range(PLACE_FREE + 2)]

    assert [answer.status_code for answer in answers[-3:]] == [401, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 3000


def test_an_account_that_many_guess_at_gives_strangers_one_try_each(world: World) -> None:
    _, facts = _officer(world)
    for address in (HIS, "198.51.100.10"):
        _guess(world, facts, address)
    _set_failures(world, ACCOUNT_ATTACKED)

    answers = [_guess(world, facts, "192.0.2.44").status_code for _ in range(2)]

    assert answers == [401, 429]


def test_a_failure_is_recorded_about_her_and_a_strangers_about_nobody(world: World) -> None:
    officer, facts = _officer(world)
    _guess(world, facts, HIS)
    _guess(world, facts, HIS, name="nobody@council.example")

    with world.engine.connect() as connection:
        failed = select(AuditEvent.worker_id, AuditEvent.organisation_id).where(AuditEvent.action == "sign_in:failed")
        rows = {tuple(row) for row in connection.execute(failed)}
    assert rows == {(officer.worker_id, officer.organisation_id), (uuid.UUID(int=0), uuid.UUID(int=0))}


def test_names_that_do_not_exist_are_slowed_like_those_that_do(world: World) -> None:
    _, facts = _officer(world)

    known = [_guess(world, facts, HIS).status_code for _ in range(PAIR_FREE + 1)]
    unknown = [_guess(world, facts, HIS, name="nobody@council.example").status_code for _ in range(PAIR_FREE + 1)]

    assert known == unknown


def _officer(world: World, name: str | None = None) -> tuple[Caller, SignInFacts]:
    officer = world.create_officer()
    return officer, world.set_up_sign_in(officer, name)


def _sign_in(
    world: World, facts: SignInFacts, *, address: str = "127.0.0.1", headers: dict[str, str] | None = None, **body: Any
) -> Any:
    sent = {"sign_in_name": facts.sign_in_name, "password": facts.password, "code": "000000", **body}
    client = world.app.test_client(use_cookies=False)
    return client.post(f"{PREFIX}/sessions", json=sent, headers=headers, environ_base={"REMOTE_ADDR": address})


def _guess(
    world: World, facts: SignInFacts, address: str, *, name: str | None = None, headers: dict[str, str] | None = None
) -> Any:
    about = name or facts.sign_in_name
    return _sign_in(world, facts, address=address, headers=headers, sign_in_name=about, password="x" * 12)


def _device_of(answer: Any) -> str:
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("harbour-device=")]
    return str(cookie.partition(";")[0])


def _change(world: World, statement: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(statement)


def _set_failures(world: World, failures: int) -> None:
    """Make the account's own counter, the one with the most failures, as if so many had come from elsewhere."""
    with world.engine.begin() as connection:
        last = select(SignInFailures.id).order_by(SignInFailures.failures.desc(), SignInFailures.forget_at.desc()).limit(1)
        counter = connection.execute(last).scalar_one()
        connection.execute(update(SignInFailures).where(SignInFailures.id == counter).values(failures=failures))
