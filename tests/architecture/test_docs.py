"""The documents say what the code does: errors, settings, commands, paths, decisions, figures."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from api.problems import GEO_UNAVAILABLE, TITLES
from api.scheduler import JOBS
from api.settings import Settings
from geo.cells import CellPartition
from geo.errors import GeoError
from placement.budgets import DEFAULT_BUDGETS
from placement.vocabulary import BudgetKind

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
ERRORS = ROOT / "docs" / "errors.md"
OPERATIONS = ROOT / "docs" / "operations.md"
SAFEGUARDING = ROOT / "docs" / "safeguarding.md"
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]

ADR_HEADINGS = ["## Context", "## Decision", "## Consequences"]
FOLDERS = ("accommodation", "api", "bench", "docs", "geo", "migrations", "placement", "tests")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+)`")
KEY = re.compile(r"hb_[0-9a-f]{12}_")


def test_every_problem_has_a_section_and_every_section_is_a_problem() -> None:
    sections = _sections(ERRORS)

    assert sorted(sections) == sorted(TITLES)


@pytest.mark.parametrize("slug", TITLES)
def test_a_section_begins_with_its_status_and_says_what_to_do_next(slug: str) -> None:
    text = _sections(ERRORS)[slug].strip()

    assert text.startswith(f"{TITLES[slug][0]}. ")
    assert "\nNext: " in text or "| next |" in text


def test_every_reason_why_a_place_cannot_be_used_is_explained() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", _sections(ERRORS)["place-not-usable"], re.MULTILINE)) - {"reason"}

    assert told == {kind.slug for kind in _kinds(GeoError)} - GEO_UNAVAILABLE - {"point-outside-cell"}


def test_every_setting_is_in_the_readme_and_every_one_there_is_read(tmp_path: Path) -> None:
    environment = Watched({"INSTANCE_PATH": str(tmp_path), **_keys()})

    Settings.from_environment(environment)

    rows = re.findall(r"^\| `([A-Z_]+)` \|", _sections(README)["Settings"], re.MULTILINE)
    assert sorted(rows) == sorted(environment.read)


def test_every_command_is_in_the_readme_and_every_one_there_can_be_made() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    rows = set(re.findall(r"^\| `make ([a-z]+)` \|", README.read_text(), re.MULTILINE))

    assert rows == targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_names_can_be_made(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z]+)", document.read_text())) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()

    missing = [path for path in PATH.findall(text) if not (ROOT / path).exists()]
    for target in LINK.findall(text):
        path = target.partition("#")[0]
        if "://" not in target and path and not (document.parent / path).exists():
            missing.append(target)

    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_into_a_document_finds_its_heading(document: Path) -> None:
    lost = []
    for target in LINK.findall(document.read_text()):
        path, _, anchor = target.partition("#")
        if anchor and "://" not in target:
            page = document.parent / path if path else document
            lost += [] if anchor in map(_anchor, _sections(page)) else [target]

    assert not lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_holds_a_key(document: Path) -> None:
    assert not KEY.search(document.read_text())


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:5] for path in ADRS] == [f"{number:04}-" for number in range(1, len(ADRS) + 1)]


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_three_headings(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert lines[0].startswith(f"# {path.name[:4]}. ")
    assert [line for line in lines if line.startswith("## ")] == ADR_HEADINGS
    assert all(text.strip() for text in _sections(path).values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_decision_that_a_document_names_exists(document: Path) -> None:
    known = {path.name[:4] for path in ADRS}

    assert set(re.findall(r"ADR (\d{4})", document.read_text())) <= known


def test_the_jobs_of_the_scheduler_are_in_operations() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) s \|", _sections(OPERATIONS)["Scheduler"], re.MULTILINE)

    assert [(name, int(seconds)) for name, seconds in rows] == [(job.name, job.every_seconds) for job in JOBS]


def test_the_figures_of_the_cells_are_those_of_the_shipped_table() -> None:
    partition = CellPartition.load()
    fine = partition.fine_count
    postcodes, households = partition.postcode_counts[:fine], partition.household_counts[:fine]
    joined = [sum(index in places for places, _ in partition._authorities.values()) > 1 for index in range(fine)]
    shared = [any(joined[index] for index in places) for places, _ in partition._authorities.values()]
    text = SAFEGUARDING.read_text()

    assert f"{fine} of them (version {partition.version}, from\n{int(postcodes.sum()):,} postcodes)" in text
    for counts in (postcodes, households):
        assert f"| {int(counts.min()):,} | {int(np.median(counts)):,} | {int(counts.max()):,} |" in text
    square_kilometres = partition.square_metres / 1e6
    assert f"| {square_kilometres.min():.0f} | {np.median(square_kilometres):.0f} | {square_kilometres.max():,.0f} |" in text
    assert (
        f"{shared.count(False)} of {len(shared)} authorities,\nand the {shared.count(True)} others share {sum(joined)} cells"
        in text
    )
    assert f"one of {len(partition) - fine} unions" in text


def test_the_figures_of_the_budgets_are_those_of_the_policy() -> None:
    rows = re.findall(r"^\|[^|]*\| (household|officer|organisation|property)[^|]*\| (\d.*) \|$", _budgets(), re.MULTILINE)
    told = [(scope, [int(number) for number in re.findall(r"\d+", figures)]) for scope, figures in rows]

    budgets = [budget for kind in BudgetKind for budget in DEFAULT_BUDGETS.of(kind)]
    shares = [[share for share in budget.per_officer if share] for budget in budgets]
    assert told == [
        (str(budget.scope), [budget.alert_at, *share[:1], budget.refuse_at, *share[1:], budget.window.days])
        for budget, share in zip(budgets, shares, strict=True)
    ]


def _budgets() -> str:
    return _sections(SAFEGUARDING)["Asking too often"].replace(" beyond two", "").replace(" for one organisation", "")


class Watched(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _keys() -> dict[str, str]:
    first, second, third = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
    return {"DATA_KEYS": f"t1:{first}", "INDEX_KEY": second, "AUTH_KEY": third}


def _kinds(kind: type[GeoError]) -> Iterator[type[GeoError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _sections(page: Path) -> dict[str, str]:
    """Return what stands under each heading of the second level."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
