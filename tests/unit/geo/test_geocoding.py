"""Rules of the geocoders: every fault of the far end is one plain refusal, and never a point."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from geopy.exc import GeopyError
from geopy.geocoders.base import Geocoder

from geo import geocoding
from geo.errors import AddressNotFound, GeocoderUnavailable, PostcodeMalformed, PostcodePartial, PostcodeUnknown
from geo.gazetteer import Gazetteer
from geo.geocoding import GazetteerGeocoder, Located, StreetGeocoder

ADDRESS = "12 Acacia Avenue, Southend-on-Sea"
FOUND = {
    "lat": "51.5400",
    "lon": "0.7100",
    "display_name": "x",
    "boundingbox": ["51.5399", "51.5401", "0.7099", "0.7101"],
}
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def answer(body: bytes, status: int = 200, **headers: str) -> Answer:
    def give(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return give


def found(**changes: object) -> Answer:
    return answer(json.dumps([{**FOUND, **changes}]).encode())


def hang(request: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(2.5)


def drip(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(50):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


def reset(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'[{"lat": "51.')
    request.connection.shutdown(socket.SHUT_RDWR)


class FarEnd:
    """A little web server that gives one answer, and counts and keeps what it was asked."""

    def __init__(self) -> None:
        self.give: Answer = found()
        self.asked: list[str] = []
        far_end = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                far_end.asked.append(self.path)
                try:
                    far_end.give(self)
                except OSError:
                    self.close_connection = True  # the asker hung up, as it should

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.close()


def street_geocoder(host: str | None, scheme: str = "http") -> StreetGeocoder:
    return StreetGeocoder(host, scheme=scheme, timeout_seconds=0.3)


def test_an_address_is_found_with_at_least_the_stated_uncertainty(far_end: FarEnd) -> None:
    located = street_geocoder(far_end.host).locate(ADDRESS)

    assert located == Located(51.54, 0.71, 250.0)
    assert len(far_end.asked) == 1
    assert "countrycodes=gb" in far_end.asked[0]


def test_a_long_street_is_as_uncertain_as_it_is_long(far_end: FarEnd) -> None:
    far_end.give = found(boundingbox=["51.53", "51.55", "0.70", "0.72"])

    assert 1_300 < street_geocoder(far_end.host).locate(ADDRESS).uncertainty_metres < 1_350


def test_a_town_does_not_stand_for_an_address(far_end: FarEnd) -> None:
    far_end.give = found(boundingbox=["51.3", "51.8", "0.5", "0.9"])

    with pytest.raises(AddressNotFound, match="Give the street"):
        street_geocoder(far_end.host).locate(ADDRESS)


@pytest.mark.parametrize("nowhere", [answer(b"[]"), found(lat="48.85", lon="2.35"), found(lat="0.71", lon="51.54")])
def test_an_address_that_is_nowhere_in_the_country_is_not_found(far_end: FarEnd, nowhere: Answer) -> None:
    far_end.give = nowhere

    with pytest.raises(AddressNotFound):
        street_geocoder(far_end.host).locate(ADDRESS)


FAULTS = {
    "hangs": hang,
    "drips": drip,
    "resets": reset,
    "500": answer(b"[]", 500),
    "403": answer(json.dumps([FOUND]).encode(), 403),
    "429": answer(b"", 429, **{"Retry-After": "60"}),
    "204": answer(b"", 204),
    "garbage": answer(b"\xff\xfe\x00garbage"),
    "html": answer(b"<html>ok</html>"),
    "empty": answer(b""),
    "too long": answer(b"[" + b" " * 2_000_000 + b"]"),
    "too deep": answer(b"[" * 200_000),
    "other schema": answer(b'{"features": []}'),
    "list of numbers": answer(b"[1, 2]"),
    "no point": answer(b'[{"display_name": "x"}]'),
    "words for numbers": found(lat="north", lon="east"),
    "not finite": found(lat="NaN", lon="NaN"),
    "edges not finite": found(boundingbox=["nan", "nan", "nan", "nan"]),
    "no edges": found(boundingbox=None),
    "three edges": found(boundingbox=["1", "2", "3"]),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_of_the_far_end_is_one_plain_refusal_in_time(far_end: FarEnd, fault: Answer) -> None:
    far_end.give = fault
    geocoder = street_geocoder(far_end.host)

    start = time.perf_counter()
    with pytest.raises(GeocoderUnavailable, match=r"not answering\. Give a postcode or a point") as refused:
        geocoder.locate(ADDRESS)

    assert time.perf_counter() - start < 1.5
    assert ADDRESS not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(far_end: FarEnd, status: int) -> None:
    far_end.give = answer(b"", status, Location=f"http://{far_end.host}/elsewhere")

    with pytest.raises(GeocoderUnavailable):
        street_geocoder(far_end.host).locate(ADDRESS)

    assert len(far_end.asked) == 1


def test_a_far_end_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(GeocoderUnavailable):
            street_geocoder(host).locate(ADDRESS)


def test_a_far_end_that_does_not_speak_tls_is_unavailable(far_end: FarEnd) -> None:
    with pytest.raises(GeocoderUnavailable):
        street_geocoder(far_end.host, "https").locate(ADDRESS)

    assert far_end.asked == []


def test_a_name_that_takes_long_to_resolve_is_unavailable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2.5) or [])

    start = time.perf_counter()
    with pytest.raises(GeocoderUnavailable):
        street_geocoder("geocoder.invalid").locate(ADDRESS)

    assert time.perf_counter() - start < 1.5


def test_askers_do_not_queue_behind_a_far_end_that_hangs(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "MAX_CONCURRENT", 1)
    far_end.give = hang
    geocoder = street_geocoder(far_end.host)

    def ask() -> None:
        with pytest.raises(GeocoderUnavailable):
            geocoder.locate(ADDRESS)

    first = threading.Thread(target=ask)
    first.start()
    while not far_end.asked:
        time.sleep(0.005)

    start = time.perf_counter()
    with pytest.raises(GeocoderUnavailable):
        geocoder.locate(ADDRESS)

    assert time.perf_counter() - start < 0.25
    first.join()


def test_a_look_up_that_dripped_gives_its_place_back(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "MAX_CONCURRENT", 1)
    geocoder = street_geocoder(far_end.host)
    far_end.give = drip
    with pytest.raises(GeocoderUnavailable):
        geocoder.locate(ADDRESS)
    far_end.give = found()

    time.sleep(0.2)

    assert geocoder.locate(ADDRESS).latitude == 51.54


def test_where_no_host_is_configured_the_refusal_says_so() -> None:
    with pytest.raises(GeocoderUnavailable, match="not set up here"):
        street_geocoder(None).locate(ADDRESS)


def test_the_gazetteer_is_a_geopy_geocoder(gazetteer: Gazetteer) -> None:
    geocoder = GazetteerGeocoder(gazetteer)

    location = geocoder.geocode("ss11aa")

    assert isinstance(geocoder, Geocoder)
    assert location.address == "SS1 1AA"
    assert (location.latitude, location.longitude) == pytest.approx((51.5442, 0.7111), abs=0.002)
    assert geocoder.geocode("SS1 1AA", exactly_one=False) == [location]
    assert geocoder.geocode("SS1 4QQ") is None
    assert geocoder.geocode("SS1") is None


def test_the_gazetteer_does_not_say_what_lies_at_a_point(gazetteer: Gazetteer) -> None:
    with pytest.raises(NotImplementedError, match="does not tell"):
        GazetteerGeocoder(gazetteer).reverse((51.5, 0.7))


def test_the_gazetteer_locates_a_postcode_and_says_what_is_wrong_with_another(gazetteer: Gazetteer) -> None:
    geocoder = GazetteerGeocoder(gazetteer)

    assert geocoder.locate("SS1 1AA").uncertainty_metres == 100
    for text, error in (("SS1", PostcodePartial), ("nowhere", PostcodeMalformed), ("SS1 4QQ", PostcodeUnknown)):
        with pytest.raises(error):
            geocoder.locate(text)


def test_geopy_says_nothing_about_addresses_in_the_log(far_end: FarEnd, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(0):
        street_geocoder(far_end.host).locate(ADDRESS)
        far_end.give = answer(ADDRESS.encode(), 500)
        with pytest.raises(GeocoderUnavailable):
            street_geocoder(far_end.host).locate(ADDRESS)

    assert "Acacia" not in caplog.text
    assert issubclass(GeocoderUnavailable, ValueError)
    assert not issubclass(GeocoderUnavailable, GeopyError)
