"""Nothing secret lies in the clear: the whole story with canaries in every secret field, then a search of every sink."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from accommodation.base import Base
from geo.grid import grid_point
from geo.postcode import Postcode
from tests.support.canaries import Secret, sightings
from tests.support.databases import Database
from tests.support.server import Client, scratch_world, start_server
from tests.support.sessions import sign_in
from tests.support.world import HOUSEHOLD, UNIT, World

HOME = (51.5416327, 0.7077123)  # in the cell of SS1 1AA
CIRCLE = (52.2053381, 0.1218195)
POLYGON = [[0.4731619, 51.7355868], [0.4931617, 51.7355863], [0.4931611, 51.7455861], [0.4731619, 51.7355868]]
ROAD = [[0.8919874, 51.8959101], [0.9219873, 51.8959103]]
HOME_POSTCODE, AREA_POSTCODE, ANCHOR_POSTCODE = "SS1 1AA", "CB2 1TN", "CM1 1QH"
VISIBLE = "Plainfield Houses Visible"

WORDS = {
    "street": "71 Quuxelmere Crescent",
    "second line": "Rear Quuxannexe",
    "town": "Quuxborough-on-Sea",
    "landlord": "Quuxlandlord Estates",
    "meeting point": "Beside the quuxfountain clock",
    "door name": "Quuxdoor Violet",
    "void notes": "Quuxboiler broken by him",
    "void reason": "Quuxmended early",
    "survivor": "Ayesha Quuxsurvivor",
    "child": "Tommy Quuxchild",
    "birth date": "1987-03-29",
    "child's birth date": "2017-08-19",
    "perpetrator": "Derek Quuxperp",
    "perpetrator's birth date": "1981-12-13",
    "relation": "quuxhusband",
    "phone": "07700900987",
    "hours": "quuxhours only",
    "code word": "quuxpineapple",
    "case id": "QUUXCASE-4711",
    "area notes": "His quuxmother lives there",
    "retired because": "He quuxmoved abroad",
    "no areas because": "He is in quuxprison",
    "released because": "She quuxdrives them at eight",
    "disclosed because": "She quuxarrives at nine",
    "decline notes": "We quuxdeclined her because",
    "withdraw notes": "She quuxwithdrew at noon",
    "worker": "Wilhelmina Testworker",
    "home postcode": HOME_POSTCODE,
    "area postcode": AREA_POSTCODE,
    "anchor postcode": ANCHOR_POSTCODE,
    "wrong type": "quuxwrongtype",
    "broken body": "quuxbrokenbody",
    "unknown path": "quuxunknownpath",
    "stray query": "quuxstrayquery",
    "stray header": "quuxstrayheader",
}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]


@dataclass(frozen=True)
class Told:
    """A Harbour in which the story was told, all that its server logged, and what it answered to faulty requests."""

    world: World
    log: bytes
    refusals: bytes
    secrets: list[Secret]


@pytest.fixture(scope="module")
def told(database: Database, gazetteer_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story, told once on each database to a real server that logs at DEBUG."""
    directory = tmp_path_factory.mktemp("canaries")
    with scratch_world(database.engine, gazetteer_directory, directory) as world:
        with start_server(world.database, LOG_LEVEL="DEBUG") as server, ExitStack() as stack:
            _tell(world, stack, server.port)
            refusals = b"\n".join([*_make_mistakes(world, stack, server.port), _fail(world, stack, server.port)])
            log = server.logged()
        yield Told(world, log, refusals, _secrets(world))


def test_no_canary_lies_in_a_value_of_any_table(told: Told) -> None:
    rows = {table.name: _values_of(told.world, table.name) for table in Base.metadata.sorted_tables}

    found = {name: sightings(told.secrets, content) for name, content in rows.items()}

    assert {name: seen for name, seen in found.items() if seen} == {}
    assert sightings([Secret("provider", VISIBLE)], rows["provider"])
    assert all(
        rows[name]
        for name in ("vault_address", "vault_door", "household", "area_to_avoid", "search", "audit_event", "address_release")
    )


def test_no_canary_lies_in_the_files_or_the_dump(told: Told) -> None:
    for name, content in _sinks(told.world).items():
        assert sightings(told.secrets, content) == [], name
        assert sightings([Secret("provider", VISIBLE)], content), f"the search is blind in {name}"


def test_no_canary_lies_in_a_log_line_at_debug(told: Told) -> None:
    assert sightings(told.secrets, told.log) == []
    assert sightings([Secret("what every failure is logged with", "request_id")], told.log), "nothing was logged"


