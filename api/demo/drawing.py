"""Invented units and households, drawn from a seed by the domain page's figures. Pure but for the generator passed in.

Source: domain page, "Figures for demo data and simulation". Everybody here is invented; postcodes and councils are real.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np

from accommodation.vocabulary import (
    AccommodationType,
    BoysUpperAge,
    Gender,
    Level,
    NoRecoursePolicy,
    OccupancyBasis,
    ResidentsGender,
    Specialism,
)
from placement.vocabulary import AreaReason, AreaSource, MemberRole, RiskFlag, TrackerCheck

Choice = TypeVar("Choice")

GIVEN_NAMES = (
    "Amara",
    "Bethan",
    "Chloe",
    "Dilnoza",
    "Efua",
    "Farah",
    "Grace",
    "Hanna",
    "Ioana",
    "Jaspreet",
    "Kezia",
    "Leila",
)
BOYS_NAMES = ("Adam", "Bilal", "Callum", "Dev", "Elias", "Finn", "George", "Hamza")
FAMILY_NAMES = (
    "Okafor",
    "Whitmore",
    "Rahman",
    "Kowalska",
    "Pritchard",
    "Adeyemi",
    "Sandhu",
    "Lindqvist",
    "Marlowe",
    "Teixeira",
)
STREETS = ("Larkspur Close", "Mill Lane", "Orchard Way", "Station Road", "Priory Gardens", "Elm Grove", "Canal Street")
MAX_AREA_METRES = (2_000, 5_000, 8_000, 16_000)


def pick(rng: np.random.Generator, weights: Mapping[Choice, float]) -> Choice:
    """Return one of the choices by weight."""
    choices = list(weights)
    shares = np.array([weights[choice] for choice in choices], dtype=float)
    return choices[int(rng.choice(len(choices), p=shares / shares.sum()))]


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True in this share of draws."""
    return bool(rng.random() < share)


def draw_id(rng: np.random.Generator) -> uuid.UUID:
    """Return a version 4 UUID from the generator, so that the same seed makes the same demo."""
    return uuid.UUID(bytes=rng.bytes(16), version=4)


def draw_unit(rng: np.random.Generator, *, self_contained: bool, is_house: bool = False) -> dict[str, Any]:
    """Return a unit's published facts. About one in thirty has something that its provider has not said."""
    unit: dict[str, Any] = {
        "accommodation_type": pick(rng, {AccommodationType.DISPERSED_TYPE_2: 0.6, AccommodationType.DISPERSED_TYPE_1: 0.4})
        if self_contained
        else AccommodationType.REFUGE,
        "self_contained": self_contained,
        "bed_spaces": int(rng.integers(4, 7)) if is_house else pick(rng, {1: 0.25, 2: 0.30, 3: 0.28, 4: 0.12, 5: 0.05}),
        "cots": pick(rng, {0: 0.5, 1: 0.4, 2: 0.1}),
        "residents": pick(rng, {ResidentsGender.ANY: 0.6, ResidentsGender.WOMEN: 0.4})
        if self_contained
        else pick(rng, {ResidentsGender.WOMEN: 0.96, ResidentsGender.MEN: 0.04}),
        "boys_upper_age": pick(rng, {BoysUpperAge.NONE: 0.7, BoysUpperAge.SIXTEEN: 0.3})
        if self_contained
        else pick(
            rng,
            {
                BoysUpperAge.TWELVE: 0.12,
                BoysUpperAge.FOURTEEN: 0.53,
                BoysUpperAge.SIXTEEN: 0.33,
                BoysUpperAge.NONE: 0.02,
            },
        ),
        "access": pick(rng, {0: 0.03, 1: 0.02, 2: 0.06, 3: 0.86, None: 0.03}),
        "no_recourse": pick(
            rng,
            {
                NoRecoursePolicy.ACCEPTED: 0.04,
                NoRecoursePolicy.FUNDED_PLACE: 0.02,
                NoRecoursePolicy.QUOTA: 0.03,
                NoRecoursePolicy.NOT_ACCEPTED: 0.88,
                None: 0.03,
            },
        ),
        "mental_health": pick(rng, {Level.LOW: 0.3, Level.MEDIUM: 0.45, Level.HIGH: 0.22, None: 0.03}),
        "substance_use": pick(rng, {Level.NONE: 0.35, Level.LOW: 0.3, Level.MEDIUM: 0.25, Level.HIGH: 0.1}),
        "pets": pick(rng, {False: 0.87, True: 0.1, None: 0.03}),
        "specialisms": [str(specialism) for specialism in Specialism if chance(rng, 0.06)],
        "occupancy_basis": OccupancyBasis.PROTECTED_LICENCE if self_contained else OccupancyBasis.EXCLUDED_LICENCE,
        "licence_days": 91,
        "turnaround_days": int(rng.integers(3, 8)),
    }
    return unit


