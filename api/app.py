"""The application: built from settings, registered, returned."""

from __future__ import annotations

from flask import Flask, request

from accommodation import alerts as _alerts  # noqa: F401  (these tables belong to the metadata)
from api import audit, outbox  # noqa: F401
from api.auth import models as _credentials  # noqa: F401
from api.auth.guard import register_guard
from api.blueprint import HarbourApi, describe_problems
from api.crypto import KeyRing
from api.database import db, engine_options, prepare_engine
from api.extensions import Harbour
from api.health import blp as health
from api.logging import configure_logging
from api.parsing import MAX_BODY_BYTES, check_envelope
from api.problems import register_problems
from api.resources import (
    administration,
    areas_to_avoid,
    audit_events,
    holds,
    households,
    me,
    placements,
    properties,
    providers,
    referrals,
    reminders,
    retention,
    searches,
    units,
)
from api.security_headers import register_security_headers
from api.settings import Settings

PREFIX = "/api/v1"
RESOURCES = (
    me,
    providers,
    properties,
    units,
    households,
    areas_to_avoid,
    searches,
    holds,
    referrals,
    placements,
    reminders,
    retention,
    administration,
    audit_events,
)


def create_app(settings: Settings) -> Flask:
    """Return Harbour's WSGI application for one installation."""
    configure_logging(settings.log_level)
    app = Flask("harbour", instance_path=str(settings.instance_path), static_folder=None)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        SECRET_KEY=settings.auth_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        TRUSTED_HOSTS=settings.trusted_hosts,
        API_TITLE="Harbour",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # nothing here is for other sites' scripts
        API_SPEC_OPTIONS={"info": {"description": "Vacancies and placements in domestic-abuse safe accommodation."}},
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    app.extensions["harbour"] = Harbour(settings, KeyRing(settings.data_keys, settings.index_key))
    app.before_request(lambda: check_envelope(request))
    register_guard(app)
    register_problems(app)
    app.register_blueprint(health)
    api = HarbourApi(app)
    describe_problems(api)
    for resource in RESOURCES:
        api.register_blueprint(resource.blp, url_prefix=PREFIX)
    app.add_url_rule(f"{PREFIX}/openapi.json", "get_openapi", lambda: api.spec.to_dict())
    register_security_headers(app, over_tls=settings.environment == "production")
    return app
