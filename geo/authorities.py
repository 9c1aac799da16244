"""Names of the local authorities.

Source: Office for National Statistics, `geo/data/local_authorities.csv`; see `geo/data/NOTICE.md`.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Authority:
    """A district, borough or unitary; `upper_tier_code` is its county's code, or its own where it has no county."""

    code: str
    name: str
    upper_tier_code: str
    upper_tier_name: str
    nation: str


@cache
def authorities() -> MappingProxyType[str, Authority]:
    """Return every local authority by its code, in the order of the codes."""
    with (DATA / "local_authorities.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted((Authority(**row) for row in csv.DictReader(file)), key=lambda row: row.code)
    return MappingProxyType({row.code: row for row in rows})
