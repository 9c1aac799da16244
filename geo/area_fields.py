"""Read the JSON of an area to avoid, field by field, refusing whatever is not exactly what is asked for.

Nothing here trusts the shape of its input: it may be any JSON at all, with numbers of any size and lists of any depth.
A refusal points to the field and never repeats what was in it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.errors import AreaInvalid
from geo.grid import MAX_LATITUDE, MAX_LONGITUDE, MIN_LATITUDE, MIN_LONGITUDE

MAX_VERTICES: Final = 500

FloatArray = npt.NDArray[np.float64]


def mapping(value: object, pointer: str, required: frozenset[str], optional: frozenset[str]) -> Mapping[str, Any]:
    """Return `value` where it is an object with every required key and none but those and the optional ones.

    Raises:
        AreaInvalid: otherwise.
    """
    if not isinstance(value, Mapping):
        raise AreaInvalid(pointer, "Must be an object.")
    keys = set(value)
    for key in sorted(required - keys):
        raise AreaInvalid(f"{pointer}/{key}", "Is required.")
    if not keys <= required | optional:
        # The unknown key itself is the caller's text: it is not repeated.
        raise AreaInvalid(pointer, f"Has an unknown key. The keys are: {', '.join(sorted(required | optional))}.")
    return value


def number(value: object, pointer: str, least: float | None = None, greatest: float | None = None) -> float:
    """Return a finite number, between two bounds where they are given. True, "1", NaN and 1e400 are not numbers.

    Raises:
        AreaInvalid: otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AreaInvalid(pointer, "Must be a number.")
    try:
        result = float(value)
    except OverflowError:
        raise AreaInvalid(pointer, "Must be a finite number.") from None
    if not math.isfinite(result):
        raise AreaInvalid(pointer, "Must be a finite number.")
    if least is not None and greatest is not None and not least <= result <= greatest:
        raise AreaInvalid(pointer, f"Must be between {least:g} and {greatest:g}.")
    return result


def text(value: object, pointer: str, longest: int) -> str:
    """Return a string that is not blank, not longer than `longest` and all printable.

    Raises:
        AreaInvalid: otherwise.
    """
    if not isinstance(value, str):
        raise AreaInvalid(pointer, "Must be text.")
    if len(value) > longest:
        raise AreaInvalid(pointer, f"Must have at most {longest} characters.")
    if not value.strip() or not value.isprintable():
        raise AreaInvalid(pointer, "Must be text without control characters, and not blank.")
    return value


def sequence(value: object, pointer: str, least: int, greatest: int) -> Sequence[Any]:
    """Return a list whose length is within bounds.

    Raises:
        AreaInvalid: otherwise.
    """
    if not isinstance(value, list | tuple):
        raise AreaInvalid(pointer, "Must be a list.")
    if not least <= len(value) <= greatest:
        raise AreaInvalid(pointer, f"Must have {least} to {greatest} items.")
    return value


def positions(value: object, pointer: str, least: int) -> FloatArray:
    """Return a list of GeoJSON positions as float64[n, 2] longitudes and latitudes, WGS84 degrees, in range.

    Raises:
        AreaInvalid: where there are fewer than `least` or more than 500, or where one is not a position in the UK.
    """
    items = sequence(value, pointer, least, MAX_VERTICES)
    result = np.empty((len(items), 2), dtype=np.float64)
    for index, item in enumerate(items):
        at = f"{pointer}/{index}"
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise AreaInvalid(at, "Must be a position: longitude, then latitude.")
        result[index] = number(item[0], f"{at}/0"), number(item[1], f"{at}/1")
    outside = (
        (result[:, 0] < MIN_LONGITUDE)
        | (result[:, 0] > MAX_LONGITUDE)
        | (result[:, 1] < MIN_LATITUDE)
        | (result[:, 1] > MAX_LATITUDE)
    )
    if outside.any():
        raise AreaInvalid(
            f"{pointer}/{int(np.argmax(outside))}",
            "Is outside the United Kingdom. A position is longitude (-8.7 to 1.9), then latitude (49.8 to 61): "
            "check that they are not swapped.",
        )
    return result
