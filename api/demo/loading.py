"""Loading a demo into the database, with progress, and its keys into a file that only its owner reads."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session
from tqdm import tqdm

from accommodation.models import Organisation
from accommodation.vocabulary import Role
from api.auth.administration import INSTALLER, issue_key
from api.auth.credentials import set_credential
from api.auth.second_factor import new_secret
from api.database import READ_ONLY, db
from api.demo.partnership import make_national, make_partnership
from api.demo.rows import DemoRows
from api.demo.sender import Credentials
from api.extensions import Harbour, current_harbour
from api.settings import write_private
from api.unit_of_work import begin_unit_of_work
from geo.gazetteer import Gazetteer

DEFAULT_SEED = 2026
KEY_LIFETIME = timedelta(days=30)


def is_empty() -> bool:
    """Tell whether no organisation has been recorded."""
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        return session.execute(select(Organisation.id).limit(1)).first() is None


def load_partnership(seed: int = DEFAULT_SEED) -> None:
    """Load the demo partnership and write its keys to `demo-keys.json`."""
    _load(seed, None, make_partnership)


def load_national(units: int, seed: int = DEFAULT_SEED) -> None:
    """Load a national demo of `units` units and write its keys to `demo-keys.json`."""
    _load(seed, units, lambda rows, gazetteer: make_national(rows, gazetteer, units))


def _load(seed: int, units: int | None, make: Callable[[DemoRows, Gazetteer], dict[str, uuid.UUID]]) -> None:
    harbour = current_harbour()
    now = datetime.now(UTC)
    with tqdm(desc="Inventing the demo", total=units, unit=" units") as bar:
        rows = DemoRows(np.random.default_rng(seed), harbour.atlas, harbour.key_ring, now, bar.update)
        worker_of_role = make(rows, harbour.atlas.gazetteer)
        for role in Role:
            rows.add_role(worker_of_role[role], role)
    credentials: Credentials = {}
    with Session(db.engine, expire_on_commit=False) as session:
        with tqdm(desc="Loading the demo", total=rows.count(), unit=" rows") as bar:
            for written in rows.write(session):
                bar.update(written)
        session.commit()
    for role in Role:
        credentials[role] = _give_credentials(harbour, worker_of_role[role], role)
    write_private(harbour.settings.demo_key_file, json.dumps(credentials, indent=2) + "\n")


def _give_credentials(harbour: Harbour, worker_id: uuid.UUID, role: Role) -> dict[str, str]:
    """Give a demo's worker a key, a password and an authenticator that production refuses; returns them."""
    auth_key = harbour.settings.auth_key
    name, password, secret = f"{role}@demo.example", secrets.token_urlsafe(12), new_secret()
    with begin_unit_of_work(db.engine, harbour.key_ring, INSTALLER, None) as uow:
        _, key = issue_key(uow, auth_key, worker_id, role, KEY_LIFETIME, is_demo=True)
        set_credential(uow, auth_key, worker_id, name, harbour.passwords.hash(password), secret, is_demo=True)
    return {"key": key, "sign_in_name": name, "password": password, "totp_secret": secret}
