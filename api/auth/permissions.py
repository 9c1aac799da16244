"""Who may call what: one table, every operation in it. An operation that is missing here is refused and a test is red.

Rows are operation ids (the view's name); which *rows of data* a role sees is the use case's business.
"""

from __future__ import annotations

from accommodation.vocabulary import Role

OFFICER, MANAGER, RESETTLEMENT = Role.HOUSING_OFFICER, Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER
COMMISSIONER, ADMINISTRATOR, AUDITOR = Role.COMMISSIONER, Role.ADMINISTRATOR, Role.AUDITOR
LEAD = Role.SAFEGUARDING_LEAD

EVERYBODY = frozenset(Role)

OPEN_OPERATIONS = frozenset({"get_health", "get_ready", "get_openapi"})
"""Answered without a key: they hold no data."""

SIGN_IN_OPERATIONS = frozenset(
    {
        "create_session",
        "accept_invitation",
        "begin_enrolment",
        "confirm_enrolment",
        "start_oidc_sign_in",
        "return_from_oidc",
        "create_oidc_session",
    }
)
"""Called by somebody who is not signed in yet; each checks by itself what it is given."""

SESSION_OPERATIONS = frozenset(
    {
        "get_current_session",
        "end_current_session",
        "step_up",
        "list_sessions",
        "end_session",
        "end_all_sessions",
    }
)
"""For a person who signed in: no key may call them."""

STEP_UP_OPERATIONS = frozenset({"change_password", "renew_recovery_codes", "create_api_key", "rotate_api_key"})
"""For a person who has just shown her second factor; the guard asks for it."""

