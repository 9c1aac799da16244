"""Facts of people and organisations that forbid what was asked."""

from __future__ import annotations

from accommodation.base import DomainError


class RolesExcludeEachOther(DomainError):
    """One person may not have these roles together."""

    slug = "roles-exclude-each-other"

    def __init__(self) -> None:
        super().__init__("One person cannot have these roles together: who administers or audits sees no case.")


class NoSafeguardingLead(DomainError):
    """Nobody in the organisation would be told of a new pair of eyes."""

    slug = "no-safeguarding-lead"

    def __init__(self) -> None:
        super().__init__("This organisation needs a safeguarding lead as long as anybody in it sees cases. Invite one.")


class NotForYourself(DomainError):
    """A second person is wanted."""

    slug = "not-for-yourself"

    def __init__(self) -> None:
        super().__init__("Nobody does this for herself. Ask another administrator.")


class InstallationOnly(DomainError):
    """Only the administrator of the organisation that runs this installation may."""

    slug = "not-permitted"

    def __init__(self) -> None:
        super().__init__("The administrator of the organisation that runs this installation does this.")
