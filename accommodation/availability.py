"""The one rule of time: what a unit's stays say about an instant. Pure.

A stay takes a unit over the half-open range [starts_at, ends_at); an end of None has not come yet. A need is open-ended
(a household stays on average for months), so a unit is free from an instant when nothing live ends after it. Search,
hold and board ask these same functions; `float` epoch seconds are used where the supply is columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from accommodation.calendar import local_date, start_of_day
from accommodation.vocabulary import StayKind, UnitStatus

FloatOrArray = TypeVar("FloatOrArray", float, npt.NDArray[np.float64])

NEVER_BUSY = -math.inf
UNTIL_SOMEBODY_ENDS_IT = math.inf

_STATUS_OF_KIND = {
    StayKind.HOLD: UnitStatus.HELD,
    StayKind.PLACEMENT: UnitStatus.OCCUPIED,
    StayKind.VOID: UnitStatus.VOID,
}


@dataclass(frozen=True)
class StayFact:
    """What availability needs to know of a live stay."""

    kind: StayKind
    starts_at: datetime
    ends_at: datetime | None


def needed_from(needed_on: date, now: datetime) -> datetime:
    """Return the first instant (UTC) at which the bed is wanted: now, or the London midnight of a later day."""
    return max(now, start_of_day(needed_on))


def end_as_epoch(ends_at: datetime | None) -> float:
    """Return a stay's end in seconds since 1970; infinity while nobody has ended it."""
    return UNTIL_SOMEBODY_ENDS_IT if ends_at is None else ends_at.timestamp()


def busy_until(stays: Iterable[StayFact]) -> float:
    """Return the epoch second at which the last live stay ends; -inf when there is none."""
    return max((end_as_epoch(stay.ends_at) for stay in stays), default=NEVER_BUSY)


def is_free_from(busy_until_epoch: FloatOrArray, instant: datetime) -> bool | npt.NDArray[np.bool_]:
    """Tell whether a unit (or each of a column of units) is free from `instant` on. The end itself is free."""
    return busy_until_epoch <= instant.timestamp()


def available_on(busy_until_epoch: float, now: datetime) -> date | None:
    """Return the local date from which a unit can be had: today or later; None while its end is open."""
    if busy_until_epoch == UNTIL_SOMEBODY_ENDS_IT:
        return None
    return local_date(max(now, _instant(busy_until_epoch, now)))


def status_at(stays: Iterable[StayFact], now: datetime, *, withdrawn: bool) -> UnitStatus:
    """Return what the unit is at `now`. A withdrawn unit that somebody still lives in is occupied."""
    covering = [stay for stay in stays if stay.starts_at <= now and (stay.ends_at is None or now < stay.ends_at)]
    if covering:
        return _STATUS_OF_KIND[covering[0].kind]
    return UnitStatus.WITHDRAWN if withdrawn else UnitStatus.FREE


def _instant(epoch: float, now: datetime) -> datetime:
    return now if epoch == NEVER_BUSY else datetime.fromtimestamp(epoch, UTC)
