"""UK postcodes: parse, normalise, tell what is wrong.

Source: the form of a postcode as in BS 7666 and the ONS Postcode Directory user guide (outward code of two to four
characters, inward code of a digit and two letters).
"""

import re
from dataclasses import dataclass
from typing import Self

from geo.errors import DistrictUnknown, PostcodeMalformed, PostcodePartial

# Long enough for any postcode with clumsy spacing; anything longer is refused before a regular expression sees it.
MAX_LENGTH = 32

# GIR 0AA and the old NPT district are the two listed outward codes that have no digit in second or third place.
_OUTWARD = r"(?:[A-Z]{1,2}[0-9][0-9A-Z]?|GIR|NPT)"
_WHOLE = re.compile(rf"({_OUTWARD})([0-9][A-Z]{{2}})")
_DISTRICT = re.compile(_OUTWARD)
_SECTOR = re.compile(rf"{_OUTWARD}[0-9][A-Z]?")
_ALLOWED = re.compile(r"[A-Za-z0-9 ]+")


def _squeezed(text: object) -> str | None:
    """Return `text` in capitals without spaces, or None where it cannot be any part of a postcode."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not _ALLOWED.fullmatch(text):
        return None
    return text.upper().replace(" ", "")


@dataclass(frozen=True, slots=True, order=True)
class Postcode:
    """A well-formed postcode in capitals. That it is well-formed does not say that it exists."""

    outward: str
    inward: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a postcode in any case and with any spacing.

        Raises:
            PostcodePartial: where only a district ("SS1") or a sector ("SS1 1") is given.
            PostcodeMalformed: where the text is no postcode at all.
        """
        squeezed = _squeezed(text)
        if squeezed is None:
            raise PostcodeMalformed()
        whole = _WHOLE.fullmatch(squeezed)
        if whole is not None:
            return cls(whole[1], whole[2])
        if _DISTRICT.fullmatch(squeezed) or _SECTOR.fullmatch(squeezed):
            raise PostcodePartial()
        raise PostcodeMalformed()

    @property
    def text(self) -> str:
        """The postcode as people write it, "SS1 1AA"."""
        return f"{self.outward} {self.inward}"

    @property
    def compact(self) -> str:
        """The postcode without its space, "SS11AA"."""
        return self.outward + self.inward

    def __str__(self) -> str:
        return self.text


def parse_district(text: str) -> str:
    """Return a postcode district (outward code) in capitals, such as "SS1".

    Raises:
        DistrictUnknown: where the text does not look like a district. Whether the district exists, the gazetteer says.
    """
    squeezed = _squeezed(text)
    if squeezed is None or not _DISTRICT.fullmatch(squeezed):
        raise DistrictUnknown()
    return squeezed
