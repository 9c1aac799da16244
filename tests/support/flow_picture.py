"""The picture of the disclosure of an address, drawn from its moves. `--write` puts it into `docs/disclosure.md`.

Run as `python -m tests.support.flow_picture [--write]`; without it, says whether the page is true.
"""

from __future__ import annotations

import sys
from pathlib import Path

from accommodation.disclosure import MOVES, Actor, Move, Stage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "disclosure.md"
BEGIN, END = "<!-- drawn from accommodation/disclosure.py -->", "<!-- end of what is drawn -->"


def draw() -> str:
    """Return the picture and the table of moves, as Markdown."""
    return "\n".join([BEGIN, "", *_picture(), "", *_table(), "", END])


def with_picture(page: str) -> str:
    """Return a page with what is drawn in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + draw() + after


def _picture() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> searched"]
    for move in MOVES:
        if move.ends is not None or len(move.begins) == 1:  # what changes nothing stands in the table alone
            for stage in (stage for stage in Stage if stage in move.begins):
                lines.append(f"    {stage} --> {move.ends or stage}: {move.name}")
    return [*lines, "    over --> [*]", "```"]


def _table() -> list[str]:
    rows = ["| move | by | from | to | second factor | an address is told |", "| --- | --- | --- | --- | --- | --- |"]
    for move in MOVES:
        cells = (
            f"`{move.name}`",
            ", ".join(_words(actor) for actor in Actor if actor in move.by),
            _stages(move),
            "the same" if move.ends is None else str(move.ends),
            "yes" if move.needs_second_factor else "-",
            "yes" if move.tells else "-",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _stages(move: Move) -> str:
    return "any" if move.begins == frozenset(Stage) else ", ".join(stage for stage in Stage if stage in move.begins)


def _words(actor: Actor) -> str:
    return actor.replace("_", " ")


def main() -> int:
    """Write or compare; returns the exit code."""
    page = PAGE.read_text()
    if "--write" in sys.argv:
        PAGE.write_text(with_picture(page))
        return 0
    return 0 if with_picture(page) == page else 1


if __name__ == "__main__":
    sys.exit(main())
