"""The table of access against the pages written a second time; every role, relation and state over HTTP; every mutant."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Any

import pytest

from accommodation.base import IllegalMove, Principal, new_id
from accommodation.disclosure import MOVE
from accommodation.disclosure import Stage as Stages
from accommodation.people_events import WorkerAdded
from accommodation.vocabulary import (
    AgreementState,
    AlertState,
    InvitationState,
    KeyState,
    LeaveState,
    Relation,
    Role,
    UnitOffer,
    VoidState,
    WorkerState,
)
from api.auth.access import ACCESS, SYSTEM_OPERATION, Access, AccessNotAsked, AccessTable, fields_seen
from api.auth.guard import operation_of
from api.auth.permissions import ANY, FIELDS, OPEN_OPERATIONS, SIGN_IN_OPERATIONS, STAGES_OF, TABLE, Rule
from api.resources.address_releases import AddressReleaseSchema
from api.resources.referrals import CaseMemberSchema, CaseSchema, ReferralSchema
from api.unit_of_work import begin_unit_of_work
from placement.households import open_household
from placement.models import Household
from placement.vocabulary import (
    AreaChangeState,
    BlockState,
    HoldState,
    LegalHoldState,
    PlacementState,
    ReferralState,
    ReminderStanding,
)
from tests.support.access import LINES, OPERATIONS, SEEN_BY, STATES, legal_moves
from tests.support.cases import PLACES, Ask, Cases, forget_everything
from tests.support.problems import assert_problem, masked
from tests.support.stage import Operation, Stage
from tests.support.world import World

KINDS: dict[str, type[StrEnum]] = {
    "hold": HoldState,
    "referral": ReferralState,
    "placement": PlacementState,
    "reminder": ReminderStanding,
    "void": VoidState,
    "unit": UnitOffer,
    "area_change": AreaChangeState,
    "block": BlockState,
    "legal_hold": LegalHoldState,
    "key": KeyState,
    "leave": LeaveState,
    "worker": WorkerState,
    "invitation": InvitationState,
    "agreement": AgreementState,
    "alert": AlertState,
}
STATE_REFUSED = {"release_hold": {"hold-over"}, "create_referral": {"hold-over", "illegal-move"}}
"""What a refusal for the state looks like where it is not `illegal-move`."""
OTHER_FACTS = frozenset({"granted", "not_granted"})
"""What stands in the way of who may, though the row's state does not: she has the role already, or has not got it."""
INSTALLATION_ONLY = frozenset({"create_provider", "create_organisation"})
"""What says openly that another administrator does it: there is nothing to hide."""

MUTANTS_OVER_HTTP = 40


@pytest.fixture(scope="session")
def standing_cases(harbour_app: World) -> list[Cases]:
    """The cases that were made to be shared, on each database."""
    return []


@pytest.fixture
def cases(harbour_app: World, standing_cases: list[Cases], monkeypatch: pytest.MonkeyPatch) -> Cases:
    """One row of every kind in every state; what is done to them is judged and forgotten."""
    if not standing_cases or not standing_cases[0].stage.stands():
        standing_cases[:] = [Cases(Stage(harbour_app))]
    standing_cases[0].sign_in()
    forget_everything(monkeypatch)
    return standing_cases[0]


def test_the_table_says_what_the_pages_say() -> None:
    assert _decisions(ACCESS) == _specified()


def test_every_route_is_in_the_pages_and_every_operation_there_has_a_route(stage: Stage) -> None:
    routes = {operation_of(rule.endpoint) for rule in stage.world.app.url_map.iter_rules()}

    assert routes - OPEN_OPERATIONS - SIGN_IN_OPERATIONS == OPERATIONS


def test_the_kinds_of_states_are_those_of_the_code() -> None:
    assert {kind: tuple(states) for kind, states in KINDS.items()} == STATES


def test_each_side_of_a_case_is_shown_what_the_pages_say() -> None:
    states: dict[str, type[StrEnum]] = {"referral": ReferralState, "address_release": Stages}

    for kind, said in SEEN_BY.items():
        for relation in Relation:
            for state in states[kind]:
                assert fields_seen(kind, relation, state) == _wanted(said.get(relation, {}), state), (kind, relation, state)


