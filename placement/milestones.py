"""The move-on clock as data: what falls due in a stay, when, how serious it is and who acts.

Pure. Source: the domain page's table "The move-on clock"; Housing Act 1996 s.175(4) for the 56 days of "threatened with
homelessness"; Protection from Eviction Act 1977 s.5 for the four weeks of a protected licence's notice.

All days are civil dates in Europe/London, day 0 being the first of the licence; a milestone is due at 09:00 there. What
falls on a non-working day is pulled earlier, to the working day before, but never before the day on which its clock
starts (the first day of the licence, or the departure). That day alone can be a non-working one.

Who hears of a milestone, through which channel and in which words, is not decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from accommodation.calendar import Nation, instant_at, working_day_on_or_before
from placement.licence import DEFAULT_POLICY

_DUE_HOUR: Final = 9
_STATUTORY_NOTICE_DAYS: Final = 28


class MilestoneKind(StrEnum):
    """What falls due. The number of an end alert is the days that were left before any pull to a working day."""

    FIRST_DAY = "first_day"
    FIRST_WEEK = "first_week"
    HOMELESSNESS_APPLICATION = "homelessness_application"
    REVIEW_1 = "review_1"
    REVIEW_2 = "review_2"
    PANEL = "panel"
    THREATENED_WITH_HOMELESSNESS = "threatened_with_homelessness"
    LAST_DAY_FOR_NOTICE = "last_day_for_notice"
    EXTEND_OR_END = "extend_or_end"
    LICENCE_END_ALERT_14 = "licence_end_alert_14"
    LICENCE_END_ALERT_7 = "licence_end_alert_7"
    LICENCE_END_ALERT_1 = "licence_end_alert_1"
    LICENCE_END_ALERT_0 = "licence_end_alert_0"
    OVERSTAY_REVIEW = "overstay_review"
    DEPARTURE = "departure"
    RESETTLEMENT_CONTACT = "resettlement_contact"


class Severity(StrEnum):
    """How serious it is to miss a milestone."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Audience(StrEnum):
    """Who acts on a milestone: staff always, never the household."""

    RESETTLEMENT_WORKER = "resettlement_worker"
    REFUGE_MANAGER = "refuge_manager"


class Anchor(StrEnum):
    """The day from which a rule counts: `notice_deadline` is the end less the notice that the stay needs."""

    LICENCE_START = "licence_start"
    LICENCE_END = "licence_end"
    NOTICE_DEADLINE = "notice_deadline"
    DEPARTURE = "departure"


@dataclass(frozen=True)
class Milestone:
    """One thing that falls due: `due_on` in Europe/London, `due_at` the UTC instant of 09:00 there on that day.

    `legal` says that the law, and not practice alone, sets the day.
    """

    kind: MilestoneKind
    due_on: date
    due_at: datetime
    severity: Severity
    audience: Audience
    legal: bool


@dataclass(frozen=True)
class MilestoneRule:
    """One row of the clock: `offset_days` from the anchor, then every `repeat_days` if set.

    A rule counted from the start falls away where the stay is too short for it. One counted back from the end never
    does: it is due on the first day instead. One that comes after the end lasts until the stay is resolved. A `legal`
    rule is so only for stays whose notice takes `legal_from_notice_days` or longer.

    Raises:
        ValueError: the rule would be due before the start or the departure; repeats at less than a day, or back from
            the end; or is legal, yet could fall away.
    """

    kind: MilestoneKind
    anchor: Anchor
    offset_days: int
    severity: Severity
    audience: Audience
    legal: bool = False
    repeat_days: int | None = None
    legal_from_notice_days: int = 0

    def __post_init__(self) -> None:
        """Refuse a rule that `schedule` could not honour."""
        counts_forward = self.anchor in (Anchor.LICENCE_START, Anchor.DEPARTURE)
        if counts_forward and self.offset_days < 0:
            raise ValueError("nothing is due before the start or the departure")
        if self.anchor is Anchor.NOTICE_DEADLINE and self.offset_days > 0:
            raise ValueError("nothing about a notice is due after the last day to serve it")
        if self.repeat_days is not None and (self.repeat_days < 1 or not (counts_forward or self.comes_after_the_end)):
            raise ValueError("a rule repeats every 1 day or more, and never back from the end")
        if self.repeat_days is not None and self.anchor is Anchor.DEPARTURE:
            raise ValueError("nothing ends a repetition after the departure")
        if self.legal and (counts_forward or self.comes_after_the_end):
            raise ValueError("a legal deadline counts back from the end, or a short stay would lose it")

    @property
    def comes_after_the_end(self) -> bool:
        """Tell whether the rule is for a stay that has outlasted its licence."""
        return self.anchor is Anchor.LICENCE_END and self.offset_days > 0


