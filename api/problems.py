"""Errors as `application/problem+json` (RFC 9457). Status codes of domain errors are written here and nowhere else."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from itertools import islice
from typing import Any

import structlog
from flask import Flask, Response, g, json
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from accommodation.base import DomainError
from geo.errors import GeoError

PROBLEM_TYPE = "application/problem+json"
TRY_AGAIN_SECONDS = 2
MAX_ERRORS = 50
"""A quarter of a megabyte of wrong values must not come back as ten megabytes of reproaches."""

TITLES: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be read"),
    "not-signed-in": (401, "Sign in, or send a valid key"),
    "not-permitted": (403, "Your role may not do this"),
    "session-needed": (403, "A key cannot do this"),
    "step-up-needed": (403, "Show your second factor first"),
    "cross-site-request": (403, "This request may come from another site"),
    "not-confirmed": (403, "That does not confirm that it is you"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "This address does not take that method"),
    "not-acceptable": (406, "No such representation"),
    "illegal-move": (409, "Its present state does not allow this"),
    "unit-already-taken": (409, "The unit is taken in that time"),
    "unit-already-held": (409, "Somebody else has this unit now"),
    "unit-not-suitable": (409, "This unit is not for this household"),
    "hold-over": (409, "This hold is over"),
    "areas-to-avoid-not-recorded": (409, "Areas to avoid are not recorded"),
    "areas-to-avoid-recorded": (409, "Areas to avoid are recorded"),
    "tracking-devices-unchecked": (409, "Devices have not been checked for trackers"),
    "release-over": (409, "This release can no longer be read"),
    "inside-area-to-avoid": (409, "The unit is inside an area to avoid"),
    "asked-too-often": (409, "This provider has been asked before"),
    "area-change-pending": (409, "A change to the areas to avoid is pending"),
    "second-worker-needed": (409, "A second worker decides on this"),
    "about-yourself": (409, "This is about you"),
    "budget-raised-already": (409, "This budget was raised already"),
    "extension-not-later": (409, "An extension moves the end to a later day"),
    "reference-in-use": (409, "This reference is in use"),
    "agreement-does-not-cover": (409, "Your agreement does not cover this"),
    "roles-exclude-each-other": (409, "One person cannot have these roles"),
    "no-safeguarding-lead": (409, "The organisation needs a safeguarding lead"),
    "not-for-yourself": (409, "A second person is needed"),
    "provider-exists": (409, "The organisation is a provider already"),
    "role-not-chosen": (409, "Say in which role you act"),
    "sign-in-name-in-use": (409, "Somebody signs in by this name"),
    "stale-version": (412, "Changed since you read it"),
    "too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "Send JSON in UTF-8"),
    "invalid-input": (422, "Some values cannot be used"),
    "shared-unit-not-single-sex": (422, "Shared units are single-sex"),
    "point-outside-cell": (422, "The point does not fit the postcode"),
    "place-not-usable": (422, "This place cannot be used"),
    "idempotency-key-reused": (422, "This key came with something else before"),
    "precondition-required": (428, "Say which version you mean"),
    "too-many-requests": (429, "Too many tries"),
    "budget-spent": (429, "Asked too often with something new"),
    "disclosure-cap-reached": (429, "No more addresses for now"),
    "headers-too-large": (431, "The headers are too large"),
    "internal-error": (500, "Harbour failed"),
    "keys-do-not-fit": (503, "The keys do not fit the database"),
    "identity-provider-unavailable": (503, "The identity provider is not answering"),
    "look-up-unavailable": (503, "A look-up is not answering"),
    "try-again": (503, "Busy just now"),
}
"""Every problem type: slug -> status and fixed title. `docs/errors.md` has a section for each (a test compares)."""

SLUG_OF_STATUS = {
    400: "bad-request",
    401: "not-signed-in",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "illegal-move",
    412: "stale-version",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-input",
    428: "precondition-required",
    429: "too-many-requests",
    431: "headers-too-large",
    503: "try-again",
}

DETAIL_OF_STATUS = {
    401: "Sign in, or send your key as `Authorization: Bearer <key>`.",
    403: "Ask somebody whose role allows it.",
    404: "There is nothing here that you may see.",
    405: "See the Allow header for the methods that it takes.",
    412: "This was changed since you read it. Read it again, then decide.",
    413: "Send less than the documented limit.",
    415: "Send the body as application/json in UTF-8.",
    429: "Wait as long as Retry-After says, then ask again.",
    428: "Send the ETag that you read as If-Match.",
    431: "Send smaller headers.",
    503: "Nothing was changed. Try again in a moment.",
}

GEO_UNAVAILABLE = frozenset({"geocoder-unavailable", "gazetteer-missing", "gazetteer-corrupt"})

log = structlog.get_logger("harbour.problems")


def make_problem(slug: str, detail: str, headers: dict[str, str] | None = None, **members: Any) -> Response:
    """Return the one error shape: type, title, status, detail, instance, and members such as `errors`."""
    status, title = TITLES[slug]
    body = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{request_id()}",
        **members,
    }
    response = Response(json.dumps(body), status=status, content_type=PROBLEM_TYPE)
    response.headers.update(headers or {})
    return response


def request_id() -> str:
    """Return the id of the request at hand, made on first use."""
    if "request_id" not in g:
        g.request_id = str(uuid.uuid4())
    identity: str = g.request_id
    return identity


def register_problems(app: Flask) -> None:
    """Answer every failure with a problem; what nobody foresaw is logged by class name and answered without a word."""
    app.register_error_handler(DomainError, _domain_problem)
    app.register_error_handler(GeoError, _geo_problem)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(OperationalError, busy_problem)
    app.register_error_handler(PoolTimeout, busy_problem)
    app.register_error_handler(Exception, _unforeseen_problem)


def http_problem(error: HTTPException) -> Response:
    """Turn an HTTP error, ours or the framework's, into a problem; keeps Allow and WWW-Authenticate."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    slug = SLUG_OF_STATUS.get(status, "internal-error" if status >= 500 else "bad-request")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="harbour"'
    members = {}
    data = getattr(error, "data", None)
    if data and "messages" in data:
        members["errors"] = list(islice(_pointers(data["messages"]), MAX_ERRORS))
        return make_problem(slug, "Some values cannot be used. Nothing was changed.", headers, **members)
    detail = getattr(error, "harbour_detail", None) or DETAIL_OF_STATUS.get(status, "The request cannot be read.")
    return make_problem(slug, detail, headers)


