"""Rules of the national grid."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from geo import grid
from geo.errors import PointOutOfRange

LATITUDES = st.floats(grid.MIN_LATITUDE, grid.MAX_LATITUDE)
LONGITUDES = st.floats(grid.MIN_LONGITUDE, grid.MAX_LONGITUDE)


def test_the_worked_example_of_the_ordnance_survey_comes_out_within_the_stated_uncertainty() -> None:
    # "A guide to coordinate systems in Great Britain": Caister water tower, ETRS89 and OSGB36.
    easting, northing = grid.grid_point(1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600)

    assert math.hypot(easting - 651_409.903, northing - 313_177.270) < grid.GRID_UNCERTAINTY_METRES


@given(LONGITUDES, LATITUDES)
def test_a_point_comes_back_from_the_grid_where_it_was(longitude: float, latitude: float) -> None:
    back_longitude, back_latitude = grid.wgs84_point(*grid.grid_point(longitude, latitude))

    assert geodesic((latitude, longitude), (back_latitude, back_longitude)).m < 0.01


def test_arrays_and_single_points_agree() -> None:
    eastings, northings = grid.to_grid([0.7, -5.93], [51.5, 54.6])

    assert (eastings[1], northings[1]) == pytest.approx(grid.grid_point(-5.93, 54.6), abs=1e-6)
    assert grid.to_wgs84(eastings, northings)[0] == pytest.approx([0.7, -5.93], abs=1e-7)


def test_an_array_that_is_projected_is_not_changed() -> None:
    longitudes, latitudes = np.array([0.7]), np.array([51.5])

    grid.to_grid(longitudes, latitudes)

    assert (longitudes[0], latitudes[0]) == (0.7, 51.5)


OUTSIDE = [
    (51.5, -0.1), (0.0, 0.0), (-0.1, 90.0), (-9.5, 53.3), (2.35, 48.86), (-30.0, 55.0), (-2.0, 61.5), (181.0, 55.0),
    (math.nan, 55.0), (-2.0, math.nan), (math.inf, 55.0), (-2.0, -math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("longitude", "latitude"), OUTSIDE)
def test_a_point_outside_the_country_or_with_its_numbers_swapped_is_refused(longitude: float, latitude: float) -> None:
    with pytest.raises(PointOutOfRange, match="swapped"):
        grid.grid_point(longitude, latitude)


@given(LONGITUDES, LATITUDES, st.floats(0, 360))
def test_a_true_kilometre_on_the_grid_is_within_the_stated_scale(longitude: float, latitude: float, azimuth: float) -> None:
    easting, northing = grid.grid_point(longitude, latitude)
    end = geodesic(kilometers=1).destination((latitude, longitude), azimuth)
    end_easting, end_northing = (float(value) for value in grid.to_grid(end.longitude, end.latitude))

    scale = math.hypot(end_easting - easting, end_northing - northing) / 1_000

    least, greatest = grid.scale_range(min(easting, end_easting), max(easting, end_easting))
    assert least <= scale <= greatest


@given(LONGITUDES, LATITUDES, st.floats(100, 200_000))
def test_a_ring_is_closed_and_stands_at_its_radius(longitude: float, latitude: float, radius: float) -> None:
    ((eastings, northings),) = grid.geodesic_ring(longitude, latitude, (radius,), 8)

    assert (eastings[0], northings[0]) == (eastings[-1], northings[-1])
    longitudes, latitudes = grid.to_wgs84(eastings, northings)
    for x, y in zip(longitudes, latitudes, strict=True):
        assert geodesic((latitude, longitude), (y, x)).m == pytest.approx(radius, abs=0.1)


def test_threads_that_project_at_once_get_the_same_answers() -> None:
    points = [(-6 + 0.01 * step, 50 + 0.01 * step) for step in range(400)]
    alone = [grid.grid_point(*point) for point in points]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda point: grid.grid_point(*point), points))

    assert together == alone
