"""What one search asks of the database: the key, the household with its areas, one version row, the end of
the trail, and two rows written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from tests.support.world import World

CIRCLE = {"type": "circle", "centre": {"postcode": "SS1 1AA"}, "radius_metres": 3000}


def test_a_search_reads_no_supply_while_the_supply_is_unchanged(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    for _ in range(3):
        world.create_unit(manager)
    household = world.create_household(officer, areas=[CIRCLE])
    world.search(officer, household)
    statements: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(world.engine, "before_cursor_execute", remember)
    world.search(officer, household)
    event.remove(world.engine, "before_cursor_execute", remember)

    opening = ("BEGIN", "SELECT set_config")  # of every transaction
    asked = [statement.split("\n") for statement in statements if not statement.startswith(opening)]
    text = " ".join(" ".join(lines) for lines in asked)
    reads = [lines for lines in asked if lines[0].startswith("SELECT")]
    writes = [lines for lines in asked if lines[0].startswith("INSERT")]
    assert len(reads) <= 5
    assert len(writes) == 2
    assert "FROM unit" not in text
    assert "vault" not in text
