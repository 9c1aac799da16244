"""Use cases on where a household must not be: facts with a source, an author and a validity, all sealed.

Recording, editing and retiring go through `placement.area_changes`, which counts them and asks for a second worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from accommodation.base import InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.sealing import open_json, seal_json
from geo.areas import normalise_area, parse_area
from geo.atlas import Atlas
from placement.errors import AreaChangePending, AreasRecorded
from placement.events import AreaEdited, AreaRead, AreaRecorded, AreaRetired, AreasListed, NoAreasStated
from placement.households import load_household
from placement.models import AreaToAvoid, Household


@dataclass(frozen=True)
class AreaRecord:
    """An area opened for somebody who may read it: geometry, reason, source, confidence, notes."""

    area: AreaToAvoid
    facts: Mapping[str, Any]


def settle_geometry(atlas: Atlas, geometry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a geometry as it is stored: checked, normalised, a street address replaced by its point.

    Call it before the transaction: a geocoder may take seconds, and nobody must wait for a lock meanwhile. Raises GeoError.
    """
    settled = normalise_area(geometry, atlas.gazetteer, atlas.street_geocoder)
    parse_area(settled, atlas.gazetteer)  # what only shows when it is drawn (an outline that crosses itself) shows now
    return settled


def check_dates(valid_from: date | None, valid_to: date | None) -> None:
    """Refuse an area that ends before it begins."""
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise InvalidInput(("/valid_to", "The last day comes before the first."))


def record_area(
    uow: UnitOfWork,
    household: Household,
    facts: Mapping[str, Any],
    *,
    valid_from: date | None,
    valid_to: date | None,
) -> AreaRecord:
    """Record an area to avoid; its geometry has been settled. A statement that there is none is taken back."""
    check_dates(valid_from, valid_to)
    area = AreaToAvoid(
        id=new_id(),
        household_id=household.id,
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=uow.now,
        recorded_by=uow.principal.worker_id,
    )
    seal_json(uow.cipher, area, "facts_sealed", facts)
    household.no_areas_statement_sealed = None
    uow.session.add(area)
    uow.session.flush()
    uow.record(AreaRecorded(subject_id=area.id, details={"household_id": str(household.id)}))
    return AreaRecord(area, facts)


def state_no_areas(uow: UnitOfWork, household: Household, reason: str) -> None:
    """State, as a worker, that there is no area to avoid, and why. Raises AreasRecorded, or AreaChangePending."""
    if household.pending_area_changes:
        raise AreaChangePending
    if list_areas_in_force(uow, household.id, None):
        raise AreasRecorded
    seal_json(uow.cipher, household, "no_areas_statement_sealed", reason)
    uow.session.flush()
    uow.record(NoAreasStated(subject_id=household.id))


def load_area(uow: UnitOfWork, area_id: uuid.UUID) -> AreaToAvoid:
    """Return an area of a household of the principal's organisation that is not retired; raises NotFound."""
    query = select(AreaToAvoid).join(Household, Household.id == AreaToAvoid.household_id)
    query = query.where(AreaToAvoid.id == area_id, Household.organisation_id == uow.principal.organisation_id)
    area = uow.session.execute(query).scalar_one_or_none()  # one statement, whether it is not there or not hers
    if area is None or area.retired_at is not None:
        raise NotFound
    load_household(uow, area.household_id)
    return area


def read_area(uow: UnitOfWork, area_id: uuid.UUID) -> AreaRecord:
    """Open one area and record that it was read."""
    area = load_area(uow, area_id)
    uow.record(AreaRead(subject_id=area.id))
    return open_area(uow, area)


def read_areas(uow: UnitOfWork, household_id: uuid.UUID) -> list[AreaRecord]:
    """Open all areas of a household, oldest first, and record that they were read."""
    load_household(uow, household_id)
    uow.record(AreasListed(subject_id=household_id))
    return [open_area(uow, area) for area in list_areas_in_force(uow, household_id, None)]


def open_area(uow: UnitOfWork, area: AreaToAvoid) -> AreaRecord:
    """Open what is sealed of an area."""
    return AreaRecord(area, open_json(uow.cipher, area, "facts_sealed"))


def list_areas_in_force(uow: UnitOfWork, household_id: uuid.UUID, on: date | None) -> Sequence[AreaToAvoid]:
    """List a household's areas that count for a stay from `on`: neither retired nor over. None = whatever the date.

    One that begins later counts already: the stay will last into it.
    """
    return uow.session.execute(_in_force(select(AreaToAvoid), household_id, on)).scalars().all()


def list_sealed_areas(uow: UnitOfWork, household_id: uuid.UUID, on: date) -> Sequence[tuple[uuid.UUID, bytes]]:
    """List the same areas as (id, sealed facts), in the same order: all that a search needs of them."""
    query = _in_force(select(AreaToAvoid.id, AreaToAvoid.facts_sealed), household_id, on)
    return [(area_id, sealed) for area_id, sealed in uow.session.execute(query)]


def _in_force(query: Any, household_id: uuid.UUID, on: date | None) -> Any:
    query = query.where(AreaToAvoid.household_id == household_id, AreaToAvoid.retired_at.is_(None))
    if on is not None:
        query = query.where(or_(AreaToAvoid.valid_to.is_(None), AreaToAvoid.valid_to >= on))
    return query.order_by(AreaToAvoid.recorded_at, AreaToAvoid.id)


def edit_area(uow: UnitOfWork, area: AreaToAvoid, changes: Mapping[str, Any]) -> AreaRecord:
    """Change facts or dates of an area; `reviewed_on` says that somebody looked at it again. Geometry comes settled."""
    facts = dict(open_json(uow.cipher, area, "facts_sealed"))
    for name, value in changes.items():
        if name in ("valid_from", "valid_to", "reviewed_on"):
            setattr(area, name, value)
        else:
            facts[name] = value
    check_dates(area.valid_from, area.valid_to)
    seal_json(uow.cipher, area, "facts_sealed", facts)
    uow.session.flush()
    uow.record(AreaEdited(subject_id=area.id, details={"changed": sorted(changes)}))
    return AreaRecord(area, facts)


def retire_area(uow: UnitOfWork, area: AreaToAvoid, reason: str) -> None:
    """Retire an area: it no longer counts, and stays on the record with the reason."""
    area.retired_at = uow.now
    seal_json(uow.cipher, area, "retired_reason_sealed", reason)
    uow.session.flush()
    uow.record(AreaRetired(subject_id=area.id, details={"household_id": str(area.household_id)}))
