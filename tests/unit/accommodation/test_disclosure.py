"""The disclosure of an address: every stage, move and actor as specified, and no way to an address around its provider."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.disclosure import (
    MOVE,
    MOVES,
    UNOPENED_FOR,
    VIEW_FOR,
    Actor,
    Decision,
    Move,
    ReleaseFacts,
    Stage,
    decide,
    has_second_factor,
    stage_of,
)
from accommodation.disclosure_caps import DEFAULT_CAPS, WINDOW, Capped, judge_cap
from tests.support.flow_picture import PAGE, with_picture

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)

STAGES = ["searched", "held", "referred", "accepted", "released", "open", "used", "expired", "revoked", "arrived", "over"]
SPECIFIED = {
    # move: (who, one letter an actor; a column a stage in the order above: + may, . not now; then the second factor)
    "hold": ("NC", "+..........", False),
    "give_back": ("NC", ".+.........", False),
    "run_out": ("T", ".+.........", False),
    "refer": ("NC", ".+.........", False),
    "withdraw": ("NC", "..+........", False),
    "check_exactly": ("M", "..+........", False),
    "decline": ("M", "..+........", False),
    "accept": ("M", "..+........", False),
    "read_meeting_point": ("NCM", "...+++++++.", True),
    "release": ("M", "...+..++++.", True),
    "open": ("N", "....+......", True),
    "read_again": ("N", ".....+.....", True),
    "revoke": ("M", "....++.....", False),
    "expire": ("T", "....+......", False),
    "use_up": ("T", ".....+.....", False),
    "confirm_arrival": ("MR", "...++++++..", False),
    "end": ("MR", "...+++++++.", False),
    "look_up": ("MR", "+++++++++++", True),
}
"""Written a second time, as a grid, from the safeguarding page."""

LETTER = {
    "N": Actor.NAMED_OFFICER,
    "C": Actor.COLLEAGUE,
    "M": Actor.MANAGER,
    "R": Actor.RESETTLEMENT_WORKER,
    "T": Actor.CLOCK,
}


def specified(name: str, stage: Stage, actor: Actor, second_factor: bool) -> Decision:
    """Return what the grid says."""
    who, grid, needs_second_factor = SPECIFIED[name]
    if actor not in {LETTER[letter] for letter in who}:
        return Decision.UNKNOWN_TO_CALLER
    fits = grid[STAGES.index(stage)] == "+"
    if needs_second_factor and not second_factor:
        return Decision.STEP_UP_NEEDED if fits else Decision.UNKNOWN_TO_CALLER
    return Decision.ALLOWED if fits else Decision.NOT_NOW


def test_every_stage_move_and_actor_is_decided_as_specified() -> None:
    asked = 0

    for move, stage, actor, shown in product(MOVES, Stage, Actor, (True, False)):
        decision = decide(move, stage, actor, has_second_factor=shown)
        assert decision is specified(move.name, stage, actor, shown), (move.name, stage, actor, shown)
        asked += 1

    assert [move.name for move in MOVES] == list(SPECIFIED)
    assert list(Stage) == STAGES
    assert asked == len(SPECIFIED) * len(STAGES) * len(Actor) * 2


def moves_from(stage: Stage) -> Iterator[tuple[Move, Stage]]:
    """Yield what anybody can do in a stage, and where it leads."""
    for move, actor in product(MOVES, Actor):
        if decide(move, stage, actor, has_second_factor=True) is Decision.ALLOWED:
            yield move, move.ends or stage


def walk(without: str) -> set[str]:
    """Return the moves that can ever be made from the beginning on, by everybody together, when one is never made."""
    seen, made, frontier = {Stage.SEARCHED}, set(), [Stage.SEARCHED]
    while frontier:
        stage = frontier.pop()
        for move, following in moves_from(stage):
            if move.name != without:
                made.add(move.name)
                if following not in seen:
                    seen.add(following)
                    frontier.append(following)
    return made


@pytest.mark.parametrize("without", ["accept", "release"])
def test_no_sequence_of_moves_tells_an_officer_an_address_without_the_providers_act(without: str) -> None:
    made = walk(without)

    assert {name for name in made if MOVE[name].tells} == {"look_up"}
    assert {"open", "read_again", "look_up"} <= walk("nothing")


def test_only_the_provider_makes_the_moves_that_lead_to_an_address() -> None:
    leading = [move for move in MOVES if move.ends in (Stage.ACCEPTED, Stage.RELEASED)]

    assert {move.name for move in leading} == {"accept", "release"}
    assert all(move.by == frozenset({Actor.MANAGER}) for move in leading)


def test_whatever_tells_an_address_needs_a_second_factor_and_is_for_nobody_else() -> None:
    telling = {move.name: move for move in MOVES if move.tells}

    assert set(telling) == {"open", "read_again", "look_up"}
    assert all(move.needs_second_factor for move in telling.values())
    assert telling["open"].by == telling["read_again"].by == {Actor.NAMED_OFFICER}
    assert telling["look_up"].by == {Actor.MANAGER, Actor.RESETTLEMENT_WORKER}


def test_every_stage_can_be_reached_and_nothing_but_a_reading_by_staff_follows_the_end() -> None:
    reached = {following for stage in Stage for _, following in moves_from(stage)}

    assert reached | {Stage.SEARCHED} == set(Stage)
    assert {move.name for move, _ in moves_from(Stage.OVER)} == {"look_up"}


def facts(**changes: object) -> ReleaseFacts:
    """Return a release made now, for a household on its way."""
    plain = {"expires_at": NOW + UNOPENED_FOR, "view_ends_at": None, "revoked_at": None, "is_before_arrival": True}
    return ReleaseFacts(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("release", "now", "has_arrived", "is_over", "expected"),
    [
        (None, NOW, False, False, Stage.ACCEPTED),
        (None, NOW, True, False, Stage.ARRIVED),
        (facts(), NOW, False, False, Stage.RELEASED),
        (facts(), NOW + UNOPENED_FOR - timedelta(microseconds=1), False, False, Stage.RELEASED),
        (facts(), NOW + UNOPENED_FOR, False, False, Stage.EXPIRED),
        (facts(view_ends_at=NOW + VIEW_FOR), NOW, False, False, Stage.OPEN),
        (facts(view_ends_at=NOW + VIEW_FOR), NOW + VIEW_FOR - timedelta(microseconds=1), False, False, Stage.OPEN),
        (facts(view_ends_at=NOW + VIEW_FOR), NOW + VIEW_FOR, False, False, Stage.USED),
        (facts(view_ends_at=NOW + VIEW_FOR), NOW + UNOPENED_FOR * 2, False, False, Stage.USED),
        (facts(revoked_at=NOW), NOW, False, False, Stage.REVOKED),
        (facts(revoked_at=NOW, view_ends_at=NOW + VIEW_FOR), NOW, False, False, Stage.REVOKED),
        (facts(), NOW, True, False, Stage.ARRIVED),
        (facts(view_ends_at=NOW + VIEW_FOR), NOW, True, False, Stage.ARRIVED),
        (facts(is_before_arrival=False), NOW, True, False, Stage.RELEASED),
        (facts(view_ends_at=NOW + VIEW_FOR, is_before_arrival=False), NOW, True, False, Stage.OPEN),
        (facts(), NOW, False, True, Stage.OVER),
        (facts(view_ends_at=NOW + VIEW_FOR, is_before_arrival=False), NOW, True, True, Stage.OVER),
    ],
)
def test_the_stage_follows_from_the_row_and_the_time(
    release: ReleaseFacts | None, now: datetime, has_arrived: bool, is_over: bool, expected: Stage
) -> None:
    assert stage_of(release, now, has_arrived=has_arrived, is_over=is_over) is expected


@pytest.mark.parametrize(
    ("until", "has_session", "expected"),
    [
        (NOW + timedelta(seconds=1), True, True),
        (NOW, True, False),
        (None, True, False),
        (NOW + timedelta(seconds=1), False, False),
        (None, False, False),
    ],
)
def test_a_second_factor_counts_in_a_session_until_its_instant(
    until: datetime | None, has_session: bool, expected: bool
) -> None:
    assert has_second_factor(until, has_session=has_session, now=NOW) is expected


@given(st.lists(st.integers(0, 60 * 48), max_size=30), st.integers(1, 12))
def test_a_cap_holds_in_any_twenty_four_hours_and_the_time_to_come_back_is_true(ages: list[int], limit: int) -> None:
    earlier = [NOW - timedelta(minutes=age) for age in ages]

    verdict = judge_cap(limit, earlier, NOW)

    in_window = sum(at > NOW - WINDOW for at in earlier)
    assert verdict.fits is (in_window < limit)
    if verdict.come_back_at is not None:
        assert NOW < verdict.come_back_at <= NOW + WINDOW
        assert judge_cap(limit, earlier, verdict.come_back_at).fits
        assert not judge_cap(limit, earlier, verdict.come_back_at - timedelta(microseconds=1)).fits


@pytest.mark.parametrize("capped", Capped)
def test_a_lead_is_alerted_while_there_is_something_left_to_stop(capped: Capped) -> None:
    limit = DEFAULT_CAPS.limit(capped)
    verdicts = [judge_cap(limit, [NOW] * told, NOW) for told in range(limit)]

    first = next(number for number, verdict in enumerate(verdicts) if verdict.is_near)

    assert 0 < first < limit - 1
    assert all(verdict.fits for verdict in verdicts)


def test_the_picture_is_the_machine() -> None:
    page = PAGE.read_text()

    assert with_picture(page) == page
    assert "released --> open: open" in page


def test_the_page_names_every_cap() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and line.rstrip(" |")[-1].isdigit()]

    assert [int(row.rstrip(" |").split()[-1]) for row in rows] == [DEFAULT_CAPS.limit(capped) for capped in Capped]
