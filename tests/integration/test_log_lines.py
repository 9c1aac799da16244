"""One event is one line of the log, whatever was sent: no line break, no terminal's escape, no format is obeyed."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from accommodation.base import UnitOfWork
from api import extensions
from api.app import PREFIX
from api.logging import configure_logging
from tests.support.corpus import CANARY
from tests.support.server import scratch_world, start_server
from tests.support.world import Caller, World

FORGED = '{"event": "forged", "level": "info"}'
BREAKING = {
    "CRLF": f"{CANARY}\r\n{FORGED}",
    "LF": f"{CANARY}\n{FORGED}",
    "CR": f"{CANARY}\r{FORGED}",
    "NUL": f"{CANARY}\x00{FORGED}",
    "ANSI": f"{CANARY}\x1b[2J\x1b[31m{FORGED}",
    "eight-bit CSI": f"{CANARY}\x9b2J{FORGED}",
    "line separators": f"{CANARY}\x0b\x0c\x85\u2028\u2029{FORGED}",
    "turned around": f"{CANARY}\u202e{FORGED}",
    "DEL": f"{CANARY}\x7f\x08{FORGED}",
    "formats": f"{CANARY}%s%n%(message)s{{0.__class__}}{{event}}%",
}
HEADERS = ("User-Agent", "X-Request-Id", "X-Forwarded-For", "Referer", "Host", "If-Match", "Accept", "Authorization")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e]")
"""Everything that moves a cursor or ends a line, but the one line feed that ends ours."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log of the application at its most talkative."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    sink = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", sink)
        configure_logging("DEBUG")
    yield sink
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the events of a log, each a JSON object on a line of its own, without one raw control character."""
    assert CONTROL.search(text) is None, repr(text)
    return [json.loads(line) for line in text.split("\n") if line]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Let every transaction that is opened next raise the last of these."""
    faults: list[Exception] = []

    def broken(*_: Any, **__: Any) -> UnitOfWork:
        raise faults[-1]

    monkeypatch.setattr(extensions, "begin_unit_of_work", broken)
    return faults


@pytest.mark.parametrize("text", BREAKING.values(), ids=BREAKING)
def test_what_is_sent_with_a_request_that_fails_is_in_no_line(
    world: World, log: io.StringIO, failing: list[Exception], text: str
) -> None:
    officer = world.create_officer()
    failing += [OperationalError(text, {"name": text}, Exception(text)), ValueError(text)]
    answers = [send(officer, header, text) for header in HEADERS]
    answers.append(officer.post("/households", {"members": [{"role": "survivor", "name": text}]}))
    answers.append(officer.get("/households", query_string={text: text}))
    answers.append(officer.get(f"/households/{text!r}"))
    answers.append(officer.call("GET", "/households"))
    failing.pop()
    answers.append(officer.call("GET", "/households"))

    events = lines_of(log.getvalue())

    assert {event["event"] for event in events} == {"unforeseen", "database_busy"}
    assert sum(event["event"] == "database_busy" for event in events) == 1
    assert len(events) == sum(answer is not None and answer.status_code in (500, 503) for answer in answers)
    assert CANARY not in log.getvalue()


@pytest.mark.parametrize("text", BREAKING.values(), ids=BREAKING)
def test_what_does_reach_a_logger_stays_one_line(log: io.StringIO, text: str) -> None:
    """Nothing of a request should; if ever something does, ours or a library's, it is a value and no more."""
    structlog.get_logger("harbour.test").warning(text, path=text, **{text: text})
    logging.getLogger("a.library").warning("%s", text)
    logging.getLogger("a.library").warning(text.replace("%", "%%"), *())

    events = lines_of(log.getvalue())

    assert len(events) == 3
    assert events[0]["path"] == text
    assert events[1]["event"] == text


@pytest.mark.parametrize("kind", ["LF", "ANSI", "line separators"])
def test_a_log_of_plain_text_would_be_found_out(log: io.StringIO, kind: str) -> None:
    """The positive control: with lines that are not JSON the same looking finds the forged line."""
    logging.getLogger().handlers[0].setFormatter(logging.Formatter("%(message)s"))

    logging.getLogger("a.library").warning("%s", BREAKING[kind])

    with pytest.raises((AssertionError, json.JSONDecodeError)):
        lines_of(log.getvalue())


@pytest.mark.xdist_group("servers")
def test_a_servers_log_holds_no_control_character_and_nothing_that_was_sent(
    database: Any, gazetteer_directory: Path, tmp_path: Path
) -> None:
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world, start_server(world.database) as server:
        for text in BREAKING.values():
            raw = text.encode()
            for request in (
                b"GET /" + raw + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                raw + b" /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                b"GET /health HTTP/" + raw + b"\r\nHost: a\r\nConnection: close\r\n\r\n",
                b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: " + raw + b"\r\n\r\n",
                b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + raw + b": a\r\n\r\n",
            ):
                exchange(server.port, request)
        logged = server.logged().decode()

    assert "unreadable_request" in logged
    assert CONTROL.search(logged) is None
    assert CANARY not in logged
    assert "forged" not in logged


def exchange(port: int, sent: bytes) -> None:
    """Send bytes and wait until the server has answered and hung up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        while connection.recv(65_536):
            pass


def send(caller: Caller, header: str, text: str) -> Any:
    """Send a header with a text in it, as bytes a server would hand on; None where the test client will not."""
    value = text.encode().decode("latin-1")
    try:
        return caller.call("GET", "/households", headers={header: value})
    except ValueError:  # werkzeug refuses line breaks in headers; a server's parser does before it
        return caller.client.get(
            f"{PREFIX}/households", environ_overrides={f"HTTP_{header.upper().replace('-', '_')}": value}
        )