@dataclass(frozen=True)
class MilestonePolicy:
    """The rules of the clock under a version, which a placement freezes when it starts.

    Raises:
        ValueError: the version is below 1, or there is no rule.
    """

    version: int
    rules: tuple[MilestoneRule, ...]

    def __post_init__(self) -> None:
        """Refuse a policy that would silence the clock."""
        if self.version < 1:
            raise ValueError("a policy's version is 1 or more")
        if not self.rules:
            raise ValueError("a clock has rules")


def _worker(kind: MilestoneKind, anchor: Anchor, offset_days: int, severity: Severity = Severity.INFO) -> MilestoneRule:
    return MilestoneRule(kind, anchor, offset_days, severity, Audience.RESETTLEMENT_WORKER)


_REVIEW_1_DAY, _REVIEW_2_DAY = DEFAULT_POLICY.review_offsets_days

DEFAULT_MILESTONES: Final = MilestonePolicy(
    version=1,
    rules=(
        # Licence signed, benefit claim, essentials, tracker check, risk assessment, key worker.
        _worker(MilestoneKind.FIRST_DAY, Anchor.LICENCE_START, 1),
        # Support plan, GP, school, move-on plan opened.
        _worker(MilestoneKind.FIRST_WEEK, Anchor.LICENCE_START, 7),
        # Homelessness application, housing register, anonymous voter registration.
        _worker(MilestoneKind.HOMELESSNESS_APPLICATION, Anchor.LICENCE_START, 14, Severity.WARNING),
        # Term, needs and areas to avoid re-checked.
        _worker(MilestoneKind.REVIEW_1, Anchor.LICENCE_START, _REVIEW_1_DAY),
        _worker(MilestoneKind.REVIEW_2, Anchor.LICENCE_START, _REVIEW_2_DAY),
        MilestoneRule(
            MilestoneKind.PANEL,
            Anchor.LICENCE_START,
            DEFAULT_POLICY.panel_every_days,
            Severity.INFO,
            Audience.RESETTLEMENT_WORKER,
            repeat_days=DEFAULT_POLICY.panel_every_days,
        ),
        # The evidence must be with the council by now.
        MilestoneRule(
            MilestoneKind.THREATENED_WITH_HOMELESSNESS,
            Anchor.LICENCE_END,
            -DEFAULT_POLICY.threatened_with_homelessness_days_before_end,
            Severity.WARNING,
            Audience.RESETTLEMENT_WORKER,
            legal=True,
        ),
        MilestoneRule(
            MilestoneKind.LAST_DAY_FOR_NOTICE,
            Anchor.NOTICE_DEADLINE,
            0,
            Severity.CRITICAL,
            Audience.REFUGE_MANAGER,
            legal=True,
        ),
        # A protected licence's notice must be served by now; for an excluded licence it is a planning date.
        MilestoneRule(
            MilestoneKind.EXTEND_OR_END,
            Anchor.LICENCE_END,
            -DEFAULT_POLICY.extend_or_end_days_before_end,
            Severity.WARNING,
            Audience.REFUGE_MANAGER,
            legal=True,
            legal_from_notice_days=_STATUTORY_NOTICE_DAYS,
        ),
        _worker(MilestoneKind.LICENCE_END_ALERT_14, Anchor.LICENCE_END, -14, Severity.WARNING),
        _worker(MilestoneKind.LICENCE_END_ALERT_7, Anchor.LICENCE_END, -7, Severity.WARNING),
        _worker(MilestoneKind.LICENCE_END_ALERT_1, Anchor.LICENCE_END, -1, Severity.CRITICAL),
        # From the end on it is the manager's: the worker has had three alerts.
        MilestoneRule(MilestoneKind.LICENCE_END_ALERT_0, Anchor.LICENCE_END, 0, Severity.CRITICAL, Audience.REFUGE_MANAGER),
        MilestoneRule(
            MilestoneKind.OVERSTAY_REVIEW,
            Anchor.LICENCE_END,
            1,
            Severity.CRITICAL,
            Audience.REFUGE_MANAGER,
            repeat_days=1,
        ),
        # Destination code, forward safe contact, keys, void to ready.
        _worker(MilestoneKind.DEPARTURE, Anchor.DEPARTURE, 0),
        *(_worker(MilestoneKind.RESETTLEMENT_CONTACT, Anchor.DEPARTURE, day) for day in (7, 14, 28, 56, 84)),
    ),
)


