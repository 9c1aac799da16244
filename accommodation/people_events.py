"""What happens to organisations, their workers and their agreements, as past participles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from accommodation.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class AgreementProposed(DomainEvent):
    name: ClassVar[str] = "agreement:proposed"


@dataclass(frozen=True, kw_only=True)
class AgreementAccepted(DomainEvent):
    name: ClassVar[str] = "agreement:accepted"


@dataclass(frozen=True, kw_only=True)
class AgreementEnded(DomainEvent):
    name: ClassVar[str] = "agreement:ended"


@dataclass(frozen=True, kw_only=True)
class OrganisationAdded(DomainEvent):
    name: ClassVar[str] = "organisation:added"


@dataclass(frozen=True, kw_only=True)
class WorkerAdded(DomainEvent):
    name: ClassVar[str] = "worker:added"


@dataclass(frozen=True, kw_only=True)
class WorkerRead(DomainEvent):
    name: ClassVar[str] = "worker:read"


@dataclass(frozen=True, kw_only=True)
class WorkerLeft(DomainEvent):
    name: ClassVar[str] = "worker:left"


@dataclass(frozen=True, kw_only=True)
class RoleGranted(DomainEvent):
    name: ClassVar[str] = "role:granted"


@dataclass(frozen=True, kw_only=True)
class RoleEnded(DomainEvent):
    name: ClassVar[str] = "role:ended"


@dataclass(frozen=True, kw_only=True)
class PersonInvited(DomainEvent):
    name: ClassVar[str] = "invitation:made"


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(DomainEvent):
    name: ClassVar[str] = "invitation:accepted"


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(DomainEvent):
    name: ClassVar[str] = "invitation:withdrawn"


@dataclass(frozen=True, kw_only=True)
class LeaveRecorded(DomainEvent):
    name: ClassVar[str] = "leave:recorded"


@dataclass(frozen=True, kw_only=True)
class LeaveWithdrawn(DomainEvent):
    name: ClassVar[str] = "leave:withdrawn"
