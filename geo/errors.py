"""What can be wrong with a place that somebody gave, said without repeating it.

A `detail` goes to logs and to screens, so it never holds the value that was refused: a postcode in a log is an address.
"""

from typing import Self


class GeoError(ValueError):
    """A place, or an area, that cannot be used.

    `slug` names the problem; `detail` is safe for logs and people; `pointer` is a JSON pointer into the area geometry
    that was refused, or "" where the error is about one value by itself.
    """

    slug = "place-invalid"
    default_detail = "This place cannot be used."

    def __init__(self, detail: str | None = None, *, pointer: str = "") -> None:
        self.detail = self.default_detail if detail is None else detail
        self.pointer = pointer
        super().__init__(self.detail)

    def at(self, pointer: str) -> Self:
        """Say where in an area geometry the refused value stood, and return the error itself."""
        self.pointer = pointer
        return self


class PostcodeMalformed(GeoError):
    """Text that no postcode looks like."""

    slug = "postcode-malformed"
    default_detail = "This is not a UK postcode. A postcode looks like SS1 1AA."


class PostcodePartial(GeoError):
    """A district or a sector where a whole postcode is needed."""

    slug = "postcode-partial"
    default_detail = "This is only the first part of a postcode. Give the whole postcode, such as SS1 1AA."


class PostcodeUnknown(GeoError):
    """A well-formed postcode that the directory does not list."""

    slug = "postcode-unknown"
    default_detail = "This postcode is not in the directory. Check it, or give a point on the map instead."


class PostcodeUnplaced(GeoError):
    """A listed postcode that has no point on the national grid."""

    slug = "postcode-unplaced"
    default_detail = (
        "This postcode has no place on the national grid (Jersey, Guernsey and the Isle of Man have none). "
        "Give another postcode."
    )


class DistrictUnknown(GeoError):
    """A postcode district that no listed postcode lies in."""

    slug = "district-unknown"
    default_detail = "No listed postcode lies in this postcode district. A district looks like SS1."


class AuthorityUnknown(GeoError):
    """A code that no local authority in the directory has."""

    slug = "authority-unknown"
    default_detail = "No local authority has this code. A code looks like E06000033."


class AreaInvalid(GeoError):
    """An area to avoid whose geometry is not acceptable; `pointer` says where."""

    slug = "area-invalid"
    default_detail = "This area is not valid."

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, pointer=pointer)


class PointOutsideCell(GeoError):
    """An exact point that does not lie in the safety cell of its postcode."""

    slug = "point-outside-cell"
    default_detail = "The point is too far from its postcode. Check the postcode and the point: one of them is wrong."


class PointOutOfRange(GeoError):
    """A point outside the United Kingdom's range of coordinates."""

    slug = "point-out-of-range"
    default_detail = (
        "The point is outside the United Kingdom. Latitude is 49.8 to 61 and longitude -8.7 to 1.9: "
        "check that they are not swapped."
    )


class GeocoderUnavailable(GeoError):
    """The street-address look-up cannot be used now."""

    slug = "geocoder-unavailable"
    default_detail = "The street-address look-up is not answering. Give a postcode or a point on the map instead."


class AddressNotFound(GeoError):
    """The street-address look-up answers, and knows no such place."""

    slug = "address-not-found"
    default_detail = "The address was not found. Give a postcode or a point on the map instead."


class GazetteerMissing(GeoError):
    """The postcode directory, or the table of safety cells, has not been built or shipped here."""

    slug = "gazetteer-missing"
    default_detail = "The postcode directory has not been built here. Build it before the service starts."


class GazetteerCorrupt(GeoError):
    """The file of the postcode directory, or of the safety cells, is damaged or of another layout."""

    slug = "gazetteer-corrupt"
    default_detail = "The file of the postcode directory is damaged or of another layout. Build it again."
