"""A chain of events shows whatever is done to it afterwards, and says at which row it was done."""

from __future__ import annotations

import copy
import os
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from api.audit.chain import COLUMNS, GENESIS, Record, canonical, hash_of, instant, read_json
from api.audit.checking import Outcome, check_chain
from api.audit.diagnosis import Wrong
from api.audit.signing import Checkpoint, derive_signing_key, is_genuine, key_id_of, public_text, read_public_key, sign

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ORGANISATION = str(uuid.UUID(int=7))
KEY = derive_signing_key(b"a" * 32)
KEYS = {key_id_of(KEY.public_key()): KEY.public_key()}
LENGTH = 12
EXAMPLES = 5_000 if os.environ.get("ASSURE") else 300

OTHER_VALUES: dict[str, Any] = {
    "action": "household:edited",
    "details": {"changed": ["needs"], "count": 2},
    "happened_at": instant(NOW + timedelta(microseconds=1)),
    "hash": "f" * 64,
    "id": str(uuid.UUID(int=99)),
    "organisation_id": str(uuid.UUID(int=8)),
    "position": LENGTH + 40,
    "previous_hash": "e" * 64,
    "reason_digest": "d" * 64,
    "request_id": None,
    "subject_id": str(uuid.UUID(int=98)),
    "worker_id": str(uuid.UUID(int=97)),
}


@dataclass
class HeldTrail:
    """Rows in memory, of whatever organisation, filed as a database would file them."""

    rows: list[Record]
    organisation_id: str = ORGANISATION

    def events(self) -> Iterator[Record]:
        filed = [row for row in self.rows if row["organisation_id"] == self.organisation_id]
        return iter(sorted(filed, key=lambda row: row["position"]))

    def followers(self, previous_hash: str) -> Iterator[Record]:
        return (row for row in self.rows if row["previous_hash"] == previous_hash)


def make_chain(length: int = LENGTH) -> list[Record]:
    """Make a sound chain, an event a second."""
    rows: list[Record] = []
    for position in range(1, length + 1):
        row: Record = {
            "action": "household:read",
            "details": {"number": position, "words": ["a", "ä"]},
            "happened_at": instant(NOW + timedelta(seconds=position)),
            "id": str(uuid.UUID(int=1_000 + position)),
            "organisation_id": ORGANISATION,
            "position": position,
            "previous_hash": rows[-1]["hash"] if rows else GENESIS,
            "reason_digest": "ab" * 32 if position % 3 == 0 else None,
            "request_id": f"request-{position}",
            "subject_id": str(uuid.UUID(int=2_000 + position)),
            "worker_id": str(uuid.UUID(int=3)),
        }
        rows.append({**row, "hash": hash_of(row)})
    return rows


def made_anew(rows: list[Record], position: int) -> None:
    """Hash every row from a position on again, as somebody would who can write to the database."""
    for row in rows[position - 1 :]:
        row["previous_hash"] = rows[row["position"] - 2]["hash"] if row["position"] > 1 else GENESIS
        row["hash"] = hash_of(row)


def check(rows: list[Record], *checkpoints: Checkpoint, as_of: datetime = NOW + timedelta(hours=1)) -> Outcome:
    return check_chain(HeldTrail(rows), checkpoints, KEYS, as_of)


def checkpoint_at(rows: list[Record], position: int) -> Checkpoint:
    return sign(KEY, ORGANISATION, position, rows[position - 1]["hash"], instant(NOW))


def test_a_sound_chain_is_whole_from_its_first_event_to_its_head() -> None:
    rows = make_chain()

    outcome = check(rows, checkpoint_at(rows, 5), checkpoint_at(rows, 9))

    assert (outcome.finding, outcome.events, outcome.signed, outcome.head) == (None, LENGTH, 9, rows[-1]["hash"])
    assert check([]).finding is None


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("position", [1, 6, LENGTH])
def test_a_changed_column_is_found_and_its_row_is_named(column: str, position: int) -> None:
    rows = make_chain()
    row = rows[position - 1]
    row[column] = OTHER_VALUES[column]

    finding = check(rows, checkpoint_at(make_chain(), LENGTH)).finding

    assert finding is not None
    if (column, position) in (("organisation_id", LENGTH), ("position", LENGTH)):
        assert finding.position in (LENGTH, LENGTH + 40)
    else:
        assert finding.event_id == row["id"]


