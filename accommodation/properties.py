"""Use cases on providers and properties. The address goes to the vault; the property keeps its safety cell alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accommodation.base import InvalidInput, UnitOfWork, new_id
from accommodation.calendar import nation_of
from accommodation.errors import ProviderExists
from accommodation.events import PropertyEdited, PropertyOpened, ProviderEdited, ProviderOpened
from accommodation.filing import choose_cell, state_special_risk
from accommodation.models import Organisation, Property, Provider
from accommodation.queries import list_unit_ids_of_property, list_unit_ids_of_provider
from accommodation.supply import lock_units, touch_units
from accommodation.vault import Address, ExactPoint, write_address
from geo.atlas import Atlas
from geo.grid import grid_point
from geo.postcode import Postcode


@dataclass(frozen=True)
class NewAddress:
    """An address as it is given: without a point, the postcode's is taken. Latitude and longitude are WGS84 degrees."""

    lines: list[str]
    town: str
    postcode: str
    latitude: float | None = None
    longitude: float | None = None


def open_provider(uow: UnitOfWork, organisation_id: uuid.UUID, facts: Mapping[str, Any]) -> Provider:
    """Make an organisation a provider. Raises InvalidInput for an unknown organisation, ProviderExists."""
    if uow.session.get(Organisation, organisation_id) is None:
        raise InvalidInput(("/organisation_id", "There is no such organisation."))
    if uow.session.execute(select(Provider.id).where(Provider.organisation_id == organisation_id)).first():
        raise ProviderExists
    provider = Provider(id=new_id(), organisation_id=organisation_id, **facts)
    uow.session.add(provider)
    uow.session.flush()
    uow.record(ProviderOpened(subject_id=provider.id))
    return provider


def edit_provider(uow: UnitOfWork, provider: Provider, changes: Mapping[str, Any]) -> Provider:
    """Change a provider's published facts; holds that are running keep their frozen term."""
    unit_ids = list_unit_ids_of_provider(uow, provider.id)
    lock_units(uow.session, unit_ids)
    for name, value in changes.items():
        setattr(provider, name, value)
    touch_units(uow.session, unit_ids)
    uow.record(ProviderEdited(subject_id=provider.id, details={"changed": sorted(changes)}))
    return provider


def open_property(
    uow: UnitOfWork,
    atlas: Atlas,
    provider: Provider,
    facts: Mapping[str, Any],
    address: NewAddress,
    *,
    landlord: str | None = None,
    meeting_point: str | None = None,
) -> Property:
    """Open a property: file it in the cell of its postcode, and seal the address and the point.

    Raises GeoError: the postcode cannot be placed, or the point lies outside the postcode's cell.
    """
    postcode = Postcode.parse(address.postcode)
    place = atlas.gazetteer.find(postcode)
    easting, northing = float(place.easting), float(place.northing)
    uncertainty_metres = float(place.uncertainty_metres)
    if address.latitude is not None and address.longitude is not None:
        easting, northing = grid_point(address.longitude, address.latitude)
        uncertainty_metres = 0.0
    point = ExactPoint(easting, northing, postcode.outward, place.authority_code, uncertainty_metres)
    home = Property(
        id=new_id(),
        provider_id=provider.id,
        cell=choose_cell(atlas, postcode, point, special_risk=bool(facts.get("special_risk"))),
        cell_version=atlas.partition.version,
        nation=nation_of(place.authority_code),
        **facts,
    )
    home.provider = provider
    uow.session.add(home)
    uow.session.flush()
    write_address(
        uow,
        home.id,
        Address(lines=address.lines, town=address.town, postcode=postcode.text),
        point,
        landlord=landlord,
        meeting_point=meeting_point,
    )
    uow.session.flush()
    details = {"provider_id": str(provider.id), "special_risk": bool(home.special_risk)}
    uow.record(PropertyOpened(subject_id=home.id, details=details))
    return home


def edit_property(
    uow: UnitOfWork, atlas: Atlas, home: Property, changes: Mapping[str, Any], special_risk_reason: str | None = None
) -> Property:
    """Change a property's published facts. Its address is written once: another address is another property.

    Raises InvalidInput, GeoError: `special_risk` changes without a reason, or the property cannot be filed anew.
    """
    changes = dict(changes)
    special_risk = changes.pop("special_risk", None)
    if special_risk is not None:
        state_special_risk(uow, atlas, home, special_risk, special_risk_reason)
    if special_risk is not None and not changes:
        return home
    unit_ids = list_unit_ids_of_property(uow, home.id)
    lock_units(uow.session, unit_ids)
    for name, value in changes.items():
        setattr(home, name, value)
    touch_units(uow.session, unit_ids)
    uow.record(PropertyEdited(subject_id=home.id, details={"changed": sorted(changes)}))
    return home
