"""The vacancy index: read whole once, then only what changed; never behind the last commit, never ahead of it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from placement.columns import SupplyColumns
from placement.index import VacancyIndex
from tests.support.world import World


def picture(world: World, index: VacancyIndex) -> SupplyColumns:
    """Return what an index says now."""
    with Session(world.engine) as session:
        return index.current(session, datetime.now(UTC))


def fresh_index(world: World) -> VacancyIndex:
    return VacancyIndex(world.harbour.atlas.partition)


def same(one: SupplyColumns, other: SupplyColumns) -> bool:
    """Compare two pictures unit by unit, whatever the order of their rows."""
    if set(one.row_of) != set(other.row_of):
        return False
    for unit_id, row in one.row_of.items():
        twin = other.row_of[unit_id]
        for name in one.columns:
            if name not in ("provider", "property") and one[name][row] != other[name][twin]:
                return False
        if one.providers[one["provider"][row]] != other.providers[other["provider"][twin]]:
            return False
    return True


def test_a_picture_that_was_kept_up_to_date_equals_one_that_is_read_anew(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    kept = fresh_index(world)
    home = world.create_property(manager)
    units = [world.create_unit(manager, home) for _ in range(3)]
    picture(world, kept)

    him = [{"name": "Terence Testson"}]
    world.place(officer, manager, world.create_household(officer, perpetrators=him, needs={"no_recourse": False}), units[0])
    world.create_unit(manager, home, bed_spaces=2)
    referral = world.refer(officer, world.create_household(officer), units[1])
    manager.made(f"/referrals/{referral['id']}/decline", {"reason": "capacity"})
    manager.made(f"/units/{units[2]['id']}/withdrawal")

    one, other = picture(world, kept), picture(world, fresh_index(world))
    assert same(one, other)
    assert set(one.links) == set(other.links)
    assert len(one.declined) == len(other.declined) == 1
    rows_of_home = {int(one["property"][row]) for row in one.row_of.values()}
    assert len(rows_of_home) == 1


def test_an_unchanged_supply_costs_one_read(world: World) -> None:
    manager = world.create_manager()
    world.create_unit(manager)
    index = fresh_index(world)
    picture(world, index)
    statements: list[str] = []
    listener = lambda _c, _cur, statement, *_: statements.append(statement)  # noqa: E731
    event.listen(world.engine, "before_cursor_execute", listener)

    picture(world, index)

    event.remove(world.engine, "before_cursor_execute", listener)
    assert [statement for statement in statements if statement.startswith("SELECT")] == statements[-1:]
    assert "supply_version" in statements[-1]


def test_pictures_that_somebody_holds_do_not_change(world: World) -> None:
    manager = world.create_manager()
    unit = world.create_unit(manager)
    index = fresh_index(world)
    before = picture(world, index)
    row = before.row_of[UUID(unit["id"])]

    manager.made(f"/units/{unit['id']}/withdrawal")
    after = picture(world, index)

    assert not before["withdrawn"][row]
    assert after["withdrawn"][row]


def test_a_restored_backup_makes_the_index_read_everything_again(world: World) -> None:
    manager = world.create_manager()
    world.create_unit(manager)
    index = fresh_index(world)
    version = picture(world, index).version
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM vault_door"))
        connection.execute(text("DELETE FROM unit"))
        connection.execute(text("UPDATE supply_version SET version = :version"), {"version": version - 1})

    assert len(picture(world, index)) == 0


def test_a_change_that_is_rolled_back_is_never_seen(world: World) -> None:
    manager = world.create_manager()
    unit = world.create_unit(manager)
    index = fresh_index(world)
    before = picture(world, index)
    with Session(world.engine) as session:
        session.execute(text("UPDATE supply_version SET version = version + 1"))
        session.execute(text("UPDATE unit SET bed_spaces = 9"))
        session.rollback()

    after = picture(world, index)

    assert after is before
    assert np.all(after["bed_spaces"] == unit["bed_spaces"])
