"""Places in a request: what is wrong with one is said with a pointer into the body, not into the place alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.extensions import current_harbour
from api.fields import LETTERS_AND_DIGITS, ONE_LINE
from geo import areas
from geo.area_fields import MAX_VERTICES
from geo.errors import GeoError
from geo.grid import MAX_LATITUDE, MAX_LONGITUDE, MIN_LATITUDE, MIN_LONGITUDE
from geo.postcode import MAX_LENGTH, Postcode


@contextmanager
def pointing_into(pointer: str) -> Iterator[None]:
    """Say of a place that cannot be used at which field of the body it stood."""
    try:
        yield
    except GeoError as error:
        raise error.at(pointer + error.pointer) from None


def check_postcode(text: str, pointer: str) -> None:
    """Refuse a postcode that cannot be placed; the GeoError points to its field. Look it up before the transaction."""
    with pointing_into(pointer):
        current_harbour().atlas.gazetteer.find(Postcode.parse(text))


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _number(least: float, greatest: float) -> dict[str, Any]:
    return {"type": "number", "minimum": least, "maximum": greatest}


def _positions(least: int) -> dict[str, Any]:
    position = {
        "type": "array",
        "description": "WGS84 degrees, longitude first.",
        "minItems": 2,
        "maxItems": 2,
        "items": {"type": "number"},
    }
    return {"type": "array", "minItems": least, "maxItems": MAX_VERTICES, "items": position}


_CODE = {"type": "string", "maxLength": MAX_LENGTH, "pattern": LETTERS_AND_DIGITS}
_CENTRE = {
    "oneOf": [
        _object({"postcode": _CODE}),
        _object(
            {
                "latitude": _number(MIN_LATITUDE, MAX_LATITUDE),
                "longitude": _number(MIN_LONGITUDE, MAX_LONGITUDE),
                "uncertainty_metres": _number(0, areas.MAX_UNCERTAINTY_METRES),
            },
            optional=("uncertainty_metres",),
        ),
        _object({"address": {"type": "string", "minLength": 1, "maxLength": areas.MAX_ADDRESS_LENGTH, "pattern": ONE_LINE}}),
    ]
}
_RING = {"type": "array", "minItems": 1, "maxItems": 1, "items": _positions(4)}
_DISTRICTS = {"type": "array", "minItems": 1, "maxItems": areas.MAX_DISTRICTS, "items": _CODE}

AREA_SHAPES: list[dict[str, Any]] = [
    _object(
        {
            "type": {"const": "circle"},
            "centre": _CENTRE,
            "radius_metres": _number(areas.MIN_RADIUS_METRES, areas.MAX_RADIUS_METRES),
        }
    ),
    _object({"type": {"const": "postcode_districts"}, "districts": _DISTRICTS}),
    _object({"type": {"const": "local_authority"}, "code": _CODE}),
    _object({"type": {"const": "polygon"}, "geojson": _object({"type": {"const": "Polygon"}, "coordinates": _RING})}),
    _object(
        {
            "type": {"const": "corridor"},
            "line": _object({"type": {"const": "LineString"}, "coordinates": _positions(2)}),
            "half_width_metres": _number(areas.MIN_HALF_WIDTH_METRES, areas.MAX_HALF_WIDTH_METRES),
        }
    ),
]
"""The five kinds of area to avoid as JSON Schema, with the bounds of `geo.areas`, which judges them."""
