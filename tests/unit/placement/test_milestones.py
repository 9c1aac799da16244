"""The move-on clock: every row of the domain's table, and the laws that no stay may break."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accommodation.calendar import LONDON, Nation, calendar_known_to, is_working_day, working_day_on_or_before
from placement.licence import last_day_to_serve_notice
from placement.milestones import (
    DEFAULT_MILESTONES,
    Anchor,
    Audience,
    Milestone,
    MilestoneKind,
    MilestonePolicy,
    MilestoneRule,
    Severity,
    schedule,
)

ENGLAND = Nation.ENGLAND
STARTS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
LENGTHS = st.integers(0, 400)
NOTICES = st.integers(1, 90)
NATIONS = st.sampled_from(Nation)
LEGAL_KINDS = {MilestoneKind.THREATENED_WITH_HOMELESSNESS, MilestoneKind.LAST_DAY_FOR_NOTICE}
AFTER_DEPARTURE = {MilestoneKind.DEPARTURE, MilestoneKind.RESETTLEMENT_CONTACT}

# Tuesday 1 September 2026, and 91 days of licence: Tuesday 1 December.
START = date(2026, 9, 1)
END = date(2026, 12, 1)


def plan(
    starts_on: date = START,
    ends_on: date = END,
    *,
    notice: int = 28,
    nation: Nation = ENGLAND,
    policy: MilestonePolicy = DEFAULT_MILESTONES,
    departed_on: date | None = None,
    today: date | None = None,
) -> tuple[Milestone, ...]:
    return schedule(starts_on, ends_on, notice, nation, policy, departed_on=departed_on, today=today or starts_on)


def due(milestones: Sequence[Milestone], kind: MilestoneKind) -> list[date]:
    return [milestone.due_on for milestone in milestones if milestone.kind is kind]


def only(milestones: Sequence[Milestone], kind: MilestoneKind) -> Milestone:
    (milestone,) = (milestone for milestone in milestones if milestone.kind is kind)
    return milestone


def test_a_stay_of_91_days_has_every_row_of_the_clock() -> None:
    milestones = plan(notice=7)

    assert [(milestone.due_on, milestone.kind.value) for milestone in milestones] == [
        (date(2026, 9, 2), "first_day"),
        (date(2026, 9, 8), "first_week"),
        (date(2026, 9, 15), "homelessness_application"),
        (date(2026, 9, 29), "review_1"),
        (date(2026, 10, 6), "threatened_with_homelessness"),  # day 35 of 91
        (date(2026, 10, 13), "panel"),
        (date(2026, 10, 27), "review_2"),
        (date(2026, 11, 3), "extend_or_end"),
        (date(2026, 11, 17), "licence_end_alert_14"),
        (date(2026, 11, 24), "last_day_for_notice"),
        (date(2026, 11, 24), "licence_end_alert_7"),
        (date(2026, 11, 24), "panel"),
        (date(2026, 11, 30), "licence_end_alert_1"),
        (date(2026, 12, 1), "licence_end_alert_0"),
    ]


def test_every_kind_has_a_rule() -> None:
    assert {rule.kind for rule in DEFAULT_MILESTONES.rules} == set(MilestoneKind)


def test_the_panel_meets_every_six_weeks_until_the_end() -> None:
    milestones = plan(START, START + timedelta(days=168))

    assert due(milestones, MilestoneKind.PANEL) == [START + timedelta(days=n) for n in (42, 84, 126, 168)]


def test_resettlement_contacts_follow_the_departure_and_dodge_christmas() -> None:
    milestones = plan(departed_on=date(2026, 12, 4), today=date(2026, 12, 4))

    assert due(milestones, MilestoneKind.RESETTLEMENT_CONTACT) == [
        date(2026, 12, 11),
        date(2026, 12, 18),
        date(2026, 12, 31),  # 1 January 2027
        date(2027, 1, 29),
        date(2027, 2, 26),
    ]


def test_leaving_has_its_own_tasks_on_the_day() -> None:
    milestones = plan(departed_on=date(2026, 11, 20), today=date(2026, 11, 20))

    assert due(milestones, MilestoneKind.DEPARTURE) == [date(2026, 11, 20)]


def test_the_tasks_of_leaving_on_a_saturday_are_not_due_before_she_left() -> None:
    saturday = date(2026, 11, 21)

    milestones = plan(departed_on=saturday, today=saturday)

    assert due(milestones, MilestoneKind.DEPARTURE) == [saturday]


@pytest.mark.parametrize(
    ("nation", "ends_on", "due_on"),
    [
        (Nation.ENGLAND, date(2026, 12, 28), date(2026, 12, 24)),
        (Nation.ENGLAND, date(2027, 3, 29), date(2027, 3, 25)),
        (Nation.SCOTLAND, date(2027, 3, 29), date(2027, 3, 29)),
        (Nation.NORTHERN_IRELAND, date(2027, 7, 12), date(2027, 7, 9)),
        (Nation.WALES, date(2027, 7, 12), date(2027, 7, 12)),
        (Nation.SCOTLAND, date(2026, 1, 2), date(2025, 12, 31)),
        (Nation.ENGLAND, date(2026, 1, 2), date(2026, 1, 2)),
        (Nation.ENGLAND, date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_an_end_on_a_day_off_is_alerted_on_the_working_day_before(nation: Nation, ends_on: date, due_on: date) -> None:
    milestones = plan(ends_on - timedelta(days=91), ends_on, nation=nation)

    assert due(milestones, MilestoneKind.LICENCE_END_ALERT_0) == [due_on]


@pytest.mark.parametrize(
    ("ends_on", "due_at"),
    [
        (date(2026, 3, 27), datetime(2026, 3, 27, 9, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 30, 8, tzinfo=UTC)),
        (date(2026, 10, 23), datetime(2026, 10, 23, 8, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 26, 9, tzinfo=UTC)),
    ],
)
def test_a_milestone_is_due_at_nine_on_either_side_of_a_clock_change(ends_on: date, due_at: datetime) -> None:
    milestones = plan(ends_on - timedelta(days=91), ends_on)

    assert only(milestones, MilestoneKind.LICENCE_END_ALERT_0).due_at == due_at


def test_a_reminder_before_an_arrival_at_the_weekend_waits_for_the_arrival() -> None:
    saturday = date(2026, 9, 5)

    milestones = plan(saturday, saturday + timedelta(days=91))

    assert due(milestones, MilestoneKind.FIRST_DAY) == [saturday]


def test_a_week_long_licence_has_its_legal_deadlines_on_the_first_day() -> None:
    milestones = plan(START, START + timedelta(days=7))

    assert {milestone.kind for milestone in milestones if milestone.legal} == LEGAL_KINDS | {MilestoneKind.EXTEND_OR_END}
    assert {milestone.due_on for milestone in milestones if milestone.legal} == {START}
    assert not due(milestones, MilestoneKind.HOMELESSNESS_APPLICATION)
    assert not due(milestones, MilestoneKind.PANEL)


@pytest.mark.parametrize(("notice", "legal"), [(7, False), (27, False), (28, True), (56, True)])
def test_extend_or_end_is_a_legal_deadline_only_where_four_weeks_notice_is_due(notice: int, legal: bool) -> None:
    assert only(plan(notice=notice), MilestoneKind.EXTEND_OR_END).legal is legal


@given(STARTS, LENGTHS, NOTICES, NATIONS)
def test_the_last_day_for_notice_is_the_laws_or_the_first_of_the_stay(
    starts_on: date, days: int, notice: int, nation: Nation
) -> None:
    ends_on = starts_on + timedelta(days=days)

    milestone = only(plan(starts_on, ends_on, notice=notice, nation=nation), MilestoneKind.LAST_DAY_FOR_NOTICE)

    assert milestone.due_on == max(last_day_to_serve_notice(ends_on, notice, nation), starts_on)
    assert milestone.legal
    assert milestone.audience is Audience.REFUGE_MANAGER


def test_at_the_end_and_after_it_the_manager_is_told() -> None:
    milestones = plan(today=END + timedelta(days=1))

    for kind in (MilestoneKind.LICENCE_END_ALERT_0, MilestoneKind.OVERSTAY_REVIEW):
        assert only(milestones, kind).audience is Audience.REFUGE_MANAGER
        assert only(milestones, kind).severity is Severity.CRITICAL


def test_an_overstay_is_reviewed_every_working_day_up_to_today() -> None:
    tuesday = END

    milestones = plan(today=tuesday + timedelta(days=7))

    assert due(milestones, MilestoneKind.OVERSTAY_REVIEW) == [date(2026, 12, day) for day in (2, 3, 4, 7, 8)]


def test_an_overstay_over_christmas_is_reviewed_when_work_resumes() -> None:
    christmas_eve = date(2026, 12, 24)

    def reviews(today: date) -> list[date]:
        return due(plan(START, christmas_eve, today=today), MilestoneKind.OVERSTAY_REVIEW)

    assert reviews(date(2026, 12, 28)) == []
    assert reviews(date(2026, 12, 29)) == [date(2026, 12, 29)]


def test_a_stay_within_its_licence_has_no_overstay_review() -> None:
    assert due(plan(today=END), MilestoneKind.OVERSTAY_REVIEW) == []


def test_an_extension_ends_the_overstay() -> None:
    today = END + timedelta(days=3)

    milestones = plan(ends_on=END + timedelta(days=28), today=today)

    assert due(milestones, MilestoneKind.OVERSTAY_REVIEW) == []


def test_a_planned_departure_silences_nothing() -> None:
    today = date(2026, 11, 1)

    assert plan(departed_on=today + timedelta(days=1), today=today) == plan(today=today)


@given(STARTS, LENGTHS, NOTICES, NATIONS, st.integers(0, 500), st.integers(0, 600))
def test_nothing_for_the_stay_is_left_once_the_household_has_departed(
    starts_on: date, days: int, notice: int, nation: Nation, stayed: int, since: int
) -> None:
    departed_on = starts_on + timedelta(days=stayed)

    milestones = plan(
        starts_on,
        starts_on + timedelta(days=days),
        notice=notice,
        nation=nation,
        departed_on=departed_on,
        today=departed_on + timedelta(days=since),
    )

    assert {milestone.kind for milestone in milestones} == AFTER_DEPARTURE
    assert {milestone.kind for milestone in milestones if milestone.due_on > departed_on} == {
        MilestoneKind.RESETTLEMENT_CONTACT
    }
    assert len(due(milestones, MilestoneKind.RESETTLEMENT_CONTACT)) == 5


@given(STARTS, LENGTHS, st.integers(0, 300), NOTICES, NATIONS)
def test_an_extension_moves_every_legal_deadline_later_and_loses_none(
    starts_on: date, days: int, more_days: int, notice: int, nation: Nation
) -> None:
    ends_on = starts_on + timedelta(days=days)
    before = plan(starts_on, ends_on, notice=notice, nation=nation)
    after = plan(starts_on, ends_on + timedelta(days=more_days), notice=notice, nation=nation)

    legal_before = {milestone.kind: milestone.due_on for milestone in before if milestone.legal}
    legal_after = {milestone.kind: milestone.due_on for milestone in after if milestone.legal}

    assert legal_before.keys() == legal_after.keys()
    assert legal_before.keys() >= LEGAL_KINDS
    assert all(legal_after[kind] >= due_on for kind, due_on in legal_before.items())


@given(STARTS, LENGTHS, st.integers(0, 60), NOTICES, NATIONS)
def test_another_day_of_waiting_takes_no_milestone_away(
    starts_on: date, days: int, late: int, notice: int, nation: Nation
) -> None:
    ends_on = starts_on + timedelta(days=days)
    today = ends_on + timedelta(days=late)

    yesterday_plan = plan(starts_on, ends_on, notice=notice, nation=nation, today=today - timedelta(days=1))
    today_plan = plan(starts_on, ends_on, notice=notice, nation=nation, today=today)

    assert set(yesterday_plan) <= set(today_plan)


@dataclass(frozen=True)
class Planned:
    starts_on: date
    ends_on: date
    departed_on: date | None
    today: date
    nation: Nation
    notice: int

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        return plan(
            self.starts_on,
            self.ends_on,
            notice=self.notice,
            nation=self.nation,
            departed_on=self.departed_on,
            today=self.today,
        )


@st.composite
def plans(draw: st.DrawFn) -> Planned:
    starts_on = draw(STARTS)
    stayed = draw(st.none() | st.integers(0, 450))
    return Planned(
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=draw(LENGTHS)),
        departed_on=None if stayed is None else starts_on + timedelta(days=stayed),
        today=starts_on + timedelta(days=draw(st.integers(-30, 450))),
        nation=draw(NATIONS),
        notice=draw(NOTICES),
    )


@given(plans())
def test_the_same_stay_always_has_the_same_clock(planned: Planned) -> None:
    assert planned.milestones == planned.milestones


@given(plans())
def test_milestones_are_in_order_and_no_kind_comes_twice_on_one_day(planned: Planned) -> None:
    keys = [(milestone.due_at, milestone.kind) for milestone in planned.milestones]
    assert keys == sorted(set(keys))


@given(plans())
def test_every_milestone_is_due_at_nine_in_london(planned: Planned) -> None:
    for milestone in planned.milestones:
        wall_clock = milestone.due_at.astimezone(LONDON)
        assert milestone.due_at.tzinfo is UTC
        assert (wall_clock.date(), wall_clock.hour, wall_clock.minute) == (milestone.due_on, 9, 0)


@given(plans())
def test_only_the_first_day_or_the_departure_itself_can_be_a_day_off(planned: Planned) -> None:
    for milestone in planned.milestones:
        if milestone.due_on <= calendar_known_to(planned.nation):
            assert is_working_day(milestone.due_on, planned.nation) or milestone.due_on in (
                planned.starts_on,
                planned.departed_on,
            )


@given(plans())
def test_nothing_is_due_before_the_stay_and_only_an_overstay_after_it(planned: Planned) -> None:
    assert all(milestone.due_on >= planned.starts_on for milestone in planned.milestones)
    for milestone in planned.milestones:
        if milestone.kind is MilestoneKind.OVERSTAY_REVIEW:
            assert planned.ends_on < milestone.due_on <= planned.today
        elif milestone.kind not in AFTER_DEPARTURE:
            assert milestone.due_on <= planned.ends_on


@given(STARTS, st.integers(0, 120), st.integers(0, 30), NATIONS)
def test_an_undeparted_household_is_never_forgotten(starts_on: date, days: int, late: int, nation: Nation) -> None:
    ends_on = starts_on + timedelta(days=days)
    today = ends_on + timedelta(days=late)

    milestones = plan(starts_on, ends_on, nation=nation, today=today)

    last_working_day = working_day_on_or_before(today, nation)
    reviews = due(milestones, MilestoneKind.OVERSTAY_REVIEW)
    assert last_working_day in reviews or last_working_day <= ends_on


@pytest.mark.parametrize(
    ("ends_on", "departed_on", "notice"),
    [(START - timedelta(days=1), None, 28), (END, START - timedelta(days=1), 28), (END, None, 0)],
)
def test_a_stay_that_cannot_be_is_refused(ends_on: date, departed_on: date | None, notice: int) -> None:
    with pytest.raises(ValueError, match=r"before|notice"):
        plan(ends_on=ends_on, departed_on=departed_on, notice=notice)


def rule(anchor: Anchor, offset_days: int, *, legal: bool = False, repeat_days: int | None = None) -> MilestoneRule:
    return MilestoneRule(
        MilestoneKind.PANEL,
        anchor,
        offset_days,
        Severity.INFO,
        Audience.RESETTLEMENT_WORKER,
        legal=legal,
        repeat_days=repeat_days,
    )


@pytest.mark.parametrize("anchor", [Anchor.LICENCE_START, Anchor.DEPARTURE])
def test_a_rule_from_the_start_or_the_departure_counts_forward(anchor: Anchor) -> None:
    with pytest.raises(ValueError, match="before"):
        rule(anchor, -1)


def test_a_rule_about_a_notice_comes_no_later_than_the_last_day_for_it() -> None:
    with pytest.raises(ValueError, match="notice"):
        rule(Anchor.NOTICE_DEADLINE, 1)


@pytest.mark.parametrize(
    ("anchor", "offset_days", "repeat_days"),
    [
        (Anchor.LICENCE_START, 42, 0),
        (Anchor.LICENCE_END, -28, 7),
        (Anchor.NOTICE_DEADLINE, 0, 7),
        (Anchor.DEPARTURE, 7, 7),
    ],
)
def test_a_repetition_that_would_never_end_is_refused(anchor: Anchor, offset_days: int, repeat_days: int) -> None:
    with pytest.raises(ValueError, match="repe"):
        rule(anchor, offset_days, repeat_days=repeat_days)


@pytest.mark.parametrize(
    ("anchor", "offset_days"), [(Anchor.LICENCE_START, 14), (Anchor.DEPARTURE, 7), (Anchor.LICENCE_END, 1)]
)
def test_a_legal_deadline_that_a_short_stay_would_lose_is_refused(anchor: Anchor, offset_days: int) -> None:
    with pytest.raises(ValueError, match="legal"):
        rule(anchor, offset_days, legal=True)


def test_a_policy_without_rules_or_version_is_refused() -> None:
    with pytest.raises(ValueError, match="rules"):
        MilestonePolicy(version=1, rules=())
    with pytest.raises(ValueError, match="version"):
        replace(DEFAULT_MILESTONES, version=0)


def test_another_policy_gives_another_clock() -> None:
    monthly = MilestonePolicy(version=2, rules=(rule(Anchor.LICENCE_START, 30, repeat_days=30),))

    milestones = plan(policy=monthly)

    assert due(milestones, MilestoneKind.PANEL) == [date(2026, 10, 1), date(2026, 10, 30), date(2026, 11, 30)]
