"""Fixtures of the whole suite: the gazetteer, two databases, an application on each, callers by role."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.gazetteer import build_gazetteer, gazetteer_is_current
from tests.support.closed_network import closed_network
from tests.support.databases import POSTGRES_FLAG, Database, create_database, drop_database, probe_postgres
from tests.support.world import World, make_world

ENGINES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """Find out once, before workers start, whether PostgreSQL answers."""
    if POSTGRES_FLAG not in os.environ:
        os.environ[POSTGRES_FLAG] = "yes" if probe_postgres() else "no"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line nobody overlooks what was not run."""
    if os.environ.get(POSTGRES_FLAG) == "no":
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(
            "PostgreSQL did not answer at TEST_DATABASE_URL: every database test ran on SQLite ALONE.", red=True, bold=True
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With CI=true a missing PostgreSQL is a failure."""
    is_controller = not hasattr(session.config, "workerinput")
    if is_controller and os.environ.get("CI") == "true" and os.environ.get(POSTGRES_FLAG) == "no":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def reached_out() -> Iterator[list[str]]:
    """No test reaches anybody but this machine and the database; the places that were asked for all the same."""
    with closed_network() as refused:
        yield refused


@pytest.fixture(scope="session")
def gazetteer_directory() -> Path:
    """A built gazetteer, shared by workers and kept between runs; building is atomic, so that two may try at once."""
    directory = Path(tempfile.gettempdir()) / f"harbour-test-gazetteer-{os.getuid()}"
    if not gazetteer_is_current(directory):
        build_gazetteer(directory)
    return directory


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests of one engine on one worker: what they share is made once there, and not once a worker."""
    for item in items:
        if "harbour_app" in getattr(item, "fixturenames", ()) and item.get_closest_marker("xdist_group") is None:
            engine = item.callspec.params["database"]  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{engine}"))


@pytest.fixture(scope="session")
def made() -> Iterator[dict[str, World | Database]]:
    """What was made once for each engine, kept while tests go to and fro between them; databases are dropped at the end."""
    kept: dict[str, World | Database] = {}
    yield kept
    for each in kept.values():
        if isinstance(each, World):
            each.close()
    for each in kept.values():
        if isinstance(each, Database):
            drop_database(each)


@pytest.fixture(scope="session", params=ENGINES)
def database(
    request: pytest.FixtureRequest, made: dict[str, World | Database], tmp_path_factory: pytest.TempPathFactory
) -> Database:
    """A database of its own for this run on each engine."""
    if request.param == "postgresql" and os.environ[POSTGRES_FLAG] == "no":
        pytest.skip("PostgreSQL does not answer at TEST_DATABASE_URL (see the summary)")
    name = f"database of {request.param}"
    if name not in made:
        made[name] = create_database(request.param, tmp_path_factory.mktemp(request.param))
    found = made[name]
    assert isinstance(found, Database)
    return found


@pytest.fixture(scope="session")
def harbour_app(database: Database, made: dict[str, World | Database], gazetteer_directory: Path) -> World:
    """An application on the migrated database, made once; use `world`, which begins empty."""
    name = f"world of {database.engine}"
    if name not in made:
        made[name] = make_world(database, gazetteer_directory)
    found = made[name]
    assert isinstance(found, World)
    return found


@pytest.fixture
def world(harbour_app: World) -> World:
    """An empty Harbour on each database: builders, callers, units of work."""
    harbour_app.empty()
    return harbour_app
