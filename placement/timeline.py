"""A placement's life in order, read from its own rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accommodation.base import UnitOfWork
from accommodation.calendar import start_of_day
from placement.events import TimelineRead
from placement.models import Placement, Reminder
from placement.placements import list_extensions


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened at an instant (UTC); `detail` is a code or a date."""

    happened_at: datetime
    what: str
    detail: str | None


def read_timeline(uow: UnitOfWork, placement: Placement) -> list[TimelineEntry]:
    """Return what happened, oldest first; the reading is recorded. Days without a time stand at their London midnight."""
    uow.record(TimelineRead(subject_id=placement.id))
    entries = [TimelineEntry(placement.accepted_at, "accepted", None)]
    if placement.licence_starts_on is not None:
        at = max(start_of_day(placement.licence_starts_on), placement.accepted_at)
        entries.append(TimelineEntry(at, "arrived", placement.licence_starts_on.isoformat()))
    entries += [
        TimelineEntry(extension.recorded_at, "extended", extension.to_ends_on.isoformat())
        for extension in list_extensions(uow, placement.id)
    ]
    query = select(Reminder).where(Reminder.placement_id == placement.id, Reminder.sent_at.is_not(None))
    for reminder in uow.session.execute(query).scalars():
        if reminder.sent_at is not None:
            entries.append(TimelineEntry(reminder.sent_at, "reminded", reminder.kind))
        if reminder.acknowledged_at is not None:
            entries.append(TimelineEntry(reminder.acknowledged_at, "acknowledged", reminder.outcome))
    if placement.departed_on is not None:
        entries.append(TimelineEntry(start_of_day(placement.departed_on), "departed", placement.destination))
    return sorted(entries, key=lambda entry: (entry.happened_at, entry.what))
