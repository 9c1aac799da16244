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


class SessionNeeded(DomainError):
    """Only a person who signed in may do this; a key may not, whoever made it."""

    slug = "session-needed"

    def __init__(self) -> None:
        super().__init__("This is for a person who has signed in. A key cannot do it.")


class StepUpNeeded(DomainError):
    """The second factor must have been shown within the last minutes."""

    slug = "step-up-needed"

    def __init__(self) -> None:
        super().__init__("Sign in, show your second factor again, and repeat the request within five minutes.")


class AboutYourself(DomainError):
    """Nobody decides about herself."""

    slug = "about-yourself"

    def __init__(self) -> None:
        super().__init__("This is about you. Another safeguarding lead of your organisation decides on it.")
