"""Facts of placing that forbid what was asked."""

from __future__ import annotations

import uuid
from datetime import datetime
from math import ceil
from typing import Any

from accommodation.base import DomainError
from placement.vocabulary import BudgetKind, BudgetScope

TONIGHT = (
    "For a bed tonight: ask your safeguarding lead to raise the budget, or ring the provider. What you tried to record is "
    "not recorded; do not call a place clear of it."
)


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
            "Check phone, car and children's devices for trackers and record it on the household before a place is told."
        )


class ReleaseOver(DomainError):
    """The address was released to this officer, and can no longer be read by that release."""

    slug = "release-over"

    def __init__(self, state: str) -> None:
        super().__init__(
            "This release cannot be read any more. Ask the refuge manager to release the address anew.", state=state
        )


class DisclosureCapReached(DomainError):
    """So many addresses are not told, or released, in one day. `come_back_at` is when one more will be."""

    slug = "disclosure-cap-reached"

    def __init__(self, come_back_at: datetime, now: datetime) -> None:
        super().__init__(
            "The limit of a day is reached. If somebody needs an address now, the refuge manager can tell it by telephone.",
            come_back_at=come_back_at.isoformat(),
        )
        self.retry_after_seconds = max(1, ceil((come_back_at - now).total_seconds()))


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


class BudgetSpent(DomainError):
    """Somebody has asked with too much that is new. `about` is the household, property, worker or organisation.

    The detail gives a time and what to do meanwhile, and neither a count nor a limit.
    """

    slug = "budget-spent"

    def __init__(
        self, kind: BudgetKind, scope: BudgetScope, about: uuid.UUID, refused_until: datetime, now: datetime
    ) -> None:
        again = refused_until.strftime("%d %B %Y, %H:%M UTC")
        super().__init__(
            f"This budget of your {scope} is spent; there is room again from {again}. {TONIGHT}",
            budget=str(kind),
            scope=str(scope),
            again_at=refused_until.isoformat(),
        )
        self.kind, self.scope, self.about = kind, scope, about
        self.retry_after_seconds = max(1, int((refused_until - now).total_seconds()) + 1)


class BudgetRaisedAlready(DomainError):
    """A budget is opened once in seven days."""

    slug = "budget-raised-already"

    def __init__(self) -> None:
        super().__init__(
            "This budget was raised within the last seven days. A wider one can be raised, or ring the provider."
        )


class AreaChangePending(DomainError):
    """Where this household must not be is not settled: nothing may be called clear for it."""

    slug = "area-change-pending"

    def __init__(self) -> None:
        super().__init__(
            "A change to where this household must not be waits for a second worker. Ask a colleague in your role to "
            "confirm or refuse it, then go on. For a bed tonight, ring the provider and tell it of every area."
        )


class SecondWorkerNeeded(DomainError):
    """Whoever asked for a change does not decide on it, nor does somebody in another role."""

    slug = "second-worker-needed"

    def __init__(self) -> None:
        super().__init__("A colleague who did not ask for this change, in the role of the one who did, decides on it.")


class AgreementDoesNotCover(DomainError):
    """The organisations share vacancies, and no referrals."""

    slug = "agreement-does-not-cover"

    def __init__(self) -> None:
        super().__init__("Your agreement with this provider covers vacancies and no referrals. Telephone it.")
