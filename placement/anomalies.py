"""What in a week of one worker's doings a safeguarding lead should look at. Pure: counts in, findings out.

Source: safeguarding page: an insider with a valid account is a normal actor. The figures that honest work stays below follow
from the domain page: a busy officer has about 10 households a week. To add a detector, add a count to `Activity`, a limit to
`WatchPolicy` and a row to `DETECTORS`; where the count comes from is `api/watching.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accommodation.vocabulary import AlertKind

SEARCHES_PER_HOLD = 8
"""An officer looks a few times before she holds: so many searches a hold are work and not a hunt."""
PLACED_IN_TEN = 1
"""Two in five referrals are accepted (domain page); fewer than one household in ten placed is not a matter of luck."""


@dataclass(frozen=True)
class WatchPolicy:
    """From which count on a lead is told, within `window`.

    searches_without_hold 60: ten households searched for six times each and nothing held.
    searches_at_pace 30 in an hour: one every two minutes; a person reads an answer for longer.
    households_without_placement 20: two weeks' work of a busy officer recorded in one, and hardly anybody placed.
    households_read 60: six times her own households. unfamiliar_households_read 20: a colleague's leave is covered by less.
    addresses_told 30: three times as many as she could place. geometry_shared 6: six households with one and the same
    drawn area; whole authorities and districts do not count, since many avoid them honestly.
    holds_released 25: beds taken from everybody again and again. sign_ins_failed 10: more than a forgotten password.
    """

    window: timedelta = timedelta(days=7)
    searches_without_hold: int = 60
    searches_at_pace: int = 30
    households_without_placement: int = 20
    households_read: int = 60
    unfamiliar_households_read: int = 20
    addresses_told: int = 30
    geometry_shared: int = 6
    holds_released: int = 25
    sign_ins_failed: int = 10


@dataclass(frozen=True)
class Activity:
    """What one worker did within the window, as counts."""

    worker_id: uuid.UUID
    searches: int = 0
    searches_in_busiest_hour: int = 0
    holds: int = 0
    holds_released: int = 0
    households_recorded: int = 0
    households_placed: int = 0
    households_read: int = 0
    unfamiliar_households_read: int = 0
    addresses_told: int = 0
    households_of_one_geometry: int = 0
    sign_ins_failed: int = 0


@dataclass(frozen=True)
class Finding:
    """One thing to look at."""

    kind: AlertKind
    count: int
    told_from: int


@dataclass(frozen=True)
class Detector:
    """One pure question about an activity; `limit` takes its figure from the policy."""

    kind: AlertKind
    count: Callable[[Activity], int]
    limit: Callable[[WatchPolicy], int]


def _beyond_holds(done: Activity) -> int:
    return done.searches if done.searches > SEARCHES_PER_HOLD * done.holds else 0


def _hardly_placed(done: Activity) -> int:
    return done.households_recorded if done.households_placed * 10 < done.households_recorded * PLACED_IN_TEN else 0


DETECTORS = (
    Detector(AlertKind.SEARCHES_WITHOUT_HOLD, _beyond_holds, lambda policy: policy.searches_without_hold),
    Detector(AlertKind.SEARCHES_AT_PACE, lambda done: done.searches_in_busiest_hour, lambda policy: policy.searches_at_pace),
    Detector(AlertKind.HOUSEHOLDS_WITHOUT_PLACEMENT, _hardly_placed, lambda policy: policy.households_without_placement),
    Detector(AlertKind.HOUSEHOLDS_READ, lambda done: done.households_read, lambda policy: policy.households_read),
    Detector(
        AlertKind.UNFAMILIAR_HOUSEHOLDS_READ,
        lambda done: done.unfamiliar_households_read,
        lambda policy: policy.unfamiliar_households_read,
    ),
    Detector(AlertKind.ADDRESSES_TOLD, lambda done: done.addresses_told, lambda policy: policy.addresses_told),
    Detector(AlertKind.GEOMETRY_SHARED, lambda done: done.households_of_one_geometry, lambda policy: policy.geometry_shared),
    Detector(AlertKind.HOLDS_RELEASED, lambda done: done.holds_released, lambda policy: policy.holds_released),
    Detector(AlertKind.SIGN_INS_FAILED, lambda done: done.sign_ins_failed, lambda policy: policy.sign_ins_failed),
)

DEFAULT_WATCH = WatchPolicy()


def detect(done: Activity, policy: WatchPolicy = DEFAULT_WATCH) -> list[Finding]:
    """Return what a lead should look at in one worker's week, in the order of DETECTORS."""
    findings = []
    for detector in DETECTORS:
        count, told_from = detector.count(done), detector.limit(policy)
        if count >= told_from:
            findings.append(Finding(detector.kind, count, told_from))
    return findings


def most_within_an_hour(times: Sequence[datetime]) -> int:
    """Return the greatest number of instants that lie within one hour; they may come in any order."""
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= timedelta(hours=1):
            first += 1
        most = max(most, last - first + 1)
    return most
