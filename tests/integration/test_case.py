"""The life of a case through the API, on both databases."""

from __future__ import annotations

from tests.support.world import World


def test_a_held_unit_cannot_be_offered_to_another_household(world: World) -> None:
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    first, second = world.create_household(officer), world.create_household(officer)
    assert world.hold(officer, first, unit).status_code == 201

    answer = world.search(officer, second)

    assert answer["matches"] == []
    assert answer["excluded"] == [{"reason": "not_available", "units": 1}]
