"""What is kept, why, and for how many days: every column of every table. Pure.

Source: safeguarding page, "Keeping and forgetting"; UK GDPR art. 5(1)(b), (c), (e). A test fails on a column without a line
here. What is not enforced by a job yet says so: `enforced_by` is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class DataClass(StrEnum):
    """What somebody could do who reads it."""

    IDENTITY = "identity"
    """Says who or where: names, addresses, areas, words. Always sealed."""
    CASE = "case"
    """What happened to a household, under random ids and codes."""
    SUPPLY = "supply"
    """Accommodation and its published facts."""
    ACCOUNT = "account"
    """Workers and organisations."""
    CREDENTIAL = "credential"
    """What opens Harbour; stored so that it cannot be used."""
    TRAIL = "trail"
    """Who did what."""
    TECHNICAL = "technical"
    """Row versions and the like: about nobody."""


class Job(StrEnum):
    """What carries a line out. All of them run nightly (`api/retention.py`)."""

    FORGET_HOUSEHOLDS = "forget_households"
    FORGET_ANSWERS = "forget_answers"
    DELETE_COUNTS = "delete_counts"
    DELETE_MESSAGES = "delete_messages"
    DELETE_CREDENTIALS = "delete_credentials"
    FORGET_WORKERS = "forget_workers"
    DELETE_ALERTS = "delete_alerts"


@dataclass(frozen=True)
class Kept:
    """How long a group of columns is kept: `days` after `since`, by `enforced_by` (None: not by a job yet)."""

    columns: tuple[str, ...]
    purpose: str
    data_class: DataClass
    days: int
    since: str
    enforced_by: Job | None


UNPLACED_DAYS = 90
"""Identity of a household that nobody took in, after its last event (safeguarding page: declined and withdrawn, 90 days)."""

CLOSED_CASE_DAYS = 2_190
"""Identity of a household that was placed, after its departure: six years, the limitation period for a claim in contract
(Limitation Act 1980 s.5), unless its organisation's schedule says otherwise."""

CLOSED_CASE_DAYS_LEAST, CLOSED_CASE_DAYS_MOST = 90, 3_650

ANSWER_DAYS = 90
"""The answer of a search; its needs and reasons stay as demand."""

COUNT_DAYS = 3_650
"""Codes and dates without identity, after it was forgotten: ten returns to the government, compared year by year."""

MESSAGE_DAYS = 30
CREDENTIAL_DAYS = 30
WORKER_DAYS = 2_190
ALERT_DAYS = 1_095
TRAIL_DAYS = 2_190


@dataclass(frozen=True)
class CaseFacts:
    """What decides when a household's identity is due, all UTC.

    `is_open` = a live hold, an unanswered referral, or a placement that is planned or lived in.
    """

    last_event_at: datetime
    was_placed: bool
    is_open: bool
    is_on_legal_hold: bool
    closed_case_days: int = CLOSED_CASE_DAYS


def identity_is_due_at(case: CaseFacts) -> datetime | None:
    """Return the instant (UTC) from which a household's identity is to be gone; None while it must be kept."""
    if case.is_open or case.is_on_legal_hold:
        return None
    days = case.closed_case_days if case.was_placed else UNPLACED_DAYS
    return case.last_event_at + timedelta(days=days)


def _kept(columns: str, purpose: str, data_class: DataClass, days: int, since: str, by: Job | None) -> Kept:
    return Kept(tuple(columns.split()), purpose, data_class, days, since, by)


def _identity(columns: str, purpose: str) -> Kept:
    return _kept(columns, purpose, DataClass.IDENTITY, CLOSED_CASE_DAYS, "the case was closed", Job.FORGET_HOUSEHOLDS)


def _case(columns: str, purpose: str) -> Kept:
    return _kept(columns, purpose, DataClass.CASE, COUNT_DAYS, "identity was forgotten", Job.DELETE_COUNTS)


def _supply(columns: str, purpose: str) -> Kept:
    return _kept(columns, purpose, DataClass.SUPPLY, COUNT_DAYS, "the property was closed", None)


def _account(columns: str, purpose: str) -> Kept:
    return _kept(columns, purpose, DataClass.ACCOUNT, COUNT_DAYS, "the organisation left", None)


def _technical(columns: str) -> Kept:
    return _kept(columns, "tell changes apart", DataClass.TECHNICAL, COUNT_DAYS, "the row's own end", None)


def _credential(columns: str) -> Kept:
    return _kept(
        columns,
        "let a worker in",
        DataClass.CREDENTIAL,
        CREDENTIAL_DAYS,
        "it expired or was revoked",
        Job.DELETE_CREDENTIALS,
    )


def _trail(columns: str) -> Kept:
    return _kept(columns, "show who did what", DataClass.TRAIL, TRAIL_DAYS, "it happened", None)


def _alert(columns: str) -> Kept:
    return _kept(columns, "look at what may be misuse", DataClass.TRAIL, ALERT_DAYS, "it was closed", Job.DELETE_ALERTS)


def _message(columns: str) -> Kept:
    return _kept(columns, "tell staff", DataClass.CASE, MESSAGE_DAYS, "it was written", Job.DELETE_MESSAGES)


