"""Which safety cell a property is filed in, and the only acts that change it. Each leaves a row in the audit trail.

The cell follows from the postcode in the vault and from whether the property is of special risk, and from nothing else.
"""

from __future__ import annotations

from accommodation.base import InvalidInput, UnitOfWork
from accommodation.events import PropertyHidden, PropertyMoved, PropertyUnhidden
from accommodation.models import Property
from accommodation.queries import list_unit_ids_of_property
from accommodation.supply import lock_units, touch_units
from accommodation.vault import ExactPoint, read_address, read_point
from geo.atlas import Atlas
from geo.postcode import Postcode


def choose_cell(atlas: Atlas, postcode: Postcode, point: ExactPoint, *, special_risk: bool) -> str:
    """Return the code of a property's cell in the present table: its county where it is of special risk.

    Raises GeoError: the postcode cannot be placed, or the point lies outside the postcode's cell.
    """
    partition = atlas.partition
    cell = partition.assign(postcode, atlas.gazetteer, point.easting, point.northing)
    return partition.codes[partition.county_of(cell) if special_risk else cell]


def state_special_risk(uow: UnitOfWork, atlas: Atlas, home: Property, special_risk: bool, reason: str | None) -> None:
    """File a property in its county, or back in its fine cell. Nothing is done when that is how it stands already.

    The trail says which of the two and why; it does not name the fine cell. Raises InvalidInput without a reason, GeoError
    as `choose_cell`.
    """
    if home.special_risk == special_risk:
        return
    if not reason:
        raise InvalidInput(("/special_risk_reason", "Say why: the change is written down, and going back tells more."))
    home.special_risk = special_risk
    _file(uow, atlas, home)
    event = PropertyHidden if special_risk else PropertyUnhidden
    uow.record(event(subject_id=home.id, details={"cell_version": home.cell_version}, reason=reason))


def move_property(uow: UnitOfWork, atlas: Atlas, home: Property) -> bool:
    """File a property anew, after a new table of cells has come; returns whether anything changed.

    The old and the new code are written down: searches show both. Raises GeoError as `choose_cell`, and then nothing has
    changed, and the property's units stay under review.
    """
    before = {"from_version": home.cell_version, "from_cell": home.cell}
    if home.cell_version == atlas.partition.version:
        return False
    _file(uow, atlas, home)
    uow.record(PropertyMoved(subject_id=home.id, details={**before, "to_version": home.cell_version, "to_cell": home.cell}))
    return True


def _file(uow: UnitOfWork, atlas: Atlas, home: Property) -> None:
    postcode = Postcode.parse(read_address(uow, home.id).postcode)
    cell = choose_cell(atlas, postcode, read_point(uow, home.id), special_risk=home.special_risk)
    unit_ids = list_unit_ids_of_property(uow, home.id)
    lock_units(uow.session, unit_ids)
    home.cell, home.cell_version = cell, atlas.partition.version
    touch_units(uow.session, unit_ids)
