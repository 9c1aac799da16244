"""What is kept and for how long: every column has a line, and the rule of when identity is due."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api.app  # noqa: F401  (every table of the installation)
from accommodation.base import Base
from placement.retention_schedule import (
    UNPLACED_DAYS,
    CaseFacts,
    DataClass,
    identity_is_due_at,
)
from placement.retention_tables import SCHEDULE, list_kept_columns
from tests.support.retention_page import PAGE, page

LAST_EVENT = datetime(2026, 1, 10, 9, tzinfo=UTC)


def test_every_column_of_every_table_has_a_purpose_a_class_and_a_number_of_days() -> None:
    columns = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}

    scheduled = Counter((table, column) for table, column, _ in list_kept_columns())

    assert set(scheduled) == columns
    assert set(scheduled.values()) == {1}
    for table, column, kept in list_kept_columns():
        assert kept.purpose, (table, column)
        assert kept.days > 0, (table, column)
        assert kept.since, (table, column)


def test_what_is_sealed_of_a_household_is_identity_and_a_job_forgets_it() -> None:
    about_supply = {"vault_address", "vault_door", "void"}
    for table, column, kept in list_kept_columns():
        if column.endswith("_sealed") and table not in about_supply and kept.data_class is DataClass.IDENTITY:
            assert kept.enforced_by is not None, (table, column)


def test_a_column_that_is_forgotten_where_it_stands_may_be_empty() -> None:
    """Identity beside counts becomes NULL: the database must take it."""
    for table in SCHEDULE:
        identity = {
            column for name, column, kept in list_kept_columns() if name == table and kept.data_class is DataClass.IDENTITY
        }
        columns = Base.metadata.tables[table].columns
        if identity and identity != set(columns.keys()) and table != "household":
            assert all(columns[name].nullable for name in identity), table


def test_the_page_is_what_the_schedule_says() -> None:
    assert PAGE.read_text() == page()


@pytest.mark.parametrize(("was_placed", "days"), [(False, UNPLACED_DAYS), (True, 400)])
def test_identity_is_due_so_many_days_after_the_last_event(was_placed: bool, days: int) -> None:
    case = CaseFacts(LAST_EVENT, was_placed=was_placed, is_open=False, is_on_legal_hold=False, closed_case_days=400)

    assert identity_is_due_at(case) == LAST_EVENT + timedelta(days=days)


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(90, 3_650))
def test_an_open_case_and_one_on_legal_hold_are_never_due(was_placed: bool, is_open: bool, held: bool, days: int) -> None:
    case = CaseFacts(LAST_EVENT, was_placed=was_placed, is_open=is_open, is_on_legal_hold=held, closed_case_days=days)

    assert (identity_is_due_at(case) is None) == (is_open or held)
