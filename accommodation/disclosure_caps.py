"""How often addresses are told in a day, and when that is worth a lead's look. Pure.

A cap is not there to save work: it bounds what one account, or one organisation gone bad, can carry away before somebody
notices. Figures from the domain page ("Figures for demo data and simulation": a county of 250 units has about thirty
referrals a week); they are policy and belong to the partnership.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(hours=24)
"""Any 24 hours, not a calendar day: otherwise one night has two allowances, before midnight and after."""

NEAR = 0.8
"""From this share of a cap on, a lead is alerted: while there is something left to stop."""


class Capped(StrEnum):
    """What is counted."""

    OFFICER_VIEWS = "officer_views"
    ORGANISATION_VIEWS = "organisation_views"
    PROPERTY_VIEWS = "property_views"
    MANAGER_RELEASES = "manager_releases"
    STAFF_READINGS = "staff_readings"
    PROVIDER_READINGS = "provider_readings"


@dataclass(frozen=True)
class DisclosureCaps:
    """The most in any 24 hours. A view counts once, however often it is read again within its 15 minutes."""

    officer_views: int = 5
    """One officer places one or two households in a bad night; five is a night that nobody has had."""

    organisation_views: int = 20
    """All officers of one council or helpline: four times what a county places in a day."""

    property_views: int = 6
    """Outsiders told one property's address: more do not move into one house in a day."""

    manager_releases: int = 10
    """One manager, all her properties: an account that gives away more is not hers any more, or not well used."""

    staff_readings: int = 10
    """One worker reading her own provider's addresses: she knows where she works; ten are for a day of taxis."""

    provider_readings: int = 40
    """All staff of one provider: somebody who empties the vault with several accounts stops here."""

    def limit(self, capped: Capped) -> int:
        """Return the most of one kind."""
        limit: int = getattr(self, capped)
        return limit


DEFAULT_CAPS = DisclosureCaps()


@dataclass(frozen=True)
class CapVerdict:
    """Whether one more fits. `come_back_at`, UTC, is when it will, else None; `is_near`: this one should alert."""

    fits: bool
    is_near: bool
    come_back_at: datetime | None


def judge_cap(limit: int, earlier: Sequence[datetime], now: datetime) -> CapVerdict:
    """Judge one more at `now` after `earlier` ones (UTC, any order; those that left the window do not count)."""
    counted = sorted(at for at in earlier if at > now - WINDOW)
    if len(counted) >= limit:
        last_to_leave = counted[len(counted) - limit] if limit else now  # a limit of none is never a matter of waiting less
        return CapVerdict(False, True, last_to_leave + WINDOW)
    return CapVerdict(True, len(counted) + 1 >= NEAR * limit, None)
