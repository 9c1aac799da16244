"""Who is told an address, once, by whose act."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

MACHINE, DISCLOSURES = "accommodation/disclosure.py", "placement/disclosures.py"
STANDING, LIMITS = "placement/standing.py", "placement/disclosure_limits.py"
OVER_HTTP, OF_MACHINE = "tests/integration/test_disclosure.py", "tests/unit/accommodation/test_disclosure.py"
TRACES = "tests/integration/test_disclosure_traces.py"

RELEASING = (
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "An officer is told the address by the provider's release alone: acceptance is enough.",
        (
            Change(
                DISCLOSURES,
                "    named = () if standing is None or standing.release is None else relations_to_release(uow,"
                " standing.release)\n",
                "    named = (Relation.HERSELF,)\n",
            ),
            Change(
                DISCLOSURES,
                "    release = standing.release\n    if decision is Decision.UNKNOWN_TO_CALLER or release is None:\n",
                "    release = standing.release\n"
                "    if standing.actor in (Actor.COLLEAGUE, Actor.NAMED_OFFICER) and release is None:\n"
                "        event = AddressDisclosed(subject_id=standing.home.id)\n"
                "        return DisclosedAddress(standing.home.id, read_address(uow, standing.home.id), None, None)\n"
                "    if decision is Decision.UNKNOWN_TO_CALLER or release is None:\n",
            ),
            Change(
                DISCLOSURES,
                "from accommodation.relations import relations_to_own\n",
                "from accommodation.relations import relations_to_own\nfrom accommodation.vocabulary import Relation\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_acceptance_alone_tells_nobody",
            f"{TRACES}::test_no_operation_after_any_step_of_the_straight_way_tells_the_address",
            f"{TRACES}::test_no_trace_of_twelve_steps_tells_the_address_without_a_release",
        ),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "A release is for the officer it names: any officer of her organisation may open it.",
        (
            Change(
                STANDING,
                "is_named = release is not None and release.officer_id == principal.worker_id",
                "is_named = release is not None",
            ),
            Change(
                "placement/releases.py",
                "    names_her = Relation.ASKING in case and release.officer_id == uow.principal.worker_id\n",
                "    names_her = Relation.ASKING in case\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_nobody_but_the_named_officer_learns_that_there_is_a_release",
            f"{TRACES}::test_with_the_providers_release_the_named_officer_alone_sees_it_once",
        ),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "A release is opened once, for fifteen minutes: the view does not end.",
        (
            Change(
                MACHINE,
                "        return Stage.OPEN if now < release.view_ends_at else Stage.USED\n",
                "        return Stage.OPEN\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_the_session_that_opened_it_reads_it_again_for_fifteen_minutes_and_then_never",
            f"{OF_MACHINE}::test_the_stage_follows_from_the_row_and_the_time",
        ),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "A view is read again by the session that opened it: another one may.",
        (
            Change(
                DISCLOSURES,
                "        if not is_first and release.session_id != uow.principal.session_id:\n"
                '            raise ReleaseOver("opened_elsewhere")\n',
                "",
            ),
        ),
        (
            f"{OVER_HTTP}::test_another_session_of_the_same_officer_cannot_read_the_view",
            f"{TRACES}::test_with_the_providers_release_the_named_officer_alone_sees_it_once",
        ),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "Views, releases and look-ups are capped by the day.",
        (Change(LIMITS, "    if waits:\n", "    if False:\n"),),
        (
            f"{OVER_HTTP}::test_a_view_over_a_cap_is_refused_until_the_day_is_over",
            f"{OVER_HTTP}::test_a_manager_releases_and_staff_look_up_only_so_often",
        ),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "The lead is alerted before a cap is reached.",
        (Change(LIMITS, "    for tally in near:\n", "    for tally in near[:0]:\n"),),
        (f"{OVER_HTTP}::test_nearing_a_cap_alerts_the_lead_of_the_organisation_concerned_once",),
    ),
    Control(
        Threat.INVENTED_HOUSEHOLD,
        "A placement in one property gives nobody the address of another.",
        (
            Change(
                DISCLOSURES,
                "        standing = None  # a placement elsewhere does not open this door\n",
                "        property_id = property_id\n",
            ),
        ),
        (f"{OVER_HTTP}::test_a_placement_in_one_property_does_not_open_another",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "An address needs a second factor shown within five minutes: any session will do.",
        (
            Change(
                MACHINE,
                "    return has_session and stepped_up_until is not None and stepped_up_until > now\n",
                "    return has_session\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_a_second_factor_shown_too_long_ago_counts_no_more",
            f"{OVER_HTTP}::test_releasing_and_looking_up_need_a_second_factor_and_taking_back_does_not",
        ),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A key reads no address, door name or meeting point, whatever its role.",
        (
            Change(
                MACHINE,
                "    return has_session and stepped_up_until is not None and stepped_up_until > now\n",
                "    return True\n",
            ),
        ),
        ("tests/api/test_stolen_keys.py::test_no_role_s_key_reads_an_address_by_any_route",),
        cases="refuge_manager or resettlement_worker",
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "Whoever lacks more than the second factor hears that there is nothing: she is told what it is.",
        (
            Change(
                STANDING,
                "        if shows_second_factor(uow):\n            raise\n        raise NotFound from None\n",
                "        raise\n",
            ),
        ),
        (f"{OVER_HTTP}::test_without_a_second_factor_everything_else_looks_as_if_it_did_not_exist",),
    ),
    Control(
        Threat.EXPORTS,
        "A household's export needs a second factor shown just now.",
        (
            Change(
                "placement/subject_access.py",
                "    if until is None or until <= uow.now:\n        raise StepUpNeeded\n",
                "    del until\n",
            ),
        ),
        ("tests/integration/test_retention.py::test_an_export_needs_a_second_factor_and_is_recorded",),
    ),
    Control(
        Threat.EXPORTS,
        "A household's export leaves a row in the trail.",
        (Change("placement/subject_access.py", "    uow.record(HouseholdExported(subject_id=household_id))\n", ""),),
        ("tests/integration/test_retention.py::test_an_export_needs_a_second_factor_and_is_recorded",),
    ),
)
