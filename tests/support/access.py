"""Who may do what, written a second time, role by role, from the pages domain, API and safeguarding.

Nothing here is read from `api.auth.permissions`: the two must agree, and a change to one without the other is red.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from accommodation.vocabulary import Role

EVERYBODY = """
        herself: get_me get_current_session end_current_session step_up list_sessions end_session end_all_sessions
        herself: change_password renew_recovery_codes list_api_keys create_api_key get_api_key
        herself while key valid: rotate_api_key
        herself while key valid, expired: revoke_api_key
        herself: list_leaves record_leave
        herself while leave ahead: withdraw_leave
"""
"""Whoever works here, in whatever role: her own sessions, keys and leaves."""

SPECIFICATION = {
    # "find a safe bed tonight": her organisation's households, what she asked of providers, never supply
    "housing_officer": """
        nothing: create_household
        own_organisation: list_households get_household update_household list_household_readings create_blocked_person
        own_organisation: list_areas_to_avoid create_area_to_avoid state_no_areas_to_avoid
        own_organisation: get_area_to_avoid update_area_to_avoid retire_area_to_avoid list_area_changes
        own_organisation while area_change pending: confirm_area_change refuse_area_change
        own_organisation: create_search get_search create_hold
        asking: list_holds get_hold list_referrals get_referral get_meeting_point
        asking: list_placements get_placement get_placement_timeline list_address_releases
        asking while hold live: release_hold create_referral
        asking while referral made: withdraw_referral
        herself: disclose_address get_address_release declare_conflict
    """,
    # "keep vacancies true, take referrals": her own provider's supply, and what it was asked
    "refuge_manager": """
        own_organisation: list_providers get_provider update_provider confirm_provider_vacancies
        own_organisation: list_properties create_property get_property update_property
        own_organisation: disclose_address list_property_disclosures
        own_organisation: list_units create_unit get_unit update_unit create_void get_void confirm_unit_vacancy
        own_organisation: list_vacancies
        own_organisation while unit offered: withdraw_unit
        own_organisation while void open: update_void cancel_void
        asked: list_holds get_hold list_referrals get_referral get_meeting_point
        asked: list_placements get_placement get_placement_timeline list_reminders
        asked: list_address_releases create_address_release get_address_release revoke_address_release
        asked while referral made: get_exact_check accept_referral decline_referral
        asked while placement planned: confirm_arrival record_non_arrival
        asked while placement living: extend_licence record_departure
        asked while reminder pending, sent: acknowledge_reminder
        herself: declare_conflict
    """,
    # "get the household to a settled home before the licence ends": the stays in her own accommodation
    "resettlement_worker": """
        own_organisation: disclose_address
        asked: list_placements get_placement get_placement_timeline list_reminders
        asked while placement planned: confirm_arrival record_non_arrival
        asked while placement living: extend_licence record_departure
        asked while reminder pending, sent: acknowledge_reminder
        herself: declare_conflict
    """,
    "commissioner": "",
    # "people, organisations, agreements": her own organisation's, and the installation's for the one that runs it; no case
    "administrator": """
        own_organisation: list_providers get_provider list_organisations list_alert_coverage
        installation: list_providers get_provider list_organisations list_alert_coverage
        installation: create_provider create_organisation
        own_organisation: list_workers get_worker list_invitations create_invitation
        installation: create_invitation
        own_organisation while worker working: grant_role end_role record_worker_departure
        own_organisation while invitation open, expired: withdraw_invitation
        own_organisation: list_leaves record_leave
        own_organisation while leave ahead: withdraw_leave
        own_organisation: list_api_keys get_api_key
        own_organisation while key valid, expired: revoke_api_key
        nothing: propose_sharing_agreement
        own_organisation: list_sharing_agreements get_sharing_agreement
        own_organisation while agreement proposed: accept_sharing_agreement
        own_organisation while agreement proposed, agreed, in_force: end_sharing_agreement
    """,
    # "who saw what": a read-only trail of her own organisation
    "auditor": """
        own_organisation: list_audit_events
    """,
    # whom the safeguarding page calls a named lead: alerts, budgets, blocks, and who has seen what
    "safeguarding_lead": """
        own_organisation: list_alerts get_alert list_budget_raises create_budget_raise
        own_organisation while alert open: close_alert
        own_organisation: list_blocked_persons list_conflict_declarations
        own_organisation while block in_force: end_blocked_person end_conflict_declaration
        own_organisation: list_household_readings list_property_disclosures export_household
        own_organisation: list_legal_holds place_legal_hold get_legal_hold get_retention_period set_retention_period
        own_organisation while legal_hold in_force: lift_legal_hold
        own_organisation: list_sharing_agreements get_sharing_agreement
        own_organisation while agreement proposed, agreed, in_force: end_sharing_agreement
    """,
}

STATES = {
    "hold": ("live", "expired", "released", "converted"),
    "referral": ("made", "accepted", "declined", "withdrawn"),
    "placement": ("planned", "living", "not_arrived", "departed"),
    "reminder": ("pending", "sent", "superseded", "cancelled", "acknowledged"),
    "void": ("open", "over"),
    "unit": ("offered", "withdrawn"),
    "area_change": ("applied", "pending", "confirmed", "refused"),
    "block": ("in_force", "ended"),
    "legal_hold": ("in_force", "lifted"),
    "key": ("valid", "expired", "revoked"),
    "leave": ("ahead", "withdrawn", "over"),
    "worker": ("working", "left"),
    "invitation": ("open", "accepted", "withdrawn", "expired"),
    "agreement": ("proposed", "agreed", "in_force", "over", "ended"),
    "alert": ("open", "closed"),
}
"""The life of each kind of row."""

_ENTRY = "id hold_id household_id unit_id state verdict made_at answered_on declined_by reason placement_id"
_RELEASE = "id placement_id property_id officer_id state released_at expires_at opened_at view_ends_at revoked_at"
SEEN_BY = {
    "referral": {
        "asking": {"always": _ENTRY, "accepted": "property_id"},
        "asked": {
            "always": f"{_ENTRY} answered_at property_id case case.members.role case.members.gender case.members.age "
            "case.needs case.risk_score",
            "accepted": "case.members.name case.safe_contact referred_by",
        },
    },
    "address_release": {
        "herself": {"always": _RELEASE},
        "asking": {"always": _RELEASE},
        "asked": {"always": f"{_RELEASE} reason"},
    },
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
        for row in (EVERYBODY + text).strip().splitlines():
            if not row.strip():
                continue
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
