"""What is kept, why, and for how many days: every column of every table. Pure.

A test fails on a column without a line here. What no job carries out yet says so: `enforced_by` is None. The jobs read this
table; a new table needs a line here and no code.
"""

from __future__ import annotations

from collections.abc import Iterator

from placement.retention_schedule import (
    ANSWER_DAYS,
    BUDGET_DAYS,
    COUNT_DAYS,
    WORKER_DAYS,
    DataClass,
    Job,
    Kept,
)
from placement.retention_terms import (
    kept,
    kept_as_account,
    kept_as_alert,
    kept_as_case,
    kept_as_credential,
    kept_as_identity,
    kept_as_message,
    kept_as_sign_in,
    kept_as_supply,
    kept_as_technical,
    kept_as_trail,
)

SCHEDULE: dict[str, tuple[Kept, ...]] = {
    "household": (
        kept_as_identity("details_sealed no_areas_statement_sealed", "find and keep a safe place"),
        kept_as_identity("reference", "speak of a household without a name"),
        kept_as_case("id organisation_id created_at forgotten_at has_blocks pending_area_changes", "count who was helped"),
        kept_as_technical("version"),
    ),
    "area_to_avoid": (
        kept_as_identity(
            "id household_id facts_sealed valid_from valid_to reviewed_on recorded_at recorded_by retired_at "
            "retired_reason_sealed version",
            "keep away from him",
        ),
    ),
    "area_change": (
        kept_as_identity(
            "id household_id area_id act widens state wanted_sealed asked_by asked_in_role asked_at decided_by decided_at "
            "refusal_sealed version",
            "let a second worker decide",
        ),
    ),
    "blocked_person": (
        kept_as_identity(
            "id household_id organisation_id worker_id name_sealed blocked_organisation_id declaration_id reason_sealed "
            "stated_at stated_by until_on ended_at ended_by version",
            "keep a household from somebody",
        ),
    ),
    "conflict_declaration": (
        kept(
            "person_sealed",
            "keep her from whom she knows",
            DataClass.IDENTITY,
            WORKER_DAYS,
            "it was ended, or she left",
            Job.FORGET_WORKERS,
        ),
        kept_as_account(
            "id worker_id organisation_id relation declared_at ended_at ended_by", "keep her from whom she knows"
        ),
        kept_as_technical("version"),
    ),
    "address_release": (
        kept_as_identity(
            "id placement_id number property_id officer_id released_by released_at expires_at is_before_arrival "
            "reason_sealed session_id opened_at view_ends_at revoked_at revoked_by expiry_told_at version",
            "tell an address once",
        ),
    ),
    "address_disclosure": (
        kept_as_identity(
            "id property_id placement_id release_id worker_id organisation_id is_own_staff told_at", "count who was told"
        ),
    ),
    "budget_use": (
        kept(
            "id kind organisation_id worker_id subject_id fingerprint is_common used_at",
            "notice who asks too often",
            DataClass.TRAIL,
            BUDGET_DAYS,
            "it was counted",
            Job.WATCH_WORKERS,
        ),
    ),
    "budget_raise": (kept_as_alert("id organisation_id kind scope subject_id reason_sealed raised_by raised_at ends_at"),),
    "perpetrator_link": (kept_as_identity("id household_id blind_index", "never house two of his families together"),),
    "legal_hold": (
        kept_as_case("id household_id placed_at placed_by lifted_at lifted_by", "keep records for a review or a court"),
        kept_as_case("reason_sealed", "say why they are kept"),
        kept_as_technical("version"),
    ),
    "retention_period": (
        kept_as_account(
            "id organisation_id closed_case_days set_at set_by", "keep closed cases as long as the organisation says"
        ),
    ),
    "search": (
        kept(
            "answer_sealed household_id",
            "say again what was answered",
            DataClass.IDENTITY,
            ANSWER_DAYS,
            "the search",
            Job.FORGET_ANSWERS,
        ),
        kept(
            "id organisation_id searched_at needed_on supply_version found demand",
            "count unmet need",
            DataClass.CASE,
            COUNT_DAYS,
            "the search",
            Job.DELETE_COUNTS,
        ),
    ),
    "hold": (
        kept_as_case(
            "id household_id organisation_id unit_id stay_id search_id verdict held_by held_at expires_at term_minutes "
            "released_at release_reason converted_at",
            "give a bed once",
        ),
        kept_as_technical("version"),
    ),
    "referral": (
        kept_as_identity("notes_sealed", "say why a place was refused"),
        kept_as_case(
            "id hold_id household_id organisation_id unit_id provider_id state made_at made_by answered_at answered_by "
            "declined_by reason",
            "count why households are not taken in",
        ),
        kept_as_technical("version"),
    ),
    "placement": (
        kept_as_case(
            "id reference referral_id household_id organisation_id unit_id provider_id stay_id state nation occupancy_basis "
            "notice_min_days licence_days policy_version accepted_at licence_starts_on licence_ends_on departed_on "
            "destination non_arrival_reason resettlement_worker_id",
            "keep a stay's terms and count its length",
        ),
        kept_as_technical("version"),
    ),
    "extension": (
        kept_as_case("id placement_id from_ends_on to_ends_on reason recorded_at recorded_by", "keep a licence's history"),
    ),
    "reminder": (
        kept_as_case(
            "id placement_id kind due_on due_at severity audience legal policy_version state sent_at acknowledged_at "
            "acknowledged_by outcome",
            "let no licence end unnoticed",
        ),
        kept_as_technical("version"),
    ),
    "stay": (kept_as_case("id unit_id kind starts_at ends_at live no_recourse", "give a bed once"),),
    "void": (
        kept_as_supply(
            "id unit_id stay_id reason notes_sealed recorded_at recorded_by cancelled_at", "say why a unit cannot be let"
        ),
        kept_as_technical("version"),
    ),
    "provider": (
        kept_as_supply(
            "id organisation_id name kind referral_phone hold_minutes no_recourse_quota gender_policy", "answer referrals"
        ),
        kept_as_technical("version"),
    ),
    "property": (
        kept_as_supply(
            "id provider_id reference cell cell_version special_risk nation staff_cover cctv out_of_hours_intake",
            "offer a place",
        ),
        kept_as_technical("version"),
    ),
    "unit": (
        kept_as_supply(
            "id property_id reference accommodation_type self_contained bed_spaces cots residents boys_upper_age "
            "access no_recourse mental_health substance_use pets specialisms occupancy_basis notice_min_days licence_days "
            "turnaround_days confirmed_at withdrawn_at",
            "offer a place",
        ),
        kept_as_technical("supply_version version"),
    ),
    "vault_address": (
        kept_as_supply(
            "id address_sealed point_sealed landlord_sealed meeting_point_sealed", "bring a household to the door"
        ),
    ),
    "vault_door": (kept_as_supply("id door_name_sealed", "bring a household to the door"),),
    "supply_version": (kept_as_technical("id version"),),
    "organisation": (kept_as_account("id name kind runs_installation created_at", "know the partners"),),
    "worker": (
        kept(
            "name_sealed",
            "know who did what",
            DataClass.IDENTITY,
            WORKER_DAYS,
            "she left",
            Job.FORGET_WORKERS,
        ),
        kept_as_account("id organisation_id left_at created_at", "know who did what"),
    ),
    "worker_role": (kept_as_account("id worker_id role granted_at granted_by ended_at ended_by", "know who may do what"),),
    "worker_leave": (
        kept_as_account("id worker_id deputy_id starts_on ends_on recorded_at recorded_by withdrawn_at", "hand work over"),
        kept_as_technical("version"),
    ),
    "sharing_agreement": (
        kept_as_account(
            "id proposer_id partner_id purpose shares_vacancies shares_referrals starts_on ends_on proposed_at proposed_by "
            "accepted_at accepted_by ended_at ended_by end_reason",
            "know who shares with whom",
        ),
        kept_as_technical("supply_version version"),
    ),
    "invitation": (
        kept_as_credential(
            "id organisation_id roles for_whom_sealed token_hash invited_at invited_by expires_at accepted_at accepted_by "
            "withdrawn_at version"
        ),
    ),
    "api_key": (
        kept_as_credential(
            "id worker_id role prefix digest is_demo read_only operations created_at expires_at "
            "replaced_by revoked_at version"
        ),
    ),
    "credential": (
        kept_as_credential(
            "id worker_id blind_index sign_in_name_sealed password_hash password_changed_at totp_secret_sealed "
            "totp_last_step is_demo created_at"
        ),
    ),
    "external_identity": (kept_as_credential("id worker_id blind_index subject_sealed created_at"),),
    "recovery_code": (kept_as_credential("id worker_id digest used_at"),),
    "worker_session": (
        kept_as_sign_in(
            "id worker_id role digest is_demo created_at last_seen_at ends_at ended_at stepped_up_until", "keep her in"
        ),
    ),
    "enrolment": (
        kept_as_sign_in(
            "id worker_id digest sign_in_name_sealed password_hash totp_secret_sealed created_at expires_at used_at",
            "let her choose how she signs in",
        ),
    ),
    "oidc_attempt": (
        kept_as_sign_in(
            "id state_digest browser_digest secrets_sealed worker_id subject_sealed needs_code created_at expires_at "
            "returned_at used_at",
            "sign in through her own organisation",
        ),
    ),
    "kept_answer": (
        kept(
            "id organisation_id worker_id slot asked answer_sealed expires_at",
            "answer what was sent twice as it was the first time",
            DataClass.IDENTITY,
            1,
            "it was answered",
            Job.FORGET_SIGN_INS,
        ),
    ),
    "request_count": (kept_as_sign_in("id hits expires_at", "keep the service answering"),),
    "sign_in_failures": (kept_as_sign_in("id failures failed_at forget_at", "slow down who guesses"),),
    "key_check": (kept_as_technical("id purpose key_id fingerprint registered_at retired_at"),),
    "outbox_message": (kept_as_message("id message_id organisation_id worker_id reference due_on text written_at"),),
    "alert": (
        kept_as_alert(
            "id organisation_id kind subject_id details raised_at closed_at closed_by outcome notes_sealed version"
        ),
    ),
    "audit_event": (
        kept_as_trail(
            "id position happened_at organisation_id worker_id action subject_id request_id details reason_digest "
            "previous_hash hash"
        ),
    ),
    "audit_checkpoint": (kept_as_trail("organisation_id position hash made_at key_id signature"),),
    "audit_reason": (kept_as_identity("id reason_sealed", "show why"),),
}


def list_kept_columns() -> Iterator[tuple[str, str, Kept]]:
    """Yield (table, column, how it is kept) for every column, in the order of the schedule."""
    for table, groups in SCHEDULE.items():
        for group in groups:
            for column in group.columns:
                yield table, column, group
