"""How often a unit that is truly safe must be asked about: `python -m bench.review_share [households]`.

A safety cell that an area to avoid overlaps puts its units under review, the safe ones too. That is the price of search
not knowing where a refuge is, and here it is measured: households at real postcodes, areas around them as the field has
them (four in five within 15 km of home), units at real postcodes within 100 km. What is truly inside is measured along
the globe, by another road than the verdicts take. A unit inside an area that is called clear is counted too: there may
be none.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj

from geo.areas import parse_area
from geo.cells import CLEAR, REVIEW, CellPartition
from geo.distance import metres
from geo.gazetteer import Gazetteer, Place
from geo.grid import in_range, to_wgs84

RADII_MILES: Final = (5, 10, 20)
MOST_AREAS: Final = 4
REACH_METRES: Final = 100_000.0
NEAR_METRES: Final = 15_000.0
SHARE_NEAR: Final = 0.8
METRES_PER_MILE: Final = 1_609.344
UNITS: Final = 16_350  # as many as England has

_GLOBE: Final = pyproj.Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReviewShare:
    """Counts over all households: float64[areas, radius] of units truly safe, and of those in review; unsafe clears."""

    safe: Floats
    in_review: Floats
    unsafe_clear: int

    @property
    def by_areas(self) -> Floats:
        """The share of safe units in review, [number of areas - 1, radius]."""
        return self.in_review / self.safe

    @property
    def by_radius(self) -> Floats:
        """The same over one to four areas together, [radius]."""
        share: Floats = self.in_review.sum(axis=0) / self.safe.sum(axis=0)
        return share


def measure(gazetteer: Gazetteer, partition: CellPartition, households: int, seed: int = 20261122) -> ReviewShare:
    """Draw households, areas and units, and count. The same seed gives the same counts."""
    rng = np.random.default_rng(seed)
    units = [place for _, place in gazetteer.sample(rng, UNITS)]
    cells = np.array([partition.cell_of(place.easting, place.northing, place.authority_code) for place in units])
    unit_spots = np.array([(place.easting, place.northing) for place in units], dtype=np.float64)
    safe = np.zeros((MOST_AREAS, len(RADII_MILES)))
    in_review = np.zeros_like(safe)
    unsafe_clear = 0
    for _, home in gazetteer.sample(rng, households):
        near = metres(unit_spots[:, 0], unit_spots[:, 1], home.easting, home.northing) <= REACH_METRES
        centres = _draw_centres(rng, home)
        for column, miles in enumerate(RADII_MILES):
            inside = np.zeros(int(near.sum()), dtype=np.bool_)
            verdicts = np.zeros(len(inside), dtype=np.uint8)
            for row, centre in enumerate(centres):
                inside |= _is_inside(unit_spots[near], centre, miles)
                verdicts = np.maximum(verdicts, _verdicts(gazetteer, partition, centre, miles)[cells[near]])
                safe[row, column] += (~inside).sum()
                in_review[row, column] += (~inside & (verdicts == REVIEW)).sum()
                unsafe_clear += int((inside & (verdicts == CLEAR)).sum())
    return ReviewShare(safe, in_review, unsafe_clear)


def _draw_centres(rng: np.random.Generator, home: Place) -> Floats:
    """Draw the middles of areas, float64[n, 2] metres: any direction from home, four in five of them within 15 km."""
    centres: list[tuple[float, float]] = []
    while len(centres) < MOST_AREAS:
        away = rng.exponential(NEAR_METRES / np.log(1 / (1 - SHARE_NEAR)))
        turn = rng.uniform(0, 2 * np.pi)
        centre = (home.easting + away * np.cos(turn), home.northing + away * np.sin(turn))
        if in_range(*map(float, to_wgs84(*centre))):  # no area can be drawn about a point in France
            centres.append(centre)
    return np.array(centres)


def _is_inside(points: Floats, centre: Floats, miles: int) -> npt.NDArray[np.bool_]:
    longitudes, latitudes = to_wgs84(points[:, 0], points[:, 1])
    longitude, latitude = to_wgs84(np.full(len(points), centre[0]), np.full(len(points), centre[1]))
    _, _, apart = _GLOBE.inv(longitude, latitude, longitudes, latitudes)
    return np.asarray(apart) <= miles * METRES_PER_MILE


def _verdicts(gazetteer: Gazetteer, partition: CellPartition, centre: Floats, miles: int) -> npt.NDArray[np.uint8]:
    longitude, latitude = to_wgs84(centre[0], centre[1])
    area = {
        "type": "circle",
        "centre": {"latitude": float(latitude), "longitude": float(longitude)},
        "radius_metres": miles * METRES_PER_MILE,
    }
    return partition.verdicts(parse_area(area, gazetteer))


def report(share: ReviewShare, households: int) -> str:
    """Return the figures as a table, per cent."""
    lines = [f"Truly safe units under review, per cent, within 100 km of {households:,} households"]
    lines.append(f"{'areas':>12}" + "".join(f"{miles:>8} miles" for miles in RADII_MILES))
    for number, row in enumerate(share.by_areas, start=1):
        lines.append(f"{number:>12}" + "".join(f"{value:>14.1%}" for value in row))
    lines.append(f"{'1 to 4':>12}" + "".join(f"{value:>14.1%}" for value in share.by_radius))
    lines.append(f"unsafe units called clear: {share.unsafe_clear}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure over as many households as the argument says, 1,000 without one, and print the figures."""
    from api.settings import Settings

    households = int(arguments[0]) if arguments else 1_000
    gazetteer = Gazetteer.open(Settings.from_environment().gazetteer_directory)
    print(report(measure(gazetteer, CellPartition.load(), households), households))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
