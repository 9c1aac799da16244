"""What each side of a referral is shown of the other. Pure.

Source: safeguarding page, "Disclosure, step by step". Which fields a side sees in which state stands in the table of
access (`FIELDS`); here they are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
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


def reason_for_officer(verdict: Verdict, state: ReferralState, reason: str | None) -> str | None:
    """Return the reason that the officer sees. An answer about areas is one bit: why not would be a second one.

    An unsafe area is hidden whatever the verdict was: areas may have been added after the unit was held.
    """
    if state is ReferralState.DECLINED and (verdict is Verdict.REVIEW or reason == DeclineReason.UNSAFE_AREA):
        return NOT_AVAILABLE
    return reason
