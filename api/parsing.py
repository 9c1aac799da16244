"""Reading requests strictly: plain addresses, UTF-8 JSON without surprises, or a clear 4xx before any rule is asked."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import Request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    UnsupportedMediaType,
)

MAX_BODY_BYTES = 256 * 1024
MAX_HEADER_BYTES = 16 * 1024
MAX_DEPTH = 32


def _refuse(detail: str) -> NoReturn:
    error = BadRequest()
    error.harbour_detail = detail  # type: ignore[attr-defined]
    raise error


def check_envelope(request: Request) -> None:
    """Refuse headers over MAX_HEADER_BYTES (431), and escapes in the path (404): each address is written one way.

    An escaped slash would be a slash to us and none to a proxy whose rules go by path.
    """
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADER_BYTES:
        raise RequestHeaderFieldsTooLarge
    written = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    if "%" in written.partition("?")[0]:
        raise NotFound


def read_json(request: Request) -> Any:
    """Return the JSON body of a request.

    Raises 415 unless it is application/json in UTF-8; 413 when over MAX_BODY_BYTES; 400 for what is not JSON, for
    duplicate names, NaN and infinities, numbers beyond a double, nesting over MAX_DEPTH, and text that cannot be stored
    (NUL, lone surrogates).
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType
    if request.content_encoding:
        raise UnsupportedMediaType
    raw = request.get_data(cache=True)
    if len(raw) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=lambda _: _refuse("Numbers must be finite."),
            parse_float=_finite,
            object_pairs_hook=_unique_names,
        )
    except HTTPException:
        raise
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except RecursionError:
        _refuse("The body is nested too deeply.")
    except ValueError:
        _refuse("The body is not JSON.")
    check_storable(value)
    return value


def check_storable(value: Any) -> None:
    """Refuse what no database can keep or no reader can follow, anywhere in a JSON value."""
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            _refuse("The body is nested too deeply.")
        if isinstance(item, str):
            if "\x00" in item or any("\ud800" <= character <= "\udfff" for character in item):
                _refuse("Text may not contain NUL or half a character.")
        elif isinstance(item, dict):
            pending += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            pending += [(part, depth + 1) for part in item]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse("Numbers must be finite.")
    return number


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        _refuse("A name stands twice in one object.")
    return names


class StrictParser(FlaskParser):
    """webargs' parser with our reading of JSON, and refusing what the schema does not know, in queries too."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": "raise", "query_and_json": None}  # noqa: RUF012

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the body as strict JSON."""
        return read_json(req)

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query, each name of which may stand once."""
        if any(len(values) > 1 for values in req.args.listvalues()):
            _refuse("A name stands twice in the query.")
        return super().load_querystring(req, schema)
