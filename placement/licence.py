"""The law of the stay: what a household's occupancy is in law, how it may end, and how it is extended.

Pure. Source: Protection from Eviction Act 1977, s.3A(8) (excluded licences), s.5(1A) (at least four weeks' written
notice of any other periodic licence) and s.3 (then a possession order); Housing Act 1996 s.175(4) (threatened with
homelessness: within 56 days). These are the law of England; elsewhere in the United Kingdom the figures are a policy's.

All days are civil dates in Europe/London. Day 0 is the day on which the licence starts, so that a licence of 91 days
ends on day 91; the household may be there on that day, and overstays from the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from accommodation.calendar import Nation, working_day_on_or_before
from accommodation.vocabulary import OccupancyBasis

SEEK_LEGAL_ADVICE: Final = "seek_legal_advice"

# Below these a notice is unlawful, so no policy may go below them. For an excluded licence notice is "reasonable":
# the law gives no number.
_STATUTORY_NOTICE_MIN_DAYS: Final[Mapping[OccupancyBasis, int]] = MappingProxyType(
    {
        OccupancyBasis.EXCLUDED_LICENCE: 1,
        OccupancyBasis.PROTECTED_LICENCE: 28,
        OccupancyBasis.ASSURED_SHORTHOLD_TENANCY: 28,
    }
)


class ExtensionNotLater(ValueError):
    """The new end of a licence is not later than its present end."""

    def __init__(self) -> None:
        super().__init__("an extension ends later than the licence it extends")


@dataclass(frozen=True)
class LicencePolicy:
    """The figures of the law and of practice, under a version that a placement freezes when it starts.

    All lengths are in days. Reviews are counted from the start, the others back from the end.

    Raises:
        ValueError: the version is below 1; a basis has no notice period, or one shorter than the statute's; a length
            is below 1; or the reviews are not in rising order.
    """

    version: int
    # A mapping has no hash; two policies that differ only here still differ by version and by equality.
    notice_min_days_by_basis: Mapping[OccupancyBasis, int] = field(hash=False)
    review_offsets_days: tuple[int, ...]
    panel_every_days: int
    threatened_with_homelessness_days_before_end: int
    extend_or_end_days_before_end: int

    def __post_init__(self) -> None:
        """Check the figures, and keep a copy of the notice periods that nobody else can change."""
        if self.version < 1:
            raise ValueError("a policy's version is 1 or more")
        for basis, statutory_min_days in _STATUTORY_NOTICE_MIN_DAYS.items():
            if self.notice_min_days_by_basis.get(basis, 0) < statutory_min_days:
                raise ValueError(f"notice for {basis} is at least {statutory_min_days} days")
        lengths = (
            *self.review_offsets_days,
            self.panel_every_days,
            self.threatened_with_homelessness_days_before_end,
            self.extend_or_end_days_before_end,
        )
        if min(lengths) < 1:
            raise ValueError("a length of a licence policy is 1 day or more")
        if list(self.review_offsets_days) != sorted(set(self.review_offsets_days)):
            raise ValueError("reviews come in rising order")
        object.__setattr__(self, "notice_min_days_by_basis", MappingProxyType(dict(self.notice_min_days_by_basis)))

    def notice_min_days(self, basis: OccupancyBasis) -> int:
        """Return the shortest notice in days that ends an occupancy on this basis."""
        return self.notice_min_days_by_basis[basis]


DEFAULT_POLICY: Final = LicencePolicy(
    version=1,
    notice_min_days_by_basis={
        # Unverified: "reasonable notice as agreed" has no number in law, so a provider's own agreement decides.
        OccupancyBasis.EXCLUDED_LICENCE: 7,
        OccupancyBasis.PROTECTED_LICENCE: 28,
        # The least that the 1977 Act allows. Unverified: a ground under the Housing Act 1988 may need months.
        OccupancyBasis.ASSURED_SHORTHOLD_TENANCY: 28,
    },
    review_offsets_days=(28, 56),
    panel_every_days=42,
    threatened_with_homelessness_days_before_end=56,
    extend_or_end_days_before_end=28,
)


def licence_end(starts_on: date, licence_days: int) -> date:
    """Return the last day of a licence that starts on a day and runs for a number of days.

    Raises:
        ValueError: the licence would be shorter than a day.
    """
    if licence_days < 1:
        raise ValueError("a licence runs for 1 day or more")
    return starts_on + timedelta(days=licence_days)


def last_day_to_serve_notice(ends_on: date, notice_min_days: int, nation: Nation) -> date:
    """Return the last working day on which a notice to end the stay on `ends_on` can be served.

    A deadline on a non-working day is pulled earlier, never later: a day late is an unlawful notice.

    Raises:
        ValueError: the notice would be shorter than a day.
    """
    _require_notice(notice_min_days)
    return working_day_on_or_before(ends_on - timedelta(days=notice_min_days), nation)


def notice_is_long_enough(served_on: date, ends_on: date, notice_min_days: int) -> bool:
    """Tell whether a notice served on one day may end the stay on another.

    The day of service counts and the day of the end does not, so 28 days from a Friday end on a Friday.

    Raises:
        ValueError: the notice would be shorter than a day.
    """
    _require_notice(notice_min_days)
    return ends_on - served_on >= timedelta(days=notice_min_days)


def occupancy_concern(basis: OccupancyBasis, self_contained: bool) -> str | None:
    """Return what is doubtful about the stated basis of a unit, or None.

    A self-contained home on an "excluded" licence is probably a protected licence or a tenancy, whatever it is called.
    """
    if self_contained and basis is OccupancyBasis.EXCLUDED_LICENCE:
        return SEEK_LEGAL_ADVICE
    return None


def is_overstay(ends_on: date, today: date) -> bool:
    """Tell whether a licence has passed its last day; a household still there is reviewed, never assumed gone."""
    return today > ends_on


def check_extension(current_ends_on: date, new_ends_on: date) -> None:
    """Accept an extension only if it is one.

    Raises:
        ExtensionNotLater: the new end is the present end or before it. Shortening a stay takes a notice.
    """
    if new_ends_on <= current_ends_on:
        raise ExtensionNotLater


def _require_notice(notice_min_days: int) -> None:
    if notice_min_days < 1:
        raise ValueError("a notice runs for 1 day or more")