@pytest.mark.parametrize(("place", "role"), [("asking", Role.HOUSING_OFFICER), ("asked", Role.REFUGE_MANAGER)])
def test_over_http_each_side_is_shown_these_fields_and_no_other(cases: Cases, place: str, role: Role) -> None:
    for state in STATES["referral"]:
        wanted = _wanted(SEEN_BY["referral"][place], state)

        shown = _shown(cases.send(Ask("get_referral", role, place, state)).get_json())

        assert shown <= wanted, (state, shown - wanted)
        assert wanted & {"property_id", "referred_by", "case.needs", "case.members.age", "case.members.name"} <= shown, state


def test_every_field_of_a_case_is_in_the_table() -> None:
    shape = {*ReferralSchema().fields, *(f"case.{name}" for name in CaseSchema().fields if name != "members")}
    shape |= {f"case.members.{name}" for name in CaseMemberSchema().fields}

    assert {name for sight in FIELDS if sight.kind == "referral" for name in sight.fields} == shape
    release = {name for sight in FIELDS if sight.kind == "address_release" for name in sight.fields}
    assert release == set(AddressReleaseSchema().fields)


def test_the_stages_of_the_table_are_those_of_the_machine() -> None:
    assert set(STAGES_OF) <= OPERATIONS
    assert {name for names in STAGES_OF.values() for name in names} <= set(MOVE)
    telling = {name for name, move in MOVE.items() if move.tells}
    assert {name for names in STAGES_OF.values() for name in names} >= telling


def test_over_http_everybody_is_answered_as_the_pages_say(cases: Cases) -> None:
    guarded = [operation for name, operation in cases.stage.operations.items() if name in OPERATIONS]
    asks = [ask for operation in guarded for ask in _asks(cases, operation)]
    if cases.stage.world.engine.dialect.name != "sqlite" and not os.environ.get("ASSURE"):
        asks = asks[::5]  # the table does not know the engine

    wrong = {ask: difference for ask in asks if (difference := _difference(cases, ask)) is not None}

    assert not wrong
    assert len(asks) > 100


def test_lists_show_a_side_its_rows_and_nobody_else_anything(cases: Cases) -> None:
    rows_of = {
        "list_holds": "hold",
        "list_referrals": "referral",
        "list_placements": "placement",
        "list_reminders": "reminder",
    }
    query = {"list_reminders": "&mine=0&when=all"}

    for name, kind in rows_of.items():
        rows = {row_id for (known, _), row_id in cases.ids.items() if known == kind}
        for (role, place), caller in cases.callers.items():
            path = f"{cases.stage.operations[name].path}?limit=200{query.get(name, '')}"
            answer = cases.stage.client.get(path, headers={"Authorization": f"Bearer {caller.key}"})
            lines = LINES.get((name, role), [])
            shown = {item["id"] for item in answer.get_json(force=True).get("items", [])}
            sees = any(line.relation == ("asking" if place == "named" else place) for line in lines)
            assert rows & shown == (rows if sees else set()), (name, role, place)


def test_nearly_every_mutant_of_the_table_differs_from_the_pages() -> None:
    mutants = list(_mutants())
    specified = _specified()
    wanted = {name: {decision for decision in specified if decision[0] == name} for name in OPERATIONS}

    survivors = [
        (name, what)
        for (name, what), rules in mutants
        if _decisions(AccessTable(rule for rule in rules if rule.operation == name)) == wanted[name]
    ]

    assert len(mutants) > 500
    assert len(survivors) <= len(mutants) // 20, survivors


