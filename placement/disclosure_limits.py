"""Counting tellings and releases of addresses against the caps of a day, and alerting before one is reached."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from accommodation.alerts import raise_alert
from accommodation.base import UnitOfWork
from accommodation.disclosure_caps import WINDOW, Capped, DisclosureCaps, judge_cap
from accommodation.models import Organisation, Property
from accommodation.vocabulary import AlertKind
from placement.errors import DisclosureCapReached
from placement.release_models import AddressDisclosure, AddressRelease


@dataclass(frozen=True)
class Tally:
    """What was counted of one kind: whose lead hears of it, whom or what it is about, and the instants (UTC)."""

    capped: Capped
    organisation_id: uuid.UUID
    subject_id: uuid.UUID
    earlier: Sequence[datetime]


def tally_view(uow: UnitOfWork, home: Property) -> list[Tally]:
    """Count what a view by the principal, an outsider, adds to. Rivals queue on the property and her organisation."""
    who = uow.principal
    _lock(uow, Property.id, home.id)
    _lock(uow, Organisation.id, who.organisation_id)
    outside = AddressDisclosure.is_own_staff.is_(False)
    of_organisation = (outside, AddressDisclosure.organisation_id == who.organisation_id)
    return [
        Tally(
            Capped.OFFICER_VIEWS,
            who.organisation_id,
            who.worker_id,
            _told(uow, *of_organisation, AddressDisclosure.worker_id == who.worker_id),
        ),
        Tally(Capped.ORGANISATION_VIEWS, who.organisation_id, who.organisation_id, _told(uow, *of_organisation)),
        Tally(
            Capped.PROPERTY_VIEWS,
            home.provider.organisation_id,
            home.id,
            _told(uow, outside, AddressDisclosure.property_id == home.id),
        ),
    ]


def tally_staff_reading(uow: UnitOfWork) -> list[Tally]:
    """Count what a reading by the principal, of the property's own staff, adds to."""
    who = uow.principal
    _lock(uow, Organisation.id, who.organisation_id)
    own = (AddressDisclosure.is_own_staff.is_(True), AddressDisclosure.organisation_id == who.organisation_id)
    return [
        Tally(
            Capped.STAFF_READINGS,
            who.organisation_id,
            who.worker_id,
            _told(uow, *own, AddressDisclosure.worker_id == who.worker_id),
        ),
        Tally(Capped.PROVIDER_READINGS, who.organisation_id, who.organisation_id, _told(uow, *own)),
    ]


def tally_release(uow: UnitOfWork) -> list[Tally]:
    """Count what a release by the principal adds to."""
    who = uow.principal
    _lock(uow, Organisation.id, who.organisation_id)
    query = select(AddressRelease.released_at).where(
        AddressRelease.released_by == who.worker_id, AddressRelease.released_at > uow.now - WINDOW
    )
    released = uow.session.execute(query.order_by(AddressRelease.released_at)).scalars().all()
    return [Tally(Capped.MANAGER_RELEASES, who.organisation_id, who.worker_id, released)]


def check_caps(uow: UnitOfWork, caps: DisclosureCaps, tallies: Sequence[Tally]) -> list[Tally]:
    """Return the tallies that one more brings near their cap. Raises DisclosureCapReached where it does not fit.

    When to come back is told to the hour: to the minute it would tell one organisation when another was told an address.
    """
    verdicts = [(tally, judge_cap(caps.limit(tally.capped), tally.earlier, uow.now)) for tally in tallies]
    waits = [verdict.come_back_at for _, verdict in verdicts if verdict.come_back_at is not None]
    if waits:
        raise DisclosureCapReached(_next_hour(max(waits)), uow.now)
    return [tally for tally, verdict in verdicts if verdict.is_near]


def alert_near_caps(uow: UnitOfWork, near: Sequence[Tally]) -> None:
    """Alert the lead of each organisation concerned."""
    for tally in near:
        details: dict[str, Any] = {"counted": str(tally.capped), "in_24_hours": len(tally.earlier) + 1}
        raise_alert(uow, tally.organisation_id, AlertKind.DISCLOSURE_CAP, tally.subject_id, details)


def _told(uow: UnitOfWork, *conditions: Any) -> Sequence[datetime]:
    query = select(AddressDisclosure.told_at).where(AddressDisclosure.told_at > uow.now - WINDOW, *conditions)
    return uow.session.execute(query.order_by(AddressDisclosure.told_at)).scalars().all()


def _lock(uow: UnitOfWork, identity: Any, row_id: uuid.UUID) -> None:
    """Make those who would be counted together queue, so that two cannot both be the last that fits."""
    uow.session.execute(select(identity).where(identity == row_id).with_for_update(key_share=True))


def _next_hour(at: datetime) -> datetime:
    whole = at.replace(minute=0, second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(hours=1)
