"""What each side of a referral is shown of the other. Pure.

Source: safeguarding page, "Disclosure, step by step". Which fields a side sees in which state stands in the table of
access (`FIELDS`); here they are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from placement.criteria import read_person
from placement.vocabulary import DeclineReason, ReferralState, Verdict

NOT_AVAILABLE = "not_available"


def case_for_provider(details: Mapping[str, Any], sees: Set[str], today: date) -> dict[str, Any]:
    """Return what the unit's provider sees of a household: who comes, by age and gender, and what they need.

    Names and the safe contact are there only if the table of access shows them.
    """
    members = []
    for member in details["members"]:
        person = read_person(member)
        shown: dict[str, Any] = {
            "role": str(person.role),
            "gender": None if person.gender is None else str(person.gender),
            "age": person.age_on(today),
        }
        if "case.members.name" in sees:
            shown["name"] = member.get("name")
        members.append(shown)
    case: dict[str, Any] = {"members": members, "needs": dict(details.get("needs") or {})}
    case["risk_score"] = details.get("risk_score")
    case["safe_contact"] = details.get("safe_contact") if "case.safe_contact" in sees else None
    return case


@dataclass(frozen=True)
class ReferralAnswer:
    """A provider's answer as it was given. `areas_changed`: an area was added or edited after the unit was held."""

    verdict: Verdict
    state: ReferralState
    reason: str | None
    declined_by: str | None
    areas_changed: bool


def answer_for_officer(answer: ReferralAnswer) -> dict[str, Any]:
    """Return what the officer sees of an answer. One about areas is one bit: why, by whom and when would be more.

    It is about areas when the unit was under review, and also when they changed after the hold or were the reason: otherwise
    "not available" in place of a reason would itself say "inside".
    """
    about_areas = answer.verdict is Verdict.REVIEW or answer.areas_changed or answer.reason == DeclineReason.UNSAFE_AREA
    if answer.state is ReferralState.DECLINED and about_areas:
        return {"reason": NOT_AVAILABLE, "declined_by": None, "answered_at": None}
    return {"reason": answer.reason, "declined_by": answer.declined_by, "answered_at": None}
