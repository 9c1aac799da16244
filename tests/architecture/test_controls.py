"""The table of controls fits the code: what it takes out is there, the tests it names exist, no threat is forgotten."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.controls.control import Change, Control, Stale
from tests.controls.page import NEVER_SEEN, PAGE, page, seen_on
from tests.controls.running import Run, Verdict, judge_run, steady
from tests.controls.table import CONTROLS
from tests.controls.threats import NOT_THERE_YET, Threat

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
TESTS = sorted({test for control in CONTROLS for test in control.tests})
A_ROW = Control(Threat.LOGS, "Nothing.", (), ("tests/a.py::test_one", "tests/a.py::test_two"))


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.taken_out)
def test_what_a_row_takes_out_stands_in_the_code_once(control: Control) -> None:
    texts = {change.file: (ROOT / change.file).read_text() for change in control.changes}

    for change in control.changes:
        texts[change.file] = change.applied_to(texts[change.file])

    assert any(texts[file] != (ROOT / file).read_text() for file in texts)


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_a_row_names_exists(test: str) -> None:
    file, _, name = test.partition("::")

    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_every_threat_of_the_page_has_a_row_or_a_reason_why_not() -> None:
    with_rows = {control.threat for control in CONTROLS}

    assert with_rows | set(NOT_THERE_YET) == set(Threat)


def test_each_row_is_another_one() -> None:
    assert [row for row, times in Counter(control.taken_out for control in CONTROLS).items() if times > 1] == []
    assert all(control.tests and control.changes for control in CONTROLS)


def test_the_page_has_every_row_and_how_it_failed() -> None:
    text = PAGE.read_text()
    seen = seen_on(text)

    assert page(seen) == text
    assert NEVER_SEEN not in seen.values()


def test_no_table_is_longer_than_can_be_read_at_once() -> None:
    long = [path.name for path in (ROOT / "tests" / "controls").rglob("*.py") if _lines(path) > LONGEST]

    assert not long


@pytest.mark.parametrize(("text", "told"), [("", "0 times"), ("x = 1\nx = 1\n", "2 times")])
def test_a_row_that_does_not_fit_any_more_is_an_error(text: str, told: str) -> None:
    with pytest.raises(Stale, match=told):
        Change("a.py", "x = 1\n", "").applied_to(text)


def test_what_is_left_must_be_python() -> None:
    with pytest.raises(Stale, match="not Python"):
        Change("a.py", "return", "return (").applied_to("def f():\n    return\n")


@pytest.mark.parametrize(
    ("exit_code", "failures", "verdict"),
    [
        (0, {}, Verdict.GREEN),
        (1, {"tests/a.py::test_one": "assert 1 == 2", "tests/a.py::test_two": "assert 1 == 2"}, Verdict.RED),
        (1, {"tests/a.py::test_one": "assert 1 == 2"}, Verdict.GREEN),
        (1, {}, Verdict.GREEN),
        (1, {"tests/a.py::test_one": "NameError: x", "tests/a.py::test_two": "assert 1 == 2"}, Verdict.BROKEN),
        (2, {"tests/a.py::test_one": "assert 1 == 2"}, Verdict.BROKEN),
        (5, {}, Verdict.BROKEN),
    ],
)
def test_red_is_that_every_test_named_fails_by_itself(exit_code: int, failures: dict[str, str], verdict: Verdict) -> None:
    assert judge_run(A_ROW, Run(exit_code, failures)).verdict is verdict


def test_what_changes_from_run_to_run_is_not_told() -> None:
    message = "assert '6f1f4b0e-0f43-4dd2-9a3e-0d0a9f0b6a11' in /somewhere/tests/a.py at 0x7f00 for 4.51237 s\n + more"

    assert steady(message, Path("/somewhere")) == "assert '<id>' in tests/a.py at <address> for <number> s"


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