@pytest.mark.before_the_database
def test_nearly_every_mutant_of_the_table_is_noticed_over_http(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    mutants = list(_mutants())
    if not os.environ.get("ASSURE"):
        mutants = random.Random(1).sample(mutants, MUTANTS_OVER_HTTP)
    survivors = []

    for (name, what), rules in mutants:
        table = AccessTable(rules)
        with monkeypatch.context() as patch:
            patch.setattr(ACCESS, "rules", table.rules)
            patch.setattr(ACCESS, "_found", table._found)
            if not any(_difference(cases, ask) for ask in _asks(cases, cases.stage.operations[name])):
                survivors.append((name, what))

    assert len(survivors) <= len(mutants) // 20, survivors


def test_a_view_that_does_not_ask_for_the_relation_gives_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard taken out of a loader is red, and in production no data."""
    monkeypatch.setattr(
        "api.resources.households.read_household",
        lambda uow, household_id: open_household(uow, uow.session.get_one(Household, household_id)),
    )

    assert_problem(stage.send("get_household"), "internal-error")


def test_a_view_that_opens_no_unit_of_work_gives_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stage.world.app.view_functions, "households.get_household", lambda household_id: {"name": "Ayesha"})

    assert_problem(stage.send("get_household"), "internal-error")


def test_a_unit_of_work_that_asked_nothing_is_not_committed(stage: Stage) -> None:
    world, officer = stage.world, stage.own.callers[Role.HOUSING_OFFICER]
    before = stage.digest()

    with pytest.raises(AccessNotAsked), world.unit_of_work(officer, operation="update_household") as uow:
        uow.record(WorkerAdded(subject_id=new_id()))

    assert stage.digest() == before


def test_a_state_that_the_table_names_must_be_asked_for() -> None:
    access = Access("release_hold", Role.HOUSING_OFFICER)
    access.permit(Relation.ASKING, None)

    with pytest.raises(AccessNotAsked):
        access.check_asked()
    access.permit(Relation.ASKING, HoldState.LIVE)
    access.check_asked()


def test_nobody_with_a_role_acts_for_the_system(stage: Stage) -> None:
    for role in Role:
        principal = Principal(new_id(), new_id(), role)
        with pytest.raises(AccessNotAsked):
            begin_unit_of_work(stage.world.engine, stage.world.harbour.key_ring, principal, None).__enter__()
    assert Access(SYSTEM_OPERATION, "system").permit([], None) is Relation.INSTALLATION


def test_the_state_of_one_kind_is_not_that_of_another() -> None:
    access = Access("revoke_api_key", Role.ADMINISTRATOR)

    with pytest.raises(IllegalMove):
        access.permit(Relation.OWN_ORGANISATION, HoldState.EXPIRED)


def _asks(cases: Cases, operation: Operation) -> Iterator[Ask]:
    """Yield the questions about an operation. A role that is not listed is asked once: the guard looks at no row."""
    for role in Role:
        lines = LINES.get((operation.name, role), [])
        is_short = not (lines or os.environ.get("ASSURE"))
        is_hers = cases.subject_of(operation) is None and all(line.relation in ("herself", "nothing") for line in lines)
        for state in cases.states_of(operation)[:1] if is_short else cases.states_of(operation):
            for place in PLACES[:1] if is_short or is_hers else PLACES:
                if (operation.name, place) != ("accept_sharing_agreement", "asked"):  # she proposed what she cannot accept
                    yield Ask(operation.name, role, place, state)


def _difference(cases: Cases, ask: Ask) -> str | None:
    """Send a question and say how the answer differs from what the pages want, or None."""
    operation = cases.stage.operations[ask.operation]
    lines = LINES.get((ask.operation, ask.role), [])
    relations = cases.relations_of(ask)
    response = cases.send(ask)
    status = response.status_code
    slug = response.get_json(force=True)["type"].removeprefix("/problems/") if status >= 400 else None
    if status >= 500:
        return "it failed"
    if not lines:
        return None if slug == "not-permitted" else f"a role that is not listed got {status}"
    if not any(line.relation in relations for line in lines):
        if ask.operation in INSTALLATION_ONLY:
            return None if slug == "not-permitted" else f"an administrator of another organisation got {status}"
        if slug != "not-found":
            return f"somebody without a relation got {status}"
        nothing = cases.send(ask, about_nothing=True)
        return None if masked(response) == masked(nothing) else "it shows that there is something"
    if not any(line.allows(relation, ask.state) for line in lines for relation in relations):
        if slug not in STATE_REFUSED.get(ask.operation, {"illegal-move"}):
            return f"a forbidden state got {slug or status}"
        return _wrong_moves(ask, cases.kind_of(operation) or "", relations, response.get_json(force=True))
    if slug == "illegal-move" and response.get_json(force=True)["state"] in OTHER_FACTS:
        return None
    return f"somebody who may got {slug}" if slug in ("not-permitted", "not-found", "illegal-move", "hold-over") else None


def _wrong_moves(ask: Ask, kind: str, relations: set[str], problem: dict[str, Any]) -> str | None:
    """Say what is wrong with the legal moves that a refusal names; a hold that is referred is a case of its own."""
    if problem["type"] != "/problems/illegal-move" or problem["state"] == "referred":
        return None
    moves = {move for relation in relations for move in legal_moves(ask.role, relation, kind, problem["state"])}
    return None if set(problem["legal_moves"]) == moves else f"it names {problem['legal_moves']} as legal moves"


def _wanted(said: dict[str, str], state: str) -> set[str]:
    """Return the fields that the pages show in a state."""
    return set(f"{said.get('always', '')} {said.get('accepted', '') if state == 'accepted' else ''}".split())


def _shown(body: Any, path: str = "") -> set[str]:
    """Return the paths of a referral's answer that hold something; what a household needs is one field."""
    if isinstance(body, list):
        return {name for item in body for name in _shown(item, path)}
    names = {path.removeprefix(".")} - {"", "case.members"}
    if not isinstance(body, dict) or path in (".case.needs", ".referred_by"):
        return set() if body is None else names
    return names.union(*(_shown(value, f"{path}.{name}") for name, value in body.items()))


def _specified() -> set[tuple[str, str, str, str, str]]:
    """Return every (operation, role, relation, kind, state) that the pages allow."""
    return {
        (line.operation, line.role, str(relation), kind, state)
        for line in chain.from_iterable(LINES.values())
        for relation in Relation
        for kind, states in STATES.items()
        for state in states
        if (line.kind is None or line.kind == kind) and line.allows(relation, state)
    }


def _decisions(table: AccessTable) -> set[tuple[str, str, str, str, str]]:
    """Return every (operation, role, relation, kind, state) that a table allows."""
    return {
        (operation, str(role), str(rule.relation), kind, str(state))
        for operation in {rule.operation for rule in table.rules}
        for role in Role
        for rule in table.rules_of(operation, role)
        for kind, states in KINDS.items()
        for state in states
        if rule.states == ANY or any(type(named) is type(state) and named == state for named in rule.states)
    }


def _mutants() -> Iterator[tuple[tuple[str, str], list[Rule]]]:
    """Yield tables with one rule changed: dropped, a role less or more, another relation, other states."""
    for at, rule in enumerate(TABLE):
        others = [*TABLE[:at], *TABLE[at + 1 :]]

        def changed(what: str, at: int = at, rule: Rule = rule, **facts: object) -> tuple[tuple[str, str], list[Rule]]:
            mutant = dataclasses.replace(rule, **facts)
            return (rule.operation, f"{sorted(rule.roles)}: {what}"), [*TABLE[:at], mutant, *TABLE[at + 1 :]]

        yield (rule.operation, f"{sorted(rule.roles)}: no rule"), others
        for role in Role:
            if role not in rule.roles:
                if role not in ACCESS.roles_of(rule.operation):
                    yield changed(f"{role} more", roles={*rule.roles, role})
            elif len(rule.roles) > 1:
                yield changed(f"{role} less", roles=rule.roles - {role})
        for relation in Relation:
            if relation is not rule.relation:
                yield changed(f"{relation}", relation=relation)
        if rule.states:
            yield changed("any state", states=ANY)
            for state in type(rule.states[0]):
                if state not in rule.states:
                    yield changed(f"{state} too", states=(*rule.states, state))
                elif len(rule.states) > 1:
                    yield changed(f"not {state}", states=tuple(named for named in rule.states if named != state))
