"""Areas to avoid x safety cells, remembered by row and ciphertext: the same sealed bytes of one row are the same area.

A ciphertext put in another row's place is not remembered, so it is opened there, and does not open. A row that was sealed
anew under another key holds other bytes: its area is judged again.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from accommodation.base import Cipher
from accommodation.sealing import open_sealed
from geo.areas import parse_area
from geo.atlas import Atlas
from geo.cells import CLEAR
from placement.models import AreaToAvoid

REMEMBERED_AREAS = 4096


class AreaVerdicts:
    """Verdicts of sealed areas, a bounded number of them in memory. Nothing is decided here: geo decides."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[uuid.UUID, bytes], npt.NDArray[np.uint8]] = OrderedDict()

    def of(self, cipher: Cipher, areas: Iterable[tuple[uuid.UUID, bytes]]) -> npt.NDArray[np.uint8]:
        """Return uint8 per cell, the gravest verdict of (area id, sealed facts) pairs; all clear when there is none.

        Raises GeoError when an area cannot be placed: a fault costs the answer, it never makes a cell clear.
        """
        gravest = np.full(len(self._atlas.partition.codes), CLEAR, dtype=np.uint8)
        for area_id, sealed in areas:
            np.maximum(gravest, self._of_one(cipher, area_id, sealed), out=gravest)
        return gravest

    def _of_one(self, cipher: Cipher, area_id: uuid.UUID, sealed: bytes) -> npt.NDArray[np.uint8]:
        with self._lock:
            if (verdicts := self._remembered.get((area_id, sealed))) is not None:
                self._remembered.move_to_end((area_id, sealed))
                return verdicts
        facts = open_sealed(cipher, sealed, AreaToAvoid.__tablename__, "facts_sealed", area_id)
        verdicts = self._atlas.partition.verdicts(parse_area(facts["geometry"], self._atlas.gazetteer))
        with self._lock:
            self._remembered[area_id, sealed] = verdicts
            while len(self._remembered) > REMEMBERED_AREAS:
                self._remembered.popitem(last=False)
        return verdicts
