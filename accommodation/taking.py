"""Taking a unit's dates: the only door through which holds, placements and voids enter, and the database keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accommodation.base import NotFound, new_id
from accommodation.errors import UnitAlreadyTaken
from accommodation.models import Stay, Unit
from accommodation.vocabulary import StayKind

OVERLAP_CONSTRAINT = "ex_stay_unit_overlap"


def lock_unit(session: Session, unit_id: uuid.UUID) -> Unit:
    """Return the unit with its row locked until the end of the transaction. Raises NotFound.

    Here as elsewhere the lock is one that foreign keys to the row do not wait for (PostgreSQL's FOR NO KEY UPDATE).
    """
    unit = session.execute(
        select(Unit)
        .where(Unit.id == unit_id)
        .with_for_update(of=Unit, key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if unit is None:
        raise NotFound
    return unit


def take_unit(
    session: Session,
    unit: Unit,
    kind: StayKind,
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    no_recourse: bool = False,
) -> Stay:
    """Take [starts_at, ends_at) of a unit locked by `lock_unit`. Raises UnitAlreadyTaken when the database refuses.

    The row lock makes rivals queue instead of deadlocking on the exclusion constraint; the constraint decides.
    """
    stay = Stay(
        id=new_id(),
        unit_id=unit.id,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        live=True,
        no_recourse=no_recourse,
    )
    with refused_when_taken(session):
        session.add(stay)
    return stay


@contextmanager
def refused_when_taken(session: Session) -> Iterator[None]:
    """Send the changes of stays made inside, in a savepoint. Raises UnitAlreadyTaken for an overlap; the transaction
    stays good, so that the answer can offer other units."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if OVERLAP_CONSTRAINT in str(error.orig):
            raise UnitAlreadyTaken from None
        raise


def end_stay(stay: Stay, now: datetime) -> None:
    """Give the unit back from `now` on. A stay that has not begun leaves no trace in time, only its row."""
    stay.live = False
    if stay.ends_at is None or stay.ends_at > now:
        stay.ends_at = now if now > stay.starts_at else stay.ends_at
