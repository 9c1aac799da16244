"""What somebody who leaves was working on: neutral references, so that an administrator learns nothing of a case."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from accommodation.base import UnitOfWork
from placement.models import Placement
from placement.vocabulary import PlacementState


def list_open_work(uow: UnitOfWork, worker_id: uuid.UUID) -> Sequence[str]:
    """List the references of the stays that a resettlement worker works on, for her manager to hand over, in order."""
    query = select(Placement.reference).where(
        Placement.resettlement_worker_id == worker_id,
        Placement.state.in_([PlacementState.PLANNED, PlacementState.LIVING]),
    )
    return uow.session.execute(query.order_by(Placement.reference)).scalars().all()