def test_the_columns_that_are_changed_above_are_all_there_are() -> None:
    assert set(OTHER_VALUES) == set(COLUMNS) == set(make_chain(1)[0])


def test_a_row_that_is_gone_is_missed_at_its_position() -> None:
    rows = make_chain()
    del rows[5]

    finding = check(rows).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.MISSING, 6)


def test_a_row_that_is_gone_is_missed_even_when_later_ones_move_up() -> None:
    rows = make_chain()
    del rows[5]
    for row in rows[5:]:
        row["position"] -= 1

    finding = check(rows).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.MISSING, 6)


def test_two_rows_that_changed_places_are_reordered() -> None:
    rows = make_chain()
    rows[3]["position"], rows[8]["position"] = 9, 4

    finding = check(rows).finding

    assert finding is not None
    assert (finding.wrong, finding.position, finding.event_id) == (Wrong.REORDERED, 4, rows[8]["id"])


@pytest.mark.parametrize("is_well_made", [True, False])
def test_a_row_put_between_others_is_inserted(is_well_made: bool) -> None:
    rows = make_chain()
    for row in rows[5:]:
        row["position"] += 1
    forged = {**rows[4], "id": str(uuid.UUID(int=66)), "position": 6, "previous_hash": rows[4]["hash"]}
    forged["hash"] = hash_of(forged) if is_well_made else "0" * 64
    rows.append(forged)

    finding = check(rows).finding

    assert finding is not None
    assert (finding.wrong, finding.position, finding.event_id) == (Wrong.INSERTED, 6, forged["id"])


def test_a_row_that_was_changed_and_hashed_anew_is_named_by_the_one_after_it() -> None:
    rows = make_chain()
    rows[5]["action"] = "household:edited"
    rows[5]["hash"] = hash_of(rows[5])

    finding = check(rows).finding

    assert finding is not None
    assert (finding.wrong, finding.position, finding.event_id) == (Wrong.TAMPERED, 6, rows[5]["id"])


def test_a_tail_that_was_cut_off_is_noticed_against_the_last_checkpoint() -> None:
    rows = make_chain()
    signed = checkpoint_at(rows, 10)

    finding = check(rows[:7], signed).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.TRUNCATED, 8)


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_signed() -> None:
    rows = make_chain()
    signed = [checkpoint_at(rows, position) for position in (4, 10)]
    rows[6]["worker_id"] = str(uuid.UUID(int=5))
    made_anew(rows, 7)

    unsigned, finding = check(rows).finding, check(rows, *signed).finding

    assert unsigned is None, "the hashes alone can be made anew"
    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.REWRITTEN, 5)


def test_two_checkpoints_that_contradict_each_other_cannot_both_hold() -> None:
    rows = make_chain()
    old = checkpoint_at(rows, LENGTH)
    rows[-1]["action"] = "household:edited"
    made_anew(rows, LENGTH)

    finding = check(rows, old, checkpoint_at(rows, LENGTH)).finding

    assert finding is not None
    assert finding.wrong == Wrong.REWRITTEN


@pytest.mark.parametrize(
    "forge",
    [
        lambda signed: replace(signed, hash="0" * 64),
        lambda signed: replace(signed, position=4),
        lambda signed: replace(signed, made_at=instant(NOW - timedelta(days=1))),
        lambda signed: replace(signed, signature="00" * 64),
        lambda signed: replace(signed, signature="no hexadecimal"),
        lambda signed: replace(signed, key_id="0" * 16),
        lambda signed: replace(signed, organisation_id=str(uuid.UUID(int=8))),
        lambda signed: sign(Ed25519PrivateKey.generate(), ORGANISATION, 5, signed.hash, signed.made_at),
        lambda signed: replace(
            sign(Ed25519PrivateKey.generate(), ORGANISATION, 5, signed.hash, signed.made_at), key_id=signed.key_id
        ),
    ],
)
def test_a_checkpoint_that_was_not_signed_with_the_key_is_not_believed(forge: Callable[[Checkpoint], Checkpoint]) -> None:
    rows = make_chain()
    forged = forge(checkpoint_at(rows, 5))

    finding = check(rows, forged).finding

    assert is_genuine(checkpoint_at(rows, 5), KEYS)
    assert finding is not None
    assert finding.wrong == Wrong.CHECKPOINT_FORGED


