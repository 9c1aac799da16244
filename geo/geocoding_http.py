"""How the geocoder speaks HTTP: to one host, straight, without redirects, and never a long answer."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from geopy.adapters import AdapterHTTPError, BaseSyncAdapter
from geopy.exc import GeocoderParseError, GeocoderUnavailable

MAX_ANSWER_BYTES: Final = 1_000_000


class OneHostAdapter(BaseSyncAdapter):  # type: ignore[misc]  # geopy carries no types
    """A geopy adapter over the standard library.

    geopy's own adapters follow redirects, which would send a survivor's address wherever the answer says.
    """

    def __init__(self, *, proxies: Mapping[str, str] | None, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._ssl_context = ssl_context if isinstance(ssl_context, ssl.SSLContext) else ssl.create_default_context()

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        """Return the JSON at a URL, as geopy's adapters do.

        Raises:
            geopy.exc.GeocoderParseError: where the answer is not JSON.
        """
        try:
            return json.loads(self.get_text(url, timeout=timeout, headers=headers))
        except (ValueError, RecursionError):
            raise GeocoderParseError("the answer is not JSON") from None

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """Return the text at a URL, as geopy's adapters do.

        Raises:
            geopy.adapters.AdapterHTTPError: where the status is not 200; a redirect is not.
            geopy.exc.GeocoderUnavailable: where there is no answer, or too long a one.
        """
        parts = urlsplit(url)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=self._ssl_context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
        # A socket's own time limit begins anew at each byte; cutting the line ends an answer that only drips.
        cutter: threading.Timer | None = None
        try:
            connection.connect()
            cutter = threading.Timer(timeout, _cut, [connection.sock])
            cutter.start()
            connection.request("GET", f"{parts.path}?{parts.query}", headers=dict(headers))
            response = connection.getresponse()
            body = response.read(MAX_ANSWER_BYTES + 1)
        except (OSError, ValueError, http.client.HTTPException):
            raise GeocoderUnavailable("no answer") from None
        finally:
            if cutter is not None:
                cutter.cancel()
            connection.close()
        if response.status != http.client.OK:
            raise AdapterHTTPError("not an answer", status_code=response.status, headers={}, text="")
        if len(body) > MAX_ANSWER_BYTES:
            raise GeocoderUnavailable("too long an answer")
        return body.decode("utf-8")


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