def draw_property(rng: np.random.Generator, *, is_staffed: bool) -> dict[str, Any]:
    """Return a property's published facts."""
    return {
        "staff_cover": is_staffed,
        "cctv": chance(rng, 0.7 if is_staffed else 0.3),
        "out_of_hours_intake": chance(rng, 0.8 if is_staffed else 0.5),
    }


def draw_address(rng: np.random.Generator, postcode: str) -> dict[str, Any]:
    """Return an invented street at a real postcode."""
    return {
        "lines": [f"{int(rng.integers(1, 180))} {STREETS[int(rng.integers(len(STREETS)))]}"],
        "town": "Demo Town",
        "postcode": postcode,
    }


def draw_household(rng: np.random.Generator, today: date, most_people: int = 20) -> dict[str, Any]:
    """Return an invented household's details, with at most `most_people` members."""
    family = FAMILY_NAMES[int(rng.integers(len(FAMILY_NAMES)))]
    gender = pick(rng, {Gender.FEMALE: 0.947, Gender.MALE: 0.047, Gender.NON_BINARY: 0.006})
    given = BOYS_NAMES if gender is Gender.MALE else GIVEN_NAMES
    members = [_member(rng, MemberRole.SURVIVOR, given, family, gender, _years_ago(rng, today, 19, 55))]
    children = pick(rng, {0: 0.40, 1: 0.24, 2: 0.19, 3: 0.10, 4: 0.045, 5: 0.025})
    for _ in range(min(children, most_people - 1)):
        is_boy = chance(rng, 0.5)
        names, of_child = (BOYS_NAMES, Gender.MALE) if is_boy else (GIVEN_NAMES, Gender.FEMALE)
        members.append(_member(rng, MemberRole.CHILD, names, family, of_child, _years_ago(rng, today, 0, 17)))
    return {
        "members": members,
        "needs": draw_needs(rng),
        "perpetrators": [
            {
                "name": f"{BOYS_NAMES[int(rng.integers(len(BOYS_NAMES)))]} {family}",
                "born_on": _years_ago(rng, today, 20, 60),
                "relation": "ex-partner",
            }
        ],
        "safe_contact": {
            "channel": "telephone",
            "value": f"07700 900{int(rng.integers(0, 1000)):03d}",
            "hours": "10:00-12:00",
            "code_word": None,
            "no_voicemail": True,
        },
        "tracking_devices": {device: str(TrackerCheck.CHECKED) for device in ("phone", "car", "child_devices")},
        "risk_score": int(rng.integers(14, 24)) if chance(rng, 0.58) else int(rng.integers(4, 14)),
        "wishes_to_return": chance(rng, 0.2),
        "external_case_id": None,
    }


