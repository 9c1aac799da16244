"""Is it up, is it ready: answered without a key, holding no data."""

from __future__ import annotations

from typing import Any

import structlog
from alembic.runtime.migration import MigrationContext
from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from accommodation.confinement import can_confine
from api.database import READ_ONLY, db
from api.extensions import current_harbour
from api.schema_head import SCHEMA_HEAD
from geo.errors import GeoError

blp = Blueprint("health", __name__)
log = structlog.get_logger("harbour.health")


@blp.get("/health")
def get_health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@blp.get("/ready")
def get_ready() -> tuple[dict[str, Any], int]:
    """Say whether requests can be served, and what is missing."""
    checks = {"database": _database(), "gazetteer": _gazetteer(), "keys": current_harbour().key_gate.state(db.engine)}
    is_ready = all(state == "ok" for state in checks.values())
    return {"status": "ready" if is_ready else "not_ready", "checks": checks}, 200 if is_ready else 503


def _database() -> str:
    try:
        with db.engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            head = MigrationContext.configure(connection).get_current_revision()
            has_role = can_confine(connection)
    except SQLAlchemyError as error:
        log.warning("not_ready", error=type(error).__name__)
        return "not answering"
    if head != SCHEMA_HEAD:
        return "not migrated"
    return "ok" if has_role else "no role for requests"


def _gazetteer() -> str:
    try:
        _ = current_harbour().search_engine
    except GeoError as error:
        return error.slug
    return "ok"
