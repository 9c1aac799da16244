"""A creating request that is sent again under its Idempotency-Key is done once and answered as the first time."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from accommodation.people_models import WorkerRole
from accommodation.vocabulary import Role
from api import kept_answers
from api.audit import AuditEvent
from api.auth.permissions import NEEDS_SECOND_FACTOR, PERMISSIONS
from api.examples import REQUESTS
from api.kept_answers import HEADER, LONGEST, REPLAYED, SHOWN_ONCE, KeptAnswer
from placement.models import Household
from tests.support.problems import assert_problem
from tests.support.stage import Stage
from tests.support.world import HOUSEHOLD, Caller, World


def with_key(caller: Caller, path: str, body: Any, key: str) -> TestResponse:
    return caller.post(path, body, headers={HEADER: key})


def count(world: World, model: Any) -> int:
    with Session(world.engine) as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.fixture
def officer(world: World) -> Caller:
    return world.create_officer()


def test_the_same_request_again_is_answered_as_the_first_time_and_done_once(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex

    first = with_key(officer, "/households", HOUSEHOLD, key)
    second = with_key(officer, "/households", HOUSEHOLD, key)

    assert first.status_code == second.status_code == 201
    assert first.get_data() == second.get_data()
    assert first.headers["ETag"] == second.headers["ETag"]
    assert (first.headers.get(REPLAYED), second.headers.get(REPLAYED)) == (None, "true")
    assert count(world, Household) == 1


def test_every_operation_that_makes_something_acts_once(fresh_stage: Stage) -> None:
    """Each is sent twice under one key: where the first succeeds, the second is the same and changes nothing."""
    stage, done = fresh_stage, set()
    posts = [name for name, about in sorted(stage.operations.items()) if about.method == "POST" and name in PERMISSIONS]

    for name in (name for name in posts if name not in SHOWN_ONCE):
        caller = stage.as_needed(name, stage.caller_of(name))
        headers = {HEADER: uuid.uuid4().hex, "Content-Type": "application/json"}
        body = json.dumps(stage.body_of(name)).encode() if name in REQUESTS else b""
        first = stage.send(name, data=body, caller=caller, headers=headers)
        if first.status_code >= 400:
            continue
        before = stage.digest()
        again = stage.send(name, data=body, caller=caller, headers=headers)
        assert (again.status_code, again.get_data()) == (first.status_code, first.get_data()), name
        assert again.headers[REPLAYED] == "true", name
        assert stage.digest() == before, name
        done.add(name)

    assert len(done) > 25, sorted(set(posts) - done)


def test_another_body_or_another_address_under_the_same_key_is_refused(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex
    household = with_key(officer, "/households", HOUSEHOLD, key).get_json()

    other_body = with_key(officer, "/households", {**HOUSEHOLD, "needs": {**HOUSEHOLD["needs"], "pets": True}}, key)
    other_path = with_key(officer, f"/households/{household['id']}/no-areas-to-avoid", {"reason": "In prison."}, key)

    assert_problem(other_body, "idempotency-key-reused")
    assert_problem(other_path, "idempotency-key-reused")
    assert count(world, Household) == 1


def test_another_callers_key_is_another_key(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex
    colleague = world.create_caller(Role.HOUSING_OFFICER, officer.organisation_id)

    answers = [with_key(caller, "/households", HOUSEHOLD, key) for caller in (officer, colleague, world.create_officer())]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.get_json()["id"] for answer in answers}) == 3


def test_a_key_is_forgotten_after_a_day(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex
    first = with_key(officer, "/households", HOUSEHOLD, key)
    with world.engine.begin() as connection:
        connection.execute(update(KeptAnswer).values(expires_at=world.now() - timedelta(seconds=1)))

    second = with_key(officer, "/households", HOUSEHOLD, key)

    assert second.status_code == 201
    assert first.get_json()["id"] != second.get_json()["id"]
    assert REPLAYED not in second.headers


def test_a_refusal_is_not_kept_and_can_be_tried_again(world: World, officer: Caller) -> None:
    manager = world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer)
    search = world.search(officer, household)
    void = manager.made(f"/units/{unit['id']}/voids", {"reason": "repairs", "starts_on": world.today().isoformat()})
    body = {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]}
    key = uuid.uuid4().hex

    refused = with_key(officer, "/holds", body, key)
    etag = manager.get(f"/voids/{void['id']}").headers["ETag"]
    mended = manager.call("DELETE", f"/voids/{void['id']}", {"reason": "Mended."}, headers={"If-Match": etag})
    held = with_key(officer, "/holds", body, key)

    assert mended.status_code in (200, 204)
    assert refused.status_code == 409
    assert held.status_code == 201, held.get_data(as_text=True)


def test_a_crash_between_the_commit_and_the_answer_is_made_good_by_asking_again(world: World, officer: Caller) -> None:
    """The answer is made and lost: whoever asks again gets it, and the act is there once."""
    key = uuid.uuid4().hex
    lost = []

    def lose(response: Any) -> Any:
        lost.append(response.get_data())
        raise ConnectionResetError

    world.app.after_request_funcs[None].insert(0, lose)  # run last: after the answer was kept and committed
    try:
        broken = with_key(officer, "/households", HOUSEHOLD, key)
    except ConnectionResetError:
        broken = None
    finally:
        world.app.after_request_funcs[None].remove(lose)
    again = with_key(officer, "/households", HOUSEHOLD, key)

    assert broken is None or broken.status_code == 500
    assert again.get_data() == lost[0]
    assert count(world, Household) == 1


def test_an_answer_that_cannot_be_made_leaves_no_act(world: World, officer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "SHOWN_HEADERS", None)  # whatever breaks between the act and its commit

    broken = with_key(officer, "/households", HOUSEHOLD, uuid.uuid4().hex)

    assert broken.status_code == 500
    assert count(world, Household) == count(world, KeptAnswer) == 0


@pytest.mark.parametrize("key", ["", "x" * (LONGEST + 1), "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_refused(world: World, officer: Caller, key: str) -> None:
    assert_problem(with_key(officer, "/households", HOUSEHOLD, key), "invalid-input")
    assert count(world, Household) == 0


def test_what_is_shown_once_is_kept_nowhere(stage: Stage) -> None:
    before = stage.digest()

    for name in sorted(SHOWN_ONCE & {name for name, about in stage.operations.items() if about.method == "POST"}):
        caller = stage.signed_in(stage.caller_of(name), stepped_up=name in NEEDS_SECOND_FACTOR)
        about = stage.operations[name]
        headers = {**caller.headers, HEADER: "again"}
        answer = stage.client.post(about.at(stage.own.ids), json=stage.body_of(name), headers=headers)
        assert_problem(answer, "invalid-input")

    assert stage.digest() == before


def test_what_is_kept_is_sealed_and_tells_no_key(world: World, officer: Caller) -> None:
    key = "a-key-that-somebody-chose"
    with_key(officer, "/households", HOUSEHOLD, key)

    with Session(world.engine) as session:
        row = session.execute(select(KeptAnswer.__table__)).one()

    kept = repr(tuple(row)).encode() + b"".join(value for value in row if isinstance(value, bytes))
    assert key.encode() not in kept
    assert HOUSEHOLD["members"][0]["name"].encode() not in kept


def test_an_answer_given_once_more_is_in_the_trail(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex
    for _ in range(2):
        with_key(officer, "/households", HOUSEHOLD, key)

    with Session(world.engine) as session:
        actions = session.execute(select(AuditEvent.action).order_by(AuditEvent.position)).scalars().all()

    assert actions.count("household:recorded") == actions.count("answer:replayed") == 1


def test_whoever_may_no_more_gets_no_kept_answer(world: World, officer: Caller) -> None:
    key = uuid.uuid4().hex
    with_key(officer, "/households", HOUSEHOLD, key)
    with world.unit_of_work() as uow:
        uow.session.execute(update(WorkerRole).values(ended_at=uow.now))

    assert_problem(with_key(officer, "/households", HOUSEHOLD, key), "not-signed-in")
