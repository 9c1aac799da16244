"""The second line on PostgreSQL: a transaction that somebody asked for runs as a role that owns nothing.

The role sees the rows of one organisation and those put to it, by the policies of migration 0011, whatever a query forgets
to ask for. Jobs and commands run as the owner. On SQLite there is no such thing, and nothing here does anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

ROLE = "harbour_requests"
SETTING = "harbour.organisation_id"

_CONFINE = text("SELECT set_config('role', :role, true), set_config(:setting, :organisation_id, true)")
_ROLE = text("SELECT set_config('role', :role, true)")
_MAY_TAKE = text(
    "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role AND pg_has_role(current_user, pg_roles.oid, 'MEMBER'))"
)
_CONFINED = "confined_to"


def confine(session: Session, organisation_id: uuid.UUID) -> None:
    """Let the rest of the session's transaction see and write what is an organisation's. One round trip."""
    if session.get_bind().dialect.name == "postgresql":
        asked = {"role": ROLE, "setting": SETTING, "organisation_id": str(organisation_id)}
        session.connection().execute(_CONFINE, asked)
        session.info[_CONFINED] = organisation_id


def can_confine(connection: Connection) -> bool:
    """Tell whether the database has the role and lets this account take it; a restored copy on another server may not."""
    return connection.dialect.name != "postgresql" or bool(connection.execute(_MAY_TAKE, {"role": ROLE}).scalar_one())


@contextmanager
def across_organisations(session: Session) -> Iterator[None]:
    """Read or write what is everybody's inside the block, for the few rules that are about all organisations.

    Each place stands in a list with its reason, which a test compares. What was pending is sent before and after, by the
    role whose it is. Confined again afterwards, also when the block fails.
    """
    if _CONFINED not in session.info:
        yield
        return
    session.flush()
    session.connection().execute(_ROLE, {"role": "none"})
    try:
        yield
        session.flush()
    finally:
        # A failed transaction takes no statement; what follows is its rollback, and to a savepoint sets the role back too.
        with suppress(DBAPIError):
            session.connection().execute(_ROLE, {"role": ROLE})
