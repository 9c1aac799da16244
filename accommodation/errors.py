"""Facts of supply that forbid what was asked."""

from __future__ import annotations

from accommodation.base import DomainError


class UnitAlreadyTaken(DomainError):
    """Somebody else has the unit for those dates; the database said so."""

    slug = "unit-already-taken"

    def __init__(self, detail: str = "This unit is held, occupied or void in that time.") -> None:
        super().__init__(detail)


class SharedUnitNotSingleSex(DomainError):
    """A shared unit must say whether its residents are women or men."""

    slug = "shared-unit-not-single-sex"

    def __init__(self) -> None:
        super().__init__("A shared unit takes women or men, not both. Say which, or that it is self-contained.")


class ReferenceInUse(DomainError):
    """Another row has this reference already."""

    slug = "reference-in-use"

    def __init__(self) -> None:
        super().__init__("This reference is in use already. Choose another.")


class ProviderExists(DomainError):
    """An organisation is one provider at most."""

    slug = "provider-exists"

    def __init__(self) -> None:
        super().__init__("This organisation has a provider already.")


class StepUpNeeded(DomainError):
    """The second factor must have been shown within the last minutes."""

    slug = "step-up-needed"

    def __init__(self) -> None:
        super().__init__("Show your second factor once more, then ask again within five minutes.")