def _pointers(messages: Any, pointer: str = "") -> Any:
    """Turn marshmallow's nested messages into (pointer, detail) members. Values never appear in them."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = "" if key == "_schema" or (not pointer and key in ("json", "query", "headers")) else f"/{_step(key)}"
            yield from _pointers(inner, pointer + step)
    elif isinstance(messages, list):
        for inner in messages:
            yield from _pointers(inner, pointer)
    else:
        yield {"pointer": pointer, "detail": str(messages)}


def _step(key: object) -> str:
    """Return a JSON pointer step; a key that the caller made up is not echoed at length or with odd characters."""
    text = str(key)[:60]
    if not text.isascii() or not text.isprintable():
        return "?"
    return text.replace("~", "~0").replace("/", "~1")


def _domain_problem(error: DomainError) -> Response:
    seconds = getattr(error, "retry_after_seconds", None)
    headers = None if seconds is None else {"Retry-After": str(seconds)}
    return make_problem(error.slug, error.detail, headers, **error.data)


def _geo_problem(error: GeoError) -> Response:
    if error.slug in GEO_UNAVAILABLE:
        return make_problem("look-up-unavailable", error.detail)
    slug = "point-outside-cell" if error.slug == "point-outside-cell" else "place-not-usable"
    pointer = getattr(error, "pointer", None)
    members: dict[str, Any] = {} if pointer is None else {"errors": [{"pointer": pointer, "detail": error.detail}]}
    return make_problem(slug, error.detail, reason=error.slug, **members)


def busy_problem(error: Exception) -> Response:
    """Say that the database is busy or away, and when to ask again."""
    log.warning("database_busy", error=type(error).__name__, request_id=request_id())
    return make_problem("try-again", DETAIL_OF_STATUS[503], {"Retry-After": str(TRY_AGAIN_SECONDS)})


def _unforeseen_problem(error: Exception) -> Response:
    cause = type(error.orig).__name__ if isinstance(error, DBAPIError) else None
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else None
    log.error("unforeseen", error=type(error).__name__, cause=cause, place=place, request_id=request_id())
    return make_problem("internal-error", "Harbour failed and changed nothing. Tell your administrator the instance id.")
