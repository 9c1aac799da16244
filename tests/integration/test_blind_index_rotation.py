"""Changing the key of blind indexes: a conflict with a resident is seen before, during and after, on every node."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from accommodation.sealing import seal_json
from api.auth.models import Credential, ExternalIdentity
from api.auth.oidc_trips import index_of_subject
from api.crypto.index_rotation import FIRST_RELEASE
from placement.models import PerpetratorLink
from tests.support.databases import Database
from tests.support.keys import INDEX_PREPARING, INDEX_ROTATING, NEW_INDEX, node, run
from tests.support.server import scratch_world
from tests.support.world import Caller, SignInFacts, World

HIM = [{"name": "Terence Testson", "born_on": "1980-01-01", "relation": "husband"}]


@pytest.fixture
def scratch(database: Database, gazetteer_directory: Path, tmp_path: Path) -> Iterator[World]:
    """A Harbour on a database of its own, since its keys are changed."""
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world:
        yield world


@pytest.fixture
def case(scratch: World) -> tuple[Caller, dict[str, Any]]:
    """A household that fled him, beside whom another that did so lives; one room is free in that property alone."""
    officer, manager = scratch.create_officer(), scratch.create_manager()
    home = scratch.create_property(manager)
    lived_in, _ = scratch.create_unit(manager, home), scratch.create_unit(manager, home)
    scratch.place(officer, manager, scratch.create_household(officer, perpetrators=HIM), lived_in)
    return officer, scratch.create_household(officer, perpetrators=HIM)


def offered(world: World, case: tuple[Caller, dict[str, Any]]) -> int:
    """Return how many units a node offers, by the keys and the supply that it has."""
    caller, household = case
    client = Caller(world.app.test_client(), caller.key, caller.worker_id, caller.organisation_id, caller.role)
    found = world.search(client, household)
    return sum(len(found[verdict]) for verdict in ("matches", "confirm", "review"))


def test_a_conflict_is_seen_before_during_and_after(scratch: World, case: tuple[Caller, dict[str, Any]]) -> None:
    stranger = scratch.create_household(case[0])
    assert offered(scratch, (case[0], stranger)) == 1, "without a conflict the room is offered"

    with node(scratch.database, **INDEX_PREPARING) as prepared, node(scratch.database, **INDEX_ROTATING) as rotating:
        assert [offered(world, case) for world in (scratch, prepared, rotating)] == [0, 0, 0]

        result = run(rotating, "rotate")

        assert result.exit_code == 0, result.output
        assert _keys_of_links(scratch) == set(rotating.harbour.key_ring.index_key_ids[:1])
        assert [offered(world, case) for world in (prepared, rotating)] == [0, 0]
    with node(scratch.database, **INDEX_PREPARING) as restarted:
        assert offered(restarted, case) == 0


def test_the_old_key_can_go_when_it_is_retired_and_not_before(scratch: World, case: tuple[Caller, dict[str, Any]]) -> None:
    old = scratch.harbour.key_ring.index_key_ids[0]
    with node(scratch.database, **INDEX_ROTATING) as rotating:
        assert offered(rotating, case) == 0  # it has registered the new key
        early = run(rotating, "retire", "index", old)
        run(rotating, "rotate")
        late = run(rotating, "retire", "index", old)

    assert "values still need" in early.output
    assert late.exit_code == 0, late.output
    with node(scratch.database, INDEX_KEY=NEW_INDEX) as after:
        assert offered(after, case) == 0


def test_indexes_of_the_first_release_are_found_and_made_anew(scratch: World, case: tuple[Caller, dict[str, Any]]) -> None:
    messages = [f"perpetrator\x00testsonterence|{date}" for date in ("1980-01-01", "*")]
    messages = [message.replace("testsonterence", "".join(sorted(["terence", "testson"]))) for message in messages]
    with scratch.engine.begin() as connection:
        links = connection.execute(select(PerpetratorLink.id, PerpetratorLink.household_id)).all()
        connection.execute(PerpetratorLink.__table__.delete())
        for household_id in {link.household_id for link in links}:
            for message in messages:
                value = hmac.new(b"i" * 32, message.encode(), hashlib.sha256).hexdigest()
                row = {"id": links.pop().id, "household_id": household_id, "blind_index": value}
                connection.execute(PerpetratorLink.__table__.insert(), row)

    with node(scratch.database) as upgraded:
        assert offered(upgraded, case) == 0
        assert f"under {FIRST_RELEASE}" in run(upgraded, "rotate", "--dry-run").output
        result = run(upgraded, "rotate")

        assert result.exit_code == 0, result.output
        assert _keys_of_links(scratch) == set(upgraded.harbour.key_ring.index_key_ids)
        assert offered(upgraded, case) == 0


def _keys_of_links(world: World) -> set[str]:
    with world.engine.execution_options(harbour_read_only=True).connect() as connection:
        return {value.partition(":")[0] for value in connection.execute(select(PerpetratorLink.blind_index)).scalars()}


def test_people_sign_in_before_during_and_after(scratch: World) -> None:
    officer = scratch.create_officer()
    facts = scratch.set_up_sign_in(officer, "officer@council.example")
    with scratch.unit_of_work() as uow:
        subject = '["https://login.example", "u1"]'
        linked = ExternalIdentity(id=uuid.uuid4(), worker_id=officer.worker_id, created_at=uow.now)
        linked.blind_index = index_of_subject(uow.cipher, "https://login.example", "u1")
        seal_json(uow.cipher, linked, "subject_sealed", subject)
        uow.session.add(linked)

    with node(scratch.database, **INDEX_PREPARING) as prepared, node(scratch.database, **INDEX_ROTATING) as rotating:
        before = [_signs_in(world, facts, code) for code, world in enumerate((scratch, prepared, rotating))]
        result = run(rotating, "rotate")
        after = [_signs_in(world, facts, code) for code, world in enumerate((prepared, rotating), start=3)]
        writer = rotating.harbour.key_ring.index_key_ids[0]

    assert result.exit_code == 0, result.output
    assert [*before, *after] == [201] * 5
    with scratch.engine.connect() as connection:
        for model in (Credential, ExternalIdentity):
            assert connection.execute(select(model.blind_index)).scalar_one().startswith(f"{writer}:")


def _signs_in(world: World, facts: SignInFacts, code: int) -> int:
    body = {"sign_in_name": facts.sign_in_name, "password": facts.password, "code": facts.recovery_codes[code]}
    status: int = world.app.test_client(use_cookies=False).post("/api/v1/sessions", json=body).status_code
    return status
