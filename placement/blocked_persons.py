"""Use cases of keeping a household from somebody: stated for it, or following from a worker's declared conflict."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select, update

from accommodation.alerts import raise_alert
from accommodation.base import InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.confinement import across_organisations
from accommodation.models import Provider, Worker
from accommodation.people_errors import NotForYourself
from accommodation.relations import relations_to_own
from accommodation.sealing import open_json, seal_json
from accommodation.sharing import is_in_sight
from accommodation.vocabulary import AgreementScope, AlertKind, Relation
from placement.blocked_models import BlockedPerson, ConflictDeclaration
from placement.blocking import is_worker_named
from placement.events import (
    BlockedPersonsListed,
    BlockEnded,
    ConflictDeclared,
    ConflictEnded,
    ConflictsListed,
    PersonBlocked,
)
from placement.models import Household, PerpetratorLink, Placement, Referral
from placement.perpetrators import NO_NAMES, may_be_named, normalise_name, sought_indexes
from placement.vocabulary import BlockState, ConflictRelation, PlacementState


def block_person(
    uow: UnitOfWork,
    household: Household,
    reason: str,
    *,
    worker_id: uuid.UUID | None = None,
    provider_id: uuid.UUID | None = None,
    name: str | None = None,
    until_on: date | None = None,
) -> BlockedPerson:
    """Keep a household from one of: a colleague, a provider in sight, whoever has a name. The caller has loaded it.

    Raises InvalidInput. A stay that a blocked colleague works on goes back to her manager.
    """
    if until_on is not None and until_on < local_date(uow.now):
        raise InvalidInput(("/until_on", "Give today or a later day, or none."))
    blocked = BlockedPerson(
        id=new_id(),
        household_id=household.id,
        worker_id=None if worker_id is None else _colleague(uow, worker_id),
        blocked_organisation_id=None if provider_id is None else _organisation_of(uow, household, provider_id),
        until_on=until_on,
    )
    if name is not None:
        _check_name(name, "/name")
        seal_json(uow.cipher, blocked, "name_sealed", name)
    _keep(uow, household, blocked, reason)
    return blocked


def end_block(uow: UnitOfWork, blocked_id: uuid.UUID, reason: str) -> BlockedPerson:
    """Let somebody see a household again: a safeguarding lead's decision. Raises NotFound, IllegalMove, NotForYourself."""
    blocked = uow.session.get(BlockedPerson, blocked_id, with_for_update={"key_share": True})
    if blocked is None:
        raise NotFound
    uow.permit(relations_to_own(uow, blocked.organisation_id))
    if is_worker_named(uow, blocked, uow.principal.worker_id):
        raise NotForYourself
    uow.permit(relations_to_own(uow, blocked.organisation_id), block_state(blocked))
    blocked.ended_at = uow.now
    blocked.ended_by = uow.principal.worker_id
    uow.session.flush()
    uow.record(BlockEnded(subject_id=blocked.id, details={"household_id": str(blocked.household_id)}, reason=reason))
    return blocked