def test_no_refusal_repeats_what_was_sent(told: Told) -> None:
    assert len(told.refusals.splitlines()) > 10
    assert sightings(told.secrets, told.refusals) == []


@pytest.mark.parametrize("written", ["SS1 1AA", "SS11AA", "ss1 1aa", "ss11aa"])
def test_the_search_finds_a_postcode_however_it_is_written(written: str) -> None:
    assert sightings([Secret("postcode", "SS1 1AA")], f"to {written}, by noon".encode())


@pytest.mark.parametrize(
    "encode",
    [
        lambda value: value.encode("utf-16-le"),
        lambda value: value.encode("utf-16-be"),
        lambda value: value.upper().encode(),
        lambda value: value.replace(" ", "").lower().encode(),
        lambda value: base64.b64encode(value.encode()),
        lambda value: base64.b64encode(b"x" + value.encode() + b"yz"),
        lambda value: base64.b64encode(b"xy" + value.encode() + b"z"),
        lambda value: value.encode().hex().encode(),
        lambda value: b"\\x" + value.encode().hex().upper().encode(),
        lambda value: json.dumps({"a": value}).encode(),
        lambda value: zlib.compress(json.dumps({"a": value}).encode()),
        lambda value: b"\\x" + zlib.compress(value.encode(), 1).hex().encode(),
        lambda value: value.encode("utf-16-le").hex().encode(),
    ],
)
def test_the_search_finds_a_text_in_each_encoding(encode: Any, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.write_bytes(b"\x00before" + encode("Quuxelmere Crescent 7") + b"after\xff")

    assert sightings([Secret("street", "Quuxelmere Crescent 7")], scratch.read_bytes())


@pytest.mark.parametrize(
    "written",
    [
        struct.pack("<d", HOME[0]),
        struct.pack(">d", HOME[1]),
        struct.pack("<ii", 588_123, 185_321),
        struct.pack(">ii", 185_321, 588_123),
        struct.pack(">ii", round(HOME[0] * 1e7), round(HOME[1] * 1e7)),
        struct.pack(">d", 588_123.4).hex().encode(),
        b"(588123, 185321)",
        b'{"latitude": 51.5416}',
        b"POINT(0.707712 51.54)",
        zlib.compress(b'{"northing":185321.0}'),
    ],
)
def test_the_search_finds_a_point_in_each_form(written: bytes, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.write_bytes(b"\x00\x01" + written + b" \xff")

    found = sightings([Secret("degrees", pair=HOME), Secret("metres", pair=(588_123.4, 185_321.2))], scratch.read_bytes())

    assert found


def test_a_time_of_day_is_not_taken_for_a_latitude() -> None:
    assert sightings([Secret("degrees", pair=HOME)], b"2026-01-05 12:00:51.541632 and 10:51:51.541") == []


def _tell(world: World, stack: ExitStack, port: int) -> None:
    """Tell the whole story over HTTP."""

    def client_of(caller: Any) -> Client:
        return stack.enter_context(closing(Client(port, caller.key)))

    officer_caller = world.create_officer()
    officer, administrator = client_of(officer_caller), client_of(world.create_caller("administrator"))
    manager_caller = world.create_caller("refuge_manager", kind="provider")
    manager = client_of(manager_caller)
    facts = {"name": VISIBLE, "kind": "registered_charity", "referral_phone": "0300 123 0000"}
    administrator.made("/providers", {**facts, "organisation_id": str(manager_caller.organisation_id)})
    address = {"lines": [WORDS["street"], WORDS["second line"]], "town": WORDS["town"], "postcode": HOME_POSTCODE}
    address |= {"latitude": HOME[0], "longitude": HOME[1]}
    home = manager.made(
        "/properties",
        {
            "reference": "B1",
            "address": address,
            "landlord": WORDS["landlord"],
            "meeting_point": WORDS["meeting point"],
            "out_of_hours_intake": True,
        },
    )
    units = [
        manager.made(
            "/units", {**UNIT, "property_id": home["id"], "reference": f"U{n}", "door_name": f"{WORDS['door name']} {n}"}
        )
        for n in range(3)
    ]
    void = {"reason": "repairs", "starts_on": world.today().isoformat(), "notes": WORDS["void notes"]}
    voided = manager.post(f"/units/{units[2]['id']}/voids", void)
    assert voided.status == 201, voided.body
    path = f"/voids/{voided.json()['id']}"
    cancelled = manager.call("DELETE", path, {"reason": WORDS["void reason"]}, {"If-Match": voided.headers["ETag"]})
    assert cancelled.status == 204, cancelled.body

    household = officer.made("/households", _household())
    elsewhere = officer.made("/households", _household())
    officer.made(f"/households/{elsewhere['id']}/no-areas-to-avoid", {"reason": WORDS["no areas because"]})
    _record_areas(officer, household["id"])
    officer.call("GET", f"/households/{household['id']}")
    officer.call("GET", f"/households/{household['id']}/areas-to-avoid")

    def refer(unit: dict[str, Any]) -> Any:
        asked = {"needed_on": world.today().isoformat(), "preferences": {"anchor_postcode": ANCHOR_POSTCODE}}
        search = officer.made(f"/households/{household['id']}/searches", asked)
        officer.call("GET", f"/searches/{search['id']}")
        wanted = {"household_id": household["id"], "unit_id": unit["id"], "search_id": search["id"]}
        hold = officer.made("/holds", wanted)
        assert officer.post("/holds", wanted).status == 409
        return officer.made("/referrals", {"hold_id": hold["id"]})

    withdrawn, declined, accepted = (refer(unit) for unit in units)
    officer.made(f"/referrals/{withdrawn['id']}/withdraw", {"reason": "other", "notes": WORDS["withdraw notes"]})
    manager.call("GET", f"/referrals/{declined['id']}/exact-check")
    manager.made(f"/referrals/{declined['id']}/decline", {"reason": "other", "notes": WORDS["decline notes"]})
    placement_id = manager.made(f"/referrals/{accepted['id']}/accept")["placement_id"]
    manager.call("GET", f"/referrals/{accepted['id']}")
    world.release(sign_in(manager_caller), officer_caller, placement_id, WORDS["released because"])
    named = sign_in(officer_caller)
    told = named.made(
        f"/properties/{home['id']}/address-disclosures",
        {"placement_id": placement_id, "reason": WORDS["disclosed because"]},
    )
    assert told["address"]["lines"][0] == WORDS["street"]
    assert named.get(f"/referrals/{accepted['id']}/meeting-point").get_json()["meeting_point"] == WORDS["meeting point"]
    today = world.today().isoformat()
    manager.made(f"/placements/{placement_id}/arrival", {"arrived_on": today})
    officer.call("GET", f"/placements/{placement_id}/timeline")
    manager.made(f"/placements/{placement_id}/departure", {"departed_on": today, "destination": "social"})


def _household() -> dict[str, Any]:
    members = [
        {"role": "survivor", "name": WORDS["survivor"], "gender": "female", "born_on": WORDS["birth date"]},
        {"role": "child", "name": WORDS["child"], "gender": "male", "born_on": WORDS["child's birth date"]},
    ]
    return {
        **HOUSEHOLD,
        "members": members,
        "perpetrators": [
            {
                "name": WORDS["perpetrator"],
                "born_on": WORDS["perpetrator's birth date"],
                "relation": WORDS["relation"],
            }
        ],
        "safe_contact": {
            "channel": "telephone",
            "value": WORDS["phone"],
            "hours": WORDS["hours"],
            "code_word": WORDS["code word"],
        },
        "external_case_id": WORDS["case id"],
    }


def _record_areas(officer: Client, household_id: str) -> None:
    path = f"/households/{household_id}/areas-to-avoid"
    for geometry in (
        {"type": "circle", "centre": {"postcode": AREA_POSTCODE}, "radius_metres": 700},
        {"type": "circle", "centre": {"latitude": CIRCLE[0], "longitude": CIRCLE[1]}, "radius_metres": 700},
        {"type": "polygon", "geojson": {"type": "Polygon", "coordinates": [POLYGON]}},
        {"type": "corridor", "line": {"type": "LineString", "coordinates": ROAD}, "half_width_metres": 200},
    ):
        officer.made(path, {"geometry": geometry, "reason": "his_home", "source": "survivor", "notes": WORDS["area notes"]})
    over = {"type": "postcode_districts", "districts": ["IV27"]}
    retired = officer.post(path, {"geometry": over, "reason": "his_home", "source": "survivor"})
    gone = officer.call(
        "DELETE",
        f"/areas-to-avoid/{retired.json()['id']}",
        {"reason": WORDS["retired because"]},
        {"If-Match": retired.headers["ETag"]},
    )
    assert gone.status == 204, gone.body


def _make_mistakes(world: World, stack: ExitStack, port: int) -> Iterator[bytes]:
    """Send canaries where they cannot be taken; yields the answers."""
    officer = stack.enter_context(closing(Client(port, world.create_officer().key)))
    stranger = stack.enter_context(closing(Client(port, "hb_" + WORDS["stray header"])))
    manager = stack.enter_context(closing(Client(port, world.create_manager().key)))
    household = officer.made("/households", HOUSEHOLD)
    areas = f"/households/{household['id']}/areas-to-avoid"
    wrong = WORDS["wrong type"]
    for answer in (
        officer.post("/households", {**_household(), "risk_score": wrong}),
        officer.post("/households", {**_household(), "members": wrong}),
        officer.post("/households", b'{"members": "' + WORDS["broken body"].encode()),
        officer.post("/households", b"\xff\xfe" + WORDS["broken body"].encode("utf-16-le")),
        officer.call("POST", "/households", WORDS["broken body"].encode(), {"Content-Type": "text/plain"}),
        officer.post(areas, {"geometry": {"type": wrong}, "reason": "his_home", "source": "survivor"}),
        officer.post(
            areas,
            {
                "geometry": {"type": "circle", "centre": {"address": WORDS["street"]}, "radius_metres": 700},
                "reason": "his_home",
                "source": "survivor",
            },
        ),
        officer.post(
            areas,
            {
                "geometry": {"type": "circle", "centre": {"latitude": HOME[1], "longitude": HOME[0]}, "radius_metres": 1},
                "reason": wrong,
                "source": WORDS["survivor"],
                "notes": [WORDS["area notes"]],
            },
        ),
        officer.post(f"/households/{household['id']}/searches", {"needed_on": wrong}),
        officer.call("GET", f"/{WORDS['unknown path']}"),
        officer.call("GET", f"/households?cursor={WORDS['stray query']}"),
        stranger.call("GET", "/me"),
        manager.post(
            "/properties",
            {
                "reference": "B9",
                "address": {
                    "lines": [WORDS["street"]],
                    "town": WORDS["town"],
                    "postcode": AREA_POSTCODE,
                    "latitude": HOME[0],
                    "longitude": HOME[1],
                },
            },
        ),
        manager.post("/properties", {"reference": "B9", "address": {"lines": [], "town": [WORDS["town"]], "postcode": 7}}),
    ):
        assert 400 <= answer.status <= 503, answer.status
        assert answer.status != 500, answer.body
        yield answer.body


def _fail(world: World, stack: ExitStack, port: int) -> bytes:
    """Let a statement full of parameters fail in the database: the driver's error names table and values."""
    officer = stack.enter_context(closing(Client(port, world.create_officer().key)))
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE perpetrator_link RENAME TO mislaid"))
    answer = officer.post("/households", _household())
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE mislaid RENAME TO perpetrator_link"))
    assert answer.status in (500, 503), answer.body
    return answer.body


def _secrets(world: World) -> list[Secret]:
    secrets = [Secret(name, value) for name, value in WORDS.items()]
    points = {"home": HOME[::-1], "circle": CIRCLE[::-1], "polygon": POLYGON[0], "road": ROAD[0]}
    for name, (longitude, latitude) in points.items():
        secrets.append(Secret(f"{name} in degrees", pair=(latitude, longitude)))
        secrets.append(Secret(f"{name} in metres", pair=grid_point(longitude, latitude)))
    for postcode in (HOME_POSTCODE, AREA_POSTCODE, ANCHOR_POSTCODE):
        place = world.harbour.atlas.gazetteer.find(Postcode.parse(postcode))
        secrets.append(Secret(f"{postcode} in metres", pair=(float(place.easting), float(place.northing))))
    return secrets


def _values_of(world: World, table: str) -> bytes:
    """Return every value of a table, bytes as they are: what no page boundary cuts in two."""
    with world.engine.execution_options(harbour_read_only=True).connect() as connection:
        rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
    return b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for row in rows for value in row
    )


def _sinks(world: World) -> dict[str, bytes]:
    """Return the SQLite file with its WAL, or what pg_dump writes of PostgreSQL."""
    url = make_url(world.database.url)
    if world.database.engine == "sqlite":
        file = Path(url.database or "")
        return {"file and WAL": file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()}
    pg_dump = shutil.which("pg_dump")
    if pg_dump is None:
        pytest.skip("pg_dump is not installed; the tables' values were searched all the same")
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        " ".join(["pg_dump", *options]): subprocess.run([pg_dump, *options, address], capture_output=True, check=True).stdout
        for options in (["--format=plain"], ["--inserts"])
    }
