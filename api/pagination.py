"""Lists: `?limit=` and a signed `?cursor=` of one list and one organisation, so that nobody steps where she was not led."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from accommodation.base import InvalidInput
from api.auth.guard import current_principal

Row = TypeVar("Row")


def read_cursor(cursor: str | None, kind: str) -> Any:
    """Return the position in a cursor that Harbour gave for this list, or None. Raises InvalidInput for any other."""
    if cursor is None:
        return None
    try:
        return _serializer(kind).loads(cursor)
    except BadData:
        raise InvalidInput(("/cursor", "Use next_cursor exactly as it was given.")) from None


def page(
    rows: Sequence[Row], limit: int, kind: str, position: Callable[[Row], Any], describe: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """Return the list envelope from up to `limit + 1` rows: the extra one only says that there is more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [describe(row) for row in shown],
        "next_cursor": _serializer(kind).dumps(position(shown[-1])) if more else None,
    }


def _serializer(kind: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cursor:{kind}:{current_principal().organisation_id}")
