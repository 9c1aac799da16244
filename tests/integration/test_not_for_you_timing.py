"""Another organisation's row and no row at all are one answer: the same bytes, the same statements, the same time.

Small here; with ASSURE=1 at 10,000 pairs of each kind of row.
"""

from __future__ import annotations

import gc
import math
import os
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, select

from accommodation import queries
from accommodation.base import UnitOfWork
from accommodation.models import Worker
from accommodation.vocabulary import Relation, Role
from tests.support.problems import assert_problem, masked
from tests.support.stage import Stage
from tests.support.world import Caller, World

ASSURE = bool(os.environ.get("ASSURE"))
PAIRS = 10_000 if ASSURE else 200
ROUNDS = 3
"""A difference that is real shows in every round; one that a loaded machine made does not."""

WARM_UP = 10
WELCH = 4.5
TRIMMED = 0.05
"""Share cut off at the upper end: a loaded machine makes both kinds wait, at random."""

READS = {
    "get_household": Role.HOUSING_OFFICER,
    "get_area_to_avoid": Role.HOUSING_OFFICER,
    "get_search": Role.HOUSING_OFFICER,
    "get_hold": Role.HOUSING_OFFICER,
    "get_referral": Role.HOUSING_OFFICER,
    "get_placement": Role.HOUSING_OFFICER,
    "get_unit": Role.REFUGE_MANAGER,
    "get_property": Role.REFUGE_MANAGER,
    "get_address_release": Role.HOUSING_OFFICER,
}
"""The reads of one row, each by a role that may read its own."""


@dataclass(frozen=True)
class Question:
    """One read by one caller, about a row of the other partnership or about nothing."""

    stage: Stage
    operation: str
    caller: Caller

    def ask(self, *, about_nothing: bool) -> Any:
        """Send it. The path is made, and the headers too, before anything is measured."""
        about = self.stage.operations[self.operation]
        (argument,) = about.arguments
        row_id = str(uuid.uuid4()) if about_nothing else self.stage.other.ids[argument]
        path, headers = about.at({argument: row_id}), self.caller.headers
        began = time.process_time()
        answer = self.stage.client.open(path, method=about.method, headers=headers)
        return answer, time.process_time() - began


@pytest.fixture(scope="module")
def stage(harbour_app: World) -> Stage:
    harbour_app.empty()
    return Stage(harbour_app)


@pytest.fixture(params=READS)
def question(request: pytest.FixtureRequest, stage: Stage) -> Question:
    return Question(stage, request.param, stage.own.callers[READS[request.param]])


def test_another_organisations_row_is_answered_as_no_row_byte_for_byte(question: Question) -> None:
    foreign, _ = question.ask(about_nothing=False)
    nothing, _ = question.ask(about_nothing=True)

    assert_problem(nothing, "not-found")
    assert masked(foreign) == masked(nothing)


def test_another_organisations_row_costs_as_many_statements_as_no_row(question: Question) -> None:
    assert extra_statements(question) == 0


@pytest.mark.slow
def test_another_organisations_row_is_refused_in_the_time_of_no_row(question: Question) -> None:
    values: list[float] = []
    while len(values) < ROUNDS and not (values and values[-1] < WELCH):
        values.append(welch(question))

    assert min(values) < WELCH, values


@pytest.mark.parametrize("question", ["get_unit"], indirect=True)
def test_the_measure_finds_one_statement_more(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one short query more for a row that is there, time and count both tell: the tests above can fail."""

    def curious(uow: UnitOfWork, *organisation_ids: uuid.UUID | None) -> tuple[Relation, ...]:
        uow.session.execute(select(Worker).where(Worker.organisation_id.in_(organisation_ids))).all()
        return ()

    monkeypatch.setattr(queries, "relations_to_own", curious)

    assert extra_statements(question) == 1
    assert welch(question, pairs=200) > WELCH


def extra_statements(question: Question) -> int:
    """Return how many statements more another's row costs than no row; the least of some, for a key's use is noted too."""
    least = []
    for about_nothing in (False, True):
        counts = []
        for _ in range(3):
            with statements(question.stage.world) as sent:
                question.ask(about_nothing=about_nothing)
            counts.append(len(sent))
        least.append(min(counts))
    return least[0] - least[1]


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Keep every statement that is sent to the database until the block ends."""
    sent: list[str] = []

    def keep(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(world.engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(world.engine, "before_cursor_execute", keep)


def welch(question: Question, pairs: int = PAIRS) -> float:
    """Return Welch's t of the times of both kinds, asked in turn and in a random order within each pair."""
    order = np.random.default_rng(7)
    foreign: list[float] = []
    nothing: list[float] = []
    for _ in range(pairs + WARM_UP):
        pair = [(foreign, False), (nothing, True)]
        for times, about_nothing in pair if order.random() < 0.5 else reversed(pair):
            gc.disable()
            answer, seconds = question.ask(about_nothing=about_nothing)
            gc.enable()
            times.append(seconds)
            assert answer.status_code == 404
    first, second = (trimmed(times[WARM_UP:]) for times in (foreign, nothing))
    spread = math.sqrt(statistics.variance(first) / len(first) + statistics.variance(second) / len(second))
    return abs(statistics.fmean(first) - statistics.fmean(second)) / spread


def trimmed(times: list[float]) -> list[float]:
    return sorted(times)[: round(len(times) * (1 - TRIMMED))]
