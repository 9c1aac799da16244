"""What happens to supply, as past participles. `name` reads subject:thing:event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from accommodation.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class ProviderOpened(DomainEvent):
    name: ClassVar[str] = "provider:opened"


@dataclass(frozen=True, kw_only=True)
class ProviderEdited(DomainEvent):
    name: ClassVar[str] = "provider:edited"


@dataclass(frozen=True, kw_only=True)
class PropertyOpened(DomainEvent):
    name: ClassVar[str] = "property:opened"


@dataclass(frozen=True, kw_only=True)
class PropertyEdited(DomainEvent):
    name: ClassVar[str] = "property:edited"


@dataclass(frozen=True, kw_only=True)
class PropertyMoved(DomainEvent):
    """Into the cell that the present table has for it."""

    name: ClassVar[str] = "property:moved"


@dataclass(frozen=True, kw_only=True)
class PropertyHidden(DomainEvent):
    """In its county: it is of special risk."""

    name: ClassVar[str] = "property:special_risk:stated"


@dataclass(frozen=True, kw_only=True)
class PropertyUnhidden(DomainEvent):
    """Back in its fine cell."""

    name: ClassVar[str] = "property:special_risk:ended"


@dataclass(frozen=True, kw_only=True)
class UnitOpened(DomainEvent):
    name: ClassVar[str] = "unit:opened"


@dataclass(frozen=True, kw_only=True)
class UnitEdited(DomainEvent):
    name: ClassVar[str] = "unit:edited"


@dataclass(frozen=True, kw_only=True)
class UnitWithdrawn(DomainEvent):
    name: ClassVar[str] = "unit:withdrawn"


@dataclass(frozen=True, kw_only=True)
class VoidRecorded(DomainEvent):
    name: ClassVar[str] = "void:recorded"


@dataclass(frozen=True, kw_only=True)
class VoidEdited(DomainEvent):
    name: ClassVar[str] = "void:edited"


@dataclass(frozen=True, kw_only=True)
class VoidCancelled(DomainEvent):
    name: ClassVar[str] = "void:cancelled"


@dataclass(frozen=True, kw_only=True)
class VacanciesConfirmed(DomainEvent):
    name: ClassVar[str] = "vacancy:confirmed"


@dataclass(frozen=True, kw_only=True)
class AddressDisclosed(DomainEvent):
    name: ClassVar[str] = "address:disclosed"


@dataclass(frozen=True, kw_only=True)
class AddressReadAgain(DomainEvent):
    name: ClassVar[str] = "address:disclosed:again"


@dataclass(frozen=True, kw_only=True)
class AddressReleased(DomainEvent):
    name: ClassVar[str] = "address:released"


@dataclass(frozen=True, kw_only=True)
class ReleaseRead(DomainEvent):
    name: ClassVar[str] = "address_release:read"


@dataclass(frozen=True, kw_only=True)
class ReleasesListed(DomainEvent):
    name: ClassVar[str] = "address_release:listed"


@dataclass(frozen=True, kw_only=True)
class ReleaseRevoked(DomainEvent):
    name: ClassVar[str] = "address:release:revoked"


@dataclass(frozen=True, kw_only=True)
class ReleaseExpired(DomainEvent):
    name: ClassVar[str] = "address:release:expired"


@dataclass(frozen=True, kw_only=True)
class MeetingPointTold(DomainEvent):
    name: ClassVar[str] = "meeting_point:told"


@dataclass(frozen=True, kw_only=True)
class DisclosuresListed(DomainEvent):
    name: ClassVar[str] = "property:disclosures:listed"
