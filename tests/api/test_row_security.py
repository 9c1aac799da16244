"""The second line on PostgreSQL: a query that forgets to ask whose rows it may have gets those of its organisation alone.

On SQLite there is no second line; there the same is asked through the use cases (`tests/api/test_access_matrix.py`,
`tests/api/test_lists.py`), which run on PostgreSQL behind it.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, event, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from accommodation import confinement
from accommodation.base import Base
from accommodation.confinement import ROLE, across_organisations, confine
from accommodation.vocabulary import Role
from api.audit.models import APPEND_ONLY_TABLES
from api.auth.permissions import OPEN_OPERATIONS, SIGN_IN_OPERATIONS
from placement.models import Household
from tests.support.over_the_line import ACROSS, PACKAGES, ROOT, WHO_CALLS
from tests.support.stage import Stage
from tests.support.world import World

OPEN_TABLES = {
    "organisation": "names of partners; an administrator proposes agreements to them",
    "unit": "published facts and a supply version; a council's hold marks the unit as changed",
    "stay": "dates of a unit and nothing else; a council's hold is one",
    "supply_version": "one number",
    "sign_in_failures": "counters under an HMAC, of nobody's organisation",
}
"""What a request reaches without a policy, and why."""

UNREACHED_TABLES = {
    "key_check": "fingerprints of keys: the gate's own",
    "oidc_attempt": "before anybody is known",
    "request_count": "the limits' own, before anybody is known",
}
"""What a request has no privilege on at all."""

PUBLISHED = frozenset({"provider", "property"})
"""Read by all, since search reads them; written by their own provider."""

OF_HER_OWN = frozenset({"worker", "worker_role", "api_key"})
"""Of which somebody who has only just come has one row each."""

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True, scope="session")


@contextmanager
def confined(world: World, organisation_id: uuid.UUID) -> Iterator[Session]:
    """A session as a request of an organisation has it, rolled back at the end."""
    with Session(world.engine) as session:
        confine(session, organisation_id)
        yield session
        session.rollback()


def guarded_tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in OPEN_TABLES.keys() | UNREACHED_TABLES.keys()]


def seen_by(world: World, organisation_id: uuid.UUID) -> dict[str, set[Any]]:
    """Return what each table gives to a query that asks for everything: the keys of its rows."""
    with confined(world, organisation_id) as session:
        return {
            table.name: {tuple(row) for row in session.execute(select(*table.primary_key.columns))}
            for table in guarded_tables()
        }


def count_all(world: World) -> dict[str, int]:
    with Session(world.engine) as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in guarded_tables()
        }


def test_every_table_has_a_policy_or_a_reason(stage: Stage) -> None:
    with Session(stage.world.engine) as session:
        policies = session.execute(
            text("SELECT tablename, roles::text, cmd FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename")
        ).all()
        secured = set(session.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity")).scalars())
        granted = session.execute(
            text("SELECT table_name FROM information_schema.role_table_grants WHERE grantee = :role"), {"role": ROLE}
        ).scalars()
        reached = set(granted)

    guarded = {table.name for table in guarded_tables()}
    assert [tuple(policy) for policy in policies] == [(name, f"{{{ROLE}}}", "ALL") for name in sorted(guarded)]
    assert secured == guarded
    assert reached == guarded | OPEN_TABLES.keys()


def test_the_role_owns_nothing_may_not_log_in_and_is_bound_by_policies(stage: Stage) -> None:
    powers = "rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
    facts = text(f"SELECT {powers} FROM pg_roles WHERE rolname = :role")
    owned = text("SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = :role)")

    with Session(stage.world.engine) as session:
        assert tuple(session.execute(facts, {"role": ROLE}).one()) == (False,) * 5
        assert session.execute(owned, {"role": ROLE}).scalar_one() == 0


def test_a_query_without_a_filter_returns_nothing_of_another_organisation(stage: Stage) -> None:
    world = stage.world
    stranger = world.create_officer(has_agreements=False)
    ours, theirs = (
        {side.callers[role].organisation_id for role in (Role.HOUSING_OFFICER, Role.REFUGE_MANAGER)}
        for side in (stage.own, stage.other)
    )

    seen = {organisation_id: seen_by(world, organisation_id) for organisation_id in ours | theirs}
    nothing = seen_by(world, stranger.organisation_id)
    there = count_all(world)

    for table in guarded_tables():
        if table.name in PUBLISHED:
            continue
        for one in ours:
            for other in theirs:
                assert not seen[one][table.name] & seen[other][table.name], table.name
            assert len(seen[one][table.name]) < there[table.name] or there[table.name] == 0, table.name
    assert {name for name, keys in nothing.items() if keys} == OF_HER_OWN | PUBLISHED
    assert {name: len(nothing[name]) for name in OF_HER_OWN} == dict.fromkeys(OF_HER_OWN, 1)


def test_each_side_of_a_case_sees_it_and_the_vault_is_the_providers(stage: Stage) -> None:
    council = seen_by(stage.world, stage.own.callers[Role.HOUSING_OFFICER].organisation_id)
    provider = seen_by(stage.world, stage.own.callers[Role.REFUGE_MANAGER].organisation_id)

    for name in ("household", "area_to_avoid", "referral", "hold", "placement", "reminder", "address_release"):
        assert council[name] & provider[name], name
    assert not provider["search"]
    assert not provider["perpetrator_link"] | provider["legal_hold"] | provider["budget_use"] | council["void"]
    staff = (stage.own.callers[Role.REFUGE_MANAGER].worker_id,)
    assert staff in provider["worker"]
    assert staff not in council["worker"]


def test_a_change_without_a_filter_reaches_no_row_of_another_organisation(stage: Stage) -> None:
    stranger = stage.world.create_officer(has_agreements=False)

    for table in guarded_tables():
        column = next(column for column in table.columns if not column.primary_key)
        with confined(stage.world, stranger.organisation_id) as session:
            changed = rows_reached(session, update(table).values({column: column}))
        with confined(stage.world, stranger.organisation_id) as session:
            removed = rows_reached(session, delete(table))
        own = 1 if table.name in OF_HER_OWN else 0
        refused = table.name in PUBLISHED or table.name in APPEND_ONLY_TABLES
        assert changed == (None if refused else own), table.name
        assert removed in (None, 0), table.name


def rows_reached(session: Session, statement: Any) -> int | None:
    """Return how many rows a statement reached; None where the database refused it."""
    try:
        reached: int = session.execute(statement).rowcount
    except DBAPIError as refusal:
        if "permission denied" in str(refusal.orig) or "row-level security" in str(refusal.orig):
            return None
        raise
    return reached


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_the_trail_grants_no_change(stage: Stage, table: str) -> None:
    """Not even where the triggers were taken away."""
    for statement in (f"UPDATE {table} SET hash = hash", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with confined(stage.world, uuid.uuid4()) as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(statement))


def test_a_row_cannot_be_left_in_another_organisation(stage: Stage) -> None:
    theirs = stage.other.callers[Role.HOUSING_OFFICER].organisation_id
    with Session(stage.world.engine) as session:
        query = select(Household.__table__).where(Household.organisation_id == theirs).limit(1)
        row = dict(session.execute(query).mappings().one())
    row |= {"id": uuid.uuid4(), "reference": "H-ELSEWHERE"}

    with (
        confined(stage.world, stage.own.callers[Role.HOUSING_OFFICER].organisation_id) as session,
        pytest.raises(DBAPIError, match="row-level security"),
    ):
        session.execute(insert(Household).values(row))


def test_with_the_policy_taken_away_the_rows_are_seen(stage: Stage) -> None:
    """The control taken out: what the tests above would say then."""
    stranger = stage.world.create_officer(has_agreements=False).organisation_id

    with Session(stage.world.engine) as session:
        session.execute(text("ALTER TABLE household DISABLE ROW LEVEL SECURITY"))
        confine(session, stranger)
        leaked = len(session.execute(select(Household.id)).all())
        session.rollback()
    with confined(stage.world, stranger) as session:
        kept = len(session.execute(select(Household.id)).all())

    assert leaked > 0
    assert kept == 0


def test_looking_over_the_line_ends_with_its_block_whether_it_fails_or_not(stage: Stage) -> None:
    stranger = stage.world.create_officer(has_agreements=False).organisation_id
    count = select(func.count()).select_from(Household)

    with confined(stage.world, stranger) as session:
        with across_organisations(session):
            over = session.execute(count).scalar_one()
        after = session.execute(count).scalar_one()
        with pytest.raises(LookupError), across_organisations(session):
            raise LookupError
        after_failing = session.execute(count).scalar_one()
        with pytest.raises(DBAPIError), session.begin_nested(), across_organisations(session):
            session.execute(text("SELECT 1 / 0"))
        after_broken = session.execute(count).scalar_one()

    assert over > 0
    assert after == after_failing == after_broken == 0


def test_the_next_transaction_of_a_connection_is_confined_to_nobody_before_it(stage: Stage) -> None:
    with stage.world.engine.connect() as connection:
        with Session(connection) as session:
            confine(session, uuid.uuid4())
            session.rollback()
        who, whose = connection.execute(text("SELECT current_user, current_setting('harbour.organisation_id', true)")).one()
        owner = connection.execute(text("SELECT session_user")).scalar_one()

    assert who == owner
    assert whose in (None, "")


def test_whatever_a_request_reads_of_an_organisation_it_reads_behind_the_line(fresh_stage: Stage) -> None:
    """Over every operation: no statement about a guarded table runs as the owner, but to find out who calls."""
    stage, guarded = fresh_stage, {table.name for table in guarded_tables()}
    unconfined: set[tuple[str, str]] = set()
    statements = 0

    def watch(_connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool) -> None:
        nonlocal statements
        if "set_config" in statement:
            context.root_connection.info["role"] = (parameters or {}).get("role", "none")
            return
        tables = {word.strip('(),"') for word in statement.split()} & guarded
        if tables and context.root_connection.info.get("role") != ROLE:
            callers = _callers()
            if not callers & ACROSS.keys() and not {path for path, _ in callers} & WHO_CALLS:
                unconfined.update((str(sorted(callers)), table) for table in tables)
        statements += bool(tables)

    def forget(connection: Any) -> None:
        connection.info.pop("role", None)

    asked = set(stage.operations) - OPEN_OPERATIONS - SIGN_IN_OPERATIONS
    ready = {name: stage.as_needed(name, stage.caller_of(name)) for name in sorted(asked)}
    with _listening(stage.world.engine, watch, forget):
        for name, caller in ready.items():
            about = stage.operations[name]
            headers = {**caller.headers, "If-Match": "*"}
            stage.client.open(about.at(stage.own.ids), method=about.method, json=stage.body_of(name), headers=headers)

    assert unconfined == set()
    assert statements > len(ready)


def _callers() -> set[tuple[str, str]]:
    """Return the functions of ours that have a statement sent, by file and name."""
    found = set()
    for frame in traceback.extract_stack():
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
            found.add((path.relative_to(ROOT).as_posix(), frame.name))
    return found


def test_readiness_tells_a_server_without_the_role(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "ROLE", "nobody_has_made_this_role")

    answer = stage.client.get("/ready")

    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"] == "no role for requests"


@contextmanager
def _listening(engine: Any, watch: Any, forget: Any) -> Iterator[None]:
    event.listen(engine, "before_cursor_execute", watch)
    event.listen(engine, "begin", forget)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", watch)
        event.remove(engine, "begin", forget)
