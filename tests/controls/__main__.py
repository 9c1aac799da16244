"""`python -m tests.controls`: take every control out in turn and see its tests go red."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.controls.control import Control
from tests.controls.page import PAGE, write_page
from tests.controls.running import OTHER_ENGINE, ROOT, Result, Verdict, Workshop
from tests.controls.table import CONTROLS
from tests.controls.threats import NOT_THERE_YET


def main(arguments: list[str]) -> int:
    """Judge the rows that were asked for; returns 1 if anything was not red as wanted."""
    options = _parser().parse_args(arguments)
    rows = [control for control in CONTROLS if control.is_about(options.only)]
    if not rows:
        print(f"No threat and no control is about {options.only!r}.")
        return 1
    if options.list:
        print("\n".join(_title(control) for control in rows))
        return 0
    verdicts: Counter[Verdict] = Counter()
    lines: dict[str, str] = {}
    for number, (control, result, seconds) in enumerate(_judged(rows, options.engine, options.workers), start=1):
        verdicts[result.verdict] += 1
        if result.verdict is Verdict.RED:
            lines[control.taken_out] = result.words
        print(f"[{number:>3} of {len(rows)}] {_title(control)}")
        print(f"             {result.verdict} ({seconds:.1f} s): {result.words}", flush=True)
    if options.write:
        write_page(lines)
        print(f"Written: {PAGE.relative_to(ROOT)}")
    return _summary(verdicts, len(rows))


def _judged(rows: Sequence[Control], engine: str, workers: int) -> Iterator[tuple[Control, Result, float]]:
    """Yield each row in order with what came of it, and in how many seconds."""
    workshop = Workshop(engine)

    def judge(control: Control) -> tuple[Control, Result, float]:
        began = time.monotonic()
        return control, workshop.judge(control), time.monotonic() - began

    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(judge, rows)
    finally:
        pool.shutdown(cancel_futures=True)
        workshop.close()


def _summary(verdicts: Counter[Verdict], rows: int) -> int:
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    print(f"\n{rows} controls: {told}.")
    for threat, words in NOT_THERE_YET.items():
        print(f"Not there yet: {threat}. {words}")
    return 0 if set(verdicts) <= {Verdict.RED, Verdict.LEFT_OUT} else 1


def _title(control: Control) -> str:
    return f"{control.threat}: {control.taken_out}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.controls", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose threat or control contains it")
    parser.add_argument("--engine", default="sqlite", choices=sorted(OTHER_ENGINE), help="the database (default: sqlite)")
    parser.add_argument("--workers", default=2, type=int, metavar="N", help="rows judged at once (default: 2)")
    parser.add_argument("--list", action="store_true", help="print the rows and run nothing")
    parser.add_argument("--write", action="store_true", help="write what was seen into docs/controls.md")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
