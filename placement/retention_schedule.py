"""What decides when something is forgotten. Pure. Which column is kept for how long stands in `retention_tables`.

Source: safeguarding page, "Keeping and forgetting"; UK GDPR art. 5(1)(b), (c), (e).
"""

from __future__ import annotations

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
    """What carries a line out: parts of the nightly `forget_what_is_due`, and two jobs of the scheduler's own."""

    FORGET_HOUSEHOLDS = "forget_households"
    FORGET_ANSWERS = "forget_answers"
    DELETE_COUNTS = "delete_counts"
    DELETE_MESSAGES = "delete_messages"
    DELETE_CREDENTIALS = "delete_credentials"
    FORGET_WORKERS = "forget_workers"
    DELETE_ALERTS = "delete_alerts"
    FORGET_SIGN_INS = "forget_sign_ins"
    WATCH_WORKERS = "watch_workers"


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
SIGN_IN_DAYS = 7
BUDGET_DAYS = 31


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
