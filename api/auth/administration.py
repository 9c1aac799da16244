"""Use cases of administration: organisations, workers, keys."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Engine, select

from accommodation.base import Cipher, DomainEvent, IllegalMove, InvalidInput, Principal, UnitOfWork, new_id
from accommodation.models import Organisation, Worker
from accommodation.sealing import seal_json
from accommodation.vocabulary import KeyState, OrganisationKind, Relation, Role
from api.auth.keys import make_key
from api.auth.models import ApiKey
from api.unit_of_work import begin_unit_of_work

INSTALLER = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="installer")
"""Who made the first administrator: somebody with a shell on the machine."""


@dataclass(frozen=True, kw_only=True)
class OrganisationAdded(DomainEvent):
    name: ClassVar[str] = "organisation:added"


@dataclass(frozen=True, kw_only=True)
class WorkerAdded(DomainEvent):
    name: ClassVar[str] = "worker:added"


@dataclass(frozen=True, kw_only=True)
class KeyIssued(DomainEvent):
    name: ClassVar[str] = "api_key:issued"


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(DomainEvent):
    name: ClassVar[str] = "api_key:revoked"


def add_organisation(uow: UnitOfWork, name: str, kind: OrganisationKind) -> Organisation:
    """Add a partner organisation."""
    uow.permit(Relation.INSTALLATION)
    organisation = Organisation(id=new_id(), name=name, kind=kind, created_at=uow.now)
    uow.session.add(organisation)
    uow.session.flush()
    uow.record(OrganisationAdded(subject_id=organisation.id))
    return organisation


def add_worker(uow: UnitOfWork, organisation_id: uuid.UUID, name: str) -> Worker:
    """Add somebody to an organisation; her name is sealed. Raises InvalidInput for an unknown organisation."""
    uow.permit(Relation.INSTALLATION)
    if uow.session.get(Organisation, organisation_id) is None:
        raise InvalidInput(("/organisation_id", "There is no such organisation."))
    worker = Worker(id=new_id(), organisation_id=organisation_id, created_at=uow.now)
    seal_json(uow.cipher, worker, "name_sealed", name)
    uow.session.add(worker)
    uow.session.flush()
    uow.record(WorkerAdded(subject_id=worker.id, details={"organisation_id": str(organisation_id)}))
    return worker


def issue_key(
    uow: UnitOfWork, auth_key: bytes, worker_id: uuid.UUID, role: Role, lifetime: timedelta, *, is_demo: bool = False
) -> tuple[ApiKey, str]:
    """Give a worker a key in one role; returns its row and its text, which is shown once."""
    uow.permit(Relation.INSTALLATION)
    if uow.session.get(Worker, worker_id) is None:
        raise InvalidInput(("/worker_id", "There is no such worker."))
    row, key = make_key(auth_key, worker_id, role, uow.now, lifetime, is_demo=is_demo)
    uow.session.add(row)
    uow.session.flush()
    uow.record(KeyIssued(subject_id=row.id, details={"worker_id": str(worker_id), "role": str(role)}))
    return row, key


def bootstrap_administrator(engine: Engine, cipher: Cipher, auth_key: bytes, organisation: str, name: str, days: int) -> str:
    """Make the first organisation and its administrator; returns her key. Raises IllegalMove unless nobody works here."""
    with begin_unit_of_work(engine, cipher, INSTALLER, None) as uow:
        if uow.session.execute(select(Worker.id).limit(1)).first() is not None:
            raise IllegalMove("This installation has workers. Ask its administrator for a key.", state="in_use")
        organisation_id = add_organisation(uow, organisation, OrganisationKind.BOARD).id
        worker = add_worker(uow, organisation_id, name)
        _, key = issue_key(uow, auth_key, worker.id, Role.ADMINISTRATOR, timedelta(days=days))
    return key


def key_state(row: ApiKey, now: datetime) -> KeyState:
    """Return whether a key can be used at `now`, and if not, why."""
    if row.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.VALID if now < row.expires_at else KeyState.EXPIRED


def revoke_key(uow: UnitOfWork, row: ApiKey) -> None:
    """Revoke a key from this transaction's commit on; every node asks the database, so every node knows."""
    uow.permit(Relation.INSTALLATION, key_state(row, uow.now))
    row.revoked_at = uow.now
    uow.session.flush()
    uow.record(KeyRevoked(subject_id=row.id))
