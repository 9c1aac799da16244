"""How an address comes to be told, as a machine: its stages, the moves between them, and who may make each. Pure.

Source: safeguarding page, "Disclosure, step by step". `MOVES` is all of it: what stands in no row cannot be done, and an
address is told by the three rows marked so and by nothing else. `docs/disclosure.md` draws it from here.

The moves of the case itself (from `hold` to `depart`) have rules of their own where they are made; the rows say where they
lead. One stage is about one placement, and about the latest release in it: an older one opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

VIEW_FOR = timedelta(minutes=15)
"""Long enough to write down or to say to a driver, and a dropped connection loses nothing."""

UNOPENED_FOR = timedelta(hours=24)
"""A release that nobody opened dies with the night it was meant for."""


class Stage(StrEnum):
    """Where the disclosure of one address, for one household, stands."""

    SEARCHED = "searched"
    HELD = "held"
    REFERRED = "referred"
    ACCEPTED = "accepted"
    RELEASED = "released"
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ARRIVED = "arrived"
    OVER = "over"


class Actor(StrEnum):
    """Who somebody is to this placement. Whoever is none of the others is a stranger, whatever her role elsewhere."""

    NAMED_OFFICER = "named_officer"
    COLLEAGUE = "colleague"
    MANAGER = "manager"
    RESETTLEMENT_WORKER = "resettlement_worker"
    CLOCK = "clock"
    STRANGER = "stranger"


class Decision(StrEnum):
    """What the machine says to a move."""

    ALLOWED = "allowed"
    UNKNOWN_TO_CALLER = "unknown_to_caller"
    STEP_UP_NEEDED = "step_up_needed"
    NOT_NOW = "not_now"


@dataclass(frozen=True)
class Move:
    """One row: who may lead which stages where (None: it stays). `tells` marks the rows in which an address is read."""

    name: str
    by: frozenset[Actor]
    begins: frozenset[Stage]
    ends: Stage | None
    needs_second_factor: bool = False
    tells: bool = False


OFFICERS = frozenset({Actor.NAMED_OFFICER, Actor.COLLEAGUE})
NAMED = frozenset({Actor.NAMED_OFFICER})
MANAGER = frozenset({Actor.MANAGER})
STAFF = frozenset({Actor.MANAGER, Actor.RESETTLEMENT_WORKER})
TIME = frozenset({Actor.CLOCK})

EVERY = frozenset(Stage)
AT_REST = frozenset({Stage.ACCEPTED, Stage.USED, Stage.EXPIRED, Stage.REVOKED, Stage.ARRIVED})
LIVE = frozenset({Stage.RELEASED, Stage.OPEN})
PLACED = AT_REST | LIVE


def _on(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


MOVES: tuple[Move, ...] = (
    Move("hold", OFFICERS, _on(Stage.SEARCHED), Stage.HELD),
    Move("give_back", OFFICERS, _on(Stage.HELD), Stage.OVER),
    Move("run_out", TIME, _on(Stage.HELD), Stage.OVER),
    Move("refer", OFFICERS, _on(Stage.HELD), Stage.REFERRED),
    Move("withdraw", OFFICERS, _on(Stage.REFERRED), Stage.OVER),
    Move("check_exactly", MANAGER, _on(Stage.REFERRED), None),
    Move("decline", MANAGER, _on(Stage.REFERRED), Stage.OVER),
    Move("accept", MANAGER, _on(Stage.REFERRED), Stage.ACCEPTED),
    Move("read_meeting_point", OFFICERS | MANAGER, PLACED, None, needs_second_factor=True),
    Move("release", MANAGER, AT_REST, Stage.RELEASED, needs_second_factor=True),
    Move("open", NAMED, _on(Stage.RELEASED), Stage.OPEN, needs_second_factor=True, tells=True),
    Move("read_again", NAMED, _on(Stage.OPEN), None, needs_second_factor=True, tells=True),
    Move("revoke", MANAGER, LIVE, Stage.REVOKED),
    Move("expire", TIME, _on(Stage.RELEASED), Stage.EXPIRED),
    Move("use_up", TIME, _on(Stage.OPEN), Stage.USED),
    Move("confirm_arrival", STAFF, PLACED - {Stage.ARRIVED}, Stage.ARRIVED),
    Move("end", STAFF, PLACED, Stage.OVER),
    Move("look_up", STAFF, EVERY, None, needs_second_factor=True, tells=True),
)
"""Every move there is. `end` is a non-arrival or a departure; `look_up` is the property's own staff reading its address."""

MOVE: dict[str, Move] = {move.name: move for move in MOVES}


def decide(move: Move, stage: Stage, actor: Actor, *, has_second_factor: bool) -> Decision:
    """Decide on one move. Without the second factor that it needs, she hears of that only where nothing else is amiss.

    Everything else looks to her as if it did not exist: a stolen key must not be able to ask what there is.
    """
    if actor not in move.by:
        return Decision.UNKNOWN_TO_CALLER
    if stage not in move.begins:
        is_blind = move.needs_second_factor and not has_second_factor
        return Decision.UNKNOWN_TO_CALLER if is_blind else Decision.NOT_NOW
    if move.needs_second_factor and not has_second_factor:
        return Decision.STEP_UP_NEEDED
    return Decision.ALLOWED


@dataclass(frozen=True)
class ReleaseFacts:
    """What a release's row says; times in UTC. `is_before_arrival`: made for a household still on its way."""

    expires_at: datetime
    view_ends_at: datetime | None
    revoked_at: datetime | None
    is_before_arrival: bool


def stage_of(release: ReleaseFacts | None, now: datetime, *, has_arrived: bool, is_over: bool) -> Stage:
    """Return the stage of an accepted placement from its latest release. Expiry is a fact, not a sweep.

    Arrival ends a release made before it: what it was for has happened.
    """
    if is_over:
        return Stage.OVER
    if release is None or (has_arrived and release.is_before_arrival):
        return Stage.ARRIVED if has_arrived else Stage.ACCEPTED
    if release.revoked_at is not None:
        return Stage.REVOKED
    if release.view_ends_at is not None:
        return Stage.OPEN if now < release.view_ends_at else Stage.USED
    return Stage.RELEASED if now < release.expires_at else Stage.EXPIRED


def has_second_factor(stepped_up_until: datetime | None, *, has_session: bool, now: datetime) -> bool:
    """Tell whether a second factor counts as just shown. A key has no session, so it never has one."""
    return has_session and stepped_up_until is not None and stepped_up_until > now
