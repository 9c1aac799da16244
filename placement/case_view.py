"""What each side of a referral may see of the other, by state. Pure.

Source: safeguarding page, "Disclosure, step by step": needs before acceptance, no name and no address either way; names
and safe contact for the provider, a meeting point for the officer, once the provider has accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from placement.criteria import read_person
from placement.vocabulary import DeclineReason, ReferralState, Verdict

NOT_AVAILABLE = "not_available"


def case_for_provider(details: Mapping[str, Any], state: ReferralState, today: date) -> dict[str, Any]:
    """Return what the unit's provider sees of a household: who comes, by age and gender, and what they need.

    Names, birth dates and the safe contact are added when it has accepted, and no sooner.
    """
    accepted = state is ReferralState.ACCEPTED
    members = []
    for member in details["members"]:
        person = read_person(member)
        shown: dict[str, Any] = {
            "role": str(person.role),
            "gender": None if person.gender is None else str(person.gender),
            "age": person.age_on(today),
        }
        if accepted:
            shown["name"] = member.get("name")
        members.append(shown)
    case: dict[str, Any] = {"members": members, "needs": dict(details.get("needs") or {})}
    case["risk_score"] = details.get("risk_score")
    case["safe_contact"] = details.get("safe_contact") if accepted else None
    return case


def reason_for_officer(verdict: Verdict, state: ReferralState, reason: str | None) -> str | None:
    """Return the reason that the officer sees. An answer about areas is one bit: why not would be a second one.

    An unsafe area is hidden whatever the verdict was: areas may have been added after the unit was held.
    """
    if state is ReferralState.DECLINED and (verdict is Verdict.REVIEW or reason == DeclineReason.UNSAFE_AREA):
        return NOT_AVAILABLE
    return reason
