"""From whom a household is kept: the one mechanism that every read of a household, or of what follows from it, goes by.

A person who is kept from a household finds nothing of it: it does not exist for her, even where her own organisation owns
it. An organisation that is kept from it is as one without a sharing agreement, for this household. `Household.has_blocks`
says whether anything needs to be asked, so that a search costs nothing more.
"""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from accommodation.base import NotFound, UnitOfWork
from accommodation.calendar import local_date
from accommodation.models import Worker
from accommodation.sealing import open_json
from placement.blocked_models import BlockedPerson
from placement.models import Household
from placement.perpetrators import normalise_name


def check_not_kept_from(uow: UnitOfWork, household_id: uuid.UUID | None, *, is_provider: bool = False) -> None:
    """Raise NotFound when the principal is kept from a household, or where she looks as its provider, her organisation is.

    None = whose household it was has been forgotten.
    """
    if household_id is None:
        return
    household = uow.session.get_one(Household, household_id)
    if is_kept_from(uow, household):
        raise NotFound
    if is_provider and uow.principal.organisation_id in organisations_kept_from(uow, household):
        raise NotFound


def is_kept_from(uow: UnitOfWork, household: Household) -> bool:
    """Tell whether the principal, as a person, is kept from a household. Asks the database only when it has blocks."""
    return household.has_blocks and is_worker_kept_from(uow, household, uow.principal.worker_id)


def is_worker_kept_from(uow: UnitOfWork, household: Household, worker_id: uuid.UUID) -> bool:
    """Tell whether a worker is kept from a household, by herself or by her name."""
    if not household.has_blocks:
        return False
    about = (BlockedPerson.household_id == household.id, counts_today(uow))
    query = select(BlockedPerson.id).where(*about, BlockedPerson.worker_id == worker_id)
    if uow.session.execute(query.limit(1)).first() is not None:
        return True
    return household.id in _kept_by_name(uow, worker_id, BlockedPerson.household_id == household.id)


def not_kept_from(uow: UnitOfWork, household_id: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition, for lists, that the principal is not kept from the household whose id a column holds."""
    worker_id = uow.principal.worker_id
    by_herself = select(BlockedPerson.household_id).where(counts_today(uow), BlockedPerson.worker_id == worker_id)
    by_name = _kept_by_name(uow, worker_id)
    return and_(household_id.not_in(by_herself), household_id.not_in(by_name))


def organisations_kept_from(uow: UnitOfWork, household: Household) -> frozenset[uuid.UUID]:
    """Return the organisations that must not learn of a household. Asks the database only when it has blocks."""
    if not household.has_blocks:
        return frozenset()
    query = select(BlockedPerson.blocked_organisation_id).where(
        BlockedPerson.household_id == household.id, counts_today(uow), BlockedPerson.blocked_organisation_id.is_not(None)
    )
    return frozenset(found for found in uow.session.execute(query).scalars() if found is not None)


def not_kept_from_organisation(uow: UnitOfWork, household_id: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition, for lists, that the principal's organisation is not kept from the household."""
    return household_id.not_in(_kept_from_own_organisation(uow))


def list_kept_from_organisation(uow: UnitOfWork) -> frozenset[uuid.UUID]:
    """Return the households that the principal's organisation must not learn of."""
    return frozenset(uow.session.execute(_kept_from_own_organisation(uow)).scalars())


def counts_today(uow: UnitOfWork) -> ColumnElement[bool]:
    """Return the condition that a block has not ended, by word or by date."""
    today = local_date(uow.now)
    return and_(BlockedPerson.ended_at.is_(None), or_(BlockedPerson.until_on.is_(None), BlockedPerson.until_on >= today))


def _kept_from_own_organisation(uow: UnitOfWork) -> Select[uuid.UUID]:
    own = uow.principal.organisation_id
    return select(BlockedPerson.household_id).where(counts_today(uow), BlockedPerson.blocked_organisation_id == own)


def is_worker_named(uow: UnitOfWork, blocked: BlockedPerson, worker_id: uuid.UUID) -> bool:
    """Tell whether a block is about a worker, by herself or by her name."""
    if blocked.worker_id == worker_id:
        return True
    return blocked.household_id in _kept_by_name(uow, worker_id, BlockedPerson.id == blocked.id)


def _kept_by_name(uow: UnitOfWork, worker_id: uuid.UUID, *about: ColumnElement[bool]) -> frozenset[uuid.UUID]:
    """Return the households that are kept from whoever has a worker's name. Names lie sealed and are opened to compare:
    a blind index would tell a thief of its key who works here."""
    rows = uow.session.execute(
        select(BlockedPerson).where(BlockedPerson.name_sealed.is_not(None), counts_today(uow), *about)
    )
    named = rows.scalars().all()
    worker = uow.session.get(Worker, worker_id) if named else None
    name = None if worker is None else open_json(uow.cipher, worker, "name_sealed")
    if name is None:
        return frozenset()
    own = normalise_name(name)
    return frozenset(row.household_id for row in named if normalise_name(open_json(uow.cipher, row, "name_sealed")) == own)
