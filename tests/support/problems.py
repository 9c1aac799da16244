"""The one helper that asserts the one error shape."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from api.problems import PROBLEM_TYPE, TITLES

INSTANCE = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def assert_problem(response: TestResponse, slug: str | None = None) -> dict[str, Any]:
    """Assert that a response is a problem of RFC 9457 as Harbour makes them, of one type if given; returns its body."""
    text = response.get_data(as_text=True)
    assert response.content_type == PROBLEM_TYPE, f"{response.status}: {response.content_type}: {text[:200]}"
    body: dict[str, Any] = response.get_json(force=True)
    assert body["type"].startswith("/problems/"), text
    found = body["type"].removeprefix("/problems/")
    assert found in TITLES, text
    status, title = TITLES[found]
    assert (response.status_code, body["status"], body["title"]) == (status, status, title), text
    assert isinstance(body["detail"], str), text
    assert body["detail"], text
    assert INSTANCE.fullmatch(body["instance"]), text
    for error in body.get("errors", []):
        assert set(error) == {"pointer", "detail"}, text
        assert error["pointer"] == "" or error["pointer"].startswith("/"), text
        assert error["detail"], text
    if status == 401:
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="harbour"'
    if status == 405:
        assert response.headers["Allow"]
    if slug is not None:
        assert found == slug, text
    return body


def masked(response: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return all that a caller can see of an answer, with `instance` masked: what two equal answers must share."""
    body = re.sub(INSTANCE.pattern.encode(), b"urn:uuid:*", response.get_data())
    return response.status_code, body, sorted(response.headers.items())
