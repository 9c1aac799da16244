"""Who is in the demos and what they offer: SADA's shape for the partnership, random councils for a national one.

Source: domain page, "The partnership it serves" and "Figures": 31 units in SADA's portfolio, others in Essex.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from accommodation.vocabulary import (
    AccommodationType,
    BoysUpperAge,
    Level,
    NoRecoursePolicy,
    OrganisationKind,
    ResidentsGender,
    Role,
)
from api.demo.drawing import chance, draw_unit, draw_waiting_household
from api.demo.rows import DemoRows
from geo.gazetteer import Gazetteer, Place
from geo.postcode import Postcode

OCCUPIED_SHARE = 0.90
STEVENAGE, NORTH_HERTS, CENTRAL_BEDS = "E07000243", "E07000099", "E06000056"
SOUTH_CAMBS, HUNTINGDONSHIRE = "E07000012", "E07000011"
SOUTHEND, BASILDON, CHELMSFORD, COLCHESTER = "E06000033", "E07000066", "E07000070", "E07000071"

SADA_FLATS = (STEVENAGE, NORTH_HERTS, CENTRAL_BEDS, SOUTH_CAMBS, HUNTINGDONSHIRE) * 2
SADA_HOUSES = (STEVENAGE, NORTH_HERTS, CENTRAL_BEDS, SOUTH_CAMBS, HUNTINGDONSHIRE)
NEIGHBOURS = {
    SOUTHEND: "Estuary Haven",
    BASILDON: "Changing Tides",
    CHELMSFORD: "Chelmer Safe Homes",
    COLCHESTER: "Colne Women's Refuge",
}
ALWAYS_FREE: dict[str, dict[str, Any]] = {
    "flat 2": {
        "bed_spaces": 5,
        "access": 3,
        "boys_upper_age": BoysUpperAge.SIXTEEN,
        "residents": ResidentsGender.ANY,
        "mental_health": Level.MEDIUM,
        "substance_use": Level.LOW,
        "no_recourse": NoRecoursePolicy.NOT_ACCEPTED,
        "pets": False,
    },
    "house 1": {
        "bed_spaces": 6,
        "access": 0,
        "boys_upper_age": BoysUpperAge.NONE,
        "residents": ResidentsGender.ANY,
        "mental_health": Level.HIGH,
        "substance_use": Level.LOW,
        "no_recourse": NoRecoursePolicy.NOT_ACCEPTED,
        "accommodation_type": AccommodationType.DISPERSED_TYPE_1,
        "pets": True,
    },
    "house 3": {
        "bed_spaces": 5,
        "access": 0,
        "boys_upper_age": None,
        "residents": ResidentsGender.ANY,
        "mental_health": Level.HIGH,
        "substance_use": Level.MEDIUM,
        "no_recourse": NoRecoursePolicy.NOT_ACCEPTED,
        "pets": False,
    },
    "room 2": {},
}
"""SADA's free units, whatever the seed, so that the demo's story has something to find and to confirm. The others are
let: with the free ones in Essex about nine in ten of all are occupied."""

NEIGHBOURS_FREE = {"flat 1": ALWAYS_FREE["house 1"]}
"""The same in Essex: flats that would do, were they not where he is, or so near that only their provider can say."""

WAITING_AREAS = [
    {"geometry": geometry, "reason": reason, "source": "survivor", "confidence": "certain", "notes": None}
    for reason, geometry in (
        ("his_home", {"type": "local_authority", "code": SOUTHEND}),
        ("his_family", {"type": "circle", "centre": {"postcode": "SS14 1DL"}, "radius_metres": 8000}),
    )
]
"""Where the household that waits in the demo must not be: Southend, and round Basildon."""


def make_partnership(rows: DemoRows, gazetteer: Gazetteer) -> dict[str, uuid.UUID]:
    """Make the demo partnership's rows; returns a worker's id per role."""
    council = _organisation(rows, "Southend demo council", OrganisationKind.COUNCIL, "Priya Demo-Officer")
    sada = _organisation(rows, "SADA demo partnership", OrganisationKind.PROVIDER, "Morag Demo-Manager")
    worker = rows.add_worker(sada[0], "Rosa Demo-Resettlement")
    board = _organisation(rows, "Safe accommodation board (demo)", OrganisationKind.BOARD, "Carol Demo-Commissioner")
    administrator = rows.add_worker(board[0], "Ade Demo-Administrator")
    auditor = rows.add_worker(council[0], "Agnes Demo-Auditor")
    lead = rows.add_worker(council[0], "Lena Demo-Lead")
    rows.add_role(rows.add_worker(sada[0], "Sunita Demo-Lead"), Role.SAFEGUARDING_LEAD)
    provider = rows.add_provider(sada[0], "SADA", "0300 790 0001")
    rows.add_agreement(council, sada)
    anywhere = _postcodes(gazetteer.sample(rows.rng, 200))
    near = _postcodes(gazetteer.sample(rows.rng, 200, [SOUTHEND, BASILDON]))

    def let(home: dict[str, Any], manager: uuid.UUID, resettlement: uuid.UUID | None, name: str, **kind: bool) -> None:
        fixed = (ALWAYS_FREE if home["provider_id"] == provider else NEIGHBOURS_FREE).get(name)
        facts = draw_unit(rows.rng, **kind) | (fixed or {})
        unit = rows.add_unit(home, facts, name.capitalize())
        if fixed is not None and home["provider_id"] == provider:
            unit["confirmed_at"] = rows.now - timedelta(minutes=40)
        if fixed is None:
            rows.add_resident(home, unit, council, manager, resettlement, near, anywhere)

    rows.add_household(council, draw_waiting_household(rows.today), rows.now, WAITING_AREAS)
    refuge = rows.add_property(provider, _one(rows, gazetteer, STEVENAGE), is_staffed=True)
    for room in range(1, 9):
        let(refuge, sada[1], worker, f"room {room}", self_contained=False)
    for number, authority in enumerate((NORTH_HERTS, CENTRAL_BEDS), start=1):
        shared = rows.add_property(provider, _one(rows, gazetteer, authority), is_staffed=False)
        for room in range(1, 5):
            let(shared, sada[1], worker, f"hmo {number} room {room}", self_contained=False)
    for number, authority in enumerate(SADA_FLATS, start=1):
        flat = rows.add_property(provider, _one(rows, gazetteer, authority), is_staffed=False)
        _open_at_night(flat, f"flat {number}")
        let(flat, sada[1], worker, f"flat {number}", self_contained=True)
    for number, authority in enumerate(SADA_HOUSES, start=1):
        house = rows.add_property(provider, _one(rows, gazetteer, authority), is_staffed=False)
        _open_at_night(house, f"house {number}")
        let(house, sada[1], worker, f"house {number}", self_contained=True, is_house=True)
    for number, (authority, name) in enumerate(NEIGHBOURS.items(), start=2):
        other = _organisation(rows, f"{name} (demo)", OrganisationKind.PROVIDER, f"Manager of {name}")
        other_provider = rows.add_provider(other[0], name, f"0300 790 000{number}")
        rows.add_agreement(council, other)
        other_refuge = rows.add_property(other_provider, _one(rows, gazetteer, authority), is_staffed=True)
        for room in range(1, 9):
            let(other_refuge, other[1], None, f"room {room}", self_contained=False)
        for flat_number in (1, 2):
            home = rows.add_property(other_provider, _one(rows, gazetteer, authority), is_staffed=False)
            home["out_of_hours_intake"] = True
            let(home, other[1], None, f"flat {flat_number}", self_contained=True)
    return {
        "housing_officer": council[1],
        "refuge_manager": sada[1],
        "resettlement_worker": worker,
        "commissioner": board[1],
        "administrator": administrator,
        "auditor": auditor,
        "safeguarding_lead": lead,
    }


def make_national(rows: DemoRows, gazetteer: Gazetteer, units: int) -> dict[str, uuid.UUID]:
    """Make a national demo of `units` units on random real postcodes; returns a worker's id per role."""
    council = _organisation(rows, "National demo council", OrganisationKind.COUNCIL, "National Demo-Officer")
    board = _organisation(rows, "National demo board", OrganisationKind.BOARD, "National Demo-Commissioner")
    administrator = rows.add_worker(board[0], "National Demo-Administrator")
    auditor = rows.add_worker(council[0], "National Demo-Auditor")
    lead = rows.add_worker(council[0], "National Demo-Lead")
    places = gazetteer.sample(rows.rng, max(units // 3, 1))
    anywhere = _postcodes(places[:500])
    by_authority: dict[str, list[str]] = defaultdict(list)
    for postcode, place in places:
        by_authority[place.authority_code].append(postcode.text)
    roles: dict[str, uuid.UUID] = {}
    made, number = 0, 0
    while made < units:
        if number % 4 == 0:
            other = _organisation(rows, f"Demo provider {number // 4 + 1}", OrganisationKind.PROVIDER, "Demo Manager")
            worker = rows.add_worker(other[0], "Demo Resettlement")
            provider = rows.add_provider(other[0], f"Demo provider {number // 4 + 1}", f"0300 79{number // 4:05d}")
            rows.add_agreement(council, other)
            roles = roles or {"refuge_manager": other[1], "resettlement_worker": worker}
        found = places[number % len(places)]
        shared = number % 2 == 0
        home = rows.add_property(provider, found, is_staffed=shared)
        for room in range(1, (6 if shared else 2)):
            if made == units:
                break
            unit = rows.add_unit(home, draw_unit(rows.rng, self_contained=not shared), f"Door {room}")
            if chance(rows.rng, OCCUPIED_SHARE):
                near = by_authority[found[1].authority_code]
                rows.add_resident(home, unit, council, other[1], worker, near, anywhere)
            made += 1
        number += 1
    return roles | {
        "housing_officer": council[1],
        "administrator": administrator,
        "auditor": auditor,
        "commissioner": board[1],
        "safeguarding_lead": lead,
    }


def _organisation(rows: DemoRows, name: str, kind: OrganisationKind, worker: str) -> tuple[uuid.UUID, uuid.UUID]:
    organisation_id = rows.add_organisation(name, kind)
    return organisation_id, rows.add_worker(organisation_id, worker)


def _open_at_night(home: dict[str, Any], name: str) -> None:
    """Let the units that the demo's story needs be reached at any hour: it is told at two in the morning too."""
    if name in ALWAYS_FREE:
        home["out_of_hours_intake"] = True


def _one(rows: DemoRows, gazetteer: Gazetteer, authority: str) -> tuple[Postcode, Place]:
    return gazetteer.sample(rows.rng, 1, [authority])[0]


def _postcodes(found: Iterable[tuple[Postcode, Place]]) -> list[str]:
    return [postcode.text for postcode, _ in found]
