"""Rules of writing a postcode."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import DistrictUnknown, GeoError, PostcodeMalformed, PostcodePartial
from geo.postcode import Postcode, parse_district


@pytest.mark.parametrize("text", ["SS1 1AA", "ss1 1aa", "SS11AA", "  sS1   1aA ", "S S 1 1 A A"])
def test_a_postcode_is_read_in_any_case_and_spacing(text: str) -> None:
    postcode = Postcode.parse(text)

    assert (postcode.outward, postcode.inward) == ("SS1", "1AA")
    assert (postcode.text, postcode.compact, str(postcode)) == ("SS1 1AA", "SS11AA", "SS1 1AA")


@pytest.mark.parametrize("text", ["M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX", "EC1A 1BB", "GIR 0AA"])
def test_every_form_of_postcode_is_read(text: str) -> None:
    assert Postcode.parse(text).text == text


@pytest.mark.parametrize("text", ["SS1", "ss1", "EC1A", "M1", "SS1 1", "SS1 1A"])
def test_a_district_alone_is_called_partial_and_the_whole_is_asked_for(text: str) -> None:
    with pytest.raises(PostcodePartial, match="whole postcode"):
        Postcode.parse(text)


MALFORMED = [
    "", " ", "1", "AAA 1AA", "SS1 AAA", "SS1\x001AA", "SS1 1AA\n", "SS1\t1AA", "SS1-1AA",
    "SS\u0661 1AA", "\uff33\uff33\uff11 1AA", "\u0405S1 1AA", "SS1 1A\u00c5", "\ud800", "\u202eSS1 1AA",
    "\ufeffSS1 1AA",
    "' OR 1=1 --", "=1+1", "%s%n", "{0}", "<script>", "SS1 1AA" * 9, None, 1, True, 1.5, [], {}, b"SS1 1AA",
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_postcode_is_refused_as_a_fault_of_the_input(text: object) -> None:
    with pytest.raises(PostcodeMalformed):
        Postcode.parse(text)  # type: ignore[arg-type]
    with pytest.raises(DistrictUnknown):
        parse_district(text)  # type: ignore[arg-type]


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    text = "S" * 10_000_000

    start = time.process_time()
    with pytest.raises(PostcodeMalformed):
        Postcode.parse(text)

    assert time.process_time() - start < 0.01


@given(st.text())
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    with contextlib.suppress(PostcodeMalformed, PostcodePartial):
        parsed = Postcode.parse(text)

        assert Postcode.parse(parsed.text) == parsed


@pytest.mark.parametrize("text", ["QQ99 9QQ extra", "hunter2", "CM2"])
def test_a_refusal_never_repeats_what_was_refused(text: str) -> None:
    with pytest.raises(GeoError) as refused:
        Postcode.parse(text)

    assert text not in refused.value.detail + repr(refused.value) + str(refused.value.args)


@pytest.mark.parametrize(("text", "district"), [("ss1", "SS1"), (" EC1 A ", "EC1A"), ("m1", "M1")])
def test_a_district_is_read_in_any_case_and_spacing(text: str, district: str) -> None:
    assert parse_district(text) == district


def test_a_whole_postcode_is_no_district() -> None:
    with pytest.raises(DistrictUnknown):
        parse_district("SS1 1AA")
