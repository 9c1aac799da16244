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
def standing(harbour_app: World) -> dict[str, Stage]:
    """The stages that were made to be shared, by what for."""
    harbour_app.empty()
    return {}


@pytest.fixture
def stage(harbour_app: World, standing: dict[str, Stage]) -> Stage:
    """One of everything, for tests that change nothing."""
    return _shared(harbour_app, standing, "to look at")


@pytest.fixture
def worn_stage(harbour_app: World, standing: dict[str, Stage]) -> Stage:
    """One of everything, for tests that add and edit, and leave every row in the state that it was in."""
    return _shared(harbour_app, standing, "to write on")


@pytest.fixture
def fresh_stage(harbour_app: World, standing: dict[str, Stage]) -> Stage:
    """One of everything, made for this test: it may do with it what it likes. Other stages stand beside it."""
    return Stage(harbour_app)


def _shared(world: World, standing: dict[str, Stage], purpose: str) -> Stage:
    """Return the stage for a purpose, made anew when a test elsewhere has emptied the world since."""
    if purpose not in standing or not standing[purpose].stands():
        standing[purpose] = Stage(world)
    return standing[purpose]
