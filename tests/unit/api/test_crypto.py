"""Sealing: bound to its place, rotated by key id, never the same twice; blind indexes with their own key."""

from __future__ import annotations

import hmac
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.crypto import KeyRing, SealBroken
from api.crypto.fingerprints import PURPOSES, derived_key, fingerprint_of
from api.crypto.ring import key_id_of

OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)
RING = KeyRing((OLD,), b"i" * 32)
ROW, OTHER_ROW = uuid.UUID(int=1), uuid.UUID(int=2)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_own_place(plaintext: bytes) -> None:
    sealed = RING.seal(plaintext, table="t", column="c", row_id=ROW)

    assert RING.open(sealed, table="t", column="c", row_id=ROW) == plaintext


@pytest.mark.parametrize(
    ("table", "column", "row_id"), [("t", "c", OTHER_ROW), ("t", "d", ROW), ("u", "c", ROW), ("tc", "", ROW)]
)
def test_a_ciphertext_moved_to_another_place_does_not_open(table: str, column: str, row_id: uuid.UUID) -> None:
    sealed = RING.seal(b"17 Rose Lane", table="t", column="c", row_id=ROW)

    with pytest.raises(SealBroken):
        RING.open(sealed, table=table, column=column, row_id=row_id)


@given(st.integers(0, 200), st.integers(1, 255))
def test_an_altered_ciphertext_does_not_open(place: int, flip: int) -> None:
    sealed = bytearray(RING.seal(b"17 Rose Lane", table="t", column="c", row_id=ROW))
    sealed[place % len(sealed)] ^= flip

    with pytest.raises(SealBroken):
        RING.open(bytes(sealed), table="t", column="c", row_id=ROW)


@pytest.mark.parametrize("junk", [b"", b"\x00", b"\xff", b"\x02k1"])
def test_junk_does_not_open(junk: bytes) -> None:
    with pytest.raises(SealBroken):
        RING.open(junk, table="t", column="c", row_id=ROW)


def test_a_new_key_writes_and_the_old_one_still_reads() -> None:
    rotated = KeyRing((NEW, OLD), b"i" * 32)
    before = RING.seal(b"x", table="t", column="c", row_id=ROW)
    after = rotated.seal(b"x", table="t", column="c", row_id=ROW)

    assert rotated.open(before, table="t", column="c", row_id=ROW) == b"x"
    with pytest.raises(SealBroken):
        RING.open(after, table="t", column="c", row_id=ROW)


def test_the_same_text_never_looks_the_same_twice() -> None:
    assert len({RING.seal(b"x", table="t", column="c", row_id=ROW) for _ in range(50)}) == 50


def test_a_blind_index_finds_equals_and_depends_on_purpose_and_key() -> None:
    index = RING.blind_index("perpetrator", "a")

    assert index == RING.blind_index("perpetrator", "a")
    assert index not in (RING.blind_index("other", "a"), KeyRing((OLD,), b"j" * 32).blind_index("perpetrator", "a"))


def test_a_blind_index_is_found_under_every_key_while_keys_are_changed() -> None:
    before, after = b"i" * 32, b"j" * 32
    old, both, new = KeyRing((OLD,), before), KeyRing((OLD,), after, [before]), KeyRing((OLD,), after)

    assert old.blind_index("p", "a") in both.blind_indexes("p", "a")
    assert new.blind_index("p", "a") == both.blind_index("p", "a")
    assert old.blind_index("p", "a") not in new.blind_indexes("p", "a")


def test_each_purpose_has_a_key_of_its_own_and_an_index_names_the_one_it_comes_from() -> None:
    index = RING.blind_index("perpetrator", "a")
    derived = derived_key(b"i" * 32, "blind index\x00perpetrator")

    assert index == f"{RING.index_key_ids[0]}:{hmac.digest(derived, b'a', 'sha256').hex()[:48]}"
    assert derived != derived_key(b"i" * 32, "blind index\x00other")
    assert len(index) <= 64


@pytest.mark.parametrize(
    ("value", "key_id"),
    [
        (b"\x02k1" + b"x" * 30, "k1"),
        (b"", "?"),
        (b"\x00xx", "?"),
        (b"\x09k12345678", "?"),
        (b"\x04k1", "?"),
        (b"\x02\xff\xff", "?"),
    ],
)
def test_a_value_says_under_which_key_it_is_or_that_it_is_not_sealed(value: bytes, key_id: str) -> None:
    assert key_id_of(value) == key_id


def test_a_fingerprint_tells_keys_and_purposes_apart() -> None:
    found = {fingerprint_of(purpose, key) for purpose in PURPOSES for key in (b"i" * 32, b"j" * 32)}

    assert len(found) == 6
