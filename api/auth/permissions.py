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

PERMISSIONS: dict[str, frozenset[Role]] = {
    "get_me": EVERYBODY,
    # supply
    "list_providers": frozenset({MANAGER, ADMINISTRATOR}),
    "create_provider": frozenset({ADMINISTRATOR}),
    "get_provider": frozenset({MANAGER, ADMINISTRATOR}),
    "update_provider": frozenset({MANAGER, ADMINISTRATOR}),
    "confirm_provider_vacancies": frozenset({MANAGER}),
    "list_properties": frozenset({MANAGER, ADMINISTRATOR}),
    "create_property": frozenset({MANAGER}),
    "get_property": frozenset({MANAGER, ADMINISTRATOR}),
    "update_property": frozenset({MANAGER}),
    "disclose_address": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "list_units": frozenset({MANAGER, ADMINISTRATOR}),
    "create_unit": frozenset({MANAGER}),
    "get_unit": frozenset({MANAGER, ADMINISTRATOR}),
    "update_unit": frozenset({MANAGER}),
    "withdraw_unit": frozenset({MANAGER}),
    "create_void": frozenset({MANAGER}),
    "get_void": frozenset({MANAGER, ADMINISTRATOR}),
    "update_void": frozenset({MANAGER}),
    "cancel_void": frozenset({MANAGER}),
    "confirm_unit_vacancy": frozenset({MANAGER}),
    "list_vacancies": frozenset({MANAGER, ADMINISTRATOR}),
    # demand
    "list_households": frozenset({OFFICER}),
    "create_household": frozenset({OFFICER}),
    "get_household": frozenset({OFFICER}),
    "update_household": frozenset({OFFICER}),
    "list_areas_to_avoid": frozenset({OFFICER}),
    "create_area_to_avoid": frozenset({OFFICER}),
    "state_no_areas_to_avoid": frozenset({OFFICER}),
    "get_area_to_avoid": frozenset({OFFICER}),
    "update_area_to_avoid": frozenset({OFFICER}),
    "retire_area_to_avoid": frozenset({OFFICER}),
    "create_search": frozenset({OFFICER}),
    "get_search": frozenset({OFFICER}),
    "list_holds": frozenset({OFFICER, MANAGER}),
    "create_hold": frozenset({OFFICER}),
    "get_hold": frozenset({OFFICER, MANAGER}),
    "release_hold": frozenset({OFFICER}),
    "list_referrals": frozenset({OFFICER, MANAGER}),
    "create_referral": frozenset({OFFICER}),
    "get_referral": frozenset({OFFICER, MANAGER}),
    "get_exact_check": frozenset({MANAGER}),
    "accept_referral": frozenset({MANAGER}),
    "decline_referral": frozenset({MANAGER}),
    "withdraw_referral": frozenset({OFFICER}),
    # the stay
    "list_placements": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "get_placement": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "get_placement_timeline": frozenset({OFFICER, MANAGER, RESETTLEMENT}),
    "confirm_arrival": frozenset({MANAGER, RESETTLEMENT}),
    "record_non_arrival": frozenset({MANAGER, RESETTLEMENT}),
    "extend_licence": frozenset({MANAGER, RESETTLEMENT}),
    "record_departure": frozenset({MANAGER, RESETTLEMENT}),
    "list_reminders": frozenset({MANAGER, RESETTLEMENT}),
    "acknowledge_reminder": frozenset({MANAGER, RESETTLEMENT}),
    # keeping and forgetting
    "list_legal_holds": frozenset({LEAD}),
    "place_legal_hold": frozenset({LEAD}),
    "get_legal_hold": frozenset({LEAD}),
    "lift_legal_hold": frozenset({LEAD}),
    "get_retention_period": frozenset({LEAD}),
    "set_retention_period": frozenset({LEAD}),
    "export_household": frozenset({LEAD}),
    # administration
    "list_organisations": frozenset({ADMINISTRATOR}),
    "create_organisation": frozenset({ADMINISTRATOR}),
    "list_workers": frozenset({ADMINISTRATOR}),
    "create_worker": frozenset({ADMINISTRATOR}),
    "list_api_keys": frozenset({ADMINISTRATOR}),
    "create_api_key": frozenset({ADMINISTRATOR}),
    "get_api_key": frozenset({ADMINISTRATOR}),
    "revoke_api_key": frozenset({ADMINISTRATOR}),
    "list_audit_events": frozenset({AUDITOR}),
}
