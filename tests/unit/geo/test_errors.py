"""Rules of saying what is wrong with a place."""

import pytest

from geo import errors
from geo.errors import AreaInvalid, GeoError


def all_errors() -> list[type[GeoError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GeoError)]


def test_every_error_has_a_slug_of_its_own() -> None:
    slugs = [kind.slug for kind in all_errors()]

    assert len(set(slugs)) == len(slugs)
    assert all(slug == slug.lower() and " " not in slug and "_" not in slug for slug in slugs)


@pytest.mark.parametrize("kind", [kind for kind in all_errors() if kind is not AreaInvalid])
def test_every_error_says_something_whole_to_a_person(kind: type[GeoError]) -> None:
    error = kind()

    assert error.detail == str(error)
    assert error.detail.endswith(".")
    assert error.pointer == ""


def test_an_invalid_area_says_where() -> None:
    error = AreaInvalid("/geojson/coordinates/0", "Must be closed.")

    assert (error.pointer, error.detail, error.slug) == ("/geojson/coordinates/0", "Must be closed.", "area-invalid")
