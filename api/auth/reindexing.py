"""Making the blind indexes by which people are found when they sign in anew, when the index key is changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from accommodation.sealing import open_json
from api.auth.credentials import index_of_sign_in_name
from api.auth.models import Credential, ExternalIdentity
from api.auth.oidc_trips import index_of_subject
from api.crypto.ring import KeyRing, SealBroken
from api.crypto.rotation import BATCH, Outcome, Progress, give_way, until_done
from api.database import READ_ONLY

REINDEXED: dict[type[Any], tuple[str, Callable[[KeyRing, Any], str]]] = {
    Credential: ("sign_in_name_sealed", index_of_sign_in_name),
    ExternalIdentity: ("subject_sealed", lambda ring, subject: index_of_subject(ring, *json.loads(subject))),
}
"""Table -> the sealed column that holds what is indexed, and how it is."""


def count_sign_ins(engine: Engine, ring: KeyRing) -> int:
    """Return how many such indexes are not under the key that writes."""
    with Session(engine.execution_options(**{READ_ONLY: True})) as session:
        return sum(
            session.execute(select(func.count()).select_from(model).where(_is_stale(model, ring))).scalar_one()
            for model in REINDEXED
        )


def index_sign_ins_anew(engine: Engine, ring: KeyRing, progress: Progress) -> Outcome:
    """Bring every one of them under the index key that writes; progress counts rows."""
    total = Outcome()
    for model, (column, index) in REINDEXED.items():
        total.add(until_done(partial(_pass, engine, ring, progress, model, column, index)))
    return total


def _pass(
    engine: Engine, ring: KeyRing, progress: Progress, model: Any, column: str, index: Callable[[KeyRing, Any], str]
) -> Outcome:
    outcome, after = Outcome(), None
    while rows := _stale(engine, ring, model, after):
        begun, done = time.monotonic(), 0
        with engine.begin() as connection:
            for row in rows:
                try:
                    fresh = index(ring, open_json(ring, row, column))
                except SealBroken:
                    outcome.broken[f"{model.__tablename__}.{column}", "?"] += 1
                    continue
                same = model.id == row.id, model.blind_index == row.blind_index  # somebody may have enrolled anew meanwhile
                done += connection.execute(update(model).where(*same).values(blind_index=fresh)).rowcount
        outcome.done += done
        progress(done)
        after = rows[-1].id
        give_way(time.monotonic() - begun)
    return outcome


def _stale(engine: Engine, ring: KeyRing, model: Any, after: Any) -> Sequence[Any]:
    query = select(model).where(_is_stale(model, ring)).order_by(model.id).limit(BATCH)
    with Session(engine.execution_options(**{READ_ONLY: True})) as session:
        return session.execute(query if after is None else query.where(model.id > after)).scalars().all()


def _is_stale(model: Any, ring: KeyRing) -> Any:
    return model.blind_index.not_like(f"{ring.index_key_ids[0]}:%")
