"""Move every property into the present table of safety cells: what an operator does once after a new table has come."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from accommodation.base import Cipher, Principal
from accommodation.filing import move_property
from accommodation.models import Property, Provider
from api.unit_of_work import begin_unit_of_work
from geo.atlas import Atlas
from geo.errors import GeoError

INSTALLER_ID = uuid.UUID(int=0)


@dataclass
class Outcome:
    """How many properties were moved and how many had no need; who is left, by reference, and the fault's slug."""

    moved: int = 0
    current: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


def move_properties(engine: Engine, cipher: Cipher, atlas: Atlas, now: datetime | None = None) -> Outcome:
    """Move properties one transaction each, in order of id. It may be stopped and run again.

    Each act is written to the trail of the property's own organisation, as done by somebody with a shell on the machine.
    """
    outcome = Outcome()
    with Session(engine) as session:
        query = select(Property.id, Provider.organisation_id).join(Provider, Provider.id == Property.provider_id)
        found = session.execute(query.order_by(Property.id)).all()
    for property_id, organisation_id in found:
        principal = Principal(worker_id=INSTALLER_ID, organisation_id=organisation_id, role="installer")
        try:
            with begin_unit_of_work(engine, cipher, principal, None, now or datetime.now(UTC)) as uow:
                home = uow.session.get_one(Property, property_id)
                reference = home.reference
                if move_property(uow, atlas, home):
                    outcome.moved += 1
                else:
                    outcome.current += 1
        except GeoError as error:
            outcome.left.append((reference, error.slug))
    return outcome
