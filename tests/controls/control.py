"""A control, how it is taken out of the code, and which tests must notice. A replacement that no longer fits is an error."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from tests.controls.threats import Threat


class Stale(Exception):
    """The code that a row replaces is not there once, exactly: the row says nothing any more and must be written anew."""


@dataclass(frozen=True)
class Change:
    """A text of one file, whole and found once, and what stands there when the control is gone."""

    file: str
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        """Return a file's text without the control. Raises Stale."""
        if (found := text.count(self.old)) != 1:
            raise Stale(f"{self.file}: the replaced text is there {found} times")
        changed = text.replace(self.old, self.new)
        if self.file.endswith(".py"):
            try:
                ast.parse(changed)
            except SyntaxError as error:
                raise Stale(f"{self.file}: what is left is not Python, at line {error.lineno}") from None
        return changed


@dataclass(frozen=True)
class Control:
    """One row: what is taken out against which threat, and the tests of which every one must go red.

    `cases` narrows parametrised tests, as pytest's `-k` does. `engine` names the one database that has this control.
    """

    threat: Threat
    taken_out: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]
    cases: str = ""
    engine: str | None = None

    def is_about(self, word: str) -> bool:
        """Tell whether a word stands in the threat or the control, whatever its capitals."""
        return word.casefold() in f"{self.threat} {self.taken_out}".casefold()


def take_out(control: Control, tree: Path) -> None:
    """Take a control out of a copy of the code. Raises Stale, having changed nothing that counts."""
    for change in control.changes:
        path = tree / change.file
        try:
            text = path.read_text()
        except OSError:
            raise Stale(f"{change.file}: there is no such file") from None
        path.write_text(change.applied_to(text))
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()  # Python compares seconds and sizes: a change of the same length would not be seen
