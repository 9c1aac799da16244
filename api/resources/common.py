"""What every resource's shapes share."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields, validate

from api.fields import QueryInteger, within
from api.pagination import read_cursor

MAX_LIMIT = 200


class ListQuery(Schema):
    """`?limit=` and `?cursor=` of every list."""

    limit = QueryInteger(load_default=50, validate=within(1, MAX_LIMIT))
    cursor = fields.String(load_default=lambda: None, allow_none=False, validate=validate.Length(min=1, max=500))


def list_schema(item: type[Schema]) -> type[Schema]:
    """Return the list envelope of an item's schema."""
    name = item.__name__.removesuffix("Schema") + "List"
    envelope: type[Schema] = Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=name,
    )
    return envelope


def after_id(query: dict[str, Any], kind: str) -> uuid.UUID | None:
    """Return the id that a list's cursor stands at, or None."""
    position = read_cursor(query["cursor"], kind)
    return None if position is None else uuid.UUID(position)
