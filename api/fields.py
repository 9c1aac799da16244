"""Marshmallow fields that mean what they say: no "1" for 1, no 1 for true, bounded text and dates."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate

FIRST_DATE = date(1900, 1, 1)
LAST_DATE = date(2100, 12, 31)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
_BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
ONE_LINE = rf"^[^{_BREAKS}]*[^\s{_BREAKS}][^{_BREAKS}]*$"

LETTERS_AND_DIGITS = r"^[A-Za-z0-9 ]+$"
"""What any postcode, district or authority code is made of; which there are, `geo` knows."""


class StrictBoolean(fields.Boolean):
    """true or false, and nothing that merely looks so."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class StrictInteger(fields.Integer):
    """A JSON integer, written 1 or 1.0; booleans, texts and fractions are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class StrictFloat(fields.Float):
    """A JSON number; booleans and texts are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        try:
            return float(value)
        except OverflowError:
            raise self.make_error("too_large") from None


class Identity(fields.UUID):
    """An id exactly as Harbour gives it: 36 characters, without the braces or `urn:` that Python would take."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        identity = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(value, uuid.UUID) and str(identity) != value.lower():
            raise self.make_error("invalid_uuid")
        return identity


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
        if not isinstance(value, str) or not ISO_DATE.fullmatch(value):  # Python would take 2026-W01-1 too
            raise self.make_error("invalid", input=value, obj_type="date")
        day = super()._deserialize(value, attr, data, **kwargs)
        if not FIRST_DATE <= day <= LAST_DATE:
            raise ValidationError(f"Give a date from {FIRST_DATE.isoformat()} to {LAST_DATE.isoformat()}.")
        return day

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        """Return ISO text; what was sealed as ISO text goes out as it is."""
        return value if isinstance(value, str) else super()._serialize(value, attr, obj, **kwargs)


def text(longest: int, **kwargs: Any) -> fields.String:
    """Return a field for words: not blank, bounded, on one or more lines."""
    return _words(longest, NOT_BLANK, [_not_blank], **kwargs)


def line(longest: int, **kwargs: Any) -> fields.String:
    """Return a field for words on one line: no control characters, no line breaks of any alphabet."""
    return _words(longest, ONE_LINE, [_not_blank, _one_line], **kwargs)


def one_of(kind: type[StrEnum], **kwargs: Any) -> fields.String:
    """Return a field for the value of an enumeration, as its text."""
    values = [str(member) for member in kind]
    return fields.String(validate=validate.OneOf(values, error=f"Must be one of: {', '.join(values)}."), **kwargs)


def list_of(kind: type[StrEnum], *, at_least: int = 0, **kwargs: Any) -> fields.List:
    """Return a field for a list of different values of an enumeration, `at_least` so many."""
    described = {"uniqueItems": True, **kwargs.pop("metadata", {})}
    length = validate.Length(min=at_least, max=len(kind)) if at_least else validate.Length(max=len(kind))
    return fields.List(one_of(kind), validate=[length, _distinct], metadata=described, **kwargs)


def within(low: float, high: float) -> validate.Range:
    """Return an inclusive range validator."""
    return validate.Range(min=low, max=high)


def _words(longest: int, pattern: str, validators: list[Any], **kwargs: Any) -> fields.String:
    described = {"pattern": pattern, **kwargs.pop("metadata", {})}
    return fields.String(validate=[validate.Length(min=1, max=longest), *validators], metadata=described, **kwargs)


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("Say something.")


def _one_line(value: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise ValidationError("Use one line without control characters.")


def _distinct(values: list[Any]) -> None:
    if len(set(values)) < len(values):
        raise ValidationError("A value stands twice.")
