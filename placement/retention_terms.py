"""How a group of columns is kept: the few ways there are, by what they are for. Pure."""

from __future__ import annotations

from placement.retention_schedule import (
    ALERT_DAYS,
    CLOSED_CASE_DAYS,
    COUNT_DAYS,
    CREDENTIAL_DAYS,
    MESSAGE_DAYS,
    SIGN_IN_DAYS,
    TRAIL_DAYS,
    DataClass,
    Job,
    Kept,
)


def kept(columns: str, purpose: str, data_class: DataClass, days: int, since: str, by: Job | None) -> Kept:
    return Kept(tuple(columns.split()), purpose, data_class, days, since, by)


def kept_as_identity(columns: str, purpose: str) -> Kept:
    return kept(columns, purpose, DataClass.IDENTITY, CLOSED_CASE_DAYS, "the case was closed", Job.FORGET_HOUSEHOLDS)


def kept_as_case(columns: str, purpose: str) -> Kept:
    return kept(columns, purpose, DataClass.CASE, COUNT_DAYS, "identity was forgotten", Job.DELETE_COUNTS)


def kept_as_supply(columns: str, purpose: str) -> Kept:
    return kept(columns, purpose, DataClass.SUPPLY, COUNT_DAYS, "the property was closed", None)


def kept_as_account(columns: str, purpose: str) -> Kept:
    return kept(columns, purpose, DataClass.ACCOUNT, COUNT_DAYS, "the organisation left", None)


def kept_as_technical(columns: str) -> Kept:
    return kept(columns, "tell changes apart", DataClass.TECHNICAL, COUNT_DAYS, "the row's own end", None)


def kept_as_credential(columns: str) -> Kept:
    return kept(
        columns,
        "let a worker in",
        DataClass.CREDENTIAL,
        CREDENTIAL_DAYS,
        "it expired or was revoked",
        Job.DELETE_CREDENTIALS,
    )


def kept_as_sign_in(columns: str, purpose: str) -> Kept:
    return kept(columns, purpose, DataClass.CREDENTIAL, SIGN_IN_DAYS, "it was over", Job.FORGET_SIGN_INS)


def kept_as_trail(columns: str) -> Kept:
    return kept(columns, "show who did what", DataClass.TRAIL, TRAIL_DAYS, "it happened", None)


def kept_as_alert(columns: str) -> Kept:
    return kept(columns, "look at what may be misuse", DataClass.TRAIL, ALERT_DAYS, "it was closed", Job.DELETE_ALERTS)


def kept_as_message(columns: str) -> Kept:
    return kept(columns, "tell staff", DataClass.CASE, MESSAGE_DAYS, "it was written", Job.DELETE_MESSAGES)