def test_events_that_no_checkpoint_followed_for_a_day_are_a_finding() -> None:
    rows = make_chain()
    signed = checkpoint_at(rows, 8)

    assert check(rows, signed, as_of=NOW + timedelta(hours=23)).finding is None
    finding = check(rows, signed, as_of=NOW + timedelta(hours=25)).finding

    assert finding is not None
    assert (finding.wrong, finding.position) == (Wrong.UNSIGNED, 9)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32), acts=st.integers(1, 4))
def test_no_random_tampering_goes_unseen_and_it_is_found_where_it_begins(seed: int, acts: int) -> None:
    rows = make_chain()
    signed = checkpoint_at(rows, LENGTH)
    sound = copy.deepcopy(rows)
    chance = random.Random(seed)
    for _ in range(acts):
        tamper(rows, chance)

    finding = check(rows, signed).finding

    filed = list(HeldTrail(rows).events())
    if filed == sound:
        assert finding is None
        return
    first = next(
        (n for n, pair in enumerate(zip(filed, sound, strict=False), start=1) if pair[0] != pair[1]), len(filed) + 1
    )
    assert finding is not None
    assert finding.position is not None
    # Of two neighbours that contradict each other, the earlier may be blamed when nothing after them says which is right.
    assert finding.position >= first - 1 or finding.wrong is Wrong.REWRITTEN
    if acts == 1:
        assert (finding.position, finding.wrong is Wrong.REWRITTEN) == (first, False)


def tamper(rows: list[Record], chance: random.Random) -> None:
    """Do one thing to the rows that somebody might do who can write to the database."""
    row = chance.choice(rows)
    match chance.choice(["column", "delete", "swap", "insert", "cut"]):
        case "column":
            column = chance.choice([name for name in COLUMNS if name != "position"])
            row[column] = OTHER_VALUES[column]
        case "delete" if len(rows) > 2:
            rows.remove(row)
            if chance.random() < 0.5:
                for later in rows:
                    later["position"] -= later["position"] > row["position"]
        case "swap":
            other = chance.choice(rows)
            row["position"], other["position"] = other["position"], row["position"]
        case "insert":
            for later in rows:
                later["position"] += later["position"] >= row["position"]
            forged = {**row, "id": str(uuid.UUID(int=chance.getrandbits(64))), "position": row["position"] - 1}
            forged["hash"] = hash_of(forged)
            rows.append(forged)
        case "cut":
            last = max(rows, key=lambda each: each["position"])
            rows.remove(last) if len(rows) > 2 else None


def test_the_canonical_form_is_one_text_and_never_changes() -> None:
    """Hashes of old events depend on it: if this fails, every trail that was ever written does not verify."""
    row = make_chain(1)[0]

    assert canonical({"b": [1, "ä"], "a": None}) == b'harbour-audit-1\n{"a":null,"b":[1,"\\u00e4"]}'
    assert row["hash"] == "5d64c1e1308c78de9f594b4cdc96f14be070af6f67b920f0d2d33d460b1d6db4"


def test_json_that_could_be_read_in_two_ways_is_refused() -> None:
    for text in ('{"a": 1, "a": 2}', '{"a": NaN}', '{"a": Infinity}', "{"):
        with pytest.raises(ValueError):  # noqa: PT011
            read_json(text)


def test_the_signing_key_follows_from_the_auth_key_and_is_not_it() -> None:
    again, other = derive_signing_key(b"a" * 32), derive_signing_key(b"b" * 32)

    assert again.private_bytes_raw() == KEY.private_bytes_raw() != other.private_bytes_raw()
    assert KEY.private_bytes_raw() != b"a" * 32
    assert read_public_key(public_text(KEY.public_key())) == KEY.public_key()
    for text in ("", "AAAA", "not base64!"):
        with pytest.raises(ValueError, match="base64 of 32 bytes"):
            read_public_key(text)
