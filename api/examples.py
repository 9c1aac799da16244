"""One example of a request for every operation with a body: the API document shows them, and tests begin from them.

They tell one story and hold nobody's data: the postcode is a public building's, the telephone number is Ofcom's for drama.
"""

from __future__ import annotations

from typing import Any

_ID = "3f8e2c1a-5b7d-4e9f-8a6b-0c1d2e3f4a5b"
_REASON = {"reason": "Entered twice by mistake."}

_UNIT: dict[str, Any] = {
    "reference": "R4",
    "accommodation_type": "refuge",
    "self_contained": False,
    "bed_spaces": 3,
    "cots": 1,
    "residents": "women",
    "boys_upper_age": "14",
    "access": 2,
    "no_recourse": "funded_place",
    "mental_health": "medium",
    "substance_use": "low",
    "pets": False,
    "specialisms": ["interpreters"],
    "occupancy_basis": "excluded_licence",
    "licence_days": 91,
    "turnaround_days": 3,
}

_AREA: dict[str, Any] = {
    "geometry": {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 8000},
    "reason": "his_home",
    "source": "survivor",
    "confidence": "certain",
    "notes": "His mother lives on the same road.",
    "valid_from": "2026-01-05",
    "valid_to": None,
}

REQUESTS: dict[str, dict[str, Any]] = {
    # signing in
    "create_session": {
        "sign_in_name": "c.example@council.example",
        "password": "weir heron lantern oboe",
        "code": "492039",
        "role": "housing_officer",
    },
    "accept_invitation": {"token": "0123456789012345678901234567890123456789012", "name": "C. Example"},
    "begin_enrolment": {
        "enrolment_token": "0123456789012345678901234567890123456789012",
        "sign_in_name": "c.example@council.example",
        "password": "weir heron lantern oboe",
    },
    "confirm_enrolment": {"enrolment_token": "0123456789012345678901234567890123456789012", "code": "492039"},
    "create_oidc_session": {"code": "492039", "role": "housing_officer"},
    "step_up": {"code": "492039"},
    "change_password": {"current_password": "weir heron lantern oboe", "new_password": "oboe lantern plum weir"},
    # supply
    "create_provider": {
        "organisation_id": _ID,
        "name": "Estuary Haven",
        "kind": "registered_charity",
        "referral_phone": "01632 960123",
        "hold_minutes": 90,
        "no_recourse_quota": 2,
        "gender_policy": "Women, and their children of any gender.",
    },
    "update_provider": {"referral_phone": "01632 960124", "hold_minutes": 60},
    "create_property": {
        "reference": "B1",
        "address": {
            "lines": ["1 Example Street"],
            "town": "Chelmsford",
            "postcode": "CM1 1QH",
            "latitude": None,
            "longitude": None,
        },
        "staff_cover": True,
        "cctv": True,
        "out_of_hours_intake": False,
        "landlord": "Example Homes",
        "meeting_point": "The clock at the railway station.",
    },
    "update_property": {
        "staff_cover": False,
        "out_of_hours_intake": True,
        "special_risk": True,
        "special_risk_reason": "He has hired somebody to look for her.",
    },
    "disclose_address": {"placement_id": _ID, "reason": "She is on her way and has been told where to wait."},
    "create_unit": {**_UNIT, "property_id": _ID, "door_name": "Blue door"},
    "update_unit": {"cots": 2, "boys_upper_age": "16"},
    "create_void": {"reason": "repairs", "starts_on": "2026-03-02", "ends_on": None, "notes": "The boiler."},
    "update_void": {"ends_on": "2027-03-09"},
    "cancel_void": _REASON,
    # demand
    "create_household": {
        "members": [
            {"role": "survivor", "name": "A. Example", "gender": "female", "born_on": "1990-05-01"},
            {"role": "child", "name": None, "gender": "male", "born_on": "2016-11-30"},
        ],
        "needs": {
            "access_need": 3,
            "no_recourse": False,
            "mental_health": "low",
            "substance_use": "none",
            "pets": True,
            "pets_must_come": False,
            "specialisms_wanted": ["interpreters"],
            "specialisms_required": [],
            "risks": [],
        },
        "perpetrators": [{"name": "B. Example", "born_on": None, "relation": "former partner"}],
        "safe_contact": {
            "channel": "text",
            "value": "07700 900123",
            "hours": "10:00 to 14:00",
            "code_word": "library",
            "no_voicemail": True,
        },
        "tracking_devices": {"phone": "checked", "car": "none", "child_devices": "not_checked"},
        "risk_score": 17,
        "wishes_to_return": False,
        "external_case_id": "HA-0001",
    },
    "update_household": {"tracking_devices": {"phone": "checked", "car": "none", "child_devices": "checked"}},
    "create_area_to_avoid": _AREA,
    "update_area_to_avoid": {"confidence": "likely", "reviewed_on": "2026-02-02"},
    "retire_area_to_avoid": {"reason": "He has moved abroad."},
    "state_no_areas_to_avoid": {"reason": "He has never been to this country."},
    "refuse_area_change": {"reason": "He left that address in May; the older area already holds it."},
    "create_search": {
        "needed_on": "2026-02-02",
        "stay_days": 91,
        "preferences": {
            "anchor_postcode": "CM1 1QH",
            "max_distance_band": "from_25_to_50_km",
            "accommodation_types": ["refuge", "dispersed_type_1"],
            "self_contained": None,
            "staff_cover": True,
            "cctv": False,
        },
        "limit": 20,
    },
    "create_hold": {"household_id": _ID, "unit_id": _ID, "search_id": _ID},
    "create_referral": {"hold_id": _ID},
    "decline_referral": {"declined_by": "provider", "reason": "household_size", "notes": "One bed too few."},
    "withdraw_referral": {"reason": "placed_elsewhere", "notes": "With her sister."},
    "create_blocked_person": {
        "worker_id": None,
        "provider_id": None,
        "name": "D. Example",
        "until_on": None,
        "reason": "His cousin works for the council.",
    },
    "end_blocked_person": {"reason": "It was another person of that name."},
    "declare_conflict": {
        "relation": "family",
        "reference": None,
        "person": {"name": "E. Example", "born_on": "1980-02-03"},
    },
    "end_conflict_declaration": {"reason": "It was another person of that name."},
    # the stay
    "create_address_release": {"officer_id": _ID, "reason": "She drives them here tonight."},
    "confirm_arrival": {"arrived_on": "2026-02-02", "resettlement_worker_id": None},
    "record_non_arrival": {"reason": "went_elsewhere"},
    "extend_licence": {"ends_on": "2026-08-03", "reason": "no_move_on_home"},
    "record_departure": {"departed_on": "2026-07-31", "destination": "social"},
    "place_legal_hold": {"reason": "A domestic homicide review has asked that nothing be lost."},
    "lift_legal_hold": {"reason": "The review has reported."},
    "set_retention_period": {"closed_case_days": 2190},
    "acknowledge_reminder": {"outcome": "done"},
    # administration
    "create_organisation": {"name": "Example Council", "kind": "council"},
    "create_api_key": {"role": None, "days": 90, "read_only": True, "operations": ["get_me"]},
    "rotate_api_key": {"overlap_hours": 24},
    "grant_role": {"role": "auditor"},
    "end_role": {"role": "auditor"},
    "record_worker_departure": {"last_day_on": None, "reason": "Her contract has ended."},
    "record_leave": {"starts_on": "2026-02-09", "ends_on": "2026-02-13", "deputy_id": None},
    "create_invitation": {"organisation_id": None, "roles": ["auditor"], "for_whom": "C. Example, at the front desk"},
    "propose_sharing_agreement": {
        "partner_id": _ID,
        "purpose": "placement",
        "scope": ["vacancies", "referrals"],
        "starts_on": "2026-02-02",
        "ends_on": "2027-02-01",
    },
    "end_sharing_agreement": {"reason": "service_closed", "notes": "The refuge closes at the end of the month."},
    # safeguarding
    "close_alert": {"outcome": "explained", "notes": "Three families on one night; I have seen the records with her."},
    "create_budget_raise": {
        "budget": "geometry",
        "scope": "officer",
        "subject_id": _ID,
        "hours": 12,
        "reason": "Two large families came tonight, and she is alone on duty.",
    },
}
"""Operation id -> a body that its schema accepts."""
