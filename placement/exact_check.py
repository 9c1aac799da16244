"""The exact answer, from the vault, for the provider's eyes only: is this unit inside an area the household avoids?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from accommodation.base import UnitOfWork
from accommodation.models import Unit
from accommodation.vault import read_point
from geo.areas import parse_area
from geo.atlas import Atlas
from placement.areas_to_avoid import list_areas_in_force, open_area


@dataclass(frozen=True)
class ExactFinding:
    """One area and whether the unit lies in it; a boundary and an uncertainty, of either, count as inside."""

    area_id: uuid.UUID
    inside: bool


def check_exactly(uow: UnitOfWork, atlas: Atlas, unit: Unit, household_id: uuid.UUID, on: date) -> list[ExactFinding]:
    """Check a unit's point against each area in force, oldest first. The caller shows it to the unit's provider alone.

    Neither the area's shape nor its reason is in the answer: the provider learns a bit an area, as the officer does not.
    """
    point = read_point(uow, unit.property_id)
    return [
        ExactFinding(
            area.id,
            parse_area(open_area(uow, area).facts["geometry"], atlas.gazetteer).contains(
                point.easting, point.northing, point.outward, point.authority_code, point.uncertainty_metres
            ),
        )
        for area in list_areas_in_force(uow, household_id, on)
    ]
