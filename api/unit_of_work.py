"""One transaction: opened for a use case, committed before the answer is made, its faults turned into domain errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from accommodation.base import Cipher, DomainError, DomainEvent, Principal, StaleVersion
from accommodation.confinement import confine
from accommodation.errors import ProviderExists, ReferenceInUse, UnitAlreadyTaken
from accommodation.vocabulary import Relation
from api.audit.writing import write_audit
from api.auth.access import SYSTEM_OPERATION, Access
from api.auth.credentials import SignInNameInUse

ERROR_OF_CONSTRAINT: dict[str, type[DomainError]] = {
    "ex_stay_unit_overlap": UnitAlreadyTaken,
    "uq_property_reference": ReferenceInUse,
    "uq_unit_reference": ReferenceInUse,
    "uq_provider_organisation_id": ProviderExists,
    "uq_credential_blind_index": SignInNameInUse,
    "uq_worker_role_worker_id_role": StaleVersion,
    "uq_referral_hold_id": StaleVersion,
    "uq_placement_referral_id": StaleVersion,
    "uq_address_disclosure_release_id": StaleVersion,
    "uq_address_release_placement_id_number": StaleVersion,
}


class SqlUnitOfWork:
    """The unit of work of `accommodation.base`, over one SQLAlchemy session."""

    def __init__(
        self, session: Session, cipher: Cipher, principal: Principal, now: datetime, request_id: str | None, access: Access
    ) -> None:
        self.session = session
        self.cipher = cipher
        self.principal = principal
        self.now = now
        self._request_id = request_id
        self._access = access
        self._events: list[DomainEvent] = []

    def permit(self, relations: Relation | Iterable[Relation], state: StrEnum | None = None) -> Relation:
        """Ask the table of access; see `accommodation.base.UnitOfWork.permit`."""
        return self._access.permit(relations, state)

    def legal_moves(self, relation: Relation, state: StrEnum) -> tuple[str, ...]:
        """Return the operations that the table allows the caller on a row in this relation and state."""
        return self._access.legal_moves(relation, state)

    def record(self, event: DomainEvent) -> None:
        """Keep the event for the audit trail: all are written at the end of this transaction, and none without it."""
        self._events.append(event)

    def commit(self) -> None:
        """Write the trail, the last thing of all, and commit. Raises AccessNotAsked, and then nothing is."""
        self._access.check_asked()
        write_audit(self.session, self.cipher, self.principal, self.now, self._request_id, self._events)
        self.session.commit()


@contextmanager
def begin_unit_of_work(
    engine: Engine,
    cipher: Cipher,
    principal: Principal,
    request_id: str | None,
    now: datetime | None = None,
    *,
    operation: str = SYSTEM_OPERATION,
) -> Iterator[SqlUnitOfWork]:
    """Open a writing transaction for one operation; commit when the block ends well, roll back otherwise.

    Without an operation it is the system's own, which is for jobs and commands: somebody with a role is refused it. A
    block that ends without having asked the table of access what it must is not committed (AccessNotAsked).
    On PostgreSQL whoever asks sees her organisation's rows alone (`accommodation.confinement`); the system sees all.
    Constraints broken at commit come out as the domain errors that they mean, and lost updates as StaleVersion.
    """
    access = Access(operation, principal.role)
    with Session(engine, expire_on_commit=False) as session:
        session.connection()  # SQLite takes its write lock here, so that `now` is read after any waiting.
        if operation != SYSTEM_OPERATION:
            confine(session, principal.organisation_id)
        uow = SqlUnitOfWork(session, cipher, principal, now or datetime.now(UTC), request_id, access)
        try:
            yield uow
            uow.commit()
        except StaleDataError:
            session.rollback()
            raise StaleVersion from None
        except IntegrityError as error:
            session.rollback()
            if (meant := ERROR_OF_CONSTRAINT.get(constraint_of(error))) is not None:
                raise meant from None
            raise


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint that was broken, by our naming convention on both engines; "" if unknown.

    The database's own text names other rows' values and goes no further than this.
    """
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return diagnostics.constraint_name or ""
    text = str(error.orig)
    if text.startswith("UNIQUE constraint failed: "):
        columns = [column.split(".") for column in text.removeprefix("UNIQUE constraint failed: ").split(", ")]
        return f"uq_{columns[0][0]}_" + "_".join(column for _, column in columns)
    return text.removeprefix("CHECK constraint failed: ")
