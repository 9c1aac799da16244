"""Somebody who is kept from a household finds nothing of it, on any route: the same as for a random id, byte for byte."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from accommodation.roles import CASE_ROLES
from accommodation.sealing import seal_json
from accommodation.vocabulary import Role
from placement.blocked_models import BlockedPerson
from placement.models import Household
from tests.support.problems import assert_problem, masked
from tests.support.stage import Stage

OF_A_HOUSEHOLD = frozenset(
    {
        "household_id",
        "area_id",
        "change_id",
        "search_id",
        "hold_id",
        "referral_id",
        "placement_id",
        "release_id",
        "reminder_id",
    }
)
"""Ids that lead to a household: by each of them somebody might learn of it."""

BLOCKED_BY = ("herself", "her name")


@pytest.fixture(params=BLOCKED_BY)
def blocked_stage(request: pytest.FixtureRequest, fresh_stage: Stage) -> Stage:
    """One of everything, and everybody of ours who sees cases is kept from every household of ours."""
    stage = fresh_stage
    council = stage.own.callers[Role.HOUSING_OFFICER]
    with stage.world.unit_of_work() as uow:
        query = select(Household).where(Household.organisation_id == council.organisation_id)
        for household in uow.session.execute(query).scalars():
            household.has_blocks = True
            for role in CASE_ROLES:
                blocked = BlockedPerson(
                    id=uuid.uuid4(),
                    household_id=household.id,
                    organisation_id=council.organisation_id,
                    stated_at=uow.now,
                    stated_by=council.worker_id,
                )
                if request.param == "herself":
                    blocked.worker_id = stage.own.callers[role].worker_id
                else:
                    seal_json(uow.cipher, blocked, "name_sealed", "testworker, WILHELMINA")
                uow.session.add(blocked)
    return stage


def test_a_blocked_person_gets_404_everywhere(blocked_stage: Stage) -> None:
    stage = blocked_stage
    random_ids = {name: str(uuid.uuid4()) if name in OF_A_HOUSEHOLD else value for name, value in stage.own.ids.items()}
    before = stage.digest()
    asked = set()

    for operation, role in stage.guarded():
        if role in CASE_ROLES and OF_A_HOUSEHOLD & set(operation.arguments):
            caller, body = stage.own.callers[role], stage.body_of(operation.name)
            hers = stage.send(operation.name, body, caller=caller)
            nothing = stage.send(operation.name, body, caller=caller, ids=random_ids)
            assert_problem(hers, "not-found")
            assert masked(hers) == masked(nothing), (operation.name, role)
            asked.add(operation.name)

    assert {"get_household", "create_search", "get_search", "get_hold", "get_referral", "get_placement"} <= asked
    assert {"get_placement_timeline", "acknowledge_reminder", "get_area_to_avoid", "get_exact_check"} <= asked
    assert stage.digest() == before


def test_a_body_that_names_what_she_is_kept_from_is_answered_as_if_it_did_not_exist(blocked_stage: Stage) -> None:
    stage = blocked_stage
    asked = set()

    for operation, role in stage.guarded():
        body = stage.body_of(operation.name) or {}
        for name in OF_A_HOUSEHOLD & set(body):
            if role in CASE_ROLES and body[name] is not None:
                caller = stage.own.callers[role]
                hers = stage.send(operation.name, body, caller=caller)
                nothing = stage.send(operation.name, {**body, name: str(uuid.uuid4())}, caller=caller)
                assert masked(hers)[0] == masked(nothing)[0], (operation.name, role, name)
                if hers.status_code >= 300:
                    assert masked(hers) == masked(nothing), (operation.name, role, name)
                    asked.add((operation.name, name))

    assert {("create_hold", "household_id"), ("create_hold", "search_id"), ("create_referral", "hold_id")} <= asked
    assert ("disclose_address", "placement_id") in asked


def test_lists_hold_nothing_of_what_she_is_kept_from(blocked_stage: Stage) -> None:
    stage = blocked_stage
    hidden = [stage.own.ids[name] for name in OF_A_HOUSEHOLD]

    for operation, role in stage.guarded():
        if role in CASE_ROLES and operation.method == "GET" and not operation.arguments:
            query = "mine=0&when=all" if operation.name == "list_reminders" else ""
            text = stage.send(operation.name, caller=stage.own.callers[role], query=query).get_data(as_text=True)
            assert not [identity for identity in hidden if identity in text], (operation.name, role)


def test_somebody_else_still_sees_it(blocked_stage: Stage) -> None:
    stage = blocked_stage
    with stage.world.unit_of_work() as uow:
        for blocked in uow.session.execute(select(BlockedPerson)).scalars():
            blocked.worker_id = None
            seal_json(uow.cipher, blocked, "name_sealed", "Somebody Else")

    reads = ("get_household", "get_hold", "get_referral", "get_placement", "get_search", "get_area_to_avoid")

    assert {stage.send(name).status_code for name in reads} == {200}