def schedule(
    starts_on: date,
    ends_on: date,
    notice_min_days: int,
    nation: Nation,
    policy: MilestonePolicy,
    *,
    departed_on: date | None = None,
    today: date,
) -> tuple[Milestone, ...]:
    """Return every milestone of a stay, ordered by due day and then kind; no kind comes twice on one day.

    Past milestones stay in the answer. `today` decides only how far an overstay has run, up to and including it, and
    whether the departure has happened: one dated after today is a plan, and silences nothing. Once it has happened,
    only what counts from the departure remains.

    Where a stay is shorter than its notice, `last_day_for_notice` is the first day and already too late to end the
    stay on `ends_on`: whether a notice is lawful, `licence.notice_is_long_enough` decides.

    Raises:
        ValueError: the stay ends, or the household departs, before the start; or the notice is shorter than a day.
    """
    if ends_on < starts_on:
        raise ValueError("a stay does not end before it starts")
    if departed_on is not None and departed_on < starts_on:
        raise ValueError("a household does not depart before the stay starts")
    if notice_min_days < 1:
        raise ValueError("a notice runs for 1 day or more")
    clock_starts_on = starts_on
    anchors = {
        Anchor.LICENCE_START: starts_on,
        Anchor.LICENCE_END: ends_on,
        Anchor.NOTICE_DEADLINE: ends_on - timedelta(days=notice_min_days),
    }
    if departed_on is not None and departed_on <= today:
        clock_starts_on = departed_on
        anchors = {Anchor.DEPARTURE: departed_on}
    by_key: dict[tuple[date, MilestoneKind], Milestone] = {}
    for rule in policy.rules:
        if rule.anchor not in anchors:
            continue
        for day in _counted_days(rule, anchors[rule.anchor], ends_on, today):
            due_on = max(working_day_on_or_before(day, nation), clock_starts_on)
            # A weekend after the end is pulled to before the overstay began; the end day's alert has then been given.
            if rule.comes_after_the_end and due_on <= ends_on:
                continue
            by_key.setdefault((due_on, rule.kind), _milestone(rule, due_on, notice_min_days))
    return tuple(by_key[key] for key in sorted(by_key))


def _counted_days(rule: MilestoneRule, anchor_on: date, ends_on: date, today: date) -> Iterator[date]:
    """Yield the days that a rule names by counting alone, in order, before any pull to a working day."""
    day = anchor_on + timedelta(days=rule.offset_days)
    last_day = date.max
    if rule.anchor is Anchor.LICENCE_START:
        last_day = ends_on
    elif rule.comes_after_the_end:
        last_day = today
    while day <= last_day:
        yield day
        if rule.repeat_days is None:
            return
        day += timedelta(days=rule.repeat_days)


def _milestone(rule: MilestoneRule, due_on: date, notice_min_days: int) -> Milestone:
    return Milestone(
        kind=rule.kind,
        due_on=due_on,
        due_at=instant_at(due_on, _DUE_HOUR),
        severity=rule.severity,
        audience=rule.audience,
        legal=rule.legal and notice_min_days >= rule.legal_from_notice_days,
    )
