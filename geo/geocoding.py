"""Turn what a person typed into a point: postcodes from the gazetteer, street addresses from a Nominatim of our choice.

Both answer `locate(text)` with a point and with how far it may be off. Only the address leaves the machine, never a
name, and only to the configured host. Source of the answers' form: Nominatim's search API, `format=json`.
"""

import contextlib
import logging
import math
import threading
from dataclasses import dataclass
from typing import Any, Final

from geopy.geocoders import Nominatim
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location

from geo.errors import AddressNotFound, GeocoderUnavailable, GeoError
from geo.gazetteer import Gazetteer
from geo.geocoding_http import OneHostAdapter
from geo.grid import in_range, wgs84_point
from geo.postcode import Postcode

ADDRESS_UNCERTAINTY_METRES: Final = 250.0
MAX_ADDRESS_UNCERTAINTY_METRES: Final = 5_000.0
TIMEOUT_SECONDS: Final = 3.0
#: Look-ups under way at once. When the far end hangs, the next caller is told so and does not queue behind the others.
MAX_CONCURRENT: Final = 8


# At its debug level geopy logs the address that it looks up.
logging.getLogger("geopy").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Located:
    """A WGS84 point in degrees and how far from it the place may be, in metres."""

    latitude: float
    longitude: float
    uncertainty_metres: float


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]  # geopy carries no types
    """A geopy geocoder of postcodes that needs no network."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        super().__init__(scheme="https", timeout=TIMEOUT_SECONDS)
        self._gazetteer = gazetteer

    def geocode(self, query: str, *, exactly_one: bool = True, timeout: object = DEFAULT_SENTINEL) -> Any:
        """Return the geopy Location of a postcode, or None where there is none; a list where not `exactly_one`."""
        try:
            postcode = Postcode.parse(query)
            place = self._gazetteer.find(postcode)
        except GeoError:
            return None
        longitude, latitude = wgs84_point(place.easting, place.northing)
        location = Location(postcode.text, (latitude, longitude), {"uncertainty_metres": place.uncertainty_metres})
        return location if exactly_one else [location]

    def reverse(self, query: object, *, exactly_one: bool = True, timeout: object = DEFAULT_SENTINEL) -> Any:
        """Refuse: nothing in Harbour asks what lies at a point.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("the gazetteer does not tell which postcode lies at a point")

    def locate(self, text: str) -> Located:
        """Return where a postcode is.

        Raises:
            PostcodeMalformed, PostcodePartial, PostcodeUnknown, PostcodeUnplaced: where it is nowhere.
        """
        place = self._gazetteer.find(Postcode.parse(text))
        longitude, latitude = wgs84_point(place.easting, place.northing)
        return Located(latitude, longitude, float(place.uncertainty_metres))


class StreetGeocoder:
    """Street addresses in the United Kingdom, from one Nominatim host. Safe to share between threads."""

    def __init__(
        self,
        host: str | None,
        *,
        scheme: str = "https",
        timeout_seconds: float = TIMEOUT_SECONDS,
        user_agent: str = "harbour",
    ) -> None:
        """Prepare to ask `host` ("nominatim.example.org", with a port where need be), or nobody where it is None."""
        self._timeout = timeout_seconds
        self._places = threading.BoundedSemaphore(MAX_CONCURRENT)
        self._nominatim: Any = None
        if host is not None:
            self._nominatim = Nominatim(
                domain=host,
                scheme=scheme,
                timeout=timeout_seconds,
                user_agent=user_agent,
                proxies={},
                adapter_factory=OneHostAdapter,
            )

    def locate(self, text: str) -> Located:
        """Return where a street address is.

        Raises:
            GeocoderUnavailable: where no host is configured, or the host is slow, unreachable, failing or incoherent.
            AddressNotFound: where the host knows no such address, or only a place too wide to stand for one.
        """
        if self._nominatim is None:
            raise GeocoderUnavailable(
                "The street-address look-up is not set up here. Give a postcode or a point on the map instead."
            )
        if not self._places.acquire(blocking=False):
            raise GeocoderUnavailable()
        return _located(self._ask(text))

    def _ask(self, text: str) -> Any:
        """Return what Nominatim said, within the time limit whatever it does.

        A socket's own timeout begins anew at each byte, and resolving a name has none: the limit is kept from outside,
        by a thread that may be left behind.
        """
        answer: list[Any] = []

        def ask() -> None:
            # Any fault at all is one and the same to the caller. It is not kept: its text may hold the address.
            try:
                with contextlib.suppress(Exception):
                    answer.append(self._nominatim.geocode(text, country_codes="gb", addressdetails=False))
            finally:
                self._places.release()

        thread = threading.Thread(target=ask, name="geocoder", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread to give
            self._places.release()
            raise GeocoderUnavailable() from None
        thread.join(self._timeout)
        if not answer:
            raise GeocoderUnavailable()
        return answer[0]


def _located(location: Any) -> Located:
    if location is None:
        raise AddressNotFound()
    try:
        latitude, longitude = float(location.latitude), float(location.longitude)
        south, north, west, east = (float(edge) for edge in location.raw["boundingbox"])
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise GeocoderUnavailable() from None
    if not all(math.isfinite(value) for value in (latitude, longitude, south, north, west, east)):
        raise GeocoderUnavailable()
    if not in_range(longitude, latitude):
        raise AddressNotFound()
    # A street or a town is found as its middle, and is as uncertain as it is long.
    across = math.radians(max(abs(east - longitude), abs(longitude - west))) * math.cos(math.radians(latitude))
    up = math.radians(max(abs(north - latitude), abs(latitude - south)))
    reach = math.hypot(across, up) * 6_371_000.0
    if reach > MAX_ADDRESS_UNCERTAINTY_METRES:
        raise AddressNotFound(
            "Only a town or a wider place was found. Give the street as well, a postcode, or a point on the map."
        )
    return Located(latitude, longitude, float(math.ceil(max(ADDRESS_UNCERTAINTY_METRES, reach))))
