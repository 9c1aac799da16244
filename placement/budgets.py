"""How often somebody may ask with something new, by whom and for whom it is counted, and when she may again. Pure.

Source: safeguarding page, first row of the table of threats: alert by the 20th distinct geometry, stop by the 40th. What a
household honestly needs: domain page, "Figures": areas to avoid 1 + Poisson(2), a busy officer about 10 households a week.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from placement.vocabulary import BudgetKind, BudgetScope

RAISE_FACTOR = 2
"""A raise doubles the refusal: room for the household of tonight, and still an end."""
OFFICERS_INCLUDED = 2
"""An organisation's budgets are made for two officers who record areas; each further one adds her share."""
OFFICERS_COUNTED_OVER = timedelta(days=28)
"""Who has used a budget of this kind within four weeks counts as an officer at work; keys and names alone do not."""

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Budget:
    """One limit: the `alert_at`-th different thing within the window raises an alert, the `refuse_at`-th is refused.

    `per_officer` = (alert, refuse) that each officer at work beyond the second adds to an organisation's budget.
    """

    scope: BudgetScope
    window: timedelta
    alert_at: int
    refuse_at: int
    per_officer: tuple[int, int] = (0, 0)

    def for_officers(self, officers: int) -> Budget:
        """Return the budget of an organisation in which so many officers are at work."""
        further = max(0, officers - OFFICERS_INCLUDED)
        alert, refuse = self.per_officer
        return replace(self, alert_at=self.alert_at + alert * further, refuse_at=self.refuse_at + refuse * further)

    def tightened(self, percent: int) -> Budget:
        """Return the budget cut to so many per cent; what was allowed once stays allowed once."""
        alert, refuse = (max(least, math.floor(n * percent / 100)) for n, least in ((self.alert_at, 1), (self.refuse_at, 2)))
        share = (self.per_officer[0] * percent // 100, self.per_officer[1] * percent // 100)
        return replace(self, alert_at=alert, refuse_at=refuse, per_officer=share)


GEOMETRIES = (
    # 1 + Poisson(2) reaches 13 once in 700,000 households; 12 in one go are used in tests and benchmarks.
    Budget(BudgetScope.HOUSEHOLD, WEEK, alert_at=13, refuse_at=20),
    # The safeguarding page's two figures. A busy officer records 30 a week: her lead hears of her, and in one such week of
    # 45 she needs a raise.
    Budget(BudgetScope.OFFICER, WEEK, alert_at=20, refuse_at=40),
    # The same two figures for two insiders together. A council refers four households a week (12 areas). A further officer
    # adds what a busy one honestly uses.
    Budget(BudgetScope.ORGANISATION, WEEK, alert_at=20, refuse_at=40, per_officer=(15, 30)),
)
PERPETRATORS = (
    # A record takes 10 names; 11 let one of them be corrected.
    Budget(BudgetScope.HOUSEHOLD, WEEK, alert_at=8, refuse_at=12),
    # Ten households name him and now and then a brother: 15 a week.
    Budget(BudgetScope.OFFICER, WEEK, alert_at=30, refuse_at=60),
    Budget(BudgetScope.ORGANISATION, WEEK, alert_at=45, refuse_at=90, per_officer=(20, 40)),
)
STATEMENTS = (
    # Nobody known, his name, his birth date: three honest lists. Taking a name away and putting it back is a fourth search
    # with nothing else changed.
    Budget(BudgetScope.HOUSEHOLD, WEEK, alert_at=4, refuse_at=8),
)
HOUSEHOLDS = (
    # Ten a week, Poisson: 25 comes once in 20,000 weeks.
    Budget(BudgetScope.OFFICER, WEEK, alert_at=25, refuse_at=40),
    Budget(BudgetScope.ORGANISATION, WEEK, alert_at=40, refuse_at=70, per_officer=(15, 30)),
)
HOLDS = (
    # Three tries for each of ten households are 30. More than 119 take beds from everybody else.
    Budget(BudgetScope.OFFICER, WEEK, alert_at=60, refuse_at=120),
)
EXACT_BITS = (
    # Four answers leave a sixteenth of a cell at best: 9 km2 of the median one, 2 of the smallest. Greater Essex asks a
    # property about twice a month, and one in ten of these questions is about an overlap.
    Budget(BudgetScope.PROPERTY, MONTH, alert_at=3, refuse_at=5),
)


@dataclass(frozen=True)
class BudgetPolicy:
    """Every limit on asking. Settings may only tighten it; a safeguarding lead may raise one budget for some hours.

    `budgets`: by kind, the narrowest scope first. `free_hours`: while a household's record is being made, recording an area
    is not changing one. `changes_alone`: how many changes to a household's areas within `changes_window` one worker makes
    by herself; three, because an honest record is corrected now and then and not daily.
    """

    budgets: Mapping[BudgetKind, tuple[Budget, ...]] = field(
        default_factory=lambda: {
            BudgetKind.GEOMETRY: GEOMETRIES,
            BudgetKind.PERPETRATOR: PERPETRATORS,
            BudgetKind.STATEMENT: STATEMENTS,
            BudgetKind.HOUSEHOLD: HOUSEHOLDS,
            BudgetKind.HOLD: HOLDS,
            BudgetKind.EXACT_BIT: EXACT_BITS,
        }
    )
    free_hours: int = 24
    changes_alone: int | None = 3
    changes_window: timedelta = WEEK

    def of(self, kind: BudgetKind) -> tuple[Budget, ...]:
        """Return the budgets of a kind, the narrowest scope first."""
        return self.budgets.get(kind, ())

    def tightened(self, percent: int) -> BudgetPolicy:
        """Return the policy with every budget cut to so many per cent (1 to 100)."""
        if percent == 100:
            return self
        cut = {kind: tuple(budget.tightened(percent) for budget in budgets) for kind, budgets in self.budgets.items()}
        return replace(self, budgets=cut)


DEFAULT_BUDGETS = BudgetPolicy()
UNLIMITED = BudgetPolicy(budgets={}, changes_alone=None)
"""For tests and benchmarks alone: no setting leads here."""


@dataclass(frozen=True)
class Decision:
    """What a budget says: how many there are with what is new, whether to tell somebody, until when it is refused."""

    distinct: int
    alert: bool
    refused_until: datetime | None


def decide(
    budget: Budget, uses: Mapping[str, datetime], wanted: Collection[str], now: datetime, *, is_raised: bool = False
) -> Decision:
    """Decide on `wanted` fingerprints, given the last use of each other one. What was used within the window is no news.

    `uses` older than the window must be left out by the caller. Times are UTC.
    """
    before, after = len(uses), len(set(uses) | set(wanted))
    most = budget.refuse_at * (RAISE_FACTOR if is_raised else 1) - 1
    alert = before < budget.alert_at <= after
    if after <= most or after == before:
        return Decision(after, alert, None)
    others = sorted(used_at for fingerprint, used_at in uses.items() if fingerprint not in wanted)
    to_expire = len(others) - (most - len(set(wanted)))
    last = others[min(to_expire, len(others)) - 1] if others else now
    return Decision(after, alert, last + budget.window)


def needs_second_worker(policy: BudgetPolicy, recorded_at: datetime, changed_at: Sequence[datetime], now: datetime) -> bool:
    """Tell whether one more change to a household's areas wants a second worker.

    `recorded_at` is when the household was; `changed_at` are its changes of any age. What falls into the first hours is
    recording, not changing, and is not counted.
    """
    free_until = recorded_at + timedelta(hours=policy.free_hours)
    if policy.changes_alone is None or now < free_until:
        return False
    counted = [at for at in changed_at if at >= free_until and at > now - policy.changes_window]
    return len(counted) >= policy.changes_alone
