"""The application: built from settings, registered, returned."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from accommodation import people_models as _people  # noqa: F401
from api import audit, outbox  # noqa: F401
from api.auth import models as _credentials  # noqa: F401
from api.auth.guard import register_guard
from api.auth.limits import register_limits
from api.auth.passwords import Passwords
from api.blueprint import HarbourApi, describe_problems
from api.crypto.gate import KeyGate, register_gate
from api.database import db, engine_options, prepare_engine
from api.extensions import Harbour
from api.health import blp as health
from api.kept_answers import register_kept_answers
from api.logging import configure_logging
from api.parsing import MAX_BODY_BYTES, check_envelope
from api.problems import register_problems
from api.resources import (
    address_releases,
    administration,
    alerts,
    api_keys,
    area_changes,
    areas_to_avoid,
    audit_events,
    blocked_persons,
    budget_raises,
    credentials,
    holds,
    households,
    invitations,
    leaves,
    me,
    oidc,
    placements,
    properties,
    providers,
    readings,
    referrals,
    reminders,
    retention,
    searches,
    sessions,
    sharing_agreements,
    signing_in,
    units,
    workers,
)
from api.security_headers import register_security_headers
from api.settings import Settings
from placement import blocked_models as _blocked  # noqa: F401
from placement.budgets import DEFAULT_BUDGETS

PREFIX = "/api/v1"
RESOURCES = (
    me,
    signing_in,
    oidc,
    sessions,
    credentials,
    providers,
    properties,
    units,
    households,
    areas_to_avoid,
    area_changes,
    blocked_persons,
    searches,
    holds,
    referrals,
    placements,
    address_releases,
    readings,
    reminders,
    retention,
    administration,
    api_keys,
    workers,
    leaves,
    invitations,
    sharing_agreements,
    audit_events,
    alerts,
    budget_raises,
)


def create_app(settings: Settings, *, passwords: Passwords | None = None) -> Flask:
    """Return Harbour's WSGI application for one installation; `passwords` of another cost are for tests alone."""
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
    key_gate = KeyGate(settings.keys)
    app.extensions["harbour"] = Harbour(
        settings,
        settings.keys.ring(),
        key_gate,
        passwords or Passwords(),
        DEFAULT_BUDGETS.tightened(settings.asking_budget_percent),
    )
    if settings.sign_in.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.sign_in.trusted_proxies, x_proto=0)  # type: ignore[method-assign]
    app.before_request(lambda: check_envelope(request))
    register_gate(app, key_gate)
    register_guard(app)
    with app.app_context():
        register_limits(app, settings, db.engine)
    register_kept_answers(app, settings.auth_key)
    register_problems(app)
    app.register_blueprint(health)
    api = HarbourApi(app)
    describe_problems(api)
    for resource in RESOURCES:
        api.register_blueprint(resource.blp, url_prefix=PREFIX)
    app.add_url_rule(f"{PREFIX}/openapi.json", "get_openapi", lambda: api.spec.to_dict())
    register_security_headers(app, over_tls=settings.environment == "production")
    return app
