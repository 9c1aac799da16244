"""Versions of what people edit: a strong ETag from the row's version, and If-Match before a change."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Protocol

from flask import after_this_request, current_app, request
from werkzeug.exceptions import PreconditionRequired
from werkzeug.wrappers import Response

from accommodation.base import StaleVersion


class Versioned(Protocol):
    """A row with an identity and a version that each change increments."""

    id: Any
    version: Any


def etag_of(row: Versioned) -> str:
    """Return an opaque token: it changes with the row and tells nothing, not even how often the row was changed."""
    message = f"{type(row).__name__}:{row.id}:{row.version}".encode()
    return hmac.new(current_app.config["SECRET_KEY"], message, hashlib.sha256).hexdigest()[:32]


def send_etag(row: Versioned) -> None:
    """Put the row's ETag on the answer of the request at hand."""
    token = etag_of(row)

    @after_this_request
    def _set(response: Response) -> Response:
        response.set_etag(token)
        return response


def check_etag(row: Versioned) -> None:
    """Refuse a change without If-Match (428) or with one that is not this version's (412); weak and `*` do not match."""
    if "If-Match" not in request.headers:
        raise PreconditionRequired
    if request.if_match.star_tag or not request.if_match.is_strong(etag_of(row)):
        raise StaleVersion
