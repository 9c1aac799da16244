"""Writes docs/retention.md from the schedule, or tells that the page is not what the schedule says."""

from __future__ import annotations

import sys
from pathlib import Path

from placement.retention_tables import SCHEDULE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "retention.md"

HEAD = """# What is kept, why, and for how long

Written from `placement/retention_tables.py`; `make docs` writes it anew. Every column of every table stands here. The
job `forget_what_is_due` carries it out each night and at each start; what no job carries out yet says so. A legal hold
on a household stops all of it for that household.

An organisation may keep the identity in its closed cases for longer or shorter than six years
(`POST /retention-period`, 90 to 3,650 days); what was declined or withdrawn goes after 90 days whatever it says. Forgetting
leaves roles, genders, coded needs, dates and reasons under random ids: enough for the returns, not enough to find anybody.

PostgreSQL keeps the bytes of deleted rows until its vacuum, and its log and backups for as long as you keep them: keep
backups for no longer than the shortest period that you promise. SQLite overwrites what it deletes (`secure_delete`).

| table | columns | class | kept for | days | after | by |
| --- | --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page as the schedule has it."""
    lines = []
    for table, groups in SCHEDULE.items():
        for kept in groups:
            by = f"`{kept.enforced_by}`" if kept.enforced_by else "nobody yet"
            columns = ", ".join(f"`{column}`" for column in kept.columns)
            lines.append(
                f"| `{table}` | {columns} | {kept.data_class} | {kept.purpose} | {kept.days:,} | {kept.since} | {by} |"
            )
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit("docs/retention.md is not what the schedule says. Run: make docs")
