"""Reads of supply. Every multi-row one is ordered; whatever belongs to another provider is not found."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import chain

from sqlalchemy import select

from accommodation.availability import StayFact
from accommodation.base import NotFound, UnitOfWork
from accommodation.models import Property, Provider, Stay, Unit, Void
from accommodation.people import relations_to_installation
from accommodation.relations import relations_to_own
from accommodation.vocabulary import Relation, StayKind


def find_own_provider(uow: UnitOfWork) -> Provider | None:
    """Return the provider that the principal's organisation is, or None."""
    query = select(Provider).where(Provider.organisation_id == uow.principal.organisation_id)
    return uow.session.execute(query).scalar_one_or_none()


def get_own_provider(uow: UnitOfWork) -> Provider:
    """Return the provider that the principal's organisation is; raises NotFound."""
    provider = find_own_provider(uow)
    if provider is None:
        raise NotFound
    uow.permit(relations_to_own(uow, provider.organisation_id))
    return provider


def get_provider(uow: UnitOfWork, provider_id: uuid.UUID) -> Provider:
    """Return a provider that the principal may see; raises NotFound."""
    provider = uow.session.get(Provider, provider_id)
    if provider is None:
        raise NotFound
    uow.permit(chain(relations_to_own(uow, provider.organisation_id), relations_to_installation(uow)))
    return provider


def list_providers(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Provider]:
    """List the providers that the principal may see, in order of id."""
    query = select(Provider)
    if uow.permit(chain(relations_to_installation(uow), [Relation.OWN_ORGANISATION])) is not Relation.INSTALLATION:
        query = query.where(Provider.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(Provider.id > after)
    return uow.session.execute(query.order_by(Provider.id).limit(limit)).scalars().all()


def get_property(uow: UnitOfWork, property_id: uuid.UUID) -> Property:
    """Return a property that the principal may see; raises NotFound."""
    found = uow.session.get(Property, property_id)
    if found is None:
        raise NotFound
    uow.permit(relations_to_own(uow, found.provider.organisation_id))
    return found


def list_properties(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Property]:
    """List the properties that the principal may see, in order of id."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(Property).join(Provider, Provider.id == Property.provider_id)
    query = query.where(Provider.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(Property.id > after)
    return uow.session.execute(query.order_by(Property.id).limit(limit)).scalars().all()


def get_unit(uow: UnitOfWork, unit_id: uuid.UUID) -> Unit:
    """Return a unit that the principal may see; raises NotFound."""
    unit = uow.session.get(Unit, unit_id)
    if unit is None:
        raise NotFound
    uow.permit(relations_to_own(uow, unit.property.provider.organisation_id))
    return unit


def list_units(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Unit]:
    """List the units that the principal may see, in order of id."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(Unit).join(Property, Property.id == Unit.property_id).join(Provider)
    query = query.where(Provider.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(Unit.id > after)
    return uow.session.execute(query.order_by(Unit.id).limit(limit)).scalars().all()


def list_unit_ids_of_provider(uow: UnitOfWork, provider_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of a provider's units, in order."""
    query = select(Unit.id).join(Property, Property.id == Unit.property_id).where(Property.provider_id == provider_id)
    return uow.session.execute(query.order_by(Unit.id)).scalars().all()


def list_unit_ids_of_property(uow: UnitOfWork, property_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """List the ids of a property's units, in order."""
    query = select(Unit.id).where(Unit.property_id == property_id)
    return uow.session.execute(query.order_by(Unit.id)).scalars().all()


def list_live_stays(uow: UnitOfWork, unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[StayFact]]:
    """Return the live stays of units, by unit, in order of start. Holds that have expired are over and stay out."""
    query = (
        select(Stay)
        .where(Stay.unit_id.in_(unit_ids), Stay.live, (Stay.ends_at.is_(None)) | (Stay.ends_at > uow.now))
        .order_by(Stay.starts_at, Stay.id)
    )
    stays: dict[uuid.UUID, list[StayFact]] = defaultdict(list)
    for stay in uow.session.execute(query).scalars():
        stays[stay.unit_id].append(StayFact(StayKind(stay.kind), stay.starts_at, stay.ends_at))
    return stays


def get_void(uow: UnitOfWork, void_id: uuid.UUID) -> Void:
    """Return a void of a unit that the principal may see; raises NotFound."""
    void = uow.session.get(Void, void_id)
    if void is None:
        raise NotFound
    get_unit(uow, void.unit_id)
    return void
