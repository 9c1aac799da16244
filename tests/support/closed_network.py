"""The suite's network: this machine and the database's, and nothing else. Whatever reaches further is refused and noted.

It holds for this process's own sockets: libpq opens the database's beneath Python, and servers that a test starts are
processes of their own.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.databases import postgres_url

LOOPBACK_NAMES = frozenset({None, "", "localhost"})


class ReachedOut(OSError):
    """Somebody asked for a place that is not this machine; an OSError, as a network that is down would raise."""


@contextmanager
def closed_network() -> Iterator[list[str]]:
    """Refuse every connection, datagram and name but those of this machine and the database; yields the places refused."""
    refused: list[str] = []
    database_host = postgres_url().host

    def check(host: Any) -> None:
        place = host.decode() if isinstance(host, bytes) else host
        if place != database_host and not is_loopback(place):
            refused.append(str(place))
            raise ReachedOut(f"The tests reach nobody: {place}")

    def closed(name: str) -> Any:
        honest = getattr(socket.socket, name)

        def guarded(self: socket.socket, *arguments: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                check(arguments[-1][0])  # the address comes last, also in sendto(data, flags, address)
            return honest(self, *arguments)

        return guarded

    resolve = socket.getaddrinfo

    def resolve_near(host: Any, *arguments: Any, **options: Any) -> Any:
        check(host)
        return resolve(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, closed(name))
        patch.setattr(socket, "getaddrinfo", resolve_near)
        yield refused


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine, by its address or by the one name that every machine gives itself."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
