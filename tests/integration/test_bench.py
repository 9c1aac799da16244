"""`make bench` measures what it says: a small run prints floor, search and the naive way for each size."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_small_bench_prints_the_search_above_the_floor_and_the_naive_way_beside_it() -> None:
    command = [sys.executable, "-m", "bench", "--units", "31", "--rounds", "3", "--naive-rounds", "1", "--sqlite-only"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr[-2_000:]
    (row,) = re.findall(r"^ +31 .*$", done.stdout, re.MULTILINE)
    floor, warm, ratio = (float(re.findall(r"[0-9.]+", row)[place]) for place in (1, 3, 5))
    assert 0 < floor < warm
    assert abs(ratio - warm / floor) < 0.1
