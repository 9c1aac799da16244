"""The web server's thread worker, hardened: what it answers and logs before the application is asked.

gunicorn's own answers to requests that it cannot read are HTML, repeat what was sent, and log it with the address. Here they
are problems like all others, say nothing of the request, and are logged by class name. A client that stops sending, or
reading, lets go of its thread after SILENCE_SECONDS.
"""

from __future__ import annotations

import json
import socket
import struct
import uuid
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import ExpectationFailed, LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import TConn, ThreadWorker

from api.problems import DETAIL_OF_STATUS, PROBLEM_TYPE, SLUG_OF_STATUS, TITLES
from api.security_headers import SECURITY_HEADERS

SILENCE_SECONDS = 10
_TIMEVAL = struct.pack("ll", SILENCE_SECONDS, 0)

wsgi.SERVER = "harbour"  # of every answer's Server header: no product, no version


class HarbourWorker(ThreadWorker):
    """gthread with our words for what never reaches the application."""

    def enqueue_req(self, conn: TConn) -> None:
        """Bound every single wait for the client, in the kernel: the parser's own sockets have no time limit."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL)
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer with a problem that holds nothing of the request; log the class of what went wrong and no more."""
        status = _status_of(exc)
        self.log.warning("unreadable_request error=%s status=%d", type(exc).__name__, status)
        try:
            write_nonblock(client, _problem(status))
        except OSError:
            self.log.debug("The client had gone.")


def _status_of(exc: BaseException) -> int:
    if isinstance(exc, LimitRequestHeaders):
        return 431
    if isinstance(exc, ParseException | LimitRequestLine | ExpectationFailed):
        return 400
    return 500


def _problem(status: int) -> bytes:
    slug = SLUG_OF_STATUS.get(status, "internal-error")
    body = json.dumps(
        {
            "type": f"/problems/{slug}",
            "title": TITLES[slug][1],
            "status": status,
            "detail": DETAIL_OF_STATUS.get(status, "The request cannot be read."),
            "instance": f"urn:uuid:{uuid.uuid4()}",
        }
    ).encode()
    headers = {
        "Content-Type": PROBLEM_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **SECURITY_HEADERS,
    }
    lines = [f"HTTP/1.1 {status} {TITLES[slug][1]}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body