PERMISSIONS: dict[str, frozenset[Role]] = {
    "get_me": EVERYBODY,
    "get_current_session": EVERYBODY,
    "end_current_session": EVERYBODY,
    "step_up": EVERYBODY,
    "list_sessions": EVERYBODY,
    "end_session": EVERYBODY,
    "end_all_sessions": EVERYBODY,
    "change_password": EVERYBODY,
    "renew_recovery_codes": EVERYBODY,
    "list_api_keys": EVERYBODY,
    "create_api_key": EVERYBODY,
    "get_api_key": EVERYBODY,
    "revoke_api_key": EVERYBODY,
    "rotate_api_key": EVERYBODY,
    # supply
    "list_providers": frozenset({MANAGER, ADMINISTRATOR}),
    "create_provider": frozenset({ADMINISTRATOR}),
    "get_provider": frozenset({MANAGER, ADMINISTRATOR}),
    "update_provider": frozenset({MANAGER}),
    "confirm_provider_vacancies": frozenset({MANAGER}),
    "list_properties": frozenset({MANAGER}),
    "create_property": frozenset({MANAGER}),
    "get_property": frozenset({MANAGER}),
    "update_property": frozenset({MANAGER}),
    "disclose_address": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "list_property_disclosures": frozenset({MANAGER, LEAD}),
    "list_units": frozenset({MANAGER}),
    "create_unit": frozenset({MANAGER}),
    "get_unit": frozenset({MANAGER}),
    "update_unit": frozenset({MANAGER}),
    "withdraw_unit": frozenset({MANAGER}),
    "create_void": frozenset({MANAGER}),
    "get_void": frozenset({MANAGER}),
    "update_void": frozenset({MANAGER}),
    "cancel_void": frozenset({MANAGER}),
    "confirm_unit_vacancy": frozenset({MANAGER}),
    "list_vacancies": frozenset({MANAGER}),
    # demand
    "list_households": frozenset({OFFICER}),
    "create_household": frozenset({OFFICER}),
    "get_household": frozenset({OFFICER}),
    "update_household": frozenset({OFFICER}),
    "list_household_readings": frozenset({OFFICER, LEAD}),
    "list_areas_to_avoid": frozenset({OFFICER}),
    "create_area_to_avoid": frozenset({OFFICER}),
    "state_no_areas_to_avoid": frozenset({OFFICER}),
    "get_area_to_avoid": frozenset({OFFICER}),
    "update_area_to_avoid": frozenset({OFFICER}),
    "retire_area_to_avoid": frozenset({OFFICER}),
    "list_area_changes": frozenset({OFFICER}),
    "confirm_area_change": frozenset({OFFICER}),
    "refuse_area_change": frozenset({OFFICER}),
    "create_search": frozenset({OFFICER}),
    "get_search": frozenset({OFFICER}),
    "list_holds": frozenset({OFFICER, MANAGER}),
    "create_hold": frozenset({OFFICER}),
    "get_hold": frozenset({OFFICER, MANAGER}),
    "release_hold": frozenset({OFFICER}),
    "list_referrals": frozenset({OFFICER, MANAGER}),
    "create_referral": frozenset({OFFICER}),
    "get_referral": frozenset({OFFICER, MANAGER}),
    "get_meeting_point": frozenset({OFFICER, MANAGER}),
    "get_exact_check": frozenset({MANAGER}),
    "accept_referral": frozenset({MANAGER}),
    "decline_referral": frozenset({MANAGER}),
    "withdraw_referral": frozenset({OFFICER}),
    "create_blocked_person": frozenset({OFFICER}),
    "list_blocked_persons": frozenset({LEAD}),
    "end_blocked_person": frozenset({LEAD}),
    "declare_conflict": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "list_conflict_declarations": frozenset({LEAD}),
    "end_conflict_declaration": frozenset({LEAD}),
    # the stay
    "list_placements": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "get_placement": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "get_placement_timeline": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "list_address_releases": frozenset({OFFICER, MANAGER}),
    "create_address_release": frozenset({MANAGER}),
    "get_address_release": frozenset({OFFICER, MANAGER}),
    "revoke_address_release": frozenset({MANAGER}),
    "confirm_arrival": frozenset({MANAGER, RESETTLEMENT}),
    "record_non_arrival": frozenset({MANAGER, RESETTLEMENT}),
    "extend_licence": frozenset({MANAGER, RESETTLEMENT}),
    "record_departure": frozenset({MANAGER, RESETTLEMENT}),
    "list_reminders": frozenset({MANAGER, RESETTLEMENT}),
    "acknowledge_reminder": frozenset({MANAGER, RESETTLEMENT}),
    # administration
    "list_organisations": frozenset({ADMINISTRATOR}),
    "create_organisation": frozenset({ADMINISTRATOR}),
    "list_workers": frozenset({ADMINISTRATOR}),
    "get_worker": frozenset({ADMINISTRATOR}),
    "grant_role": frozenset({ADMINISTRATOR}),
    "end_role": frozenset({ADMINISTRATOR}),
    "record_worker_departure": frozenset({ADMINISTRATOR}),
    "list_leaves": EVERYBODY,
    "record_leave": EVERYBODY,
    "withdraw_leave": EVERYBODY,
    "list_invitations": frozenset({ADMINISTRATOR}),
    "create_invitation": frozenset({ADMINISTRATOR}),
    "withdraw_invitation": frozenset({ADMINISTRATOR}),
    "list_sharing_agreements": frozenset({ADMINISTRATOR, LEAD}),
    "propose_sharing_agreement": frozenset({ADMINISTRATOR}),
    "get_sharing_agreement": frozenset({ADMINISTRATOR, LEAD}),
    "accept_sharing_agreement": frozenset({ADMINISTRATOR}),
    "end_sharing_agreement": frozenset({ADMINISTRATOR, LEAD}),
    "list_audit_events": frozenset({AUDITOR}),
    "list_alert_coverage": frozenset({ADMINISTRATOR}),
    # safeguarding
    "list_alerts": frozenset({LEAD}),
    "get_alert": frozenset({LEAD}),
    "close_alert": frozenset({LEAD}),
    "list_budget_raises": frozenset({LEAD}),
    "create_budget_raise": frozenset({LEAD}),
}

NEEDS_SECOND_FACTOR = STEP_UP_OPERATIONS | {"disclose_address", "create_address_release", "get_meeting_point"}
"""Answered only to a session whose second factor was shown in the last minutes, and so never to a key. About an
address the use case asks, because to whoever may not anyway it does not exist."""
