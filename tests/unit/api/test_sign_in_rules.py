"""Passwords, codes and waits, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.base import InvalidInput, Principal, new_id
from accommodation.errors import StepUpNeeded
from accommodation.step_up import demand_step_up
from api.auth.devices import find_browser, find_device, make_device
from api.auth.passwords import MAX_BYTES, MIN_CHARACTERS, HashCost, Passwords, check_password
from api.auth.second_factor import find_step, step_at
from api.auth.throttle import LONGEST_WAIT, PAIR_FREE, network_of, wait_at_pair

NOW = datetime(2026, 3, 2, 14, 5, 7, tzinfo=UTC)
CHEAP = Passwords(HashCost(memory_kib=8, passes=1))
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_the_cost_of_a_password_is_above_what_owasp_asks() -> None:
    assert HashCost() == HashCost(memory_kib=47_104, passes=2, lanes=1)
    assert Passwords().hash("weir heron lantern oboe").startswith("$argon2id$v=19$m=47104,t=2,p=1$")


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    stored = CHEAP.hash("Zo\u00eb and the weir")

    assert CHEAP.verify(stored, "Zoe\u0308 and the weir")
    assert not CHEAP.verify(stored, "Zoe and the weir")


def test_without_a_stored_password_none_is_right_not_even_the_decoys() -> None:
    assert not CHEAP.verify(None, "nobody has this password")
    assert not CHEAP.verify("no hash at all", "x")


@pytest.mark.parametrize(
    "password",
    [
        "sonyericsson",  # on the list
        "SonyEricsson",
        "sonyericsson1!",
        "sonyericsson-73920184",  # many digits do not mend it
        "password1234",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "c.example@council.example",
        "Example2026!!",
        "x" * (MIN_CHARACTERS - 1),
        "x" * (MAX_BYTES + 1),
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_password(password, "/password", "c.example@council.example")


@pytest.mark.parametrize(
    "password", ["weir heron lantern oboe", "ünïcödé weir löwe", "Tr0mb0ne-Gusset-47", "漢" * 4 + "weir lantern"]
)
def test_unrelated_words_are_taken(password: str) -> None:
    check_password(password, "/password", "c.example@council.example")


def test_a_code_counts_for_its_own_step_and_its_neighbours() -> None:
    authenticator = pyotp.TOTP(SECRET)

    found = {
        offset: find_step(SECRET, authenticator.at(NOW + timedelta(seconds=30 * offset)), NOW) for offset in range(-3, 4)
    }

    here = step_at(NOW)
    assert found == {-3: None, -2: None, -1: here - 1, 0: here, 1: here + 1, 2: None, 3: None}


@pytest.mark.parametrize("code", ["", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "é" * 6])
def test_what_is_no_code_is_none(code: str) -> None:
    assert find_step(SECRET, code, NOW) is None


@given(failures=st.integers(0, 10_000), seconds=st.integers(0, 100_000), free=st.integers(1, PAIR_FREE))
def test_nobody_waits_longer_than_a_quarter_of_an_hour_nor_before_the_free_tries(
    failures: int, seconds: int, free: int
) -> None:
    wait = wait_at_pair(failures, NOW - timedelta(seconds=seconds), NOW, free)

    assert wait <= LONGEST_WAIT
    assert failures >= free or wait <= timedelta(0)
    assert failures < free or wait > timedelta(0) or seconds >= 30


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_stands_for_its_line(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_a_device_is_known_for_the_name_that_signed_in_there() -> None:
    value = make_device(b"k" * 32, "hers")
    mark = value.split(".")[0]

    assert find_device(b"k" * 32, "hers", value) == mark
    assert find_device(b"k" * 32, "his", value) is None
    assert find_device(b"x" * 32, "hers", value) is None
    assert find_browser(b"k" * 32, value) == mark
    for broken in (None, "", ".", "..", mark, value[:-1] + ("0" if value[-1] != "0" else "1"), "é" * 22 + value[22:]):
        assert find_device(b"k" * 32, "hers", broken) is None


def test_only_a_second_factor_just_shown_is_a_step_up() -> None:
    def caller(*facts: object) -> Principal:
        return Principal(new_id(), new_id(), "refuge_manager", *facts)  # type: ignore[arg-type]

    demand_step_up(caller(new_id(), NOW + timedelta(seconds=1)), NOW)
    for refused in (caller(new_id(), None), caller(new_id(), NOW), caller(), caller(None, NOW + timedelta(days=1))):
        with pytest.raises(StepUpNeeded):
            demand_step_up(refused, NOW)
