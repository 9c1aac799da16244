"""Taking times: one after the other over one kept connection, each kind in turn, so that noise falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from tqdm import tqdm

from accommodation.calendar import local_date
from bench.instances import Instance
from tests.support.server import Client, start_server

KINDS = ("floor", "warm", "cold")
WARM_UPS = 5


@dataclass(frozen=True)
class Times:
    """Milliseconds of one kind of request."""

    milliseconds: Sequence[float]

    @property
    def median(self) -> float:
        return float(np.median(self.milliseconds))

    @property
    def p99(self) -> float:
        return float(np.percentile(self.milliseconds, 99))


class Station:
    """One instance behind a server of one worker, with a client and the households it has not asked for yet."""

    def __init__(self, instance: Instance, client: Client) -> None:
        self.instance = instance
        self._client = client
        self._unseen = list(instance.households)
        self._seen = self._unseen.pop()
        self._body = {"needed_on": local_date(datetime.now(UTC)).isoformat(), "limit": 20}
        self._post("searches", self._seen)

    def take(self, kind: str) -> float:
        """Make one request of a kind and return its milliseconds."""
        if kind == "cold":
            self._seen = self._unseen.pop()
            return self._post("searches", self._seen)
        return self._post({"floor": "floor", "warm": "searches", "naive": "naive-searches"}[kind], self._seen)

    def _post(self, what: str, household_id: str) -> float:
        begun = time.perf_counter()
        answer = self._client.post(f"/households/{household_id}/{what}", self._body)
        milliseconds = (time.perf_counter() - begun) * 1_000
        assert answer.status == 201, answer.body
        return milliseconds


@contextmanager
def open_stations(instances: Sequence[Instance]) -> Iterator[list[Station]]:
    """Start a server for each instance, all of the same kind, all at once."""
    with ExitStack() as stack:
        stations = []
        for instance in instances:
            server = stack.enter_context(
                start_server(instance.database, workers=1, threads=4, module="bench.floor_app:app", LOG_LEVEL="INFO")
            )
            client = stack.enter_context(closing(Client(server.port, instance.officer_key)))
            stations.append(Station(instance, client))
        yield stations


def measure(stations: Sequence[Station], rounds: int, naive_rounds: int) -> dict[tuple[int, str], Times]:
    """Return times by (units, kind). Every round asks every station for every kind once."""
    taken: dict[tuple[int, str], list[float]] = {}
    kinds = [KINDS] * rounds + [(*KINDS[:1], "naive")] * naive_rounds
    for station in stations:
        for kind in KINDS * WARM_UPS:
            station.take(kind)
    for of_round in tqdm(kinds, desc="Measuring over HTTP", unit=" rounds"):
        for station in stations:
            for kind in of_round:
                taken.setdefault((station.instance.units, kind), []).append(station.take(kind))
    return {key: Times(milliseconds) for key, milliseconds in taken.items()}


def time_calls(call: Callable[[], Any], times: int) -> Times:
    """Return the times of calling something again and again in this process."""
    milliseconds = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        milliseconds.append((time.perf_counter() - begun) * 1_000)
    return Times(milliseconds)
