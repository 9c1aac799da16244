"""Blind indexes of perpetrators: equality can be found, a name cannot. The names themselves stay sealed.

Two households share a perpetrator when the names agree and the birth dates do not contradict each other. So a record
publishes its index by birth date and marks whether the date is known, and a search seeks both what has the same date and
what has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from accommodation.base import Cipher

PURPOSE = "perpetrator"
NO_NAMES = frozenset({"", "unknown", "knownnot", "knownnamenot", "nameunknown", "na", "an", "none"})
"""What is written where nobody knows the name (words sorted): it would make strangers one person."""
SOME_DATE = "*"
NO_DATE = ""


def normalise_name(name: str) -> str:
    """Return a name in the one form that indexes are made of: its words sorted, case, accents and marks folded."""
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", name) if not unicodedata.combining(mark))
    return "".join(sorted(re.findall(r"[^\W\d_]+", bare.casefold())))


def published_indexes(cipher: Cipher, details: Mapping[str, Any]) -> frozenset[str]:
    """Return the indexes under which a household's perpetrators are found by others, under the key that writes."""
    return frozenset(cipher.blind_index(PURPOSE, value) for value in _values(details, _published_dates))


def recognised_indexes(cipher: Cipher, details: Mapping[str, Any]) -> frozenset[str]:
    """Return the same indexes under every key there is: what a household may be found with while a key is changed."""
    return _under_every_key(cipher, _values(details, _published_dates))


def sought_indexes(cipher: Cipher, details: Mapping[str, Any]) -> frozenset[str]:
    """Return the published indexes of others, under every key there is, that may be this household's perpetrators."""
    return _under_every_key(cipher, _values(details, _sought_dates))


def may_be_named(details: Mapping[str, Any], person: Mapping[str, Any]) -> bool:
    """Tell whether a household's perpetrators may be, or include, a person of this name and perhaps birth date."""
    sought = set(_values({"perpetrators": [person]}, _sought_dates))
    return not sought.isdisjoint(_values(details, _published_dates))


def person_fingerprints(cipher: Cipher, details: Mapping[str, Any]) -> frozenset[str]:
    """Return one fingerprint a person named, for counting alone: under a purpose of its own, it matches no link."""
    return frozenset(
        cipher.blind_index("perpetrator_named", f"{normalise_name(person['name'])}|{person.get('born_on') or NO_DATE}")
        for person in details.get("perpetrators") or ()
        if normalise_name(person["name"]) not in NO_NAMES
    )


def _published_dates(born_on: str | None) -> tuple[str, ...]:
    return (born_on, SOME_DATE) if born_on else (NO_DATE,)


def _sought_dates(born_on: str | None) -> tuple[str, ...]:
    return (born_on, NO_DATE) if born_on else (NO_DATE, SOME_DATE)


def _under_every_key(cipher: Cipher, values: Iterator[str]) -> frozenset[str]:
    return frozenset(index for value in values for index in cipher.blind_indexes(PURPOSE, value))


def _values(details: Mapping[str, Any], dates_for: Callable[[str | None], tuple[str, ...]]) -> Iterator[str]:
    for person in details.get("perpetrators") or ():
        name = normalise_name(person["name"])
        if name not in NO_NAMES:
            yield from (f"{name}|{date}" for date in dates_for(person.get("born_on")))
