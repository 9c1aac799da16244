"""Who is kept from whom, and what an administrator cannot give herself."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

BLOCKING, PERMISSIONS, PEOPLE_RULES = "placement/blocking.py", "api/auth/permissions.py", "accommodation/people.py"
OF_BLOCKED, EVERYWHERE = "tests/integration/test_blocked_persons.py", "tests/api/test_blocked_persons.py"
ROW_SECURITY = "tests/api/test_row_security.py"
OF_PEOPLE, ACCESS_TABLE = "tests/integration/test_people.py", "tests/api/test_access_table.py"

PEOPLE = (
    Control(
        Threat.REFUGE_STAFF,
        "Somebody who is kept from a household finds nothing of it: she is not asked about.",
        (
            Change(
                BLOCKING,
                "    return household.has_blocks and is_worker_kept_from(uow, household, uow.principal.worker_id)\n",
                "    return False\n",
            ),
        ),
        (
            f"{EVERYWHERE}::test_a_blocked_person_gets_404_everywhere",
            f"{OF_BLOCKED}::test_a_colleague_is_kept_from_a_household_and_others_are_not",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "A name keeps a household from whoever has it.",
        (Change(BLOCKING, "    if name is None:\n", "    if True:\n"),),
        (
            f"{EVERYWHERE}::test_a_blocked_person_gets_404_everywhere",
            f"{OF_BLOCKED}::test_a_name_keeps_it_from_whoever_has_it_wherever_she_works",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "Lists leave out what she is kept from.",
        (
            Change(
                BLOCKING,
                "    return and_(household_id.not_in(by_herself), household_id.not_in(by_name))\n",
                "    return and_(True)\n",
            ),
        ),
        (f"{EVERYWHERE}::test_lists_hold_nothing_of_what_she_is_kept_from",),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "A provider that must not know of a household is as one without an agreement for it.",
        (
            Change(
                BLOCKING,
                "    if not household.has_blocks:\n        return frozenset()\n",
                "    return frozenset()\n",
            ),
        ),
        (
            f"{OF_BLOCKED}::test_a_provider_that_must_not_know_is_neither_offered_nor_counted_nor_held",
            f"{OF_BLOCKED}::test_a_provider_that_must_not_know_loses_the_case_and_keeps_the_stay",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "Who has declared to know a perpetrator is kept from households that name him later.",
        (
            Change(
                "placement/households.py",
                "    uow.session.flush()\n    keep_declared_conflicts(uow, household, details)\n",
                "    uow.session.flush()\n",
            ),
        ),
        (
            f"{OF_BLOCKED}::test_who_declares_to_know_him_is_kept_from_households_recorded_before_and_after",
            f"{OF_BLOCKED}::test_a_perpetrator_who_is_named_later_counts_too",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "A property where the same man is feared already is left out, without a word.",
        (
            Change(
                "placement/eligibility.py",
                "    return Finding(refused | linked_to_resident(question))\n",
                "    return Finding(refused)\n",
            ),
        ),
        (
            "tests/integration/test_case.py::test_a_resident_with_the_same_perpetrator_hides_the_property_without_a_word",
            "tests/unit/placement/test_eligibility.py::"
            "test_a_resident_linked_to_the_perpetrator_closes_the_whole_property_without_a_word",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "A case is between the organisation that asks and the one that is asked: any provider's manager may read it.",
        (
            Change("placement/relations.py", "    if own not in (seeker, offerer):\n        return ()\n", ""),
            Change(
                "placement/relations.py",
                "    if offerer == own and (type(row) is Placement or _asked_openly(uow, row, household)):\n",
                "    if own != seeker:\n",
            ),
        ),
        (
            "tests/api/test_access_matrix.py::test_what_is_not_for_the_caller_looks_as_if_it_did_not_exist",
            "tests/integration/test_one_bit.py::test_the_exact_check_is_for_no_manager_of_another_provider",
        ),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "On PostgreSQL what somebody asks for runs as a role that sees her organisation's rows: it runs as the owner.",
        (Change("api/unit_of_work.py", "            confine(session, principal.organisation_id)\n", "            pass\n"),),
        (f"{ROW_SECURITY}::test_whatever_a_request_reads_of_an_organisation_it_reads_behind_the_line",),
        engine="postgresql",
    ),
    Control(
        Threat.REFUGE_STAFF,
        "On PostgreSQL a query that forgets whose rows it may have gets her organisation's: households have no such policy.",
        (
            Change(
                "migrations/versions/0011_row_level_security.py",
                'f"{OWN} OR sees_case_of(household.id)"',
                '"true OR sees_case_of(household.id)"',
            ),
        ),
        (
            f"{ROW_SECURITY}::test_a_query_without_a_filter_returns_nothing_of_another_organisation",
            f"{ROW_SECURITY}::test_a_change_without_a_filter_reaches_no_row_of_another_organisation",
        ),
        engine="postgresql",
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An administrator sees no case: the table lets her read households.",
        (
            Change(
                PERMISSIONS,
                'Rule("get_household",              {OFFICER},                        OWN),',
                'Rule("get_household",              {OFFICER, ADMINISTRATOR},         OWN),',
            ),
        ),
        (
            f"{ACCESS_TABLE}::test_the_table_says_what_the_pages_say",
            f"{ACCESS_TABLE}::test_over_http_everybody_is_answered_as_the_pages_say",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A rule of the table holds for one relation: the exact check is opened to the side that asks.",
        (
            Change(
                PERMISSIONS,
                'Rule("get_exact_check",            {MANAGER},                        ASKED,        (ReferralState.MADE,)),',
                'Rule("get_exact_check",            {MANAGER, OFFICER},               ASKING,       (ReferralState.MADE,)),',
            ),
        ),
        (
            f"{ACCESS_TABLE}::test_the_table_says_what_the_pages_say",
            f"{ACCESS_TABLE}::test_over_http_everybody_is_answered_as_the_pages_say",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Every route has a rule.",
        (
            Change(PERMISSIONS, '    Rule("export_household",           {LEAD},                           OWN),\n', ""),
            Change(PERMISSIONS, '    "export_household",\n', ""),
        ),
        (
            "tests/api/test_access_matrix.py::test_every_route_has_a_rule_and_every_rule_has_a_route",
            f"{ACCESS_TABLE}::test_the_table_says_what_the_pages_say",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A role that is not listed is refused before anything is looked at.",
        (
            Change(
                "api/auth/guard.py",
                "    if principal.role not in ACCESS.roles_of(operation):\n        raise Forbidden\n",
                "",
            ),
        ),
        ("tests/api/test_access_matrix.py::test_a_role_that_is_not_listed_is_refused_before_anything_else",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An answer about rows that nobody has asked the table about is not sent.",
        (
            Change(
                "api/auth/access.py",
                "        if about_rows and not self._was_asked:\n",
                "        if about_rows and not self._was_asked and False:\n",
            ),
        ),
        (
            f"{ACCESS_TABLE}::test_a_view_that_does_not_ask_for_the_relation_gives_nothing",
            f"{ACCESS_TABLE}::test_a_unit_of_work_that_asked_nothing_is_not_committed",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Nobody grants herself a role.",
        (
            Change(
                PEOPLE_RULES,
                "    if worker.id == uow.principal.worker_id:\n        raise NotForYourself\n",
                "",
            ),
        ),
        (f"{OF_PEOPLE}::test_nobody_grants_herself_a_role",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Roles that see cases and roles that run people exclude each other.",
        (
            Change(
                PEOPLE_RULES,
                "    if exclude_each_other(roles):\n        raise RolesExcludeEachOther\n",
                "",
            ),
        ),
        (
            f"{OF_PEOPLE}::test_an_auditor_gets_no_role_that_sees_cases",
            f"{OF_PEOPLE}::test_an_invitation_in_roles_that_exclude_each_other_is_refused",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An administrator invites nobody into another organisation.",
        (
            Change(
                "accommodation/invitations.py",
                "        _check_first_administrator(uow, organisation_id, roles)\n",
                "        uow.permit(Relation.OWN_ORGANISATION)\n",
            ),
        ),
        (f"{OF_PEOPLE}::test_nobody_invites_into_another_organisation",),
    ),
)