def list_blocked_persons(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[BlockedPerson]:
    """List whom the organisation's households are kept from, in order of random id; the reading is recorded."""
    uow.record(BlockedPersonsListed(subject_id=uow.principal.organisation_id))
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(BlockedPerson).where(BlockedPerson.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(BlockedPerson.id > after)
    return uow.session.execute(query.order_by(BlockedPerson.id).limit(limit)).scalars().all()


def declare_conflict(
    uow: UnitOfWork, relation: ConflictRelation, reference: str | None, person: Mapping[str, Any] | None
) -> ConflictDeclaration:
    """Declare that the principal knows somebody of a household, or a perpetrator by name and perhaps birth date.

    She is kept from those households from now on, and from every one recorded later that names him; her organisation's
    safeguarding lead is told. The answer does not say whether there is any. Raises InvalidInput.
    """
    uow.permit(Relation.HERSELF)
    worker_id, own = uow.principal.worker_id, uow.principal.organisation_id
    declaration = ConflictDeclaration(
        id=new_id(), worker_id=worker_id, organisation_id=own, relation=relation, declared_at=uow.now
    )
    if person is not None:
        _check_name(person["name"], "/person/name")
        seal_json(uow.cipher, declaration, "person_sealed", person)
    uow.session.add(declaration)
    uow.session.flush()
    households: list[Household] = []
    if reference is not None:
        households.append(_household_of(uow, reference))
    with across_organisations(uow.session):  # whoever recorded him: she is kept from all of them, and told of none
        _keep_from_all(uow, households, declaration, person)
    uow.record(ConflictDeclared(subject_id=declaration.id, details={"relation": str(relation)}))
    raise_alert(uow, own, AlertKind.CONFLICT_DECLARED, declaration.id, {"worker_id": str(worker_id)})
    return declaration


def _keep_from_all(
    uow: UnitOfWork, households: list[Household], declaration: ConflictDeclaration, person: Mapping[str, Any] | None
) -> None:
    """Keep households, and all that name a person as perpetrator, from whoever declared to know them."""
    if person is not None:
        indexes = sought_indexes(uow.cipher, {"perpetrators": [person]})
        naming = select(PerpetratorLink.household_id).where(PerpetratorLink.blind_index.in_(indexes))
        query = select(Household).where(Household.id.in_(naming)).order_by(Household.id)
        households += uow.session.execute(query).scalars()
    for household in households:
        _keep_declared(uow, household, declaration)
    uow.session.flush()


def keep_declared_conflicts(uow: UnitOfWork, household: Household, details: Mapping[str, Any]) -> None:
    """Keep a household from whoever has declared to know one of its perpetrators; called when they are recorded."""
    if not details.get("perpetrators"):
        return
    query = select(ConflictDeclaration).where(
        ConflictDeclaration.ended_at.is_(None), ConflictDeclaration.person_sealed.is_not(None)
    )
    with across_organisations(uow.session):  # her own colleagues' declarations and a provider's staff's alike
        declarations = uow.session.execute(query.order_by(ConflictDeclaration.id)).scalars().all()
    for declaration in declarations:
        if may_be_named(details, open_json(uow.cipher, declaration, "person_sealed")):
            _keep_declared(uow, household, declaration)


def end_conflict(uow: UnitOfWork, declaration_id: uuid.UUID, reason: str) -> ConflictDeclaration:
    """End a declared conflict and what it kept from her: a safeguarding lead's decision, never her own.

    Raises NotFound, NotForYourself, IllegalMove.
    """
    declaration = uow.session.get(ConflictDeclaration, declaration_id, with_for_update={"key_share": True})
    if declaration is None:
        raise NotFound
    uow.permit(relations_to_own(uow, declaration.organisation_id))
    if declaration.worker_id == uow.principal.worker_id:
        raise NotForYourself
    uow.permit(relations_to_own(uow, declaration.organisation_id), block_state(declaration))
    declaration.ended_at = uow.now
    declaration.ended_by = uow.principal.worker_id
    about = (BlockedPerson.declaration_id == declaration.id, BlockedPerson.ended_at.is_(None))
    with across_organisations(uow.session):  # the households are whoever's that named him
        uow.session.execute(update(BlockedPerson).where(*about).values(ended_at=uow.now, ended_by=uow.principal.worker_id))
    uow.record(ConflictEnded(subject_id=declaration.id, reason=reason))
    return declaration


def list_conflicts(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[ConflictDeclaration]:
    """List what the organisation's workers have declared, in order of random id; the reading is recorded."""
    uow.record(ConflictsListed(subject_id=uow.principal.organisation_id))
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(ConflictDeclaration).where(ConflictDeclaration.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(ConflictDeclaration.id > after)
    return uow.session.execute(query.order_by(ConflictDeclaration.id).limit(limit)).scalars().all()


def block_state(row: BlockedPerson | ConflictDeclaration) -> BlockState:
    """Return whether a block or a declaration was ended by somebody; its own last day ends nothing here."""
    return BlockState.IN_FORCE if row.ended_at is None else BlockState.ENDED


def _keep_declared(uow: UnitOfWork, household: Household, declaration: ConflictDeclaration) -> None:
    known = select(BlockedPerson.id).where(
        BlockedPerson.household_id == household.id, BlockedPerson.declaration_id == declaration.id
    )
    if uow.session.execute(known).first() is None:
        blocked = BlockedPerson(household_id=household.id, worker_id=declaration.worker_id, declaration_id=declaration.id)
        _keep(uow, household, blocked, None)


def _keep(uow: UnitOfWork, household: Household, blocked: BlockedPerson, reason: str | None) -> None:
    blocked.organisation_id = household.organisation_id
    blocked.stated_at = uow.now
    blocked.stated_by = uow.principal.worker_id
    if reason is not None:
        seal_json(uow.cipher, blocked, "reason_sealed", reason)
    uow.session.add(blocked)
    household.has_blocks = True
    if blocked.worker_id is not None:
        uow.session.execute(
            update(Placement)
            .where(
                Placement.household_id == household.id,
                Placement.resettlement_worker_id == blocked.worker_id,
                Placement.state.in_([PlacementState.PLANNED, PlacementState.LIVING]),
            )
            .values(resettlement_worker_id=None, version=Placement.version + 1)
        )
    uow.session.flush()
    uow.record(PersonBlocked(subject_id=blocked.id, details={"household_id": str(household.id)}))


def _colleague(uow: UnitOfWork, worker_id: uuid.UUID) -> uuid.UUID:
    worker = uow.session.get(Worker, worker_id)
    if worker is None or worker.organisation_id != uow.principal.organisation_id:
        raise InvalidInput(("/worker_id", "Name a colleague. For anybody else, give the name."))
    return worker.id


def _organisation_of(uow: UnitOfWork, household: Household, provider_id: uuid.UUID) -> uuid.UUID:
    provider = uow.session.get(Provider, provider_id)
    if provider is None or not is_in_sight(uow, provider.organisation_id, AgreementScope.VACANCIES):
        raise InvalidInput(("/provider_id", "There is no such provider that you may see."))
    if provider.organisation_id == household.organisation_id:
        raise InvalidInput(("/provider_id", "This is the household's own organisation. Name the persons."))
    return provider.organisation_id


def _check_name(name: str, pointer: str) -> None:
    if normalise_name(name) in NO_NAMES:
        raise InvalidInput((pointer, "Give a name."))


def _household_of(uow: UnitOfWork, reference: str) -> Household:
    """Return the household of a reference, its own or a stay's, that the principal's organisation has to do with."""
    own = uow.principal.organisation_id
    here = select(Provider.id).where(Provider.organisation_id == own)
    involved = or_(
        Household.organisation_id == own,
        Household.id.in_(select(Referral.household_id).where(Referral.provider_id.in_(here))),
    )
    of_stay = select(Placement.household_id).where(Placement.reference == reference)
    query = select(Household).where(or_(Household.reference == reference, Household.id.in_(of_stay)), involved)
    household = uow.session.execute(query).scalar_one_or_none()
    if household is None:
        raise InvalidInput(("/reference", "There is no such reference that you may see."))
    return household
