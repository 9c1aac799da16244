"""What a use case may ask about places, in one bundle: the gazetteer, the safety cells, the street geocoder."""

from __future__ import annotations

from dataclasses import dataclass

from geo.cells import CellPartition
from geo.gazetteer import Gazetteer
from geo.geocoding import StreetGeocoder


@dataclass(frozen=True)
class Atlas:
    """Places of one installation. All parts are read-only and shared by threads."""

    gazetteer: Gazetteer
    partition: CellPartition
    street_geocoder: StreetGeocoder
