"""A property's cell changes by a recorded act alone, and of one of special risk search knows the county and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgpack
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accommodation.models import Property, SupplyVersion
from api.audit import AuditEvent
from api.filing import move_properties
from geo.areas import parse_area
from geo.authorities import DATA
from geo.cells import BLOCKED, CURRENT_VERSION, REVIEW, CellPartition
from tests.support.world import Caller, World

SOUTHEND = "E06000033"
HOME = "SS1 1AA"
NOT_IN_SOUTHEND = {"type": "local_authority", "code": SOUTHEND}
WHY = "He has hired somebody to look for her."


def found(world: World, officer: Caller, unit: dict[str, Any], **areas: Any) -> tuple[str, Any]:
    """Return in which list of a search a unit stands, "" for none, and what is said of its place."""
    answer = world.search(officer, world.create_household(officer, **areas))
    for verdict in ("matches", "confirm", "review"):
        for match in answer[verdict]:
            if match["unit_id"] == unit["id"]:
                return verdict, match["area"]
    return "", None


def state(manager: Caller, home: dict[str, Any], special_risk: bool, **facts: Any) -> Any:
    """Ask for a property to be filed in its county, or in its fine cell."""
    etag = manager.get(f"/properties/{home['id']}").headers["ETag"]
    body = {"special_risk": special_risk, "special_risk_reason": WHY, **facts}
    return manager.patch(f"/properties/{home['id']}", body, headers={"If-Match": etag})


def trail(world: World) -> list[AuditEvent]:
    """Return what the trail holds of properties' cells, oldest first."""
    kinds = ("property:moved", "property:special_risk:stated", "property:special_risk:ended")
    with Session(world.engine) as session:
        query = select(AuditEvent).where(AuditEvent.action.in_(kinds)).order_by(AuditEvent.happened_at, AuditEvent.id)
        return list(session.execute(query).scalars())


def rename_table(world: World, version: str) -> None:
    """Let every property have been filed under another table of cells."""
    with Session(world.engine) as session:
        session.execute(update(Property).values(cell_version=version))
        session.execute(update(SupplyVersion).values(version=SupplyVersion.version + 1))
        session.commit()
    world.harbour._engine = None
    world.harbour.search_engine  # noqa: B018  # made anew, as a new process would


@pytest.mark.parametrize("on_opening", [True, False])
def test_search_knows_the_county_of_a_property_of_special_risk_and_nothing_finer(world: World, on_opening: bool) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    home = world.create_property(manager, HOME, special_risk=on_opening)
    unit = world.create_unit(manager, home)
    if not on_opening:
        assert found(world, officer, unit) == ("matches", {"code": SOUTHEND, "name": "Southend-on-Sea"})
        assert state(manager, home, True).status_code == 200

    verdict, area = found(world, officer, unit)
    in_doubt, _ = found(world, officer, unit, areas=[NOT_IN_SOUTHEND])

    assert verdict == "matches"
    assert area["code"].startswith("county-")
    assert "Essex" in area["name"]
    assert in_doubt == "review"
    assert manager.get(f"/properties/{home['id']}").get_json()["area"] == area
    assert manager.get(f"/units/{unit['id']}").get_json()["area"] == area
    assert stored_cell(world, home)[0] == area["code"]


def stored_cell(world: World, home: dict[str, Any]) -> tuple[str, str]:
    with Session(world.engine) as session:
        row = session.execute(select(Property.cell, Property.cell_version).where(Property.reference == home["reference"]))
        cell, version = row.one()
        return cell, version


def test_a_unit_opened_later_is_hidden_with_its_property(world: World) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    home = world.create_property(manager, HOME)
    state(manager, home, True)

    unit = world.create_unit(manager, home)

    assert found(world, officer, unit)[1]["code"].startswith("county-")


def test_special_risk_changes_with_a_reason_and_leaves_a_row_that_does_not_name_the_cell(world: World) -> None:
    manager = world.create_manager()
    home = world.create_property(manager, HOME)

    refused = state(manager, home, True, special_risk_reason=None)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/special_risk_reason"
    assert trail(world) == []

    assert state(manager, home, True).status_code == 200
    assert state(manager, home, True).status_code == 200
    assert state(manager, home, False).get_json()["area"]["code"] == SOUTHEND

    events = trail(world)
    assert [event.action for event in events] == ["property:special_risk:stated", "property:special_risk:ended"]
    assert all(event.details == {"cell_version": CURRENT_VERSION} and event.reason_digest for event in events)


