"""Imports point one way, search cannot reach the vault, deciding modules are pure; and these contracts can fail."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("geo", "accommodation", "placement", "api")
VAULT = "accommodation.vault"

OPENS_THE_VAULT = {
    "accommodation.filing": "files a property in the cell of its postcode",
    "accommodation.properties": "seals an address when a property is opened",
    "api.demo.rows": "writes the demo's invented addresses",
    "api.resources.units": "seals what is written on a door",
    "placement.disclosures": "tells an address, or where a household is met",
    "placement.exact_check": "compares the exact point with areas to avoid",
}
"""Every module that may import the vault, and why. Another one is a decision, not an accident."""

FORBIDDEN = [
    ("geo/distance.py", "import placement.criteria", "Imports point one way"),
    ("placement/matching.py", "import accommodation.vault", "Search never knows where a refuge is"),
    ("placement/columns.py", "import placement.exact_check", "Search never knows where a refuge is"),
    ("placement/eligibility.py", "import sqlalchemy", "Deciding modules are pure"),
    ("placement/holds.py", "import flask", "The domain does not know the web"),
]


def test_every_import_contract_is_kept() -> None:
    assert (outcome := _lint(ROOT)).returncode == 0, outcome.stdout


@pytest.mark.parametrize(("module", "line", "contract"), FORBIDDEN, ids=[module for module, _, _ in FORBIDDEN])
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.msgpack"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{line}\n")

    outcome = _lint(tmp_path)

    assert outcome.returncode == 1, outcome.stdout
    assert any(row.startswith(contract) and "BROKEN" in row for row in _rows(outcome.stdout))


def test_the_vault_is_opened_by_those_alone_who_have_a_reason() -> None:
    importers = {_name(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py") if VAULT in _imports(path)}

    assert importers == set(OPENS_THE_VAULT)


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the packages in a folder, without leaving a cache there."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def _rows(output: str) -> list[str]:
    """Return the report's lines, each joined with the next: long names of contracts are broken over two."""
    lines = output.splitlines()
    return [" ".join(pair) for pair in zip(lines, [*lines[1:], ""], strict=True)]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