def draw_waiting_household(today: date) -> dict[str, Any]:
    """Return the household of the first page: a mother who uses a wheelchair, her boy of 15, two younger girls, a dog."""

    def born(years: int) -> str:
        return (today - timedelta(days=round(years * 365.25) + 40)).isoformat()

    return {
        "members": [
            {"role": "survivor", "name": "Demo Mother", "gender": "female", "born_on": born(38)},
            {"role": "child", "name": "Demo Boy", "gender": "male", "born_on": born(15)},
            {"role": "child", "name": "Demo Girl", "gender": "female", "born_on": born(9)},
            {"role": "child", "name": "Demo Little Girl", "gender": "female", "born_on": born(4)},
        ],
        "needs": {
            "access_need": 0,
            "no_recourse": False,
            "mental_health": "low",
            "substance_use": "none",
            "pets": True,
            "risks": [],
        },
        "perpetrators": [{"name": "Demo Perpetrator", "born_on": None, "relation": "ex-partner"}],
        "safe_contact": {"channel": "through_worker"},
        "risk_score": 17,
    }


def draw_needs(rng: np.random.Generator) -> dict[str, Any]:
    """Return needs by the page's shares; all of them asked."""
    return {
        "access_need": pick(rng, {0: 0.05, 1: 0.03, 2: 0.05, 3: 0.87}),
        "no_recourse": chance(rng, 0.08),
        "mental_health": str(pick(rng, {Level.NONE: 0.55, Level.LOW: 0.2, Level.MEDIUM: 0.18, Level.HIGH: 0.07})),
        "substance_use": str(pick(rng, {Level.NONE: 0.82, Level.LOW: 0.1, Level.MEDIUM: 0.06, Level.HIGH: 0.02})),
        "pets": chance(rng, 0.15),
        "pets_must_come": False,
        "specialisms_wanted": [str(Specialism.BLACK_AND_MINORITISED)] if chance(rng, 0.1) else [],
        "specialisms_required": [str(Specialism.INTERPRETERS)] if chance(rng, 0.02) else [],
        "risks": [str(RiskFlag.VIOLENCE)] if chance(rng, 0.03) else [],
    }


def draw_areas(rng: np.random.Generator, near: Sequence[str], anywhere: Sequence[str]) -> list[dict[str, Any]]:
    """Return 1 + Poisson(2) areas to avoid as facts: circles round real postcodes, four in five of them near home."""
    areas = []
    for place in range(1 + int(rng.poisson(2))):
        pool = near if chance(rng, 0.8) else anywhere
        areas.append(
            {
                "geometry": {
                    "type": "circle",
                    "centre": {"postcode": pool[int(rng.integers(len(pool)))]},
                    "radius_metres": MAX_AREA_METRES[int(rng.integers(len(MAX_AREA_METRES)))],
                },
                "reason": str(AreaReason.HIS_HOME if place == 0 else AreaReason.HIS_FAMILY),
                "source": str(AreaSource.SURVIVOR),
                "confidence": "certain",
                "notes": None,
            }
        )
    return areas


def draw_stay(rng: np.random.Generator, today: date, licence_days: int) -> tuple[date, date]:
    """Return a licence's start and present end: stays are lognormal about 160 days, extended as they go; a few overstay."""
    lived = min(int(rng.lognormal(4.4, 0.8)), 400)
    starts_on = today - timedelta(days=lived)
    ends_on = starts_on + timedelta(days=licence_days)
    while ends_on < today and not chance(rng, 0.03):
        ends_on += timedelta(days=28)
    return starts_on, ends_on


def _member(
    rng: np.random.Generator, role: MemberRole, names: Sequence[str], family: str, gender: Gender, born_on: str
) -> dict[str, Any]:
    name = f"{names[int(rng.integers(len(names)))]} {family}"
    return {"role": str(role), "name": name, "gender": str(gender), "born_on": born_on}


def _years_ago(rng: np.random.Generator, today: date, youngest: int, oldest: int) -> str:
    days = int(rng.integers(youngest * 365 + 1, oldest * 365 + 365))
    return (today - timedelta(days=days)).isoformat()
