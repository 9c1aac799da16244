"""Making blind indexes anew, online, as sealed values are: what is left stands in the indexes, which name their key."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.crypto.ring import KeyRing, SealBroken
from api.crypto.rotation import BATCH, Outcome, Progress, give_way, until_done
from api.crypto.sealed_columns import KeyUse
from api.database import READ_ONLY
from placement.blocked_models import BlockedPerson, ConflictDeclaration, ConflictIndex
from placement.models import PerpetratorLink
from placement.relinking import households_not_under, relink_household

TABLE, COLUMN = "perpetrator_link", "blind_index"
REMADE = frozenset({(TABLE, COLUMN)})
"""Blind indexes that are made anew: what they are made of lies sealed."""
KEPT = frozenset({("blocked_person", "name_index"), ("conflict_index", "blind_index")})
"""Blind indexes whose names are kept nowhere, on purpose. They are looked for under every key; their key stays needed until
what they serve has ended. A test finds every blind index by its column's name and compares with these two sets."""
FIRST_RELEASE = "none"
"""Instead of a key id, for indexes that do not name their key."""
HOUSEHOLDS_AT_ONCE = BATCH // 2


def index_anew(engine: Engine, ring: KeyRing, progress: Progress) -> Outcome:
    """Bring every blind index under the index key that writes; progress counts households."""
    return until_done(lambda: _pass(engine, ring, progress))


def count_indexes(connection: Connection, key_ids: Sequence[str], today: date) -> list[KeyUse]:
    """Count blind indexes that are looked for, by place and key, those of unknown keys and of the first release too."""
    not_ended = select(ConflictDeclaration.id).where(ConflictDeclaration.ended_at.is_(None))
    until = or_(BlockedPerson.until_on.is_(None), BlockedPerson.until_on >= today)
    looked_for: list[tuple[InstrumentedAttribute[Any], ColumnElement[bool]]] = [
        (PerpetratorLink.blind_index, true()),
        (BlockedPerson.name_index, and_(BlockedPerson.name_index.is_not(None), BlockedPerson.ended_at.is_(None), until)),
        (ConflictIndex.blind_index, ConflictIndex.declaration_id.in_(not_ended)),
    ]
    return [use for column, condition in looked_for for use in _count(connection, column, condition, key_ids)]


def _count(
    connection: Connection, column: InstrumentedAttribute[Any], condition: ColumnElement[bool], key_ids: Sequence[str]
) -> Iterator[KeyUse]:
    counted: Counter[str] = Counter()
    for key_id in key_ids:
        under = select(func.count()).where(condition, column.like(f"{key_id}:%"))
        counted[key_id] = connection.execute(under).scalar_one()
    others = select(func.substr(column, 1, 9)).where(condition, *(column.not_like(f"{key_id}:%") for key_id in key_ids))
    for head in connection.execute(others).scalars():
        counted[head[:8] if head.endswith(":") else FIRST_RELEASE] += 1
    table = column.class_.__tablename__
    return iter([KeyUse(table, column.key, key_id, values) for key_id, values in counted.items() if values])


def count_households(engine: Engine, ring: KeyRing) -> int:
    """Return how many households have an index that is not under the writing key."""
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        query = households_not_under(ring.index_key_ids[0]).order_by(None).subquery()
        return connection.execute(select(func.count()).select_from(query)).scalar_one()


def _pass(engine: Engine, ring: KeyRing, progress: Progress) -> Outcome:
    outcome = Outcome()
    for household_ids in _stale_batches(engine, ring):
        done, begun = 0, time.monotonic()
        with Session(engine) as session:
            for household_id in household_ids:
                try:
                    relinked = relink_household(session, ring, household_id)
                except SealBroken:
                    outcome.broken["household.details_sealed", "?"] += 1
                else:
                    done += relinked
                    outcome.skipped += not relinked
            session.commit()
        outcome.done += done
        progress(done)
        give_way(time.monotonic() - begun)
    return outcome


def _stale_batches(engine: Engine, ring: KeyRing) -> Iterator[Sequence[uuid.UUID]]:
    query = households_not_under(ring.index_key_ids[0]).limit(HOUSEHOLDS_AT_ONCE)
    after: uuid.UUID | None = None
    while True:
        with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            page = query if after is None else query.where(PerpetratorLink.household_id > after)
            household_ids = connection.execute(page).scalars().all()
        if not household_ids:
            return
        yield household_ids
        after = household_ids[-1]
