"""Making blind indexes of perpetrators anew under the key that writes: from the sealed names, household by household."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from accommodation.base import Cipher, new_id
from accommodation.sealing import open_sealed
from placement.models import Household, PerpetratorLink
from placement.perpetrators import published_indexes


def households_not_under(key_id: str) -> Select[uuid.UUID]:
    """Return the query for households with an index that is not under a key, in order of their id."""
    stale = PerpetratorLink.blind_index.not_like(f"{key_id}:%")
    return select(PerpetratorLink.household_id).where(stale).distinct().order_by(PerpetratorLink.household_id)


def relink_household(session: Session, cipher: Cipher, household_id: uuid.UUID) -> bool:
    """Make one household's indexes anew from its record as it is now; False if another transaction holds it.

    The household's row is locked first, as an edit of it does, and nothing is waited for. Searches are not told: until the
    old key is given up they look for both. Raises the cipher's error when the record does not open.
    """
    query = select(Household.details_sealed).where(Household.id == household_id)
    details = session.execute(query.with_for_update(key_share=True, skip_locked=True)).scalar_one_or_none()
    if details is None:
        return False
    of_household = select(PerpetratorLink.id).where(PerpetratorLink.household_id == household_id)
    free = session.execute(of_household.with_for_update(skip_locked=True)).scalars().all()
    if len(free) != len(session.execute(of_household).scalars().all()):
        return False
    opened = open_sealed(cipher, details, Household.__tablename__, "details_sealed", household_id)
    session.execute(delete(PerpetratorLink).where(PerpetratorLink.household_id == household_id))
    fresh: Sequence[dict[str, object]] = [
        {"id": new_id(), "household_id": household_id, "blind_index": blind_index}
        for blind_index in sorted(published_indexes(cipher, opened))
    ]
    if fresh:
        session.execute(insert(PerpetratorLink), fresh)
    return True
