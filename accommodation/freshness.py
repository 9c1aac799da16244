"""How far a vacancy can be believed, from when the provider last said that it is true. Pure.

Source of the limits: domain page, "Timings in use": fresh < 2 h, ageing < 8 h, then stale; never confirmed = unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accommodation.vocabulary import Freshness

FRESH_FOR = timedelta(hours=2)
AGEING_UNTIL = timedelta(hours=8)

FRESHNESS_ORDER = (Freshness.FRESH, Freshness.AGEING, Freshness.STALE, Freshness.UNKNOWN)


def freshness_of(confirmed_at: datetime | None, now: datetime) -> Freshness:
    """Return the bucket for a vacancy confirmed at `confirmed_at` (UTC). A confirmation in the future is not believed."""
    if confirmed_at is None or confirmed_at > now:
        return Freshness.UNKNOWN
    age = now - confirmed_at
    if age < FRESH_FOR:
        return Freshness.FRESH
    return Freshness.AGEING if age < AGEING_UNTIL else Freshness.STALE
