"""Who works here cannot be told by how long a refusal takes. Small here; with ASSURE=1 at 10,000 tries of each kind."""

from __future__ import annotations

import gc
import math
import os
import statistics
import time

import numpy as np
import pytest

from api.auth.passwords import HashCost, Passwords
from api.auth.signing_in import SignIn
from tests.integration.test_sign_in import _guess, _officer
from tests.support.world import World

ASSURE = bool(os.environ.get("ASSURE"))
TRIES = 10_000 if ASSURE else 150
ROUNDS = 3
"""A difference that is real shows in every round; one that a loaded machine made does not."""

WELCH = 4.5
TRIMMED = 0.1
"""Share cut off at the upper end: a loaded machine makes both kinds wait, at random."""


@pytest.mark.slow
def test_an_unknown_name_is_refused_in_the_time_of_a_wrong_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.throttle.PAIR_FREE", 10**9)
    monkeypatch.setattr("api.auth.throttle.PAIR_FREE_UNDER_ATTACK", 10**9)
    monkeypatch.setattr("api.auth.throttle.PLACE_FREE", 10**9)
    # Cheap enough to try often, and dear enough to be the greatest part as it is in truth.
    monkeypatch.setattr(_signing_in(world), "passwords", Passwords(HashCost(memory_kib=4_096, passes=1)))
    _, facts = _officer(world)
    _renew_hash(world, facts)

    values: list[float] = []
    while len(values) < ROUNDS and not (values and values[-1] < WELCH):
        values.append(_welch(world, facts))

    assert min(values) < WELCH, values


@pytest.mark.slow
def test_the_measure_finds_a_password_that_is_not_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the decoy the difference is found by the same tries: the test above can fail."""
    monkeypatch.setattr("api.auth.throttle.PAIR_FREE", 10**9)
    monkeypatch.setattr("api.auth.throttle.PAIR_FREE_UNDER_ATTACK", 10**9)
    monkeypatch.setattr("api.auth.throttle.PLACE_FREE", 10**9)
    passwords = Passwords(HashCost(memory_kib=4_096, passes=1))
    verify = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda stored, given: stored is not None and verify(stored, given))
    monkeypatch.setattr(_signing_in(world), "passwords", passwords)
    _, facts = _officer(world)
    _renew_hash(world, facts)

    assert _welch(world, facts, tries=100) > WELCH


def _welch(world: World, facts: object, tries: int = TRIES) -> float:
    """Return Welch's t of the times of known and unknown names, asked in turn and in a random order within each pair."""
    order = np.random.default_rng(7)
    known, unknown = [], []
    for number in range(tries + 10):
        pair = [(known, None), (unknown, f"nobody{number}@council.example")]
        for times, name in pair if order.random() < 0.5 else reversed(pair):
            gc.disable()
            began = time.process_time()  # what other programs do on this machine is not counted
            answer = _guess(world, facts, "203.0.113.7", name=name)  # type: ignore[arg-type]
            times.append(time.process_time() - began)
            gc.enable()
            assert answer.status_code == 401
    first, second = (_trimmed(times[10:]) for times in (known, unknown))
    spread = math.sqrt(statistics.variance(first) / len(first) + statistics.variance(second) / len(second))
    return abs(statistics.fmean(first) - statistics.fmean(second)) / spread


def _signing_in(world: World) -> SignIn:
    with world.app.app_context():
        return world.harbour.sign_in


def _trimmed(times: list[float]) -> list[float]:
    return sorted(times)[: round(len(times) * (1 - TRIMMED))]


def _renew_hash(world: World, facts: object) -> None:
    """Let the worker's password be stored at the cost of the test."""
    from sqlalchemy import update

    from api.auth.models import Credential

    stored = _signing_in(world).passwords.hash(facts.password)  # type: ignore[attr-defined]
    with world.engine.begin() as connection:
        connection.execute(update(Credential).values(password_hash=stored))
