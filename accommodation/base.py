"""The ground every use case stands on: declarative base, UTC time, errors, events, and the ports of a unit of work."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, Uuid
from sqlalchemy.orm import DeclarativeBase, Session

from accommodation.vocabulary import Relation

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. Naive values are refused; SQLite, which has no zones, stores UTC wall time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Declarative base of every table, so that each constraint has a name that an error can be mapped from."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, uuid.UUID: Uuid}


def new_id() -> uuid.UUID:
    """Return a random identity: no count, no time, no place can be read from it."""
    return uuid.uuid4()


class DomainError(Exception):
    """A fact of the trade that forbids what was asked. `slug` names it; the status is the API's business.

    `detail` is safe for people and logs; `data` adds machine-readable members to the problem.
    """

    slug: ClassVar[str] = "domain-error"

    def __init__(self, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data


class NotFound(DomainError):
    """It does not exist, or it is not for this principal: deliberately one answer."""

    slug = "not-found"

    def __init__(self) -> None:
        super().__init__("There is nothing here that you may see.")


class InvalidInput(DomainError):
    """A value breaks a rule that needs more than its shape. `errors` hold JSON pointers and say what is wanted."""

    slug = "invalid-input"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("Some values cannot be used. Nothing was changed.")
        self.data = {"errors": [{"pointer": pointer, "detail": detail} for pointer, detail in errors]}


class IllegalMove(DomainError):
    """The thing exists but is in a state that does not allow this; `state` and `legal_moves` say what would."""

    slug = "illegal-move"

    def __init__(self, detail: str, *, state: str, legal_moves: tuple[str, ...] = ()) -> None:
        super().__init__(detail, state=state, legal_moves=list(legal_moves))


class StaleVersion(DomainError):
    """Somebody changed it since the caller read it."""

    slug = "stale-version"

    def __init__(self) -> None:
        super().__init__("This was changed since you read it. Read it again, then decide.")


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Something that happened, in the past tense.

    `details` hold codes, ids and dates only. `reason` is somebody's own words: the audit trail seals it.
    """

    name: ClassVar[str]
    subject_id: uuid.UUID
    details: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Principal:
    """The caller: who, for which organisation, in which role.

    `session_id` is None for a key. `stepped_up_until`, UTC, is how long her second factor counts as just shown; a key
    never has one, so whatever asks for it cannot be done with a stolen key.
    """

    worker_id: uuid.UUID
    organisation_id: uuid.UUID
    role: str
    session_id: uuid.UUID | None = None
    stepped_up_until: datetime | None = None


class Cipher(Protocol):
    """Authenticated encryption bound to a place, and blind indexes."""

    def seal(self, plaintext: bytes, *, table: str, column: str, row_id: uuid.UUID) -> bytes: ...

    def open(self, sealed: bytes, *, table: str, column: str, row_id: uuid.UUID) -> bytes: ...

    def blind_index(self, purpose: str, normalised: str) -> str:
        """Return what is stored, under which equal values of one purpose are found."""

    def blind_indexes(self, purpose: str, normalised: str) -> tuple[str, ...]:
        """Return all that may be stored of an equal value, under every key there is: what a look-up asks for."""


class UnitOfWork(Protocol):
    """One transaction and what a use case may know of the world around it."""

    @property
    def session(self) -> Session: ...

    @property
    def cipher(self) -> Cipher: ...

    @property
    def principal(self) -> Principal: ...

    @property
    def now(self) -> datetime:
        """The instant of this unit of work, UTC, the same for all of its decisions."""

    def record(self, event: DomainEvent) -> None:
        """Write the event to the audit trail in this transaction."""

    def permit(self, relations: Relation | Iterable[Relation], state: StrEnum | None = None) -> Relation:
        """Ask the table of access for the operation at hand; returns the relation by which the caller may go on.

        `relations` are facts: how the row at hand stands to her. They are read one by one, as far as needed. A rule that
        names states is asked twice: at loading without `state`, and with it once the row is locked.
        Raises NotFound for a relation that the table does not name, IllegalMove for a state.
        """

    def legal_moves(self, relation: Relation, state: StrEnum) -> tuple[str, ...]:
        """Return the operations that the table allows the caller on a row in this relation and state, in its order."""
