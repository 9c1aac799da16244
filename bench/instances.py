"""Temporary installations to measure on: a database of its own, a national demo, households with areas to avoid."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from accommodation.base import Principal
from accommodation.models import Worker
from accommodation.vocabulary import Role
from api.app import create_app
from api.auth.administration import INSTALLER, issue_key
from api.auth.models import ApiKey
from api.cli import register_commands
from api.database import db
from api.demo.drawing import draw_household
from api.demo.loading import load_national
from api.extensions import Harbour
from api.unit_of_work import begin_unit_of_work
from geo.gazetteer import Gazetteer
from geo.grid import to_wgs84
from placement.areas_to_avoid import record_area, settle_geometry
from placement.budgets import UNLIMITED
from placement.households import load_household, record_household
from tests.support.databases import Database, create_database, drop_database
from tests.support.server import ROOT

SEED = 2026
AREAS_EACH = 12
BATCH = 20
KEY_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class Instance:
    """An installation with `units` units, and households whose areas no process has seen yet."""

    database: Database
    units: int
    app: Flask
    officer_key: str
    households: list[str]


@contextmanager
def make_instance(engine: str, units: int, households: int, gazetteer: Path) -> Iterator[Instance]:
    """Load a national demo into a new database, shown as it goes; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="harbour-bench-") as name:
        directory = Path(name)
        (directory / "gazetteer").symlink_to(gazetteer)
        database = create_database(engine, directory)
        try:
            app = create_app(database.settings())
            register_commands(app)
            with app.app_context():
                upgrade(directory=str(ROOT / "migrations"))
                load_national(units, SEED)
                harbour: Harbour = app.extensions["harbour"]
                officer = _find_officer()
                with begin_unit_of_work(db.engine, harbour.key_ring, INSTALLER, None) as uow:
                    auth_key = harbour.settings.auth_key
                    _, key = issue_key(uow, auth_key, officer.worker_id, Role.HOUSING_OFFICER, KEY_LIFETIME)
                ids = _add_households(harbour, officer, households)
                _settle(app)
                yield Instance(database, units, app, key, ids)
                db.engine.dispose()
        finally:
            drop_database(database)


def _add_households(harbour: Harbour, officer: Principal, number: int) -> list[str]:
    rng = np.random.default_rng(SEED)
    atlas = harbour.search_engine.atlas
    ids: list[uuid.UUID] = []
    while len(ids) < number:
        with begin_unit_of_work(db.engine, harbour.key_ring, officer, None, operation="create_area_to_avoid") as uow:
            for _ in range(min(BATCH, number - len(ids))):
                household = record_household(uow, UNLIMITED, draw_household(rng, uow.now.date(), 4)).household
                load_household(uow, household.id)  # asks the table of access, as the view does
                for geometry in draw_geometries(rng, atlas.gazetteer):
                    facts = {
                        "geometry": settle_geometry(atlas, geometry),
                        "reason": "his_home",
                        "source": "survivor",
                        "confidence": "certain",
                        "notes": None,
                    }
                    record_area(uow, household, facts, valid_from=None, valid_to=None)
                ids.append(household.id)
    return [str(household_id) for household_id in ids]


def draw_geometries(rng: np.random.Generator, gazetteer: Gazetteer) -> list[dict[str, Any]]:
    """Return 12 areas of every kind about random postcodes: 7 circles, 2 districts, an authority, a polygon, a corridor."""
    places = gazetteer.sample(rng, AREAS_EACH)
    geometries: list[dict[str, Any]] = [
        {"type": "circle", "centre": {"postcode": postcode.text}, "radius_metres": int(rng.choice((2_000, 5_000, 16_000)))}
        for postcode, _ in places[:7]
    ]
    geometries += [{"type": "postcode_districts", "districts": [postcode.outward]} for postcode, _ in places[7:9]]
    geometries.append({"type": "local_authority", "code": places[9][1].authority_code})
    east, north = places[10][1].easting, places[10][1].northing
    around = [(east + 4_000 * np.cos(turn), north + 4_000 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 13)[:-1]]
    ring = [_position(*point) for point in around]
    geometries.append({"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}})
    east, north = places[11][1].easting, places[11][1].northing
    line = [_position(east, north), _position(east + 3_000, north + 3_000), _position(east + 9_000, north)]
    geometries.append({"type": "corridor", "line": {"type": "LineString", "coordinates": line}, "half_width_metres": 300})
    return geometries


def _position(easting: float, northing: float) -> list[float]:
    longitude, latitude = to_wgs84(easting, northing)
    return [round(float(longitude), 6), round(float(latitude), 6)]


def _find_officer() -> Principal:
    """Return the demo's one housing officer. Her demo key is left alone: whether it may be used is a setting."""
    query = select(Worker.id, Worker.organisation_id).join(ApiKey).where(ApiKey.role == Role.HOUSING_OFFICER)
    with db.session() as session:
        worker_id, organisation_id = session.execute(query).one()
    return Principal(worker_id, organisation_id, Role.HOUSING_OFFICER)


def _settle(app: Flask) -> None:
    """Leave the database as a night's housekeeping would: statistics known, SQLite's WAL moved into its file."""
    with app.app_context(), db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    raw = db.engine.raw_connection()
    try:
        if db.engine.dialect.name == "sqlite":
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()
