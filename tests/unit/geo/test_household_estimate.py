"""Rules of the estimate of households: it errs on the side of too few."""

import numpy as np
import pytest

from geo.gazetteer import Gazetteer
from geo.household_estimate import RATES, RATES_IN_SCOTLAND, estimate_households

#: Households that the censuses found (Office for National Statistics, first results of Census 2021).
ENGLAND_AND_WALES = 24_782_800
WALES = 1_347_100


def estimate(points: list[tuple[int, int]], uncertainty: int = 100, *, in_scotland: bool = False) -> list[int]:
    easting, northing = np.array(points).T
    everywhere = np.ones(len(points))
    return estimate_households(
        easting, northing, (everywhere * uncertainty).astype(np.uint16), (everywhere * in_scotland).astype(np.bool_)
    ).tolist()


def test_a_hectare_counts_once_however_many_postcodes_stand_there() -> None:
    sorting_office = [(530_010, 180_010)] * 400 + [(530_099, 180_099)]

    assert sum(estimate(sorting_office)) == RATES[0]


def test_the_next_hectare_counts_too() -> None:
    assert estimate([(530_099, 180_000), (530_100, 180_000)]) == [RATES[0], RATES[0]]


def test_thin_country_counts_for_fewer_and_so_does_scotland() -> None:
    spot = [(530_000, 180_000)]

    found = [estimate(spot, uncertainty)[0] for uncertainty in (100, 160, 250, 500, 501)]
    scottish = [estimate(spot, uncertainty, in_scotland=True)[0] for uncertainty in (100, 160, 250, 500, 501)]

    assert found == sorted(RATES, reverse=True) == list(RATES)
    assert scottish == list(RATES_IN_SCOTLAND)
    assert all(fewer < more for fewer, more in zip(scottish, found, strict=True))


@pytest.mark.parametrize(("nations", "census"), [("EW", ENGLAND_AND_WALES), ("W", WALES)])
def test_the_whole_comes_to_less_than_four_fifths_of_the_census(gazetteer: Gazetteer, nations: str, census: int) -> None:
    columns = gazetteer.placed_columns()
    first = np.array([code[:1] for code in gazetteer.authority_codes])[columns["authority"]]

    found = estimate_households(columns["easting"], columns["northing"], columns["uncertainty"], first == "S")

    assert 0.6 < found[np.isin(first, list(nations))].sum() / census < 0.8
