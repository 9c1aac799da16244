"""`make bench`: the search against the floor under every audited POST, by size of the supply, in one run on one machine."""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session
from tqdm import tqdm

from api.database import db
from bench.instances import SEED, Instance, make_instance
from bench.measuring import WARM_UPS, Times, measure, open_stations, time_calls
from geo.cells import CellPartition
from geo.gazetteer import Gazetteer, build_gazetteer
from geo.postcode import Postcode
from placement.index import VacancyIndex
from tests.support.databases import probe_postgres

SPARE_HOUSEHOLDS = 1
FINDS = 2_000
LOADS = 5


def main() -> None:
    """Measure and print."""
    options = _parse()
    begun = time.monotonic()
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="harbour-bench-") as name:
        gazetteer = Path(name)
        lines += _measure_gazetteer(gazetteer)
        engines = ["sqlite"]
        if not options.sqlite_only:
            if probe_postgres():
                engines.append("postgresql")
            else:
                lines += ["", "PostgreSQL does not answer at TEST_DATABASE_URL: not measured."]
        for engine in engines:
            lines += _measure_engine(engine, gazetteer, options)
    print("\n".join([*lines, "", f"{time.monotonic() - begun:.0f} seconds in all."]))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[31, 1_000, 20_000], help="sizes of the supply")
    parser.add_argument("--rounds", type=int, default=100, help="requests of each kind and size")
    parser.add_argument("--naive-rounds", type=int, default=5, help="searches done without an index, of each size")
    parser.add_argument("--sqlite-only", action="store_true", help="leave PostgreSQL out")
    return parser.parse_args()


def _measure_engine(engine: str, gazetteer: Path, options: argparse.Namespace) -> list[str]:
    with ExitStack() as stack:
        instances = []
        for units in sorted(options.units):
            print(f"{engine}: an instance of {units:,} units", flush=True)
            households = options.rounds + WARM_UPS + SPARE_HOUSEHOLDS
            instances.append(stack.enter_context(make_instance(engine, units, households, gazetteer)))
        loads = _measure_loads(instances[-1])
        with open_stations(instances) as stations:
            times = measure(stations, options.rounds, options.naive_rounds)
    return [*_table(engine, sorted(options.units), times), _describe(f"Index of {max(options.units):,} units loaded", loads)]


def _measure_loads(instance: Instance) -> Times:
    partition = CellPartition.load()

    def load() -> None:
        with Session(db.engine) as session:
            assert len(VacancyIndex(partition).current(session, datetime.now(UTC))) == instance.units

    with instance.app.app_context():
        return time_calls(load, LOADS)


def _measure_gazetteer(directory: Path) -> list[str]:
    with tqdm(desc="Building the gazetteer", unit=" parts") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        built = time_calls(lambda: build_gazetteer(directory, progress), 1)
    opened = time_calls(lambda: Gazetteer.open(directory), LOADS)
    gazetteer = Gazetteer.open(directory)
    texts = iter([postcode.text for postcode, _ in gazetteer.sample(np.random.default_rng(SEED), FINDS)])
    found = time_calls(lambda: gazetteer.find(Postcode.parse(next(texts))), FINDS)
    return [
        "",
        f"Gazetteer of {len(gazetteer):,} postcodes: built in {built.median / 1_000:.1f} s, "
        f"opened and checked in {opened.median:.0f} ms, a postcode found in {found.median * 1_000:.0f} us "
        f"(p99 {found.p99 * 1_000:.0f} us)",
    ]


def _table(engine: str, sizes: list[int], times: dict[tuple[int, str], Times]) -> list[str]:
    """Return the table: milliseconds as median (p99), ratios of medians."""
    rows = [
        "",
        f"{engine}: POST over HTTP, 12 areas to avoid, milliseconds: median (p99)",
        f"{'units':>8} {'floor':>15} {'search, warm':>15} {'x floor':>8} {'search, cold':>15} {'x floor':>8} "
        f"{'naive':>15} {'x warm':>8}",
    ]
    for units in sizes:
        floor, warm, cold = (times[units, kind] for kind in ("floor", "warm", "cold"))
        naive = times.get((units, "naive"))
        rows.append(
            f"{units:>8,} {_cell(floor):>15} {_cell(warm):>15} {warm.median / floor.median:>8.2f} "
            f"{_cell(cold):>15} {cold.median / floor.median:>8.2f} "
            + (f"{_cell(naive):>15} {naive.median / warm.median:>8.1f}" if naive else "")
        )
    if {1_000, 20_000} <= set(sizes):
        growth = [times[20_000, kind].median / times[1_000, kind].median for kind in ("warm", "cold", "floor")]
        rows.append("1,000 -> 20,000 units: warm x{:.2f}, cold x{:.2f} (floor x{:.2f})".format(*growth))
    return rows


def _cell(times: Times) -> str:
    return f"{times.median:.1f} ({times.p99:.1f})"


def _describe(what: str, times: Times) -> str:
    return f"{what} in {times.median:.0f} ms"


if __name__ == "__main__":
    main()
