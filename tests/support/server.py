"""Real servers: gunicorn started as `make run` starts it, on a free port, and clients that keep their connection."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.app import PREFIX
from api.serve import gunicorn_command
from api.settings import Settings
from tests.support.databases import Database, create_database, drop_database
from tests.support.world import World, make_world

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 20
REUSE_FOR_SECONDS = 3.0
"""Idle connections are given up before the server does (keep-alive 5 s): a request is never sent into a closed one."""


class ServerFailed(Exception):
    """A server did not become ready; the end of its log says why."""


@dataclass(frozen=True)
class Server:
    """One gunicorn on one port, its workers sharing it."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def logged(self) -> bytes:
        """Return all that the server has written to stdout and stderr."""
        return self.log.read_bytes()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON value."""
        return json.loads(self.body)


@dataclass
class Client:
    """Somebody with a key, or a session's headers, and one connection, kept open. Not shared between threads."""

    port: int
    key: str = ""
    session: Mapping[str, str] | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    _used_at: float = 0.0

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Call a path under the prefix; `body` is sent as JSON, or as it is when it is bytes."""
        payload = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        who = {"Authorization": f"Bearer {self.key}"} if self.session is None else self.session
        sent = {**who, **(headers or {})}
        if payload is not None:
            sent = {"Content-Type": "application/json", **sent}
        connection = self.connect()
        connection.request(method, PREFIX + path, payload, sent)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        self._used_at = time.monotonic()
        return answer

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body)

    def made(self, path: str, body: Any = None) -> Any:
        """POST and return the JSON body; anything but success is a failure of the arrangement."""
        answer = self.post(path, body)
        assert answer.status in (200, 201), answer.body
        return answer.json()

    def connect(self) -> http.client.HTTPConnection:
        """Return the open connection, made anew when it has been idle for too long."""
        if self._connection is None or time.monotonic() - self._used_at > REUSE_FOR_SECONDS:
            self.close()
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._used_at = time.monotonic()
        return self._connection

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def start_servers(
    database: Database, number: int, *, workers: int = 1, threads: int = 8, module: str = "wsgi:app", **environment: str
) -> Iterator[list[Server]]:
    """Run nodes on the database, side by side, until the block ends."""
    variables = database.environment(WEB_WORKERS=str(workers), WEB_THREADS=str(threads), **environment)
    servers: list[Server] = []
    try:
        for _ in range(number):
            servers.append(_start(database.directory, variables, module))
        for server in servers:
            _wait_until_ready(server)
        yield servers
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            _wait_until_gone(server.process)


@contextmanager
def start_server(database: Database, **options: Any) -> Iterator[Server]:
    """Run one node; the options are those of `start_servers`."""
    with start_servers(database, 1, **options) as (server,):
        yield server


@contextmanager
def scratch_world(engine: str, gazetteer_directory: Path, directory: Path) -> Iterator[World]:
    """Make a Harbour on a database of its own: for servers that outlive a test, and for what others must not see."""
    database = create_database(engine, directory)
    try:
        with closing(make_world(database, gazetteer_directory)) as world:
            yield world
    finally:
        drop_database(database)


def _start(directory: Path, variables: Mapping[str, str], module: str) -> Server:
    """Start gunicorn on a port that is bound here, so that nobody can take it in between."""
    command = gunicorn_command(Settings.from_environment(variables))
    kept = [part for part in command[:-1] if not part.startswith("--bind=")]
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port = listener.getsockname()[1]
        log = directory / f"server-{port}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [*kept, f"--bind=fd://{listener.fileno()}", module],
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(),),
            )
    return Server(port, process, log)


def _wait_until_gone(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_ready(server: Server) -> None:
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=READY_WITHIN_SECONDS)
        try:
            connection.request("GET", "/ready")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise ServerFailed(server.logged()[-2_000:].decode(errors="replace"))
