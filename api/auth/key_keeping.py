"""Keys that workers keep for their programs: each is made by the worker herself, reaches as far as she says, and ends.

An administrator sees and revokes the keys of her organisation. She makes none for anybody else: whoever hands out keys could
give herself a refuge manager's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Select, select

from accommodation.base import DomainEvent, IllegalMove, InvalidInput, NotFound, Principal, UnitOfWork
from accommodation.models import Worker
from accommodation.people import relations_to_worker
from accommodation.vocabulary import KeyState, Relation, Role
from api.auth.keys import make_key
from api.auth.models import ApiKey
from api.auth.permissions import PERMISSIONS, SESSION_OPERATIONS, STEP_UP_OPERATIONS
from api.auth.roles import list_roles


@dataclass(frozen=True, kw_only=True)
class KeyIssued(DomainEvent):
    name: ClassVar[str] = "api_key:issued"


@dataclass(frozen=True, kw_only=True)
class KeyRotated(DomainEvent):
    name: ClassVar[str] = "api_key:rotated"


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(DomainEvent):
    name: ClassVar[str] = "api_key:revoked"


def keys_in_relation(principal: Principal, relation: Relation) -> Select[ApiKey]:
    """Return the keys that stand in a relation to a caller: her own, or those of her organisation."""
    seen = select(ApiKey).join(Worker, Worker.id == ApiKey.worker_id)
    if relation is Relation.OWN_ORGANISATION:
        return seen.where(Worker.organisation_id == principal.organisation_id)
    return seen.where(ApiKey.worker_id == principal.worker_id)


def get_key(uow: UnitOfWork, key_id: uuid.UUID) -> ApiKey:
    """Return a key that the caller may know of. Raises NotFound."""
    row = uow.session.get(ApiKey, key_id)
    if row is None:
        raise NotFound
    uow.permit(relations_to_worker(uow, row.worker))
    return row


def key_state(row: ApiKey, now: datetime) -> KeyState:
    """Return whether a key can be used at `now`, and if not, why."""
    if row.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.VALID if now < row.expires_at else KeyState.EXPIRED


def make_own_key(
    uow: UnitOfWork,
    auth_key: bytes,
    role: Role,
    lifetime: timedelta,
    *,
    read_only: bool = False,
    operations: Iterable[str] | None = None,
) -> tuple[ApiKey, str]:
    """Make a key of the caller's own, in a role that she has; returns its row and its text, which is shown once.

    Raises InvalidInput for a role that is not hers, and for operations that no key in that role could call.
    """
    uow.permit(Relation.HERSELF)
    worker_id = uow.principal.worker_id
    if role not in list_roles(uow.session, worker_id):
        raise InvalidInput(("/role", "You do not have this role."))
    wanted = None if operations is None else list(operations)
    for place, operation in enumerate(wanted or ()):
        if not can_be_called_by_key(operation, role):
            raise InvalidInput((f"/operations/{place}", "No key in this role may call this."))
    row, text = make_key(auth_key, worker_id, role, uow.now, lifetime)
    row.read_only, row.operations = read_only, wanted
    return _issued(uow, row), text


def rotate_key(uow: UnitOfWork, auth_key: bytes, key_id: uuid.UUID, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make the successor of one of the caller's own keys, for as long and as far; the old one lives on for `overlap`.

    Raises NotFound, and IllegalMove for a key that is over or has a successor.
    """
    old = get_key(uow, key_id)
    uow.permit(relations_to_worker(uow, old.worker), key_state(old, uow.now))
    if old.replaced_by is not None:
        raise IllegalMove("This key has a successor already. Rotate that one.", state="replaced")
    row, text = make_key(auth_key, old.worker_id, Role(old.role), uow.now, old.expires_at - old.created_at)
    row.read_only, row.operations, row.is_demo = old.read_only, old.operations, old.is_demo
    old.replaced_by, old.expires_at = row.id, min(old.expires_at, uow.now + overlap)
    uow.record(KeyRotated(subject_id=old.id, details={"successor_id": str(row.id)}))
    return _issued(uow, row), text


def revoke_key(uow: UnitOfWork, row: ApiKey) -> None:
    """Revoke a key from this transaction's commit on; every node asks the database, so every node knows."""
    row.revoked_at = uow.now
    uow.session.flush()
    uow.record(KeyRevoked(subject_id=row.id))


def can_be_called_by_key(operation: str, role: Role) -> bool:
    """Tell whether any key in a role could call an operation."""
    return role in PERMISSIONS.get(operation, ()) and operation not in SESSION_OPERATIONS | STEP_UP_OPERATIONS


def _issued(uow: UnitOfWork, row: ApiKey) -> ApiKey:
    uow.session.add(row)
    uow.session.flush()
    uow.record(KeyIssued(subject_id=row.id, details={"worker_id": str(row.worker_id), "role": row.role}))
    return row
