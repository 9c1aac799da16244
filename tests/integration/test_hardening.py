"""The service's own hardening: what a real server answers to what it cannot read, to the silent, and when it is full."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.app import create_app
from api.database import POOL_WAIT_SECONDS, db
from api.security_headers import SECURITY_HEADERS, TRANSPORT_SECURITY
from api.server_worker import SILENCE_SECONDS
from api.settings import Settings, SettingsInvalid
from tests.support.databases import TEST_KEYS
from tests.support.problems import assert_problem
from tests.support.server import Server, scratch_world, start_server
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
CANARY = "CANARY-wharfside-17"
THREADS = 2

UNREADABLE = {
    "no request line": b"%s\r\n\r\n" % CANARY.encode(),
    "a method of symbols": b"{%s} / HTTP/1.1\r\nHost: a\r\n\r\n" % CANARY.encode(),
    "an unknown version": b"GET /%s HTTP/9.9\r\nHost: a\r\n\r\n" % CANARY.encode(),
    "a long address": b"GET /%s%s HTTP/1.1\r\nHost: a\r\n\r\n" % (CANARY.encode(), b"a" * 5_000),
    "a header of 64 KB": b"GET /health HTTP/1.1\r\nHost: a\r\nX-%s: %s\r\n\r\n" % (CANARY.encode(), b"a" * 65_536),
    "a header's name with a space": b"GET /health HTTP/1.1\r\nHost: a\r\nX %s: 1\r\n\r\n" % CANARY.encode(),
    "a thousand headers": b"GET /health HTTP/1.1\r\nHost: a\r\n"
    + b"".join(b"X-%d: 1\r\n" % n for n in range(1_000))
    + b"\r\n",
    "a bad length": b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n" % CANARY.encode(),
    "two lengths": b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"POST /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\n\r\n" % CANARY.encode(),
}


@pytest.fixture(scope="module")
def server(gazetteer_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with two threads on SQLite: full is soon reached."""
    with (
        scratch_world("sqlite", gazetteer_directory, tmp_path_factory.mktemp("hardening")) as world,
        start_server(world.database, threads=THREADS) as server,
    ):
        yield server


def exchange(port: int, sent: bytes, within: float = 30) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65_536):
            received += part
        return received


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_a_problem_that_repeats_nothing(server: Server, kind: str) -> None:
    answer = exchange(server.port, UNREADABLE[kind])

    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert 400 <= problem["status"] < 500
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    assert b"application/problem+json" in head
    for name, value in SECURITY_HEADERS.items():
        assert f"{name}: {value}".encode() in head
    assert CANARY.encode() not in answer
    assert CANARY.encode() not in server.logged()


def test_the_server_names_no_product_and_no_version(server: Server) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    answers = [exchange(server.port, request), exchange(server.port, UNREADABLE["no request line"])]

    for answer in answers:
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert not re.search(rb"gunicorn|werkzeug|python|flask|server: [^\r]*\d", head)


@pytest.mark.slow
def test_silent_clients_do_not_keep_the_service(server: Server) -> None:
    with ExitStack() as silent:
        for _ in range(THREADS * 2):
            connection = silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(b"POST /health HTTP/1.1\r\nHost: a\r\nX-Half")
        time.sleep(0.5)

        began = time.monotonic()
        answer = exchange(server.port, b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", within=60)

        assert answer.startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 3 * SILENCE_SECONDS


def test_when_every_connection_is_in_use_the_answer_is_quick_and_says_when(world: World) -> None:
    officer = world.create_officer()
    with ExitStack() as held:
        pool = world.engine.pool
        for _ in range(pool.size() + 2):  # type: ignore[attr-defined]
            held.enter_context(world.engine.connect())

        began = time.monotonic()
        answer = officer.get("/me")

        assert_problem(answer, "try-again")
        assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < POOL_WAIT_SECONDS + 5
    assert officer.get("/me").status_code == 200


def test_only_the_names_it_is_reached_under_are_answered(tmp_path: Path) -> None:
    environment = {"INSTANCE_PATH": str(tmp_path), **TEST_KEYS, "TRUSTED_HOSTS": "harbour.example,.partners.example"}
    app = create_app(Settings.from_environment(environment))
    client = app.test_client()

    answers = {
        host: client.get("/health", headers={"Host": host})
        for host in ("harbour.example", "a.partners.example", "evil.example", "harbour.example.evil.example")
    }

    with app.app_context():
        db.engine.dispose()
    assert [answer.status_code for answer in answers.values()] == [200, 200, 400, 400]
    assert_problem(answers["evil.example"], "bad-request")


@pytest.mark.parametrize("hosts", ["a b", "https://a.example", "a/b", "*"])
def test_a_host_that_is_none_is_refused_at_start(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(SettingsInvalid, match="TRUSTED_HOSTS"):
        Settings.from_environment({"INSTANCE_PATH": str(tmp_path), **TEST_KEYS, "TRUSTED_HOSTS": hosts})


def test_production_tells_browsers_to_keep_to_tls(tmp_path: Path) -> None:
    app = create_app(Settings.from_environment({"INSTANCE_PATH": str(tmp_path), **TEST_KEYS, "HARBOUR_ENV": "production"}))

    headers = app.test_client().get("/nowhere").headers

    with app.app_context():
        db.engine.dispose()
    for name, value in TRANSPORT_SECURITY.items():
        assert headers[name] == value


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_exactly_with_hashes(file: str) -> None:
    text = (ROOT / file).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))

    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[a-z0-9][a-z0-9._\[\]-]*==[0-9][^ ;]*", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_the_bill_of_materials_lists_exactly_what_is_installed(tmp_path: Path) -> None:
    target = tmp_path / "sbom.cdx.json"
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", "--output-reproducible"]
    subprocess.run([*command, "-o", str(target), "requirements.txt"], cwd=ROOT, check=True, capture_output=True)

    listed = {f"{part['name']}=={part['version']}" for part in json.loads(target.read_text())["components"]}

    pinned = re.findall(
        r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ]+)", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE
    )
    assert listed == {f"{name}=={version}" for name, version in pinned}
    assert len(listed) > 30
