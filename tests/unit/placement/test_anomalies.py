"""Anomalies: each detector speaks from its figure on, and an honest week is silent."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accommodation.vocabulary import AlertKind
from placement.anomalies import DETECTORS, Activity, detect, most_within_an_hour

SHE = uuid.UUID(int=7)

SUSPICIOUS: dict[AlertKind, tuple[dict[str, Any], dict[str, Any]]] = {
    AlertKind.SEARCHES_WITHOUT_HOLD: ({"searches": 60, "holds": 7}, {"searches": 60, "holds": 8}),
    AlertKind.SEARCHES_AT_PACE: ({"searches_in_busiest_hour": 30}, {"searches_in_busiest_hour": 29}),
    AlertKind.HOUSEHOLDS_WITHOUT_PLACEMENT: (
        {"households_recorded": 21, "households_placed": 2},
        {"households_recorded": 21, "households_placed": 3},
    ),
    AlertKind.HOUSEHOLDS_READ: ({"households_read": 60}, {"households_read": 59}),
    AlertKind.UNFAMILIAR_HOUSEHOLDS_READ: ({"unfamiliar_households_read": 20}, {"unfamiliar_households_read": 19}),
    AlertKind.ADDRESSES_TOLD: ({"addresses_told": 30}, {"addresses_told": 29}),
    AlertKind.GEOMETRY_SHARED: ({"households_of_one_geometry": 6}, {"households_of_one_geometry": 5}),
    AlertKind.HOLDS_RELEASED: ({"holds_released": 25}, {"holds_released": 24}),
    AlertKind.SIGN_INS_FAILED: ({"sign_ins_failed": 10}, {"sign_ins_failed": 9}),
}


def test_every_detector_is_tried_here() -> None:
    assert [detector.kind for detector in DETECTORS] == list(SUSPICIOUS)


@pytest.mark.parametrize("kind", SUSPICIOUS, ids=str)
def test_a_detector_speaks_from_its_figure_on(kind: AlertKind) -> None:
    too_much, just_less = (Activity(SHE, **done) for done in SUSPICIOUS[kind])

    assert [finding.kind for finding in detect(too_much)] == [kind]
    assert detect(just_less) == []


def test_an_honest_busy_week_is_silent() -> None:
    week = Activity(
        SHE,
        searches=45,
        searches_in_busiest_hour=9,
        holds=28,
        holds_released=12,
        households_recorded=12,
        households_placed=4,
        households_read=30,
        unfamiliar_households_read=6,
        addresses_told=5,
        households_of_one_geometry=2,
        sign_ins_failed=2,
    )

    assert detect(week) == []


def test_the_busiest_hour_is_any_sixty_minutes_and_not_a_clock_hour() -> None:
    begun = datetime(2026, 3, 4, 9, 50, tzinfo=UTC)

    assert most_within_an_hour([begun + timedelta(minutes=minutes) for minutes in (59, 0, 30, 60, 200)]) == 3
    assert most_within_an_hour([]) == 0
