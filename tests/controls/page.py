"""Writes docs/controls.md from the tables: what is taken out, which test notices, and how it was last seen to fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.controls.control import Control
from tests.controls.table import CONTROLS
from tests.controls.threats import NOT_THERE_YET, Threat

PAGE = Path(__file__).resolve().parents[2] / "docs" / "controls.md"
NEVER_SEEN = "not seen yet"

HEAD = """# Controls, and the tests that notice when one is gone

Each line takes one control out of a copy of the code and runs the tests that guard it. They must be green before and red
after, by an assertion of their own. `make controls` does all of it again and ends with 1 if a test stays green, or if a
line no longer fits the code; `.venv/bin/python -m tests.controls --only audit` does those about one word. Written by
`.venv/bin/python -m tests.controls --write` from `tests/controls/table`; the last column is what was seen when that ran
last, on SQLite or on the database that a line names. The threats are those of [safeguarding](safeguarding.md).

## Not there yet

{not_there_yet}

"""
TABLE = """| control taken out | test | how it failed |
| --- | --- | --- |
"""


def page(seen: Mapping[str, str]) -> str:
    """Return the page; `seen` holds the first line of the failure by the control that was taken out."""
    missing = "\n".join(f"- **{threat}**: {words}" for threat, words in NOT_THERE_YET.items())
    parts = [HEAD.format(not_there_yet=missing)]
    for threat in Threat:
        rows = [control for control in CONTROLS if control.threat is threat]
        if rows:
            lines = [_line(control, seen.get(_cell(control.taken_out), NEVER_SEEN)) for control in rows]
            parts.append(f"## {_heading(threat)}\n\n{TABLE}" + "\n".join(lines) + "\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def seen_on(text: str) -> dict[str, str]:
    """Return what a page says was seen, by the control that was taken out."""
    cells = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[2] for row in cells if len(row) == 3 and row[0] not in ("control taken out", "---")}


def write_page(lines: Mapping[str, str]) -> None:
    """Write the page anew; what was not run this time keeps the words that stand there."""
    before = seen_on(PAGE.read_text()) if PAGE.exists() else {}
    fresh = {_cell(taken_out): f"`{_cell(line).replace('`', chr(39))}`" for taken_out, line in lines.items()}
    PAGE.write_text(page({**before, **fresh}))


def _heading(threat: Threat) -> str:
    return threat[0].upper() + threat[1:]


def _line(control: Control, failed: str) -> str:
    tests = "<br>".join(f"`{test}`" for test in control.tests)
    return f"| {_cell(control.taken_out)} | {tests} | {failed} |"


def _cell(text: str) -> str:
    """Return a text that does not end its cell."""
    return text.replace("|", "/").replace("\n", " ").strip()
