"""Looking for canaries: values that must lie nowhere in the clear, in every form in which a program might write them."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

HEX_RUN = re.compile(rb"[0-9a-fA-F]{16,}")
INFLATED_AT_MOST = 100_000
LEAST_TELLING = 10_000  # smaller numbers stand everywhere
ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
BOUNDARY = rb"(?<![0-9a-fA-F.])(?<![0-9]:)"
"""Not within a longer number or hexadecimal text, nor the seconds of a time of day."""


@dataclass(frozen=True)
class Secret:
    """A text, or the two coordinates of a point: WGS84 degrees, or metres of the grid."""

    name: str
    text: str = ""
    pair: tuple[float, float] | None = None


def forms_of(secret: Secret) -> Iterator[tuple[str, bytes]]:
    """Yield (form, bytes to look for) of a text. Case: as it is, upper, lower; with its spaces and without."""
    bare = secret.text.replace(" ", "")
    for text in {case(spaced) for spaced in (secret.text, bare) for case in (str, str.upper, str.lower)}:
        plain = text.encode()
        yield "utf-8", plain
        yield "utf-16-le", text.encode("utf-16-le")
        yield "utf-16-be", text.encode("utf-16-be")
        yield "hex", plain.hex().encode()
        yield "HEX", plain.hex().upper().encode()
        yield "url", quote(text).encode()
        yield "json", json.dumps(text)[1:-1].encode()
        for offset in range(3):
            encoded = base64.b64encode(b"\x00" * offset + plain)
            # Characters at the ends mix with what stands before and after: only those in between are certain.
            yield f"base64+{offset}", encoded[-(-offset * 8 // 6) : (offset + len(plain)) * 8 // 6]


def number_forms_of(secret: Secret) -> Iterator[tuple[str, re.Pattern[bytes]]]:
    """Yield (form, pattern) of a point: doubles, pairs of 32-bit integers, decimals from the third place on."""
    assert secret.pair is not None
    for value in secret.pair:
        for order in ("<d", ">d"):
            yield f"float64 {order}", re.compile(re.escape(struct.pack(order, value)))
        decimals = f"{value:.7f}"[: f"{value:.7f}".index(".") + (4 if abs(value) < 1_000 else 0)]
        yield "decimal", re.compile(BOUNDARY + re.escape(decimals.encode()) + rb"(?![a-fA-F])")
    for one, two in (secret.pair, secret.pair[::-1]):
        for scale in (1, 10**5, 10**6, 10**7):
            for order in ("<ii", ">ii"):
                if min(abs(one), abs(two)) * scale > LEAST_TELLING and max(abs(one), abs(two)) * scale < 2**31:
                    packed = struct.pack(order, round(one * scale), round(two * scale))
                    yield f"int32 {order} x{scale}", re.compile(re.escape(packed))


def sightings(secrets: list[Secret], content: bytes) -> list[tuple[str, str]]:
    """Return (secret, form) of each that stands in the content, in its runs of hexadecimal digits, or compressed in it."""
    found = []
    for layer, layered in _layers(content):
        for secret in secrets:
            if secret.pair is None:
                found += [(secret.name, f"{layer}{form}") for form, sought in forms_of(secret) if sought in layered]
            else:
                forms = number_forms_of(secret)
                found += [(secret.name, f"{layer}{form}") for form, sought in forms if sought.search(layered)]
    return sorted(set(found))


def _layers(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", content
    # A run may begin with a letter of the word before it: it is read from its first and from its second character.
    runs = [run[start:] for run in HEX_RUN.findall(content) for start in (0, 1)]
    decoded = b"\n".join(bytes.fromhex(run[: len(run) // 2 * 2].decode()) for run in runs)
    yield "hex of ", decoded
    for layer in (content, decoded):
        yield "zlib of ", b"\n".join(_inflated(layer))


def _inflated(content: bytes) -> Iterator[bytes]:
    for header in ZLIB_HEADERS:
        at = content.find(header)
        while at >= 0:
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(content[at : at + INFLATED_AT_MOST], INFLATED_AT_MOST)
            at = content.find(header, at + 1)
