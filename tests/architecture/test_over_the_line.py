"""Looking over the second line is rare, and each place that does has said why."""

from __future__ import annotations

import ast

from tests.support.over_the_line import ACROSS, PACKAGES, ROOT


def test_the_places_that_look_over_the_line_are_these() -> None:
    found = set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and "across_organisations(" in ast.unparse(node):
                    found.add((path.relative_to(ROOT).as_posix(), node.name))

    assert found - {("accommodation/confinement.py", "across_organisations")} == set(ACROSS)
