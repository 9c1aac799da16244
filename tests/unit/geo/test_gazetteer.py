"""Rules of the gazetteer."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from geopy.distance import geodesic

from geo import gazetteer_file
from geo.errors import (
    AuthorityUnknown,
    GazetteerCorrupt,
    GazetteerMissing,
    PostcodeUnknown,
    PostcodeUnplaced,
)
from geo.gazetteer import Gazetteer, build_gazetteer, gazetteer_is_current
from geo.gazetteer_file import FILE_NAME, decode_inward, encode_inward
from geo.grid import wgs84_point
from geo.postcode import Postcode


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gazetteer of this module's own, built by two threads at once."""
    directory = tmp_path_factory.mktemp("gazetteer")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(build_gazetteer, [directory, directory]))
    return directory


@pytest.fixture(scope="module")
def fresh(built: Path) -> Gazetteer:
    """What the builder builds now, where `gazetteer` may be a file that an earlier builder left."""
    return Gazetteer.open(built)


@pytest.fixture
def own_copy(built: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copy(built / FILE_NAME, tmp_path / FILE_NAME)
    yield tmp_path
    (tmp_path / FILE_NAME).unlink(missing_ok=True)


def test_belfast_city_hall_is_where_it_stands_although_its_postcode_is_on_the_irish_grid(fresh: Gazetteer) -> None:
    place = fresh.find(Postcode.parse("BT1 5GS"))

    longitude, latitude = wgs84_point(place.easting, place.northing)
    assert geodesic((latitude, longitude), (54.5968, -5.9301)).m < 150
    assert place.authority_code == "N09000003"


@pytest.mark.parametrize(
    ("text", "latitude", "longitude", "code"),
    [
        ("SW1A 1AA", 51.501, -0.142, "E09000033"),  # Buckingham Palace
        ("EH99 1SP", 55.952, -3.175, "S12000036"),  # the Scottish Parliament
        ("CF99 1SN", 51.464, -3.162, "W06000015"),  # the Senedd
        ("TR21 0PL", 49.913, -6.310, "E06000053"),  # Scilly
    ],
)
def test_well_known_places_are_where_they_stand(
    fresh: Gazetteer, text: str, latitude: float, longitude: float, code: str
) -> None:
    place = fresh.find(Postcode.parse(text))

    there_longitude, there_latitude = wgs84_point(place.easting, place.northing)
    assert geodesic((latitude, longitude), (there_latitude, there_longitude)).m < 1_500
    assert place.authority_code == code


@pytest.mark.parametrize("text", ["JE2 3QA", "GY1 1AA", "IM1 1AA"])
def test_a_postcode_of_a_crown_dependency_is_listed_but_has_no_place(gazetteer: Gazetteer, text: str) -> None:
    listed = Postcode.parse(text)
    assert gazetteer.district_exists(listed.outward)
    assert not gazetteer.district_is_placed(listed.outward)

    with pytest.raises(PostcodeUnplaced, match="Isle of Man"):
        gazetteer.find(listed)


@pytest.mark.parametrize("text", ["SS1 4QQ", "ZZ9 9ZZ", "SS77 9ZZ"])
def test_a_postcode_that_is_not_listed_is_unknown_and_not_repeated(gazetteer: Gazetteer, text: str) -> None:
    with pytest.raises(PostcodeUnknown) as refused:
        gazetteer.find(Postcode.parse(text))

    assert text not in refused.value.detail


def test_a_look_up_takes_less_than_twenty_microseconds(gazetteer: Gazetteer) -> None:
    postcodes = [postcode for postcode, _ in gazetteer.sample(np.random.default_rng(5), 2_000)]
    times = []

    for postcode in postcodes:
        start = time.perf_counter()
        gazetteer.find(postcode)
        times.append(time.perf_counter() - start)

    assert np.median(times) < 20e-6


def test_a_sample_is_of_real_postcodes_and_the_same_for_the_same_seed(gazetteer: Gazetteer) -> None:
    sample = gazetteer.sample(np.random.default_rng(1), 500)

    assert sample == gazetteer.sample(np.random.default_rng(1), 500)
    assert all(gazetteer.find(postcode) == place for postcode, place in sample)
    assert len({postcode for postcode, _ in sample}) == 500


def test_a_sample_of_an_authority_stays_in_it(gazetteer: Gazetteer) -> None:
    sample = gazetteer.sample(np.random.default_rng(1), 50, ["E06000033"])

    assert {place.authority_code for _, place in sample} == {"E06000033"}
    with pytest.raises(AuthorityUnknown):
        gazetteer.sample(np.random.default_rng(1), 5, ["E06000033", "E99999999"])


def test_authorities_are_known_by_code_and_the_dependencies_have_none(gazetteer: Gazetteer) -> None:
    assert gazetteer.authority_name("E06000033") == "Southend-on-Sea"
    assert not any(map(gazetteer.authority_exists, ["", "L99999999", "M99999999", "e06000033"]))
    with pytest.raises(AuthorityUnknown):
        gazetteer.authority_name("L99999999")


def test_uncertainty_is_small_in_a_town_and_large_in_the_hills(fresh: Gazetteer) -> None:
    town = fresh.find(Postcode.parse("SS1 1AA")).uncertainty_metres
    hills = fresh.find(Postcode.parse("IV27 4QB")).uncertainty_metres

    assert town == 100
    assert 1_000 < hills <= 2_000


@pytest.mark.parametrize("inward", ["0AA", "1AA", "9ZZ", "5GS"])
def test_an_inward_code_comes_back_from_its_number(inward: str) -> None:
    assert decode_inward(encode_inward(inward)) == inward


def test_two_builds_at_once_leave_one_whole_current_file(built: Path) -> None:
    assert gazetteer_is_current(built)
    assert [file.name for file in built.iterdir()] == [FILE_NAME]
    assert (built / FILE_NAME).stat().st_size < 100e6


def test_a_build_says_what_it_does(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    build_gazetteer(tmp_path, lambda done, total: steps.append((done, total)))

    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert {total for _, total in steps} == {len(steps)}


def test_a_build_that_fails_leaves_what_was_there(own_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("geo.gazetteer_building.os.replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        build_gazetteer(own_copy)

    assert gazetteer_is_current(own_copy)
    assert [file.name for file in own_copy.iterdir()] == [FILE_NAME]


def test_another_edition_is_not_current(own_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer_file, "installed_edition", lambda: "2031.1.1")

    assert not gazetteer_is_current(own_copy)


def test_another_layout_is_corrupt(own_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer_file, "LAYOUT", gazetteer_file.LAYOUT + 1)

    with pytest.raises(GazetteerCorrupt):
        Gazetteer.open(own_copy)


def test_a_missing_gazetteer_is_said_to_be_missing(tmp_path: Path) -> None:
    assert not gazetteer_is_current(tmp_path)
    with pytest.raises(GazetteerMissing):
        Gazetteer.open(tmp_path)


@pytest.mark.parametrize("size", [0, 3, 16, 1_000, 1_000_000])
def test_a_file_that_is_cut_short_is_corrupt(own_copy: Path, size: int) -> None:
    data = (own_copy / FILE_NAME).read_bytes()
    (own_copy / FILE_NAME).write_bytes(data[:size])

    assert not gazetteer_is_current(own_copy)
    with pytest.raises(GazetteerCorrupt):
        Gazetteer.open(own_copy)


@pytest.mark.parametrize("at", [0, 9, 13, 40, 5_000, 20_000_000, -1])
def test_a_file_with_one_byte_changed_is_corrupt(own_copy: Path, at: int) -> None:
    data = bytearray((own_copy / FILE_NAME).read_bytes())
    data[at] ^= 0x55
    (own_copy / FILE_NAME).write_bytes(data)

    assert not gazetteer_is_current(own_copy)
    with pytest.raises(GazetteerCorrupt):
        Gazetteer.open(own_copy)
