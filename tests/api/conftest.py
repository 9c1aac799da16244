"""A populated Harbour for the tests of the HTTP edge."""

from __future__ import annotations

import os

import pytest

from tests.support.stage import Stage
from tests.support.world import World


def pytest_configure(config: pytest.Config) -> None:
    """Declare this folder's marker."""
    config.addinivalue_line(
        "markers", "before_the_database: refused by its shape, so that one engine shows it; on both with ASSURE=1"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what no database is asked about, except in the long form."""
    if os.environ.get("ASSURE"):
        return
    twice = [item for item in items if item.get_closest_marker("before_the_database") and "[postgresql" in item.name]
    items[:] = [item for item in items if item not in twice]
    config.hook.pytest_deselected(items=twice)


@pytest.fixture(scope="session")
def standing(harbour_app: World) -> list[Stage]:
    """The stage that was made last, if any."""
    return []


@pytest.fixture
def stage(harbour_app: World, standing: list[Stage]) -> Stage:
    """One of everything, for tests that change nothing: made once, and again when a test in between took it away."""
    if not standing or not standing[0].stands():
        harbour_app.empty()
        standing[:] = [Stage(harbour_app)]
    return standing[0]


@pytest.fixture
def fresh_stage(world: World) -> Stage:
    """One of everything, made for this test: it may change what it likes."""
    return Stage(world)
