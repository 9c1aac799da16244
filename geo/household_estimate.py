"""Estimate from below how many households stand behind postcodes, where the directory itself says nothing of it.

The directory lists 2.7 million postcodes, a third of which have ended or belong to large users, and does not say which.
So postcodes are not counted. What is counted is the hectares that have any: an ended postcode stands where its successor
stands, and large users pile up at sorting offices and in business quarters, so that they add no hectare. There are 1.26
million. A hectare counts for fewer households the thinner the country, and for fewer in Scotland, which has renumbered
whole towns.

It is an estimate, and it must not overstate: it comes to three quarters of the 24,782,800 households that the census found
in England and Wales (Office for National Statistics, first results of Census 2021). See `docs/adr/0017-*` and
`tests/unit/geo/test_household_estimate.py`.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Metres. How far a postcode's addresses may lie from its point (see the gazetteer) tells how thin the country is.
UNCERTAINTY_CLASSES: Final = (100, 160, 250, 500)
#: Households to a hectare, up to and with each of these, and beyond the last.
RATES: Final = (24, 20, 15, 10, 8)
RATES_IN_SCOTLAND: Final = (20, 17, 13, 9, 7)

_HECTARE_SIDE: Final = 100
_ROWS: Final = 20_000  # of hectares, which reach north of Shetland: column and row make one number

Column = npt.NDArray[Any]


def estimate_households(
    easting: Column, northing: Column, uncertainty: Column, in_scotland: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return int64[n]: the households that each postcode is credited with.

    `easting`, `northing` are whole metres of EPSG:27700, `uncertainty` metres. The first postcode of a hectare, in the
    order given, is credited with the whole of it, the others with none.
    """
    hectares = easting.astype(np.int64) // _HECTARE_SIDE * _ROWS + northing // _HECTARE_SIDE
    _, first = np.unique(hectares, return_index=True)
    thinness = np.searchsorted(UNCERTAINTY_CLASSES, uncertainty[first])
    rates = np.array([RATES, RATES_IN_SCOTLAND])
    result = np.zeros(len(hectares), dtype=np.int64)
    result[first] = rates[in_scotland[first].astype(np.intp), thinness]
    return result