SCHEDULE: dict[str, tuple[Kept, ...]] = {
    "household": (
        _identity("details_sealed no_areas_statement_sealed", "find and keep a safe place"),
        _identity("reference", "speak of a household without a name"),
        _case("id organisation_id created_at forgotten_at", "count who was helped"),
        _technical("version"),
    ),
    "area_to_avoid": (
        _identity(
            "id household_id facts_sealed valid_from valid_to reviewed_on recorded_at recorded_by retired_at "
            "retired_reason_sealed version",
            "keep away from him",
        ),
    ),
    "perpetrator_link": (_identity("id household_id blind_index", "never house two of his families together"),),
    "legal_hold": (
        _case("id household_id placed_at placed_by lifted_at lifted_by", "keep records for a review or a court"),
        _case("reason_sealed", "say why they are kept"),
        _technical("version"),
    ),
    "retention_period": (
        _account("id organisation_id closed_case_days set_at set_by", "keep closed cases as long as the organisation says"),
    ),
    "search": (
        _kept(
            "answer_sealed household_id",
            "say again what was answered",
            DataClass.IDENTITY,
            ANSWER_DAYS,
            "the search",
            Job.FORGET_ANSWERS,
        ),
        _kept(
            "id organisation_id searched_at needed_on supply_version found demand",
            "count unmet need",
            DataClass.CASE,
            COUNT_DAYS,
            "the search",
            Job.DELETE_COUNTS,
        ),
    ),
    "hold": (
        _case(
            "id household_id organisation_id unit_id stay_id search_id verdict held_by held_at expires_at term_minutes "
            "released_at release_reason converted_at",
            "give a bed once",
        ),
        _technical("version"),
    ),
    "referral": (
        _identity("notes_sealed", "say why a place was refused"),
        _case(
            "id hold_id household_id organisation_id unit_id provider_id state made_at made_by answered_at answered_by "
            "declined_by reason",
            "count why households are not taken in",
        ),
        _technical("version"),
    ),
    "placement": (
        _case(
            "id reference referral_id household_id organisation_id unit_id provider_id stay_id state nation occupancy_basis "
            "notice_min_days licence_days policy_version accepted_at licence_starts_on licence_ends_on departed_on "
            "destination non_arrival_reason resettlement_worker_id",
            "keep a stay's terms and count its length",
        ),
        _technical("version"),
    ),
    "extension": (
        _case("id placement_id from_ends_on to_ends_on reason recorded_at recorded_by", "keep a licence's history"),
    ),
    "reminder": (
        _case(
            "id placement_id kind due_on due_at severity audience legal policy_version state sent_at acknowledged_at "
            "acknowledged_by outcome",
            "let no licence end unnoticed",
        ),
        _technical("version"),
    ),
    "stay": (_case("id unit_id kind starts_at ends_at live no_recourse", "give a bed once"),),
    "void": (
        _supply(
            "id unit_id stay_id reason notes_sealed recorded_at recorded_by cancelled_at", "say why a unit cannot be let"
        ),
        _technical("version"),
    ),
    "provider": (
        _supply(
            "id organisation_id name kind referral_phone hold_minutes no_recourse_quota gender_policy", "answer referrals"
        ),
        _technical("version"),
    ),
    "property": (
        _supply("id provider_id reference cell cell_version nation staff_cover cctv out_of_hours_intake", "offer a place"),
        _technical("version"),
    ),
    "unit": (
        _supply(
            "id property_id reference cell accommodation_type self_contained bed_spaces cots residents boys_upper_age "
            "access no_recourse mental_health substance_use pets specialisms occupancy_basis notice_min_days licence_days "
            "turnaround_days confirmed_at withdrawn_at",
            "offer a place",
        ),
        _technical("supply_version version"),
    ),
    "vault_address": (
        _supply("id address_sealed point_sealed landlord_sealed meeting_point_sealed", "bring a household to the door"),
    ),
    "vault_door": (_supply("id door_name_sealed", "bring a household to the door"),),
    "supply_version": (_technical("id version"),),
    "organisation": (_account("id name kind created_at", "know the partners"),),
    "worker": (
        _kept(
            "name_sealed",
            "know who did what",
            DataClass.IDENTITY,
            WORKER_DAYS,
            "she left",
            Job.FORGET_WORKERS,
        ),
        _account("id organisation_id left_at created_at", "know who did what"),
    ),
    "api_key": (_credential("id worker_id role prefix digest is_demo created_at expires_at revoked_at version"),),
    "outbox_message": (_message("id reminder_id organisation_id worker_id reference due_on text written_at"),),
    "alert": (
        _alert("id organisation_id kind subject_id details raised_at closed_at closed_by outcome notes_sealed version"),
    ),
    "audit_event": (
        _trail("id happened_at organisation_id worker_id action subject_id request_id details"),
        _kept(
            "reason_sealed",
            "show why",
            DataClass.IDENTITY,
            CLOSED_CASE_DAYS,
            "the case was closed",
            Job.FORGET_HOUSEHOLDS,
        ),
    ),
}


def list_kept_columns() -> Iterator[tuple[str, str, Kept]]:
    """Yield (table, column, how it is kept) for every column, in the order of the schedule."""
    for table, groups in SCHEDULE.items():
        for kept in groups:
            for column in kept.columns:
                yield table, column, kept
