"""Postcode to grid point and local authority, offline: the ONS Postcode Directory, memory-mapped.

Source: Office for National Statistics, Open Government Licence v3.0. The gazetteer answers from one read-only file, so
every worker of a machine shares its pages, and no look-up ever leaves the machine.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from geo import gazetteer_file
from geo.authorities import authorities
from geo.errors import AuthorityUnknown, GeoError, PostcodeUnknown, PostcodeUnplaced
from geo.gazetteer_building import build_gazetteer
from geo.gazetteer_file import UNPLACED, GazetteerColumns, decode_inward, encode_inward
from geo.postcode import Postcode

__all__ = ["Gazetteer", "Place", "build_gazetteer", "gazetteer_is_current"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a postcode is: whole metres of EPSG:27700 and the code of its local authority.

    `uncertainty_metres` says how far an address of the postcode may lie from the point. It is derived from the density
    of postcodes around, since the directory gives no quality of its grid references.
    """

    easting: int
    northing: int
    authority_code: str
    uncertainty_metres: int
    outward: str


def gazetteer_is_current(directory: Path) -> bool:
    """Tell whether `directory` holds a readable gazetteer of the installed edition, in the present layout."""
    try:
        return bool(gazetteer_file.read(directory, whole=True).header["edition"] == gazetteer_file.installed_edition())
    except GeoError:
        return False


class Gazetteer:
    """The postcode directory of one edition. Safe to share between threads: it is never written."""

    def __init__(self, columns: GazetteerColumns) -> None:
        header, arrays = columns.header, columns.arrays
        self.version: str = header["edition"]
        self._outwards: list[str] = header["outwards"]
        starts: list[int] = header["starts"]
        self._starts = np.asarray(starts)
        self._codes: list[str] = header["authorities"]
        self._spans = dict(zip(self._outwards, pairwise(starts), strict=True))
        self._inward = arrays["inward"]
        self._easting = arrays["easting"]
        self._northing = arrays["northing"]
        self._authority = arrays["authority"]
        self._uncertainty = arrays["uncertainty"]
        self._known = frozenset(self._codes) & frozenset(authorities())

    @classmethod
    def open(cls, directory: Path, *, verify: bool = True) -> Self:
        """Open the gazetteer built in `directory`; `verify` checks every byte of it, in 20 milliseconds.

        Raises:
            GazetteerMissing: where none has been built.
            GazetteerCorrupt: where the file is damaged, cut short or of another layout.
        """
        return cls(gazetteer_file.read(directory, whole=verify))

    def __len__(self) -> int:
        """Count the postcodes listed, placed or not."""
        return len(self._inward)

    def find(self, postcode: Postcode) -> Place:
        """Return where a postcode is.

        Raises:
            PostcodeUnknown: where the directory does not list it.
            PostcodeUnplaced: where it has no grid reference, as in Jersey, Guernsey and the Isle of Man.
        """
        span = self._spans.get(postcode.outward)
        if span is None:
            raise PostcodeUnknown()
        code = encode_inward(postcode.inward)
        row = bisect_left(self._inward, code, *span)
        if row == span[1] or self._inward[row] != code:
            raise PostcodeUnknown()
        easting = int(self._easting[row])
        if easting == UNPLACED:
            raise PostcodeUnplaced()
        return self._place(row, postcode.outward)

    def district_exists(self, outward: str) -> bool:
        """Tell whether any postcode is listed under an outward code given in capitals."""
        return outward in self._spans

    def district_is_placed(self, outward: str) -> bool:
        """Tell whether any postcode under an outward code has a grid reference. None in JE, GY and IM has."""
        start, end = self._spans.get(outward, (0, 0))
        return bool((self._easting[start:end] != UNPLACED).any())

    def authority_exists(self, code: str) -> bool:
        """Tell whether a code belongs to a local authority that has postcodes."""
        return code in self._known

    def authority_name(self, code: str) -> str:
        """Return the name of a local authority.

        Raises:
            AuthorityUnknown: where no local authority in the directory has the code.
        """
        if code not in self._known:
            raise AuthorityUnknown()
        return authorities()[code].name

    def sample(
        self, rng: np.random.Generator, n: int, authority_codes: Collection[str] | None = None
    ) -> list[tuple[Postcode, Place]]:
        """Draw `n` placed postcodes, each at most once, evenly over the country or over some authorities.

        The same generator state gives the same postcodes. Fewer come back where there are fewer.

        Raises:
            AuthorityUnknown: where one of the codes belongs to no local authority.
        """
        if authority_codes is None:
            rows = np.flatnonzero(self._easting != UNPLACED)
        else:
            if not self._known.issuperset(authority_codes):
                raise AuthorityUnknown()
            indexes = [index for index, code in enumerate(self._codes) if code in authority_codes]
            rows = np.flatnonzero(np.isin(self._authority, indexes) & (self._easting != UNPLACED))
        chosen = rng.choice(rows, size=min(n, len(rows)), replace=False)
        return [self._entry(row) for row in chosen.tolist()]

    def placed_columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return every placed postcode as columns, in the order of the postcodes, for building cells.

        easting, northing: int32 metres (EPSG:27700); uncertainty: uint16 metres; authority, outward: uint16 indexes
        into `authority_codes` and `outward_codes`.
        """
        placed = self._easting != UNPLACED
        outward = np.repeat(np.arange(len(self._outwards), dtype=np.uint16), np.diff(self._starts))
        return {
            "easting": self._easting[placed],
            "northing": self._northing[placed],
            "uncertainty": self._uncertainty[placed],
            "authority": self._authority[placed],
            "outward": outward[placed],
        }

    @property
    def authority_codes(self) -> list[str]:
        """The codes of authorities that occur in the directory, the Crown dependencies' placeholders included."""
        return list(self._codes)

    @property
    def outward_codes(self) -> list[str]:
        """The outward codes that occur in the directory, in order."""
        return list(self._outwards)

    def _entry(self, row: int) -> tuple[Postcode, Place]:
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        outward = self._outwards[at]
        return Postcode(outward, decode_inward(int(self._inward[row]))), self._place(row, outward)

    def _place(self, row: int, outward: str) -> Place:
        return Place(
            easting=int(self._easting[row]),
            northing=int(self._northing[row]),
            authority_code=self._codes[self._authority[row]],
            uncertainty_metres=int(self._uncertainty[row]),
            outward=outward,
        )
