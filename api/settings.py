"""Settings of one installation, read from the environment once and refused at start with every problem listed.

Defaults exist for a newcomer's machine: a SQLite file and generated keys in `instance/`. In production there is no
default for keys: `DATA_KEYS` (or `WRAPPED_DATA_KEYS`), `INDEX_KEY` and `AUTH_KEY` must be given, and demo keys must not
exist.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api.auth.settings import SignInSettings
from api.crypto.key_service import KEY_BYTES
from api.crypto.key_settings import NAMES, KeySet, read_keys

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
ENVIRONMENTS = ("development", "production")
KEY_FILE = "keys.json"
DEMO_KEY_FILE = "demo-keys.json"


class SettingsInvalid(Exception):
    """The environment cannot be started with; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Harbour cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations."""

    environment: str
    instance_path: Path
    database_url: str
    host: str
    port: int
    log_level: str
    keys: KeySet
    key_service: str | None
    street_geocoder_host: str | None
    workers: int
    threads: int
    asking_budget_percent: int
    sign_in: SignInSettings
    trusted_hosts: list[str] | None = None

    @property
    def auth_key(self) -> bytes:
        """The 32 bytes under which API keys, ETags and cursors are made."""
        return self.keys.auth_key

    @property
    def allows_demo(self) -> bool:
        """Whether credentials of a demo open anything."""
        return self.environment != "production"

    @property
    def gazetteer_directory(self) -> Path:
        """Where the gazetteer's memory-mapped files lie."""
        return self.instance_path / "gazetteer"

    @property
    def demo_key_file(self) -> Path:
        """Where a demo partnership's keys are written for its owner."""
        return self.instance_path / DEMO_KEY_FILE

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return make_url(self.database_url).get_backend_name() == "sqlite"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; raises SettingsInvalid listing every problem at once. Generates keys outside production."""
        environ = os.environ if environ is None else environ
        problems: list[str] = []
        environment = _one_of(environ, "HARBOUR_ENV", "development", ENVIRONMENTS, problems)
        instance_path = Path(environ.get("INSTANCE_PATH") or "instance").absolute()
        if environment == "production" and (instance_path / DEMO_KEY_FILE).exists():
            problems.append(f"{DEMO_KEY_FILE} exists in INSTANCE_PATH: demo keys are not for production. Remove the demo.")
        settings = cls(
            environment=environment,
            instance_path=instance_path,
            database_url=_database_url(environ, instance_path, problems),
            host=environ.get("HOST") or "127.0.0.1",
            port=_number(environ, "PORT", 8000, 1, 65535, problems),
            log_level=_one_of(environ, "LOG_LEVEL", "INFO", LOG_LEVELS, problems),
            keys=_keys(environ, environment, instance_path, problems),
            key_service=environ.get("KEY_SERVICE") or None,
            street_geocoder_host=_host(environ, "STREET_GEOCODER_HOST", problems),
            workers=_number(environ, "WEB_WORKERS", 2, 1, 64, problems),
            threads=_number(environ, "WEB_THREADS", 8, 1, 128, problems),
            sign_in=SignInSettings.from_environment(environ, environment, problems),
            asking_budget_percent=_number(environ, "ASKING_BUDGET_PERCENT", 100, 10, 100, problems),
            trusted_hosts=_hosts(environ, "TRUSTED_HOSTS", problems),
        )
        if problems:
            raise SettingsInvalid(problems)
        return settings


def _one_of(environ: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...], problems: list[str]) -> str:
    value = environ.get(name) or default
    if value not in allowed:
        problems.append(f"{name} must be one of {', '.join(allowed)}.")
    return value


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int, problems: list[str]) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        problems.append(f"{name} must be a whole number from {low} to {high}.")
        return default
    return int(text)


def _host(environ: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    value = environ.get(name) or None
    if value is not None and not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", value):
        problems.append(f"{name} must be a host name, without scheme or path.")
    return value


def _hosts(environ: Mapping[str, str], name: str, problems: list[str]) -> list[str] | None:
    names = [part.strip() for part in (environ.get(name) or "").split(",") if part.strip()]
    if not all(re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?", part) for part in names):
        problems.append(f"{name} must be host names parted by commas; one that begins with a dot covers its subdomains.")
    return names or None


def _database_url(environ: Mapping[str, str], instance_path: Path, problems: list[str]) -> str:
    text = environ.get("DATABASE_URL") or f"sqlite:///{instance_path / 'harbour.sqlite3'}"
    if text.startswith(("postgres://", "postgresql://")):
        text = "postgresql+psycopg://" + text.split("://", 1)[1]
    try:
        backend = make_url(text).get_backend_name()
    except ArgumentError:
        problems.append("DATABASE_URL is not a database URL.")
        return text
    if backend not in ("sqlite", "postgresql"):
        problems.append("DATABASE_URL must name SQLite or PostgreSQL.")
    if backend == "sqlite" and make_url(text).database in (None, "", ":memory:"):
        problems.append("DATABASE_URL must name a file: several processes share it.")
    return text


def _keys(environ: Mapping[str, str], environment: str, instance_path: Path, problems: list[str]) -> KeySet:
    given = {name: environ[name] for name in NAMES if environ.get(name)}
    is_given = bool(given) or bool(environ.get("WRAPPED_DATA_KEYS"))
    if not is_given and environment != "production":
        given = _generated_keys(instance_path, problems)
    elif environment == "production" and (instance_path / KEY_FILE).exists():
        problems.append(f"A generated key file ({KEY_FILE}) lies in INSTANCE_PATH: keys live elsewhere in production.")
    return read_keys(environ, given, problems)


def _generated_keys(instance_path: Path, problems: list[str]) -> dict[str, str]:
    """Read the generated key file, or make it: mode 0600, written whole or not at all."""
    path = instance_path / KEY_FILE
    try:
        instance_path.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            fresh = {name: base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() for name in ("INDEX_KEY", "AUTH_KEY")}
            fresh["DATA_KEYS"] = "k1:" + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
            write_private(path, json.dumps(fresh))
        keys: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        problems.append(f"The key file {KEY_FILE} in INSTANCE_PATH can be neither read nor made.")
        return {}
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; a process that comes second does not replace a key file in use."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if path.name == KEY_FILE:
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    else:
        temporary.replace(path)