def test_another_fact_can_be_changed_with_special_risk_and_without_it(world: World) -> None:
    manager = world.create_manager()
    home = world.create_property(manager, HOME)

    both = state(manager, home, True, cctv=False).get_json()
    one = manager.patch(
        f"/properties/{home['id']}",
        {"cctv": True},
        headers={"If-Match": manager.get(f"/properties/{home['id']}").headers["ETag"]},
    ).get_json()

    assert (both["special_risk"], both["cctv"]) == (True, False)
    assert (one["special_risk"], one["cctv"], one["area"]) == (True, True, both["area"])


def test_a_unit_filed_in_another_table_is_under_review_and_has_no_label(world: World) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    unit = world.create_unit(manager, world.create_property(manager, HOME))

    rename_table(world, "1999.1.1-1")

    assert found(world, officer, unit) == ("review", None)
    assert manager.get(f"/units/{unit['id']}").get_json()["area"] is None


def test_a_new_table_moves_nothing_until_the_operator_does_and_every_move_is_in_the_trail(world: World) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    home = world.create_property(manager, HOME)
    hidden = world.create_property(manager, HOME, special_risk=True)
    unit, other = world.create_unit(manager, home), world.create_unit(manager, hidden)
    before = stored_cell(world, home), stored_cell(world, hidden)
    rename_table(world, "1999.1.1-1")

    harbour = world.harbour
    assert found(world, officer, unit)[0] == "review"
    assert trail(world) == []
    first = move_properties(world.engine, harbour.key_ring, harbour.atlas)
    again = move_properties(world.engine, harbour.key_ring, harbour.atlas)

    assert (first.moved, first.current, first.left) == (2, 0, [])
    assert (again.moved, again.current, again.left) == (0, 2, [])
    assert (stored_cell(world, home), stored_cell(world, hidden)) == before
    assert found(world, officer, unit) == ("matches", {"code": SOUTHEND, "name": "Southend-on-Sea"})
    assert found(world, officer, other)[1]["code"].startswith("county-")
    events = trail(world)
    assert [event.action for event in events] == ["property:moved"] * 2
    assert {event.organisation_id for event in events} == {manager.organisation_id}
    assert {event.details["from_version"] for event in events} == {"1999.1.1-1"}
    assert {event.details["to_cell"] for event in events} == {before[0][0], before[1][0]}


def test_a_property_that_the_present_table_cannot_file_stays_under_review_and_is_told(world: World) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    home = world.create_property(manager, HOME)
    unit = world.create_unit(manager, home)
    rename_table(world, "1999.1.1-1")
    content = msgpack.unpackb((DATA / f"cells-{CURRENT_VERSION}.msgpack").read_bytes())
    del content["districts"]["SS1"]
    atlas = replace(world.harbour.atlas, partition=CellPartition(content))

    outcome = move_properties(world.engine, world.harbour.key_ring, atlas)

    assert (outcome.moved, outcome.left) == (0, [(home["reference"], "postcode-unplaced")])
    assert stored_cell(world, home)[1] == "1999.1.1-1"
    assert found(world, officer, unit)[0] == "review"
    assert trail(world) == []


def test_taking_the_only_unit_out_of_a_cell_changes_nothing_that_is_said_of_areas(world: World) -> None:
    manager, officer = world.create_manager(), world.create_officer()
    world.create_unit(manager, world.create_property(manager, "NE1 4ST"))
    only = world.create_unit(manager, world.create_property(manager, HOME))
    others = [NOT_IN_SOUTHEND, {"type": "circle", "centre": {"postcode": HOME}, "radius_metres": 3_000}]

    def everything_about_areas() -> list[Any]:
        household = world.create_household(officer, areas=others)
        listed = officer.get(f"/households/{household['id']}/areas-to-avoid").get_json()["items"]
        labels = [
            (match["area"], match["distance_band"])
            for preferences in ({}, {"anchor_postcode": "SS2 6HT"})
            for match in world.search(officer, household, preferences=preferences)["matches"]
        ]
        opened = world.create_property(manager, HOME)["area"]
        return [[(area["geometry"], sorted(area)) for area in listed], labels, opened]

    before = everything_about_areas()
    assert manager.post(f"/units/{only['id']}/withdrawal").status_code == 200
    after = everything_about_areas()

    assert before == after
    assert before[1][0][0]["name"].startswith("part of Newcastle") or before[1][0][0]["name"] == "Newcastle upon Tyne"
    assert before[2] == {"code": SOUTHEND, "name": "Southend-on-Sea"}


def test_the_fixed_table_and_not_the_supply_decides_what_an_area_does_to_a_cell(world: World) -> None:
    partition = world.harbour.atlas.partition
    verdicts = partition.verdicts(parse_area(NOT_IN_SOUTHEND, world.harbour.atlas.gazetteer))
    index = partition.index_of(SOUTHEND)

    assert verdicts[index] == BLOCKED
    assert verdicts[partition.county_of(index)] == REVIEW
