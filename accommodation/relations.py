"""How a row stands to the principal by whose it is. Facts alone: what follows from them is in the table of access."""

from __future__ import annotations

import uuid

from accommodation.base import UnitOfWork
from accommodation.vocabulary import Relation


def relations_to_own(uow: UnitOfWork, *organisation_ids: uuid.UUID | None) -> tuple[Relation, ...]:
    """Return that a row is the principal's organisation's, if it is one of these, or nothing."""
    return (Relation.OWN_ORGANISATION,) if uow.principal.organisation_id in organisation_ids else ()
