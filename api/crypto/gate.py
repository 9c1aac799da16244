"""The gate: nothing is answered from a database that the keys do not fit. Asked once a process, and again by /ready."""

from __future__ import annotations

import threading
from typing import ClassVar

import structlog
from flask import Flask, request
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from accommodation.base import DomainError
from api.crypto.key_check import KeysDoNotFit, compare, list_registered, prove_keys
from api.crypto.key_settings import KeySet
from api.database import READ_ONLY, db

TRY_AGAIN_SECONDS = 2
UNGATED = frozenset({"health.get_health", "health.get_ready", "get_openapi"})
"""Endpoints that ask the database for nothing but whether it is well."""

log = structlog.get_logger("harbour.keys")


class KeysUnfit(DomainError):
    """The keys of this process are not its database's."""

    slug: ClassVar[str] = "keys-do-not-fit"

    def __init__(self) -> None:
        super().__init__("The keys of this installation do not fit its database. Nothing is served until they do.")


class KeyGate:
    """Whether the keys of one process fit its database. Once they did, asking costs nothing."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self._fits = False
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the keys have been proven."""
        return self._fits

    def require(self, engine: Engine) -> None:
        """Prove the keys unless they are proven; raises KeysDoNotFit, or SQLAlchemyError when nobody can tell."""
        if self._fits:
            return
        with self._lock:
            if not self._fits:
                prove_keys(engine, self._keys)
                self._fits = True

    def state(self, engine: Engine) -> str:
        """Return "ok", "do not fit" or "not checked" as of now: a key that was retired meanwhile shuts the gate."""
        try:
            self.require(engine)
            with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
                problems = [*compare(self._keys, list_registered(connection))]
        except KeysDoNotFit as error:
            problems = [*error.problems]
        except SQLAlchemyError:
            return "not checked"
        if problems:
            self._fits = False
            log.error("keys_do_not_fit", problems=problems)
        return "do not fit" if problems else "ok"


def register_gate(app: Flask, gate: KeyGate) -> None:
    """Put the gate before every view but those that have nothing to do with data."""

    def check() -> None:
        if gate.is_open or request.endpoint is None or request.endpoint in UNGATED:
            return  # of no endpoint: the framework refuses the host, the address or the method without touching data
        try:
            gate.require(db.engine)
        except KeysDoNotFit as error:
            log.error("keys_do_not_fit", problems=error.problems)
            raise KeysUnfit from None
        except ProgrammingError:  # PostgreSQL's word for a table that no migration has made yet
            raise ServiceUnavailable(retry_after=TRY_AGAIN_SECONDS) from None

    app.before_request(check)
