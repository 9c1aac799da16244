"""What an application carries beside Flask's own: settings, keys, and the places and supply that are opened on first use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from flask import current_app, g

from accommodation.disclosure_caps import DEFAULT_CAPS, DisclosureCaps
from api.auth.access import NOTING
from api.auth.cookies import Cookies
from api.auth.oidc import OidcProvider
from api.auth.passwords import Passwords
from api.auth.signing_in import STRANGER, SignIn
from api.crypto import KeyRing
from api.crypto.gate import KeyGate
from api.database import READ_ONLY, db
from api.kept_answers import AnswerKept, AnswerReplayed, claimed, current_claim
from api.problems import request_id
from api.settings import Settings
from api.unit_of_work import SqlUnitOfWork, begin_unit_of_work
from geo.atlas import Atlas
from geo.cells import CellPartition
from geo.gazetteer import Gazetteer
from geo.geocoding import StreetGeocoder
from placement.area_verdicts import AreaVerdicts
from placement.budgets import DEFAULT_BUDGETS, BudgetPolicy
from placement.errors import BudgetSpent
from placement.index import VacancyIndex
from placement.searches import SearchEngine
from placement.spending import note_refusal


@dataclass
class Harbour:
    """One installation in one process."""

    settings: Settings
    key_ring: KeyRing
    key_gate: KeyGate
    passwords: Passwords = field(default_factory=Passwords)
    budgets: BudgetPolicy = DEFAULT_BUDGETS
    disclosure_caps: DisclosureCaps = DEFAULT_CAPS
    _engine: SearchEngine | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookies(self) -> Cookies:
        """The cookies of this installation."""
        return Cookies(secure=self.settings.sign_in.secure_cookies)

    @cached_property
    def sign_in(self) -> SignIn:
        """How people sign in here."""
        settings = self.settings
        return SignIn(db.engine, self.key_ring, settings.auth_key, self.passwords, settings.allows_demo)

    @cached_property
    def oidc(self) -> OidcProvider | None:
        """The identity provider, if there is one."""
        settings = self.settings.sign_in.oidc
        return None if settings is None else OidcProvider(settings)

    @property
    def search_engine(self) -> SearchEngine:
        """Places and supply, opened once. Raises GazetteerMissing while there is no gazetteer: an answer less, no guess."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    partition = CellPartition.load()
                    atlas = Atlas(
                        gazetteer=Gazetteer.open(self.settings.gazetteer_directory),
                        partition=partition,
                        street_geocoder=StreetGeocoder(self.settings.street_geocoder_host),
                    )
                    self._engine = SearchEngine(atlas, VacancyIndex(partition), AreaVerdicts(atlas))
        return self._engine

    @property
    def atlas(self) -> Atlas:
        """The places alone."""
        return self.search_engine.atlas


def current_harbour() -> Harbour:
    """Return the installation of the application at hand."""
    harbour: Harbour = current_app.extensions["harbour"]
    return harbour


@contextmanager
def unit_of_work(*, read_only: bool = False) -> Iterator[SqlUnitOfWork]:
    """Open the transaction of the request at hand, for its principal; `read_only` ones wait for no writer on SQLite.

    Under an Idempotency-Key the commit waits for the answer, which is kept with the act (`api.kept_answers`). What a budget
    refuses is rolled back and then written down in a transaction of its own, and so is that an answer was given once more.
    """
    claim = None if read_only else current_claim()
    engine = db.engine.execution_options(**{READ_ONLY: True}) if read_only else db.engine
    key_ring = current_harbour().key_ring
    try:
        with ExitStack() as stack:
            uow = stack.enter_context(begin_unit_of_work(engine, key_ring, g.principal, request_id(), operation=g.operation))
            if claim is not None:
                stack.enter_context(claimed(claim, stack, uow))
            yield uow
    except AnswerKept as kept:
        with begin_unit_of_work(db.engine, key_ring, g.principal, request_id(), operation=NOTING) as after:
            after.record(AnswerReplayed(subject_id=kept.record_id, details={"operation": g.operation}))
        g.access_asked = True
        raise
    except BudgetSpent as refusal:
        with begin_unit_of_work(db.engine, key_ring, g.principal, request_id(), operation=NOTING) as after:
            note_refusal(after, refusal)
        raise
    g.access_asked = True


@contextmanager
def strangers_unit_of_work(*, read_only: bool = False) -> Iterator[SqlUnitOfWork]:
    """Open the transaction of somebody who is not signed in yet: what she may is said by what she shows, not by a role."""
    engine = db.engine.execution_options(**{READ_ONLY: True}) if read_only else db.engine
    with begin_unit_of_work(engine, current_harbour().key_ring, STRANGER, request_id()) as uow:
        yield uow
