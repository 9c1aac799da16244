"""What an answer tells beside what it says: that something exists, how long it took, its headers, its order."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

ACCESS, HOUSEHOLDS = "api/auth/access.py", "placement/households.py"
HEADERS, ETAGS = "api/security_headers.py", "api/etags.py"
MATRIX, OF_PROBLEMS, OF_ETAGS = "tests/api/test_access_matrix.py", "tests/api/test_problems.py", "tests/api/test_etags.py"
TIMING, OF_FRESHNESS = (
    "tests/integration/test_not_for_you_timing.py",
    "tests/integration/test_council_view_of_freshness.py",
)

ANSWERS = (
    Control(
        Threat.MISSING_OR_HIDDEN,
        "What is not for her is answered as what does not exist: it is refused in other words.",
        (
            Change(
                HOUSEHOLDS,
                "    uow.permit(relations_to_household(uow, household))\n    return household\n",
                "    from accommodation.errors import StepUpNeeded\n\n"
                "    if not relations_to_household(uow, household):\n"
                "        raise StepUpNeeded\n"
                "    uow.permit(relations_to_household(uow, household))\n"
                "    return household\n",
            ),
        ),
        (
            f"{TIMING}::test_another_organisations_row_is_answered_as_no_row_byte_for_byte",
            f"{MATRIX}::test_what_is_not_for_the_caller_looks_as_if_it_did_not_exist",
        ),
        cases="household or matrix or looks_as_if",
    ),
    Control(
        Threat.MISSING_OR_HIDDEN,
        "What is not for her costs no more than what does not exist: a few statements more are made.",
        (
            Change(
                HOUSEHOLDS,
                "    uow.permit(relations_to_household(uow, household))\n    return household\n",
                "    for _ in range(3):\n"
                "        uow.session.execute(select(Placement).where(Placement.household_id == household_id)).all()\n"
                "    uow.permit(relations_to_household(uow, household))\n"
                "    return household\n",
            ),
        ),
        (
            f"{TIMING}::test_another_organisations_row_costs_as_many_statements_as_no_row",
            f"{TIMING}::test_another_organisations_row_is_refused_in_the_time_of_no_row",
        ),
        cases="get_household",
    ),
    Control(
        Threat.MISSING_OR_HIDDEN,
        "A body that names another organisation's row is answered as one that names none.",
        (
            Change(
                "placement/searches.py",
                "    uow.permit(relations_to_own(uow, search.organisation_id))\n",
                "    if not relations_to_own(uow, search.organisation_id):\n"
                '        raise InvalidInput(("/search_id", "It is somebody else\'s."))\n'
                "    uow.permit(relations_to_own(uow, search.organisation_id))\n",
            ),
        ),
        (f"{MATRIX}::test_a_body_that_names_what_is_not_for_the_caller_is_answered_as_if_it_did_not_exist",),
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "A version is looked at once it is known that she may: it is compared before.",
        (
            Change(
                "api/resources/households.py",
                "        household = load_household(uow, household_id)\n        check_etag(household)\n",
                "        household = uow.session.get(Household, household_id)\n"
                "        if household is not None:\n"
                "            check_etag(household)\n"
                "        household = load_household(uow, household_id)\n",
            ),
        ),
        (f"{OF_ETAGS}::test_a_version_says_nothing_of_what_is_not_for_the_caller",),
        cases="update_household",
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "A version is opaque: it is the number of changes.",
        (
            Change(
                ETAGS,
                '    return hmac.new(current_app.config["SECRET_KEY"], message, hashlib.sha256).hexdigest()[:32]\n',
                '    return f"{row.version:032}" if message else ""\n',
            ),
        ),
        (f"{OF_ETAGS}::test_versions_of_two_rows_that_were_changed_as_often_are_different",),
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "Answers are kept by no browser and no proxy.",
        (Change(HEADERS, '"Cache-Control": "no-store"', '"Cache-Control": "private"'),),
        (f"{OF_PROBLEMS}::test_security_headers_forbid_keeping_framing_guessing_and_telling",),
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "The security headers are on every answer: those that refuse go without.",
        (
            Change(
                HEADERS,
                "        response.headers.update(headers)\n",
                "        if response.status_code < 400:\n            response.headers.update(headers)\n",
            ),
        ),
        (f"{OF_PROBLEMS}::test_every_answer_of_every_route_carries_the_security_headers",),
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "A cursor is good for one list and one organisation.",
        (
            Change(
                "api/pagination.py",
                'salt=f"cursor:{kind}:{current_principal().organisation_id}")',
                'salt="cursor" if kind or current_principal() else "")',
            ),
        ),
        ("tests/api/test_bad_input.py::test_a_cursor_is_good_for_its_own_list_and_its_own_organisation_alone",),
    ),
    Control(
        Threat.SIDE_CHANNELS,
        "Nothing is answered to other sites' scripts, and no method is offered by itself.",
        (Change("api/app.py", "        PROVIDE_AUTOMATIC_OPTIONS=False,", "        PROVIDE_AUTOMATIC_OPTIONS=True,"),),
        (f"{OF_PROBLEMS}::test_nothing_is_answered_to_other_sites_scripts",),
    ),
    Control(
        Threat.WATCHING_THE_BOARD,
        "Councils see a step of freshness: vacancies are put in the order of the minute.",
        (
            Change(
                "placement/matching.py",
                "            band,\n            freshness,\n            missed,\n",
                '            band,\n            -supply["confirmed_at"][offers],\n            missed,\n',
            ),
        ),
        (f"{OF_FRESHNESS}::test_the_minute_of_a_confirmation_is_in_no_answer_to_a_council",),
    ),
    Control(
        Threat.WATCHING_THE_BOARD,
        "Councils see a step of freshness: the answer says the minute.",
        (
            Change(
                "placement/matching.py",
                "            freshness=FRESHNESS_ORDER[freshness[place]],\n",
                "            freshness=f\"{FRESHNESS_ORDER[freshness[place]]} {supply['confirmed_at'][row]}\", "
                " # type: ignore\n",
            ),
        ),
        (f"{OF_FRESHNESS}::test_the_minute_of_a_confirmation_is_in_no_answer_to_a_council",),
    ),
    Control(
        Threat.THIRD_PARTIES,
        "A case is told without anybody outside: each search asks a host abroad.",
        (
            Change(
                "placement/searches.py",
                "    household = load_household(uow, household_id)\n    check_needed_on(",
                "    household = load_household(uow, household_id)\n"
                "    import contextlib\n"
                "    import socket\n\n"
                "    with contextlib.suppress(OSError):\n"
                '        socket.create_connection(("203.0.113.7", 443), timeout=0.1).close()\n'
                "    check_needed_on(",
            ),
        ),
        ("tests/integration/test_third_parties.py::test_a_case_is_told_from_household_to_address_without_reaching_anybody",),
    ),
    Control(
        Threat.THIRD_PARTIES,
        "While no host is set up no street is looked up: a public host is asked.",
        (
            Change(
                "geo/geocoding.py",
                "        self._nominatim: Any = None\n        if host is not None:\n",
                '        self._nominatim: Any = None\n        host = host or "nominatim.example"\n        if'
                " host is not None:\n",
            ),
        ),
        ("tests/integration/test_third_parties.py::test_a_street_address_is_refused_while_no_host_is_set_up",),
    ),
    Control(
        Threat.THIRD_PARTIES,
        "A redirect is not followed.",
        (
            Change(
                "geo/geocoding_http.py",
                "        if response.status != http.client.OK:\n",
                '        if response.status in (301, 302, 303, 307, 308) and response.headers["Location"] != url:\n'
                '            return self.get_text(response.headers["Location"], timeout=timeout, headers=headers)\n'
                "        if response.status != http.client.OK:\n",
            ),
        ),
        ("tests/unit/geo/test_geocoding.py::test_a_redirect_is_not_followed",),
    ),
    Control(
        Threat.THIRD_PARTIES,
        "A look-up has a time limit, whatever the far end does.",
        (Change("geo/geocoding.py", "        thread.join(self._timeout)\n", "        thread.join(10 * self._timeout)\n"),),
        ("tests/unit/geo/test_geocoding.py::test_a_name_that_takes_long_to_resolve_is_unavailable_in_time",),
    ),
)
