"""Modules say what they are for and stay readable; people are called what they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for package in ("geo", "accommodation", "placement", "api") for path in (ROOT / package).rglob("*.py"))
LONGEST = 300
LONGER_FOR_A_REASON = {
    "api/demo/rows.py": "invented rows of every table; nothing decides there",
}
NOT_FOR_PEOPLE = frozenset({"user", "users", "victim", "victims"})
NOT_ABOUT_PEOPLE = frozenset({"user_inputs", "user_agent"})
"""Words that the outside world forces upon us, and that mean no survivor."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert (ast.get_docstring(ast.parse(path.read_text())) or "").strip()


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    long = {str(path.relative_to(ROOT)) for path in MODULES if len(path.read_text().splitlines()) > LONGEST}

    assert long <= set(LONGER_FOR_A_REASON)


def test_nobody_is_called_a_user_or_a_victim() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name in _identifiers(ast.parse(path.read_text()))
        if name not in NOT_ABOUT_PEOPLE and NOT_FOR_PEOPLE & set(_words(name))
    }

    assert not found


@pytest.mark.parametrize("name", ["user_id", "Users", "VictimName", "find_victim"])
def test_a_wrong_name_would_be_found(name: str) -> None:
    assert NOT_FOR_PEOPLE & set(_words(name))


def _identifiers(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        for field in ("id", "name", "attr", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
