"""Marshmallow fields that mean what they say: no "1" for 1, no 1 for true, bounded text and dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate

FIRST_DATE = date(1900, 1, 1)
LAST_DATE = date(2100, 12, 31)


class StrictBoolean(fields.Boolean):
    """true or false, and nothing that merely looks so."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class StrictInteger(fields.Integer):
    """A JSON integer; booleans, texts and fractions are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class StrictFloat(fields.Float):
    """A JSON number; booleans and texts are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return float(value)


class QueryInteger(fields.Integer):
    """A whole number in a query string: plain ASCII digits, few enough to be meant."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = str(value)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise self.make_error("invalid", input=value)
        return int(text)


class QueryBoolean(fields.Boolean):
    """0, 1, true or false in a query string."""

    truthy = {"1", "true"}  # noqa: RUF012
    falsy = {"0", "false"}  # noqa: RUF012


class CivilDate(fields.Date):
    """An ISO date within living memory and planning."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str) or len(value) != 10 or not value.isascii():
            raise self.make_error("invalid", input=value, obj_type="date")
        day = super()._deserialize(value, attr, data, **kwargs)
        if not FIRST_DATE <= day <= LAST_DATE:
            raise ValidationError(f"Give a date from {FIRST_DATE.isoformat()} to {LAST_DATE.isoformat()}.")
        return day


def text(longest: int, **kwargs: Any) -> fields.String:
    """Return a field for words: not blank, bounded, on one or more lines."""
    return fields.String(validate=[validate.Length(min=1, max=longest), _not_blank], **kwargs)


def line(longest: int, **kwargs: Any) -> fields.String:
    """Return a field for words on one line: no control characters."""
    return fields.String(validate=[validate.Length(min=1, max=longest), _not_blank, _one_line], **kwargs)


def one_of(kind: type[StrEnum], **kwargs: Any) -> fields.String:
    """Return a field for the value of an enumeration, as its text."""
    values = [str(member) for member in kind]
    if kwargs.get("allow_none"):
        return fields.String(validate=validate.OneOf([*values, None], error=_known(values)), **kwargs)
    return fields.String(validate=validate.OneOf(values, error=_known(values)), **kwargs)


def list_of(kind: type[StrEnum], **kwargs: Any) -> fields.List:
    """Return a field for a list of different values of an enumeration."""
    return fields.List(one_of(kind), validate=[validate.Length(max=len(kind)), _distinct], **kwargs)


def within(low: float, high: float) -> validate.Range:
    """Return an inclusive range validator."""
    return validate.Range(min=low, max=high)


def _known(values: list[str]) -> str:
    return f"Must be one of: {', '.join(values)}."


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("Say something.")


def _one_line(value: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValidationError("Use one line without control characters.")


def _distinct(values: list[Any]) -> None:
    if len(set(values)) < len(values):
        raise ValidationError("A value stands twice.")
