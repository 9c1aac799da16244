"""Facts of placing that forbid what was asked."""

from __future__ import annotations

from typing import Any

from accommodation.base import DomainError


class NoAreasRecorded(DomainError):
    """Nobody has said where this household must not be."""

    slug = "areas-to-avoid-not-recorded"

    def __init__(self) -> None:
        super().__init__(
            "Record where this household must not be, or state that there is no such area and why, before searching."
        )


class AreasRecorded(DomainError):
    """A statement that there is no area to avoid contradicts the areas that are recorded."""

    slug = "areas-to-avoid-recorded"

    def __init__(self) -> None:
        super().__init__("This household has areas to avoid. Retire them before stating that there are none.")


class SearchExcludesUnit(DomainError):
    """The unit is not one that this household may be offered."""

    slug = "unit-not-suitable"

    def __init__(self, reason: str) -> None:
        super().__init__("This unit is not for this household as both are now. Search again and choose from the answer.")
        self.data = {"reason": reason}


class UnitNotFree(DomainError):
    """The bed went to somebody else; the next best ones come with the answer."""

    slug = "unit-already-held"

    def __init__(self, next_best: list[dict[str, Any]]) -> None:
        super().__init__(
            "Somebody else has this unit now. The next best units are below; hold one of them."
            if next_best
            else "Somebody else has this unit now, and no other is free. Search again, or ask the alternatives.",
            next_best=next_best,
        )


class HoldOver(DomainError):
    """The hold has expired or was given back."""

    slug = "hold-over"

    def __init__(self, state: str) -> None:
        super().__init__("This hold is over. Search again and hold a free unit.", state=state)


class DevicesUnchecked(DomainError):
    """An address is not told while a phone, a car or a child's tablet may be tracked."""

    slug = "tracking-devices-unchecked"

    def __init__(self) -> None:
        super().__init__(
            "Check phone, car and children's devices for trackers and record it on the household before the address is told."
        )


class InsideAreaToAvoid(DomainError):
    """The unit is inside an area to avoid: a hard rule that nobody's acceptance relaxes. Only its provider sees this."""

    slug = "inside-area-to-avoid"

    def __init__(self) -> None:
        super().__init__("This unit lies inside an area that the household must avoid. Decline the referral.")


class AskedTooOften(DomainError):
    """A review answer is one exact bit; it is given at most twice per unit and household."""

    slug = "asked-too-often"

    def __init__(self) -> None:
        super().__init__("This unit's provider has been asked about this household before. Choose another unit.")


class ExtensionNotLater(DomainError):
    """An extension moves the end to a later day."""

    slug = "extension-not-later"

    def __init__(self) -> None:
        super().__init__("The new end must be later than the present one.")


class AgreementDoesNotCover(DomainError):
    """The organisations share vacancies, and no referrals."""

    slug = "agreement-does-not-cover"

    def __init__(self) -> None:
        super().__init__("Your agreement with this provider covers vacancies and no referrals. Telephone it.")
