"""Councils see how far a vacancy can be believed in three coarse steps, never the minute at which its provider said so.

Two histories begin from the same rows and differ in nothing but the minutes, inside one step, at which two vacancies
were confirmed. The clock stands still and ids come in a fixed order, so that nothing has to be masked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from accommodation.models import SupplyVersion
from accommodation.vocabulary import Freshness, Role
from api.auth.administration import issue_key
from placement import matching
from placement.index import VacancyIndex
from tests.integration.test_non_interference import fixed_ids, rows_put_back
from tests.support.world import Caller, World

NOW = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
SUPPLY_VERSION = 1_000

HISTORIES = {
    Freshness.FRESH: ((1, 119), (119, 1), (60, 60)),
    Freshness.AGEING: ((121, 479), (479, 121), (300, 300)),
    Freshness.STALE: ((481, 5_000), (5_000, 481), (1_000, 1_000)),
}
"""Freshness -> how many minutes before NOW the one and the other vacancy were confirmed."""

View = list[tuple[str, int, list[tuple[str, str]], bytes]]


@dataclass
class Board:
    """A council, two like vacancies of one provider, and who looks at them."""

    world: World
    officer: Caller
    auditor: Caller
    manager: Caller
    household: dict[str, Any]
    units: list[dict[str, Any]]

    def view_after(self, minutes: tuple[int, int]) -> View:
        """Confirm each vacancy so many minutes before NOW; return all that the council is told at NOW."""
        with rows_put_back(self.world):
            with self.world.engine.begin() as connection:
                connection.execute(update(SupplyVersion).values(version=SUPPLY_VERSION))
            for unit, ago in zip(self.units, minutes, strict=True):
                with time_machine.travel(NOW - timedelta(minutes=ago), tick=False):
                    self.manager.made(f"/units/{unit['id']}/vacancy-confirmations")
            engine = self.world.harbour.search_engine
            self.world.harbour._engine = replace(engine, index=VacancyIndex(engine.atlas.partition))
            with time_machine.travel(NOW, tick=False), fixed_ids():
                return self._view()

    def _view(self) -> View:
        said: View = []

        def ask(caller: Caller, method: str, path: str, body: Any = None) -> Any:
            answer = caller.call(method, path, body)
            said.append((f"{method} {path}", answer.status_code, sorted(answer.headers.items()), answer.get_data()))
            return answer.get_json()

        household, free = self.household["id"], self.units[0]["id"]
        wanted = {"needed_on": NOW.date().isoformat()}
        search = ask(self.officer, "POST", f"/households/{household}/searches", wanted)["id"]
        ask(self.officer, "POST", f"/households/{household}/searches", {**wanted, "limit": 1})
        ask(self.officer, "GET", f"/searches/{search}")
        wish = {"household_id": household, "unit_id": free, "search_id": search}
        hold = ask(self.officer, "POST", "/holds", wish)["id"]
        ask(self.officer, "GET", f"/holds/{hold}")
        ask(self.officer, "POST", "/holds", wish)
        referral = ask(self.officer, "POST", "/referrals", {"hold_id": hold})["id"]
        for path in (f"/referrals/{referral}", f"/units/{free}", "/holds", "/referrals", "/vacancies", "/units"):
            ask(self.officer, "GET", path)
        ask(self.auditor, "GET", "/audit-events?limit=200")
        return said


@pytest.fixture
def board(world: World) -> Board:
    with time_machine.travel(NOW - timedelta(days=5), tick=False):
        officer, manager = world.create_officer(), world.create_manager()
        auditor = world.create_caller(Role.AUDITOR, officer.organisation_id)
        home = world.create_property(manager)
        units = [world.create_unit(manager, home) for _ in range(2)]
        household = world.create_household(officer)
    officer, auditor, manager = (key_of_now(world, caller) for caller in (officer, auditor, manager))
    return Board(world, officer, auditor, manager, household, units)


def key_of_now(world: World, caller: Caller) -> Caller:
    """Give a caller a key that covers the days of both histories."""
    with time_machine.travel(NOW - timedelta(days=5), tick=False), world.unit_of_work() as uow:
        _, key = issue_key(uow, world.harbour.settings.auth_key, caller.worker_id, caller.role, timedelta(days=7))
    return replace(caller, key=key)


@pytest.mark.parametrize("step", HISTORIES)
def test_the_minute_of_a_confirmation_is_in_no_answer_to_a_council(board: Board, step: Freshness) -> None:
    first, *others = (board.view_after(minutes) for minutes in HISTORIES[step])

    assert f'"freshness":"{step}"'.encode() in first[0][3]
    for other in others:
        assert [a for a, b in zip(first, other, strict=True) if a != b] == []


def test_another_step_of_freshness_is_in_the_answer(board: Board) -> None:
    """What a council may know it is told, and the comparison finds it."""
    fresh, ageing = board.view_after((60, 60)), board.view_after((60, 180))

    assert fresh[0] != ageing[0]


def test_the_comparison_finds_an_order_by_the_minute(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last confirmed first, and nothing else changed, two histories of one step differ: the rule can be broken."""
    honest = matching._ranking

    def by_minute(supply: Any, offers: Any, scarcity: Any, wishes: Any, freshness: Any, preferences: Any) -> Any:
        return honest(supply, offers, scarcity, wishes, -supply["confirmed_at"][offers], preferences)

    monkeypatch.setattr(matching, "_ranking", by_minute)
    one, other = (board.view_after(minutes) for minutes in HISTORIES[Freshness.FRESH][:2])

    assert one[0] != other[0]
