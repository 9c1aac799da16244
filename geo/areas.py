"""Areas to avoid: a circle, postcode districts, a local authority, a polygon, or a corridor along a road.

An area is a fact about a household and is drawn from its own data alone: no unit, and no cell, has a say in its shape.
Source of the polygon's and the line's form: GeoJSON, RFC 7946 (WGS84 degrees, longitude first).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import shapely

from geo import area_fields, area_shapes
from geo.errors import (
    AreaInvalid,
    AuthorityUnknown,
    DistrictUnknown,
    GeocoderUnavailable,
    GeoError,
    PointOutOfRange,
    PostcodeUnplaced,
)
from geo.gazetteer import Gazetteer
from geo.geocoding import Located
from geo.grid import GRID_UNCERTAINTY_METRES, check_range, wgs84_point
from geo.postcode import Postcode, parse_district

MIN_RADIUS_METRES: Final = 100
MAX_RADIUS_METRES: Final = 200_000
MIN_HALF_WIDTH_METRES: Final = 50
MAX_HALF_WIDTH_METRES: Final = 50_000
MAX_UNCERTAINTY_METRES: Final = 20_000
MAX_DISTRICTS: Final = 100
MAX_ADDRESS_LENGTH: Final = 200

_TYPES: Final = ("circle", "corridor", "local_authority", "polygon", "postcode_districts")
_NONE: Final[frozenset[str]] = frozenset()


class AddressGeocoder(Protocol):
    """What finds the point of a street address."""

    def locate(self, text: str) -> Located:
        """Return where an address is. Raises GeocoderUnavailable or AddressNotFound."""


@dataclass(frozen=True, slots=True, eq=False)
class AreaGeometry:
    """An area to avoid, ready to be compared with cells and with points.

    A circle, polygon or corridor has `outer` (all that might be inside) and `nominal` (what is inside as stated), both
    EPSG:27700. Districts and authorities have no outline: they are sets of postcodes, and are compared exactly.
    """

    kind: str
    outer: shapely.Polygon | None = None
    nominal: shapely.Polygon | None = None
    districts: frozenset[str] = frozenset()
    authority_code: str | None = None

    def contains(
        self, easting: float, northing: float, outward: str, authority_code: str, uncertainty_metres: float = 0.0
    ) -> bool:
        """Tell whether a unit is, or might be, inside. The edge is inside, and so is all that is uncertain.

        `easting` and `northing` are the unit's own point in metres of EPSG:27700, `outward` and `authority_code` those
        of its postcode. `uncertainty_metres` is how far the unit may be from its point; it counts as inside as well.

        Raises:
            PointOutOfRange: where the point is not finite: it is nowhere, and nowhere is not outside.
        """
        if self.outer is None:
            return outward in self.districts or authority_code == self.authority_code
        if not (math.isfinite(easting) and math.isfinite(northing)):
            raise PointOutOfRange()
        if uncertainty_metres <= 0.0:
            return bool(shapely.intersects_xy(self.outer, easting, northing))
        return bool(self.outer.distance(shapely.Point(easting, northing)) <= uncertainty_metres)


def parse_area(spec: Mapping[str, Any], gazetteer: Gazetteer, geocoder: AddressGeocoder | None = None) -> AreaGeometry:
    """Read the JSON of an area to avoid.

    Raises:
        AreaInvalid: where the JSON is not one of the five kinds; `pointer` says which field is wrong.
        PostcodeMalformed, PostcodePartial, PostcodeUnknown, PostcodeUnplaced: about a circle's centre; PostcodeUnplaced
            also about a district of which no postcode has a place.
        DistrictUnknown, AuthorityUnknown, PointOutOfRange: about the field that `pointer` names.
        GeocoderUnavailable, AddressNotFound: where the centre is an address.
    """
    area = normalise_area(spec, gazetteer, geocoder)
    kind = area["type"]
    if kind == "postcode_districts":
        return AreaGeometry(kind, districts=frozenset(area["districts"]))
    if kind == "local_authority":
        return AreaGeometry(kind, authority_code=area["code"])
    if kind == "circle":
        longitude, latitude, uncertainty = _centre_point(area["centre"], gazetteer)
        outer, nominal = area_shapes.circle(longitude, latitude, area["radius_metres"], uncertainty)
    elif kind == "polygon":
        pointer = "/geojson/coordinates/0"
        ring = area_fields.positions(area["geojson"]["coordinates"][0], pointer, 4)
        outer, nominal = area_shapes.polygon(ring, pointer)
    else:
        pointer = "/line/coordinates"
        line = area_fields.positions(area["line"]["coordinates"], pointer, 2)
        outer, nominal = area_shapes.corridor(line, area["half_width_metres"], pointer)
    return AreaGeometry(kind, outer, nominal)


def normalise_area(spec: Mapping[str, Any], gazetteer: Gazetteer, geocoder: AddressGeocoder | None = None) -> dict[str, Any]:
    """Return the JSON of an area as it is to be stored: checked, postcodes in capitals, an address turned to a point.

    The point of an address carries its `uncertainty_metres`; reading the stored area again needs no network. An outline
    that crosses itself is found by `parse_area`, not here.

    Raises:
        GeoError: as `parse_area`.
    """
    if not isinstance(spec, Mapping):
        raise AreaInvalid("", "Must be an object.")
    kind = spec.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise AreaInvalid("/type", f"Must be one of: {', '.join(_TYPES)}.")
    match kind:
        case "circle":
            return _circle(spec, gazetteer, geocoder)
        case "postcode_districts":
            return _districts(spec, gazetteer)
        case "local_authority":
            return _authority(spec, gazetteer)
        case "polygon":
            return _polygon(spec)
        case _:
            return _corridor(spec)


def _fields(spec: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return area_fields.mapping(spec, "", frozenset(("type", *names)), _NONE)


def _circle(spec: Mapping[str, Any], gazetteer: Gazetteer, geocoder: AddressGeocoder | None) -> dict[str, Any]:
    fields = _fields(spec, "centre", "radius_metres")
    radius = area_fields.number(fields["radius_metres"], "/radius_metres", MIN_RADIUS_METRES, MAX_RADIUS_METRES)
    return {"type": "circle", "centre": _centre(fields["centre"], gazetteer, geocoder), "radius_metres": radius}


def _centre(value: object, gazetteer: Gazetteer, geocoder: AddressGeocoder | None) -> dict[str, Any]:
    pointer = "/centre"
    if not isinstance(value, Mapping):
        raise AreaInvalid(pointer, "Must be an object with a postcode, a latitude and longitude, or an address.")
    if "postcode" in value:
        fields = area_fields.mapping(value, pointer, frozenset({"postcode"}), _NONE)
        try:
            postcode = Postcode.parse(fields["postcode"])
            gazetteer.find(postcode)
        except GeoError as error:
            raise error.at(f"{pointer}/postcode") from None
        return {"postcode": postcode.text}
    if "address" in value:
        fields = area_fields.mapping(value, pointer, frozenset({"address"}), _NONE)
        return _address(fields["address"], f"{pointer}/address", geocoder)
    fields = area_fields.mapping(value, pointer, frozenset({"latitude", "longitude"}), frozenset({"uncertainty_metres"}))
    latitude = area_fields.number(fields["latitude"], f"{pointer}/latitude")
    longitude = area_fields.number(fields["longitude"], f"{pointer}/longitude")
    try:
        check_range(longitude, latitude)
    except GeoError as error:
        raise error.at(pointer) from None
    centre = {"latitude": latitude, "longitude": longitude}
    if "uncertainty_metres" in fields:
        at = f"{pointer}/uncertainty_metres"
        centre["uncertainty_metres"] = area_fields.number(fields["uncertainty_metres"], at, 0, MAX_UNCERTAINTY_METRES)
    return centre


def _address(value: object, pointer: str, geocoder: AddressGeocoder | None) -> dict[str, Any]:
    address = area_fields.text(value, pointer, MAX_ADDRESS_LENGTH)
    if geocoder is None:
        raise GeocoderUnavailable(
            "The street-address look-up is not set up here. Give a postcode or a point on the map instead.",
            pointer=pointer,
        )
    try:
        located = geocoder.locate(address)
        check_range(located.longitude, located.latitude)
    except GeoError as error:
        raise error.at(pointer) from None
    return {
        "latitude": located.latitude,
        "longitude": located.longitude,
        "uncertainty_metres": located.uncertainty_metres,
    }


def _centre_point(centre: Mapping[str, Any], gazetteer: Gazetteer) -> tuple[float, float, float]:
    """Return longitude, latitude (WGS84 degrees) and uncertainty (metres) of a normalised centre."""
    if "postcode" in centre:
        place = gazetteer.find(Postcode.parse(centre["postcode"]))
        longitude, latitude = wgs84_point(place.easting, place.northing)
        return longitude, latitude, max(float(place.uncertainty_metres), GRID_UNCERTAINTY_METRES)
    uncertainty = max(float(centre.get("uncertainty_metres", 0.0)), GRID_UNCERTAINTY_METRES)
    return centre["longitude"], centre["latitude"], uncertainty


def _districts(spec: Mapping[str, Any], gazetteer: Gazetteer) -> dict[str, Any]:
    items = area_fields.sequence(_fields(spec, "districts")["districts"], "/districts", 1, MAX_DISTRICTS)
    districts = []
    for index, item in enumerate(items):
        pointer = f"/districts/{index}"
        try:
            district = parse_district(item)
        except DistrictUnknown as error:
            raise error.at(pointer) from None
        if not gazetteer.district_exists(district):
            raise DistrictUnknown(pointer=pointer)
        if not gazetteer.district_is_placed(district):
            # Such an area would keep nobody away from anywhere, and look as though it did.
            raise PostcodeUnplaced("No postcode of this district has a place on the national grid.", pointer=pointer)
        districts.append(district)
    return {"type": "postcode_districts", "districts": sorted(set(districts))}


def _authority(spec: Mapping[str, Any], gazetteer: Gazetteer) -> dict[str, Any]:
    code = _fields(spec, "code")["code"]
    if not isinstance(code, str) or not gazetteer.authority_exists(code):
        raise AuthorityUnknown(pointer="/code")
    return {"type": "local_authority", "code": code}


def _polygon(spec: Mapping[str, Any]) -> dict[str, Any]:
    geojson = _geojson(_fields(spec, "geojson")["geojson"], "/geojson", "Polygon")
    pointer = "/geojson/coordinates"
    rings = geojson["coordinates"]
    if not isinstance(rings, list | tuple) or not rings:
        raise AreaInvalid(pointer, "Must be a list of one ring.")
    if len(rings) > 1:
        raise AreaInvalid(
            f"{pointer}/1", "Must be one ring. A hole would declare its inside safe: draw separate areas around it."
        )
    ring = area_fields.positions(rings[0], f"{pointer}/0", 4)
    if not (ring[0] == ring[-1]).all():
        raise AreaInvalid(f"{pointer}/0", "Must be closed: the last position must repeat the first.")
    return {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [ring.tolist()]}}


def _corridor(spec: Mapping[str, Any]) -> dict[str, Any]:
    fields = _fields(spec, "line", "half_width_metres")
    least, greatest = MIN_HALF_WIDTH_METRES, MAX_HALF_WIDTH_METRES
    half_width = area_fields.number(fields["half_width_metres"], "/half_width_metres", least, greatest)
    line = area_fields.positions(_geojson(fields["line"], "/line", "LineString")["coordinates"], "/line/coordinates", 2)
    stored = {"type": "LineString", "coordinates": line.tolist()}
    return {"type": "corridor", "line": stored, "half_width_metres": half_width}


def _geojson(value: object, pointer: str, kind: str) -> Mapping[str, Any]:
    geojson = area_fields.mapping(value, pointer, frozenset({"type", "coordinates"}), _NONE)
    if geojson["type"] != kind:
        raise AreaInvalid(f"{pointer}/type", f"Must be {kind}.")
    return geojson
