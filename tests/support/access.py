"""Who may do what, written a second time, role by role, from the pages domain, API and safeguarding.

Nothing here is read from `api.auth.permissions`: the two must agree, and a change to one without the other is red.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from accommodation.vocabulary import Role

SPECIFICATION = {
    # "find a safe bed tonight": her organisation's households, what she asked of providers, never supply
    "housing_officer": """
        herself: get_me
        nothing: create_household
        own_organisation: list_households get_household update_household
        own_organisation: list_areas_to_avoid create_area_to_avoid state_no_areas_to_avoid
        own_organisation: get_area_to_avoid update_area_to_avoid retire_area_to_avoid
        own_organisation: create_search get_search create_hold
        asking: list_holds get_hold list_referrals get_referral
        asking: list_placements get_placement get_placement_timeline
        asking while hold live: release_hold create_referral
        asking while referral made: withdraw_referral
        asking while placement planned, living: disclose_address
    """,
    # "keep vacancies true, take referrals": her own provider's supply, and what it was asked
    "refuge_manager": """
        herself: get_me
        own_organisation: list_providers get_provider update_provider confirm_provider_vacancies
        own_organisation: list_properties create_property get_property update_property disclose_address
        own_organisation: list_units create_unit get_unit update_unit create_void get_void confirm_unit_vacancy
        own_organisation: list_vacancies
        own_organisation while unit offered: withdraw_unit
        own_organisation while void open: update_void cancel_void
        asked: list_holds get_hold list_referrals get_referral
        asked: list_placements get_placement get_placement_timeline list_reminders
        asked while referral made: get_exact_check accept_referral decline_referral
        asked while placement planned: confirm_arrival record_non_arrival
        asked while placement living: extend_licence record_departure
        asked while reminder pending, sent: acknowledge_reminder
    """,
    # "get the household to a settled home before the licence ends": the stays in her own accommodation
    "resettlement_worker": """
        herself: get_me
        own_organisation: disclose_address
        asked: list_placements get_placement get_placement_timeline list_reminders
        asked while placement planned: confirm_arrival record_non_arrival
        asked while placement living: extend_licence record_departure
        asked while reminder pending, sent: acknowledge_reminder
    """,
    "commissioner": """
        herself: get_me
    """,
    # "people, organisations, agreements": no case data
    "administrator": """
        herself: get_me
        installation: list_providers create_provider get_provider update_provider
        installation: list_properties get_property list_units get_unit get_void list_vacancies
        installation: list_organisations create_organisation list_workers create_worker
        installation: list_api_keys create_api_key get_api_key
        installation while key valid, expired: revoke_api_key
    """,
    # "who saw what": a read-only trail of her own organisation
    "auditor": """
        herself: get_me
        own_organisation: list_audit_events
    """,
    "safeguarding_lead": """
        herself: get_me
    """,
}

STATES = {
    "hold": ("live", "expired", "released", "converted"),
    "referral": ("made", "accepted", "declined", "withdrawn"),
    "placement": ("planned", "living", "not_arrived", "departed"),
    "reminder": ("pending", "sent", "superseded", "cancelled", "acknowledged"),
    "void": ("open", "over"),
    "unit": ("offered", "withdrawn"),
    "key": ("valid", "expired", "revoked"),
}
"""The life of each kind of row."""

SEEN_BY = {
    "referral": {
        "asking": {
            "always": "id hold_id household_id unit_id state verdict made_at answered_at declined_by reason placement_id",
            "accepted": "property_id meeting_point",
        },
        "asked": {
            "always": "id hold_id household_id unit_id state verdict made_at answered_at declined_by reason placement_id "
            "property_id case case.members.role case.members.gender case.members.age case.needs case.risk_score",
            "accepted": "meeting_point case.members.name case.safe_contact",
        },
    }
}
"""Fields: no name and no address either way before acceptance (safeguarding page, "Disclosure, step by step")."""

LINE = re.compile(r"(?P<relation>\w+)(?: while (?P<kind>\w+) (?P<states>[\w, ]+))?: (?P<operations>[\w ]+)")


@dataclass(frozen=True)
class Line:
    """One operation for one role: the relation that it takes, and the states, None = whatever state."""

    operation: str
    role: str
    relation: str
    kind: str | None
    states: frozenset[str] | None

    def allows(self, relation: str, state: str | None) -> bool:
        """Tell whether somebody in this relation may, in this state."""
        return relation == self.relation and (self.states is None or state in self.states)


def read_specification() -> dict[tuple[str, str], list[Line]]:
    """Return the lines by operation and role, in the order in which they stand."""
    found: dict[tuple[str, str], list[Line]] = {}
    for role, text in SPECIFICATION.items():
        for row in text.strip().splitlines():
            parts = LINE.fullmatch(row.strip())
            assert parts is not None, row
            states = None if parts["states"] is None else frozenset(parts["states"].split(", "))
            assert states is None or states <= set(STATES[parts["kind"]]), row
            for operation in parts["operations"].split():
                line = Line(operation, role, parts["relation"], parts["kind"], states)
                found.setdefault((operation, role), []).append(line)
    return found


LINES = read_specification()
OPERATIONS = frozenset(operation for operation, _ in LINES)
assert set(SPECIFICATION) == set(Role)


def legal_moves(role: str, relation: str, kind: str, state: str) -> set[str]:
    """Return what somebody may do with a row of a kind in a state, by the specification."""
    return {
        line.operation
        for lines in LINES.values()
        for line in lines
        if line.role == role and line.kind == kind and line.allows(relation, state)
    }
