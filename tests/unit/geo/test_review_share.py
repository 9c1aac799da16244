"""How many safe units must be asked about, and that none which is unsafe is called clear.

ASSURE=1 measures over 1,000 households.
"""

import os
import sys

import numpy as np
import pytest

from bench.review_share import measure, report
from geo.cells import CLEAR, CellPartition
from geo.gazetteer import Gazetteer

HOUSEHOLDS = 1_000 if os.environ.get("ASSURE") else 25
#: Shares of safe units, for areas of 5, 10 and 20 miles, over one to four areas.
MOST = (0.055, 0.08, 0.12) if os.environ.get("ASSURE") else (0.065, 0.09, 0.13)


@pytest.mark.slow
def test_few_safe_units_are_under_review_and_no_unsafe_one_is_clear(gazetteer: Gazetteer, partition: CellPartition) -> None:
    share = measure(gazetteer, partition, HOUSEHOLDS)
    print(report(share, HOUSEHOLDS), file=sys.stderr)

    assert share.unsafe_clear == 0
    assert (share.by_radius <= MOST).all()
    assert (share.by_radius > 0).all()


def test_the_measure_notices_an_unsafe_unit_that_is_called_clear(
    gazetteer: Gazetteer, partition: CellPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CellPartition, "verdicts", lambda self, _: np.full(len(self), CLEAR, dtype=np.uint8))

    share = measure(gazetteer, partition, 2)

    assert share.unsafe_clear > 0
    assert (share.by_radius == 0).all()
