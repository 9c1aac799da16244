"""Codes and names of safety cells: what a person reads instead of where a refuge is."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_COMPASS: Final = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
_MAX_LENGTH: Final = 52  # characters of codes joined, which leaves room for a county's prefix


@dataclass(frozen=True, slots=True)
class Part:
    """A cell's code, of at most 60 characters, and its name."""

    code: str
    name: str


def group_code(codes: Sequence[str]) -> str:
    """Join codes of authorities or of their parts; where they are too many, a digest stands for the rest."""
    if len("+".join(codes)) <= _MAX_LENGTH:
        return "+".join(codes)
    digest = hashlib.sha256("+".join(codes).encode("ascii")).hexdigest()[:8]
    return f"{codes[0]}+{len(codes) - 1}.{digest}"


def group_name(names: Sequence[str]) -> str:
    """Join names of authorities: "A", "A and B", "A, B and C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def part_names(whole: str, towards: Sequence[tuple[float, float]], districts: Sequence[Mapping[str, int]]) -> list[str]:
    """Name the parts of a whole after the compass, and where two would be called alike, after a postcode district too.

    `towards` is where each part lies from the middle of the whole, in metres east and north; `districts` is how many
    postcodes each part has in each district.
    """
    directions = [_COMPASS[round(math.atan2(north, east) / (math.pi / 4)) % 8] for east, north in towards]
    names = []
    for index, direction in enumerate(directions):
        if directions.count(direction) == 1:
            names.append(f"part of {whole} ({direction})")
        else:
            names.append(f"part of {whole} ({direction}, {_landmark(index, districts)})")
    return names


def _landmark(index: int, districts: Sequence[Mapping[str, int]]) -> str:
    """Return the district with the most postcodes in a part, of those that have more there than in any other part."""
    own = districts[index]
    others = [counts for at, counts in enumerate(districts) if at != index]
    leading = [code for code in own if all(own[code] > counts.get(code, 0) for counts in others)]
    return min(leading or own, key=lambda code: (-own[code], code))
