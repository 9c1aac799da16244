"""Running the tests of a row on a copy of the code, with and without its control, and what that shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.controls.control import Control, Stale, take_out

ROOT = Path(__file__).resolve().parents[2]
SECONDS_AT_MOST = 600
LONGEST_LINE = 150
OTHER_ENGINE = {"sqlite": "postgresql", "postgresql": "sqlite"}
LEFT_OUT_OF_THE_ENVIRONMENT = ("ASSURE", "CI", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER")
NOT_A_TEST_THAT_FAILS = (
    "SyntaxError",
    "IndentationError",
    "NameError",
    "UnboundLocalError",
    "ImportError",
    "ModuleNotFound",
)
"""What a change that is merely broken raises: such a failure proves nothing."""

CHANGING = (
    (re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "<address>"),
    (re.compile(r"\bb['\"](?=\S*\\x).*"), "<bytes>"),
    (re.compile(r"\b[HPX]-[23456789CFGHJMPQRVWX]+(\.\.\.|\b)"), r"<reference>\1"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.+:Z]*"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<day>"),
    (re.compile(r"[A-Za-z0-9_+-]{32,}(?![(\w])"), "<token>"),
    (re.compile(r"[0-9a-f]+(?:-[0-9a-f]+)*\.\.\.[0-9a-f]{6,}"), "<id>"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{10,}\b"), "<id>"),
    (re.compile(r"(?<=[\"'])(?=[a-f]*\d)[0-9a-f]{2,8}\.\.\."), "<id>..."),
    (re.compile(r"(application/(?:problem\+)?json): \{.*"), r"\1"),
    (re.compile(r"\{\"type\": \"(/problems/[a-z-]+)\".*"), r"\1"),
    (re.compile(r"\d+\.\d{4,}(e[+-]?\d+)?"), "<number>"),
)
"""What is another one each time, and what it is called in its stead."""


class Verdict(StrEnum):
    """What came of a row."""

    RED = "red as wanted"
    GREEN = "STILL GREEN"
    STALE = "STALE"
    BROKEN = "BROKEN: it failed, but not by the test"
    RED_BEFORE = "RED BEFORE: the tests fail with the control in its place"
    LEFT_OUT = "left out: not on this database"


@dataclass(frozen=True)
class Run:
    """What one run of pytest said: its exit code, the first line of each test's first failure, and which tests ran."""

    exit_code: int
    failures: Mapping[str, str] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Result:
    """What came of a row, and in which words: the first line of the failing assertion, or what is wrong with the row."""

    verdict: Verdict
    words: str


class Workshop:
    """Copies of the working tree to take controls out of. Nothing in the tree itself is touched."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._directory = Path(tempfile.mkdtemp(prefix="harbour-controls-"))
        self._whole = self._directory / "whole"
        self._before: dict[tuple[tuple[str, ...], str], Run] = {}
        self._turns: defaultdict[tuple[tuple[str, ...], str], threading.Lock] = defaultdict(threading.Lock)
        copy_tracked(self._whole)

    def close(self) -> None:
        """Remove every copy."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def judge(self, control: Control) -> Result:
        """Run a row's tests with its control and without it."""
        if control.engine not in (None, self._engine):
            return Result(Verdict.LEFT_OUT, f"{control.engine} alone")
        tree = Path(tempfile.mkdtemp(prefix="without-", dir=self._directory))
        try:
            shutil.copytree(self._whole, tree, symlinks=True, dirs_exist_ok=True)
            take_out(control, tree)
            before = self._with_everything(control)
            if before.exit_code != 0 or set(control.tests) - before.passed:
                return Result(Verdict.RED_BEFORE, _first(before) or f"pytest ended with {before.exit_code}")
            return judge_run(control, self._run(control, tree))
        except Stale as stale:
            return Result(Verdict.STALE, str(stale))
        finally:
            shutil.rmtree(tree, ignore_errors=True)

    def _with_everything(self, control: Control) -> Run:
        """Run tests on the code as it is, once for each set of them."""
        key = (control.tests, control.cases)
        with self._turns[key]:
            if key not in self._before:
                self._before[key] = self._run(control, self._whole)
        return self._before[key]

    def _run(self, control: Control, tree: Path) -> Run:
        engine = f"not {OTHER_ENGINE[self._engine]}"
        chosen = f"{engine} and ({control.cases})" if control.cases else engine
        report = Path(tempfile.mkdtemp(prefix="report-", dir=self._directory)) / "report.xml"
        flags = ["-q", "-p", "no:randomly", "--tb=short", f"--junitxml={report}", "-k", chosen]
        exit_code = _call([sys.executable, "-m", "pytest", *flags, *control.tests], tree)
        return read_report(report, exit_code, tree)


def judge_run(control: Control, run: Run) -> Result:
    """Say what a run without the control shows: red is that every test named failed, by its own assertion."""
    if run.exit_code == 0:
        return Result(Verdict.GREEN, "every test passed")
    if run.exit_code != 1:
        return Result(Verdict.BROKEN, f"pytest ended with {run.exit_code}")
    green = [test for test in control.tests if test not in run.failures]
    if green:
        return Result(Verdict.GREEN, f"nothing failed in {', '.join(green)}")
    words = run.failures[control.tests[0]]
    if any(line.startswith(NOT_A_TEST_THAT_FAILS) for line in run.failures.values()):
        return Result(Verdict.BROKEN, words)
    return Result(Verdict.RED, words)


def copy_tracked(to: Path) -> None:
    """Copy what git tracks, as it stands in the working tree, and lend the copy this tree's environment."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    if (ROOT / ".venv").exists():
        (to / ".venv").symlink_to((ROOT / ".venv").resolve())


def read_report(report: Path, exit_code: int, tree: Path) -> Run:
    """Read pytest's report; a test that failed in its fixtures has not failed by an assertion of its own."""
    if not report.exists():
        return Run(exit_code)
    failures: dict[str, str] = {}
    passed = set()
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}"
        failure = case.find("failure")
        if failure is not None:
            failures.setdefault(test, steady(failure.get("message") or "", tree))
        elif case.find("error") is None and case.find("skipped") is None:
            passed.add(test)
    return Run(exit_code, failures, frozenset(passed))


def steady(message: str, tree: Path) -> str:
    """Return the first line of a failure without what is another one each time: ids, times, places of this machine."""
    lines = [line for line in message.strip().splitlines() if re.search("[A-Za-z]{3}|[0-9]", line)]
    line = " ".join(lines[: 2 if lines and lines[0].rstrip().endswith(":") else 1]).replace(f"{tree}/", "")
    for pattern, name in CHANGING:
        line = pattern.sub(name, line)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 4]} ..."


def _first(run: Run) -> str:
    return next(iter(run.failures.values()), "")


def _call(command: list[str], tree: Path) -> int:
    """Run a command in a copy, its output kept to itself; whatever it started ends with it."""
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT_OF_THE_ENVIRONMENT}
    # Sets are written in one order, so that what fails is told in the same words each time.
    environment |= {"PYTHONHASHSEED": "0"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=tree, env=environment, start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet
    ) as process:
        try:
            return process.wait(SECONDS_AT_MOST)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return -signal.SIGKILL
            raise
