"""When two records mean the same perpetrator."""

from __future__ import annotations

from typing import Any

import pytest

from api.crypto import KeyRing
from placement.perpetrators import normalise_name, published_indexes, sought_indexes

RING = KeyRing((("k1", b"1" * 32),), b"i" * 32)


def meets(sought: dict[str, Any], published: dict[str, Any]) -> bool:
    """Tell whether a household seeking finds what another has published."""
    return not sought_indexes(RING, {"perpetrators": [sought]}).isdisjoint(
        published_indexes(RING, {"perpetrators": [published]})
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Terence O'Testson", "  o’testson  TERENCE"),
        ("José Núñez", "jose nunez"),
        ("Jose\u0301 Nunez", "JOSÉ NUÑEZ"),
        ("Anne-Marie Smith", "smith anne marie"),
    ],
)
def test_a_name_is_found_however_it_is_written(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


def test_different_names_are_different() -> None:
    assert normalise_name("Ann Lee") != normalise_name("Anna Lee")


@pytest.mark.parametrize("name", ["Unknown", "not known", "??", "n/a", "-"])
def test_a_name_that_nobody_knows_makes_nobody_one_person(name: str) -> None:
    assert not meets({"name": name}, {"name": name})


@pytest.mark.parametrize(
    ("sought", "published", "expected"),
    [
        (None, None, True),
        (None, "1980-01-01", True),
        ("1980-01-01", None, True),
        ("1980-01-01", "1980-01-01", True),
        ("1980-01-01", "1981-01-01", False),
    ],
)
def test_birth_dates_part_people_only_when_both_are_known_and_differ(
    sought: str | None, published: str | None, expected: bool
) -> None:
    him = {"name": "Terence Testson"}

    assert meets({**him, "born_on": sought}, {**him, "born_on": published}) is expected
