"""What a judgement is made of: the question that rules are asked, what one finds, and all findings together. Pure.

The rules themselves are in `placement.eligibility`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from geo.cells import REVIEW
from placement.columns import BoolColumn, SupplyColumns
from placement.criteria import Criteria
from placement.vocabulary import Verdict

VERDICT_OF_CODE = (Verdict.SUITABLE, Verdict.CONFIRM, Verdict.REVIEW, Verdict.UNSUITABLE)


@dataclass(frozen=True)
class Question:
    """What is asked: the supply, the needs, a verdict per safety cell (uint8), and a furthest distance band per cell."""

    supply: SupplyColumns
    criteria: Criteria
    cell_verdicts: npt.NDArray[np.uint8]
    needed_from: datetime
    too_far: BoolColumn | None = None

    def unit_verdicts(self) -> npt.NDArray[np.uint8]:
        """Return each unit's area verdict. A unit whose cell is not in this partition is never clear."""
        cell = self.supply["cell"]
        return np.where(cell < 0, np.uint8(REVIEW), self.cell_verdicts[cell])


@dataclass(frozen=True)
class Finding:
    """What one rule found: per unit, refused outright, not known enough, or for a person to decide."""

    refused: BoolColumn
    unknown: BoolColumn | None = None
    person: BoolColumn | None = None


@dataclass(frozen=True)
class Rule:
    """One rule: its code in the answer, how it judges, whether it can be negotiated away (never a safety rule).

    `judge` returns None when the household's needs make the rule idle. `asks` is the code shown where a person decides,
    `met` the one shown as a reason where the rule is met.
    """

    code: str
    judge: Callable[[Question], Finding | None]
    negotiable: bool = False
    asks: str = ""
    met: str = ""


@dataclass(frozen=True)
class Judgement:
    """All findings in the fixed order of RULES, for all units."""

    findings: tuple[tuple[Rule, Finding], ...]
    size: int

    def refusals_at(self, row: int) -> list[Rule]:
        """Return the rules that refuse one unit, in order."""
        return [rule for rule, finding in self.findings if finding.refused[row]]

    def refusal_counts(self) -> npt.NDArray[np.int16]:
        """Return per unit how many rules refuse it."""
        counts = np.zeros(self.size, dtype=np.int16)
        for _, finding in self.findings:
            counts += finding.refused
        return counts

    def any_of(self, kind: str) -> BoolColumn:
        """Return where any rule found `unknown` or `person`."""
        found = np.zeros(self.size, dtype=np.bool_)
        for _, finding in self.findings:
            column: BoolColumn | None = getattr(finding, kind)
            if column is not None:
                found |= column
        return found

    def unknown_at(self, row: int) -> list[str]:
        """Return the codes of the rules that know too little at one unit, in order."""
        return [rule.code for rule, found in self.findings if found.unknown is not None and found.unknown[row]]

    def asks_at(self, row: int) -> list[str]:
        """Return the codes of what a person must decide at one unit, in order."""
        return [rule.asks for rule, found in self.findings if found.person is not None and found.person[row]]

    def verdicts(self) -> npt.NDArray[np.int8]:
        """Return per unit 0 suitable, 1 confirm, 2 review, 3 unsuitable: the gravest that any rule found."""
        verdicts = np.zeros(self.size, dtype=np.int8)
        verdicts[self.any_of("unknown")] = 1
        verdicts[self.any_of("person")] = 2
        verdicts[self.refusal_counts() > 0] = 3
        return verdicts
