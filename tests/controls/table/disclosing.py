"""What each side of a case is shown, step by step."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

PERMISSIONS, MACHINE = "api/auth/permissions.py", "accommodation/disclosure.py"
REFERRALS, CASE_VIEW = "placement/referrals.py", "placement/case_view.py"
OF_CASE, ONE_BIT = "tests/integration/test_case.py", "tests/integration/test_one_bit.py"
OVER_HTTP, OF_MACHINE = "tests/integration/test_disclosure.py", "tests/unit/accommodation/test_disclosure.py"

DISCLOSING = (
    Control(
        Threat.DISCLOSURE,
        "Names and the safe contact are shown once the provider has accepted: they are shown from the referral on.",
        (
            Change(
                PERMISSIONS,
                '                              "referred_by"),                                ASKED,   '
                " (ReferralState.ACCEPTED,)),\n",
                '                              "referred_by"),                                ASKED),\n',
            ),
        ),
        (
            f"{OF_CASE}::test_a_provider_sees_needs_at_once_and_names_only_after_accepting",
            "tests/api/test_access_table.py::test_each_side_of_a_case_is_shown_what_the_pages_say",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "An answer about areas is one bit: why it was declined is told.",
        (
            Change(
                CASE_VIEW,
                "    if answer.state is ReferralState.DECLINED and about_areas:\n",
                "    if answer.state is ReferralState.DECLINED and about_areas and False:\n",
            ),
        ),
        (
            f"{ONE_BIT}::test_whatever_the_reason_the_minute_and_the_exact_check_a_declined_review_looks_the_same",
            f"{OF_CASE}::test_why_a_review_was_declined_is_not_told_to_the_officer",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "An answer about areas that came after the hold is one bit too.",
        (
            Change(
                CASE_VIEW,
                "answer.verdict is Verdict.REVIEW or answer.areas_changed or answer.reason",
                "answer.verdict is Verdict.REVIEW or answer.reason",
            ),
        ),
        (f"{ONE_BIT}::test_an_area_added_after_the_hold_does_not_make_a_reason_tell_what_the_exact_check_found",),
    ),
    Control(
        Threat.DISCLOSURE,
        "The officer sees the day of an answer: she sees the minute.",
        (
            Change(
                PERMISSIONS,
                'ENTRY = ("id", "hold_id", "household_id", "unit_id", "state", "verdict", "made_at", "answered_on",',
                'ENTRY = ("id", "hold_id", "household_id", "unit_id", "state", "verdict", "made_at",'
                ' "answered_at", "answered_on",',
            ),
        ),
        ("tests/api/test_access_table.py::test_each_side_of_a_case_is_shown_what_the_pages_say",),
    ),
    Control(
        Threat.DISCLOSURE,
        "Nobody accepts a household whose area holds the refuge: acceptance does not check.",
        (
            Change(
                REFERRALS,
                "    if any(finding.inside for finding in _exactly(uow, engine.atlas, referral)):\n       "
                " raise InsideAreaToAvoid\n",
                "",
            ),
        ),
        (
            f"{OF_CASE}::test_nobodys_acceptance_relaxes_an_area_to_avoid",
            f"{OF_CASE}::test_an_area_that_is_added_after_the_hold_is_checked_at_acceptance",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "A unit inside an area to avoid is never offered and cannot be held.",
        (
            Change(
                "placement/eligibility.py",
                "    return Finding(refused=verdicts == BLOCKED, person=verdicts == REVIEW)\n",
                "    return Finding(refused=verdicts > BLOCKED, person=verdicts == REVIEW)\n",
            ),
        ),
        (
            f"{OF_CASE}::test_a_unit_inside_an_area_to_avoid_cannot_be_held",
            "tests/unit/placement/test_eligibility.py::"
            "test_a_cell_that_an_area_overlaps_is_reviewed_and_one_inside_it_is_blocked",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "The meeting point is told after acceptance, with a second factor.",
        (
            Change(
                MACHINE,
                'Move("read_meeting_point", OFFICERS | MANAGER, PLACED, None, needs_second_factor=True),',
                'Move("read_meeting_point", OFFICERS | MANAGER, PLACED, None),',
            ),
        ),
        (
            f"{OVER_HTTP}::test_the_meeting_point_comes_after_acceptance_with_a_second_factor_and_stands_in_no_other_answer",
            f"{OF_MACHINE}::test_every_stage_move_and_actor_is_decided_as_specified",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "An address is told once every device was checked for trackers.",
        (
            Change(
                "placement/disclosures.py",
                "    if not all(devices.get(device) in (TrackerCheck.CHECKED, TrackerCheck.NONE) for device in DEVICES):\n",
                "    if not devices and not DEVICES:\n",
            ),
        ),
        (f"{OVER_HTTP}::test_the_devices_are_checked_before_an_address_or_a_meeting_point_is_told",),
    ),
    Control(
        Threat.DISCLOSURE,
        "A release that nobody opened lapses after a day.",
        (
            Change(
                MACHINE,
                "    return Stage.RELEASED if now < release.expires_at else Stage.EXPIRED\n",
                "    return Stage.RELEASED\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_a_release_that_nobody_opened_dies_after_a_day_and_both_organisations_hear_of_it_once",
            f"{OF_MACHINE}::test_the_stage_follows_from_the_row_and_the_time",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "A release that was taken back tells nothing, also in the middle of its view.",
        (
            Change(
                MACHINE,
                "    if release.revoked_at is not None:\n        return Stage.REVOKED\n",
                "",
            ),
        ),
        (
            f"{OVER_HTTP}::test_a_revoked_release_tells_nothing_also_in_the_middle_of_its_view",
            f"{OF_MACHINE}::test_the_stage_follows_from_the_row_and_the_time",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "Arrival ends the release that was made before it.",
        (
            Change(
                MACHINE,
                "    if release is None or (has_arrived and release.is_before_arrival):\n",
                "    if release is None:\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_arrival_ends_the_release_and_the_manager_may_release_again_while_they_live_there",
            f"{OF_MACHINE}::test_the_stage_follows_from_the_row_and_the_time",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "A release names an officer of the organisation that placed the household.",
        (
            Change(
                "placement/releases.py",
                "            or officer.organisation_id != standing.placement.organisation_id\n",
                "",
            ),
        ),
        (f"{OVER_HTTP}::test_a_release_names_an_officer_of_the_organisation_that_placed_the_household",),
    ),
    Control(
        Threat.DISCLOSURE,
        "Only a manager of the property's own provider releases.",
        (
            Change(
                MACHINE,
                'Move("release", MANAGER, AT_REST,',
                'Move("release", MANAGER | OFFICERS, AT_REST,',
            ),
        ),
        (
            f"{OF_MACHINE}::test_only_the_provider_makes_the_moves_that_lead_to_an_address",
            f"{OF_MACHINE}::test_every_stage_move_and_actor_is_decided_as_specified",
        ),
    ),
    Control(
        Threat.DISCLOSURE,
        "Both organisations hear of each act.",
        (
            Change(
                "placement/disclosure_notices.py",
                "    both = {standing.placement.organisation_id, standing.home.provider.organisation_id}\n",
                "    both = {standing.placement.organisation_id}\n",
            ),
        ),
        (f"{OVER_HTTP}::test_both_organisations_hear_of_each_act_in_a_reference_and_a_date",),
    ),
    Control(
        Threat.DISCLOSURE,
        "Staff give a reason for looking up an address.",
        (
            Change(
                "placement/disclosures.py",
                '        if not reason:\n            raise InvalidInput(("/reason", "Say why you need the address."))\n',
                "",
            ),
        ),
        (f"{OVER_HTTP}::test_releasing_and_looking_up_need_a_second_factor_and_taking_back_does_not",),
    ),
)
