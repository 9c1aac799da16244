"""Never blind: a fault may cost an answer; it never turns a blocked or a review into a clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from accommodation.models import Property
from geo.errors import GazetteerCorrupt, GazetteerMissing
from placement.area_verdicts import AreaVerdicts
from placement.models import AreaToAvoid, Household
from tests.support.problems import assert_problem
from tests.support.world import Caller, World

CIRCLE = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 30_000}


@pytest.fixture
def household(world: World) -> tuple[Caller, dict[str, Any]]:
    """A household that must not be where the only unit is; verdicts are not remembered yet."""
    officer, manager = world.create_officer(), world.create_manager()
    world.create_unit(manager, world.create_property(manager, "SS1 1AA"))
    household = world.create_household(officer, areas=[CIRCLE])
    engine = world.harbour.search_engine
    world.harbour._engine = replace(engine, area_verdicts=AreaVerdicts(engine.atlas))
    return officer, household


def search(world: World, case: tuple[Caller, dict[str, Any]]) -> Any:
    officer, household = case
    return officer.post(f"/households/{household['id']}/searches", {"needed_on": world.today().isoformat()})


@pytest.mark.parametrize("fault", [GazetteerMissing, GazetteerCorrupt, OSError, MemoryError])
def test_a_gazetteer_that_fails_costs_the_answer(
    world: World, household: tuple[Caller, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def broken(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(type(world.harbour.atlas.gazetteer), "find", broken)

    answer = search(world, household)

    assert answer.status_code in (500, 503)
    assert answer.content_type == "application/problem+json"


def test_an_area_that_does_not_open_costs_the_answer(world: World, household: tuple[Caller, dict[str, Any]]) -> None:
    with world.engine.begin() as connection:
        connection.execute(update(AreaToAvoid).values(facts_sealed=b"\x02t1" + b"x" * 60))

    assert search(world, household).status_code == 500


def test_a_household_that_does_not_open_costs_the_answer(world: World, household: tuple[Caller, dict[str, Any]]) -> None:
    with world.engine.begin() as connection:
        connection.execute(update(Household).values(details_sealed=b"\x02t1" + b"x" * 60))

    assert search(world, household).status_code == 500


def test_a_unit_of_another_partition_of_cells_is_never_clear(world: World, household: tuple[Caller, dict[str, Any]]) -> None:
    manager = world.create_manager()
    unit = world.create_unit(manager, world.create_property(manager, "EH1 1YZ"))
    with world.engine.begin() as connection:
        connection.execute(update(Property).values(cell_version="1999.1.1-1"))
    world.create_unit(manager, world.create_property(manager, "EH1 1YZ"), bed_spaces=1)

    answer = search(world, household).get_json()

    assert unit["id"] in [found["unit_id"] for found in answer["review"]]
    assert unit["id"] not in [found["unit_id"] for found in answer["matches"]]


def test_a_database_that_is_locked_says_try_again(
    world: World, household: tuple[Caller, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from api import extensions

    def locked(*_: Any, **__: Any) -> Any:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    monkeypatch.setattr(extensions, "begin_unit_of_work", locked)

    answer = search(world, household)

    assert_problem(answer, "try-again")
    assert answer.headers["Retry-After"]
