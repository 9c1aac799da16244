"""Making blind indexes anew, online, as sealed values are: what is left stands in the indexes, which name their key."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from api.auth.reindexing import REINDEXED, count_sign_ins, index_sign_ins_anew
from api.crypto.ring import KeyRing, SealBroken
from api.crypto.rotation import BATCH, Outcome, Progress, give_way, until_done
from api.crypto.sealed_columns import KeyUse
from api.database import READ_ONLY
from placement.models import PerpetratorLink
from placement.relinking import households_not_under, relink_household

TABLE, COLUMN = "perpetrator_link", "blind_index"
INDEXED: tuple[type[Any], ...] = (PerpetratorLink, *REINDEXED)
REMADE = frozenset((model.__tablename__, COLUMN) for model in INDEXED)
"""Every blind index there is. A test finds columns by that name and compares, so that none is left behind at a rotation."""
FIRST_RELEASE = "none"
"""Instead of a key id, for indexes that do not name their key."""
HOUSEHOLDS_AT_ONCE = BATCH // 2


def index_anew(engine: Engine, ring: KeyRing, progress: Progress) -> Outcome:
    """Bring every blind index under the index key that writes; progress counts households, and people who sign in."""
    outcome = until_done(lambda: _pass(engine, ring, progress))
    outcome.add(index_sign_ins_anew(engine, ring, progress))
    return outcome


def count_indexes(connection: Connection, key_ids: Sequence[str]) -> list[KeyUse]:
    """Count blind indexes by table and key, those of unknown keys and of the first release too."""
    return [use for model in INDEXED for use in _count_indexes(connection, model, key_ids)]


def _count_indexes(connection: Connection, model: Any, key_ids: Sequence[str]) -> list[KeyUse]:
    counted: Counter[str] = Counter()
    head = func.substr(model.blind_index, 1, 9)
    for key_id in key_ids:
        under = model.blind_index.like(f"{key_id}:%")
        counted[key_id] = connection.execute(select(func.count()).where(under)).scalar_one()
    others = select(head).where(*(model.blind_index.not_like(f"{key_id}:%") for key_id in key_ids))
    for text in connection.execute(others).scalars():
        counted[text[:8] if text.endswith(":") else FIRST_RELEASE] += 1
    return [KeyUse(model.__tablename__, COLUMN, key_id, values) for key_id, values in counted.items() if values]


def count_stale(engine: Engine, ring: KeyRing) -> int:
    """Return how many households and people have an index that is not under the writing key."""
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        query = households_not_under(ring.index_key_ids[0]).order_by(None).subquery()
        households: int = connection.execute(select(func.count()).select_from(query)).scalar_one()
    return households + count_sign_ins(engine, ring)


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
