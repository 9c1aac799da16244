"""Deleting the counts of long-forgotten households: their rows with everything that refers to them, leaves first."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Table, delete, select

from accommodation.base import Base, UnitOfWork
from accommodation.models import Stay
from placement.models import Hold, Household, Placement, Search


def delete_counts(uow: UnitOfWork, before: datetime, limit: int) -> int:
    """Delete what is left of households forgotten before `before` (UTC) and of searches that old; returns how many rows."""
    old = select(Household.id).where(Household.forgotten_at <= before).order_by(Household.id).limit(limit)
    household_ids = uow.session.execute(old).scalars().all()
    stays = {
        stay_id
        for model in (Hold, Placement)
        for stay_id in uow.session.execute(select(model.stay_id).where(model.household_id.in_(household_ids))).scalars()
    }
    _delete_with_dependants(uow, Household.metadata.tables[Household.__tablename__], household_ids)
    uow.session.execute(delete(Stay).where(Stay.id.in_(stays)))
    unheld = ~select(Hold.id).where(Hold.search_id == Search.id).exists()
    asked = select(Search.id).where(Search.searched_at <= before, Search.household_id.is_(None), unheld)
    search_ids = uow.session.execute(asked.order_by(Search.id).limit(limit)).scalars().all()
    uow.session.execute(delete(Search).where(Search.id.in_(search_ids)))
    return len(household_ids) + len(search_ids)


def _delete_with_dependants(uow: UnitOfWork, table: Table, ids: Collection[uuid.UUID]) -> None:
    if not ids:
        return
    for dependant, column in _references_to(table):
        if dependant is table:
            continue
        theirs = uow.session.execute(select(dependant.c.id).where(dependant.c[column].in_(ids))).scalars().all()
        _delete_with_dependants(uow, dependant, theirs)
    uow.session.execute(delete(table).where(table.c.id.in_(ids)))


def _references_to(table: Table) -> Iterator[tuple[Table, str]]:
    """Yield (table, column) of every foreign key to a table: a table that is added later is deleted from, too."""
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                yield other, key.parent.name
