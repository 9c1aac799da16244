"""A case needs nobody but Harbour and its database: no geocoder, no notifier, no name server."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request

import pytest

from tests.support.closed_network import ReachedOut, closed_network
from tests.support.sessions import sign_in
from tests.support.world import World

ABROAD = "203.0.113.7"
AREA = {"type": "circle", "centre": {"postcode": "CT1 2EH"}, "radius_metres": 1000}


def test_a_case_is_told_from_household_to_address_without_reaching_anybody(world: World, reached_out: list[str]) -> None:
    before = len(reached_out)
    officer, manager = world.create_officer(), world.create_manager()
    unit = world.create_unit(manager)
    household = world.create_household(officer, areas=[AREA])

    found = world.search(officer, household, preferences={"anchor_postcode": "SS2 6HT"})
    placement = world.place(officer, manager, household, unit)
    release = world.release(sign_in(manager, stepped_up=True), officer, placement["id"])
    opened = officer.get(f"/address-releases/{release['id']}")

    assert [match["unit_id"] for match in found["matches"]] == [unit["id"]]
    assert opened.status_code == 200
    assert reached_out[before:] == []


def test_a_street_address_is_refused_while_no_host_is_set_up(world: World, reached_out: list[str]) -> None:
    before = len(reached_out)
    officer = world.create_officer()
    household = world.create_household(officer)
    area = {**AREA, "centre": {"address": "12 Acacia Avenue, Southend-on-Sea"}}

    answer = officer.post(
        f"/households/{household['id']}/areas-to-avoid", {"geometry": area, "reason": "his_home", "source": "survivor"}
    )

    assert answer.status_code == 503
    assert reached_out[before:] == []


def test_the_suite_reaches_nobody_abroad(reached_out: list[str]) -> None:
    before = len(reached_out)

    with pytest.raises(ReachedOut):
        socket.create_connection((ABROAD, 443), timeout=0.1)
    with pytest.raises(ReachedOut), socket.socket() as line:
        line.connect((ABROAD, 443))
    with pytest.raises(ReachedOut), socket.socket() as line:
        line.connect_ex((ABROAD, 443))
    with pytest.raises(ReachedOut), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"", (ABROAD, 53))
    with pytest.raises(ReachedOut):
        http.client.HTTPConnection("harbour.example", timeout=0.1).connect()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("http://harbour.example/", timeout=0.1)

    assert set(reached_out[before:]) == {ABROAD, "harbour.example"}
    assert len(reached_out) - before == 6


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, closed_network() as refused:
        socket.create_connection(server.getsockname(), timeout=1).close()

    assert refused == []
