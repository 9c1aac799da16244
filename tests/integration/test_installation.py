"""A new installation: its first administrator, its files' modes, and no demo key in production."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from accommodation.base import IllegalMove
from accommodation.vocabulary import Role
from api.app import PREFIX
from api.auth.administration import bootstrap_administrator
from api.auth.keys import make_key
from tests.support.world import World


def test_the_first_administrator_gets_a_key_and_nobody_gets_a_second_one_that_way(world: World) -> None:
    harbour = world.harbour

    key = bootstrap_administrator(world.engine, harbour.key_ring, harbour.settings.auth_key, "Board", "Ada", 1).key

    me = world.app.test_client().get(f"{PREFIX}/me", headers={"Authorization": f"Bearer {key}"}).get_json()
    assert me["role"] == "administrator"
    with pytest.raises(IllegalMove):
        bootstrap_administrator(world.engine, harbour.key_ring, harbour.settings.auth_key, "Board", "Ada", 1)


def test_a_demo_key_opens_nothing_in_production(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = world.create_officer()
    settings = world.harbour.settings
    with Session(world.engine) as session:
        row, key = make_key(
            settings.auth_key, officer.worker_id, Role.HOUSING_OFFICER, datetime.now(UTC), timedelta(days=1), is_demo=True
        )
        session.add(row)
        session.commit()
    headers = {"Authorization": f"Bearer {key}"}
    assert world.app.test_client().get(f"{PREFIX}/me", headers=headers).status_code == 200

    monkeypatch.setattr(world.harbour, "settings", replace(settings, environment="production"))

    assert world.app.test_client().get(f"{PREFIX}/me", headers=headers).status_code == 401


def test_the_embedded_database_is_readable_by_its_owner_alone(world: World) -> None:
    if world.database.engine != "sqlite":
        pytest.skip("PostgreSQL keeps its own files")

    modes = {path.name: path.stat().st_mode & 0o777 for path in world.database.directory.glob("harbour.sqlite3*")}

    assert modes
    assert set(modes.values()) == {0o600}
