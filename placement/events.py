"""What happens to a household's case, as past participles. `name` reads subject:thing:event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from accommodation.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class HouseholdRecorded(DomainEvent):
    name: ClassVar[str] = "household:recorded"


@dataclass(frozen=True, kw_only=True)
class HouseholdEdited(DomainEvent):
    name: ClassVar[str] = "household:edited"


@dataclass(frozen=True, kw_only=True)
class HouseholdRead(DomainEvent):
    name: ClassVar[str] = "household:read"


@dataclass(frozen=True, kw_only=True)
class HouseholdsListed(DomainEvent):
    name: ClassVar[str] = "household:listed"


@dataclass(frozen=True, kw_only=True)
class ReadingsListed(DomainEvent):
    name: ClassVar[str] = "household:readings:listed"


@dataclass(frozen=True, kw_only=True)
class NoAreasStated(DomainEvent):
    name: ClassVar[str] = "household:no_areas:stated"


@dataclass(frozen=True, kw_only=True)
class AreaRecorded(DomainEvent):
    name: ClassVar[str] = "area:recorded"


@dataclass(frozen=True, kw_only=True)
class AreaEdited(DomainEvent):
    name: ClassVar[str] = "area:edited"


@dataclass(frozen=True, kw_only=True)
class AreaRead(DomainEvent):
    name: ClassVar[str] = "area:read"


@dataclass(frozen=True, kw_only=True)
class AreasListed(DomainEvent):
    name: ClassVar[str] = "area:listed"


@dataclass(frozen=True, kw_only=True)
class AreaRetired(DomainEvent):
    name: ClassVar[str] = "area:retired"


@dataclass(frozen=True, kw_only=True)
class SearchMade(DomainEvent):
    name: ClassVar[str] = "search:made"


@dataclass(frozen=True, kw_only=True)
class SearchRead(DomainEvent):
    name: ClassVar[str] = "search:read"


@dataclass(frozen=True, kw_only=True)
class UnitHeld(DomainEvent):
    name: ClassVar[str] = "hold:made"


@dataclass(frozen=True, kw_only=True)
class HoldReleased(DomainEvent):
    name: ClassVar[str] = "hold:released"


@dataclass(frozen=True, kw_only=True)
class ReferralMade(DomainEvent):
    name: ClassVar[str] = "referral:made"


@dataclass(frozen=True, kw_only=True)
class ReferralRead(DomainEvent):
    name: ClassVar[str] = "referral:read"


@dataclass(frozen=True, kw_only=True)
class ReferralsListed(DomainEvent):
    name: ClassVar[str] = "referral:listed"


@dataclass(frozen=True, kw_only=True)
class ReferralAccepted(DomainEvent):
    name: ClassVar[str] = "referral:accepted"


@dataclass(frozen=True, kw_only=True)
class ReferralDeclined(DomainEvent):
    name: ClassVar[str] = "referral:declined"


@dataclass(frozen=True, kw_only=True)
class ReferralWithdrawn(DomainEvent):
    name: ClassVar[str] = "referral:withdrawn"


@dataclass(frozen=True, kw_only=True)
class ExactCheckRead(DomainEvent):
    name: ClassVar[str] = "referral:exact_check:read"


@dataclass(frozen=True, kw_only=True)
class PlacementRead(DomainEvent):
    name: ClassVar[str] = "placement:read"


@dataclass(frozen=True, kw_only=True)
class PlacementsListed(DomainEvent):
    name: ClassVar[str] = "placement:listed"


@dataclass(frozen=True, kw_only=True)
class TimelineRead(DomainEvent):
    name: ClassVar[str] = "placement:timeline:read"


@dataclass(frozen=True, kw_only=True)
class HouseholdArrived(DomainEvent):
    name: ClassVar[str] = "placement:arrived"


@dataclass(frozen=True, kw_only=True)
class HouseholdDidNotArrive(DomainEvent):
    name: ClassVar[str] = "placement:not_arrived"


@dataclass(frozen=True, kw_only=True)
class LicenceExtended(DomainEvent):
    name: ClassVar[str] = "placement:extended"


@dataclass(frozen=True, kw_only=True)
class HouseholdDeparted(DomainEvent):
    name: ClassVar[str] = "placement:departed"


@dataclass(frozen=True, kw_only=True)
class ReminderSent(DomainEvent):
    name: ClassVar[str] = "reminder:sent"


@dataclass(frozen=True, kw_only=True)
class ReminderAcknowledged(DomainEvent):
    name: ClassVar[str] = "reminder:acknowledged"


@dataclass(frozen=True, kw_only=True)
class AreaChangeAsked(DomainEvent):
    name: ClassVar[str] = "area_change:asked"


@dataclass(frozen=True, kw_only=True)
class AreaChangesListed(DomainEvent):
    name: ClassVar[str] = "area_change:listed"


@dataclass(frozen=True, kw_only=True)
class AreaChangeConfirmed(DomainEvent):
    name: ClassVar[str] = "area_change:confirmed"


@dataclass(frozen=True, kw_only=True)
class AreaChangeRefused(DomainEvent):
    name: ClassVar[str] = "area_change:refused"


@dataclass(frozen=True, kw_only=True)
class BudgetRefused(DomainEvent):
    name: ClassVar[str] = "budget:refused"


@dataclass(frozen=True, kw_only=True)
class BudgetRaised(DomainEvent):
    name: ClassVar[str] = "budget:raised"


@dataclass(frozen=True, kw_only=True)
class PersonBlocked(DomainEvent):
    name: ClassVar[str] = "blocked_person:stated"


@dataclass(frozen=True, kw_only=True)
class BlockEnded(DomainEvent):
    name: ClassVar[str] = "blocked_person:ended"


@dataclass(frozen=True, kw_only=True)
class BlockedPersonsListed(DomainEvent):
    name: ClassVar[str] = "blocked_person:listed"


@dataclass(frozen=True, kw_only=True)
class ConflictsListed(DomainEvent):
    name: ClassVar[str] = "conflict:listed"


@dataclass(frozen=True, kw_only=True)
class ConflictDeclared(DomainEvent):
    name: ClassVar[str] = "conflict:declared"


@dataclass(frozen=True, kw_only=True)
class ConflictEnded(DomainEvent):
    name: ClassVar[str] = "conflict:ended"


@dataclass(frozen=True, kw_only=True)
class HouseholdForgotten(DomainEvent):
    name: ClassVar[str] = "household:forgotten"


@dataclass(frozen=True, kw_only=True)
class HouseholdExported(DomainEvent):
    name: ClassVar[str] = "household:exported"


@dataclass(frozen=True, kw_only=True)
class LegalHoldPlaced(DomainEvent):
    name: ClassVar[str] = "legal_hold:placed"


@dataclass(frozen=True, kw_only=True)
class LegalHoldLifted(DomainEvent):
    name: ClassVar[str] = "legal_hold:lifted"


@dataclass(frozen=True, kw_only=True)
class RetentionPeriodSet(DomainEvent):
    name: ClassVar[str] = "retention_period:set"
