"""What is kept, for how long, and who may still see it."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

RETENTION, SCHEDULE, JOB = "placement/retention.py", "placement/retention_schedule.py", "api/retention.py"
SHARING = "accommodation/sharing.py"
OF_RETENTION, OF_SCHEDULE = "tests/integration/test_retention.py", "tests/unit/placement/test_retention_schedule.py"
OF_AGREEMENTS = "tests/integration/test_agreements.py"

FORGETTING = (
    Control(
        Threat.KEEPING,
        "What identified a household is erased when its time has come: the job marks it and erases nothing.",
        (
            Change(
                RETENTION,
                '    seal_json(uow.cipher, household, "details_sealed", counts_of(open_json(uow.cipher,'
                ' household, "details_sealed")))\n',
                "",
            ),
        ),
        (
            f"{OF_RETENTION}::test_a_declined_household_is_forgotten_after_its_days_and_not_before",
            f"{OF_RETENTION}::test_what_identified_it_is_gone_from_every_table_and_what_is_counted_stays",
        ),
    ),
    Control(
        Threat.KEEPING,
        "Areas, perpetrators and words of other tables go with the household.",
        (
            Change(
                RETENTION,
                "        if where is None or not columns or table.name in BY_HAND:\n            continue\n",
                "        continue\n",
            ),
        ),
        (f"{OF_RETENTION}::test_what_identified_it_is_gone_from_every_table_and_what_is_counted_stays",),
    ),
    Control(
        Threat.KEEPING,
        "Each night what is due is forgotten: the job does not look at households.",
        (Change(JOB, "    Job.FORGET_HOUSEHOLDS: _forget_households,\n", ""),),
        (f"{OF_RETENTION}::test_a_declined_household_is_forgotten_after_its_days_and_not_before",),
    ),
    Control(
        Threat.KEEPING,
        "People's own words about it go from the trail.",
        (Change(JOB, "                    _forget_words(uow, forgotten)\n", ""),),
        (f"{OF_RETENTION}::test_the_words_in_the_trail_go_and_the_events_stay",),
    ),
    Control(
        Threat.KEEPING,
        "The answers of searches go after their days.",
        (Change(JOB, "    Job.FORGET_ANSWERS: _forget_answers,\n", ""),),
        (f"{OF_RETENTION}::test_the_answer_of_a_search_goes_and_its_demand_stays",),
    ),
    Control(
        Threat.KEEPING,
        "Every column has a purpose, a class and a number of days: one has none.",
        (Change("placement/retention_tables.py", "details_sealed no_areas_statement_sealed", "details_sealed"),),
        (
            f"{OF_SCHEDULE}::test_every_column_of_every_table_has_a_purpose_a_class_and_a_number_of_days",
            f"{OF_SCHEDULE}::test_the_page_is_what_the_schedule_says",
        ),
    ),
    Control(
        Threat.KEEPING,
        "A legal hold stops forgetting.",
        (Change(SCHEDULE, "    if case.is_open or case.is_on_legal_hold:\n", "    if case.is_open:\n"),),
        (
            f"{OF_RETENTION}::test_a_legal_hold_stops_it_until_it_is_lifted",
            f"{OF_SCHEDULE}::test_an_open_case_and_one_on_legal_hold_are_never_due",
        ),
    ),
    Control(
        Threat.KEEPING,
        "A legal hold keeps the answers of searches too.",
        (Change(RETENTION, "            LegalHold.id.is_(None),\n", ""),),
        (f"{OF_RETENTION}::test_a_legal_hold_keeps_the_answers_of_searches_too",),
    ),
    Control(
        Threat.KEEPING,
        "A household in its stay is not forgotten.",
        (Change(SCHEDULE, "    if case.is_open or case.is_on_legal_hold:\n", "    if case.is_on_legal_hold:\n"),),
        (
            f"{OF_RETENTION}::test_a_household_in_its_stay_is_never_forgotten",
            f"{OF_SCHEDULE}::test_an_open_case_and_one_on_legal_hold_are_never_due",
        ),
    ),
    Control(
        Threat.KEEPING,
        "A forgotten household is not found any more.",
        (
            Change(
                "placement/households.py",
                "    if household is None or household.forgotten_at is not None:\n",
                "    if household is None:\n",
            ),
        ),
        (f"{OF_RETENTION}::test_a_forgotten_household_looks_as_if_it_had_never_been",),
    ),
    Control(
        Threat.KEEPING,
        "SQLite overwrites what it deletes.",
        (Change("api/database.py", '        "secure_delete=ON",\n', '        "secure_delete=OFF",\n'),),
        (f"{OF_RETENTION}::test_the_deleted_bytes_are_not_in_the_file",),
        engine="sqlite",
    ),
    Control(
        Threat.KEEPING,
        "When a sharing agreement is ended so is the sight: its end by word is not looked at.",
        (Change(SHARING, "        SharingAgreement.ended_at.is_(None),\n", ""),),
        (
            f"{OF_AGREEMENTS}::test_when_an_agreement_ends_so_does_the_sight_on_both_sides",
            f"{OF_AGREEMENTS}::test_a_search_neither_offers_nor_considers_nor_counts_units_without_an_agreement",
        ),
    ),
    Control(
        Threat.KEEPING,
        "A sharing agreement counts to its last day.",
        (Change(SHARING, "        SharingAgreement.ends_on >= today,\n", ""),),
        (
            f"{OF_AGREEMENTS}::test_when_an_agreement_ends_so_does_the_sight_on_both_sides",
            f"{OF_AGREEMENTS}::test_lists_are_empty_of_the_other_side",
        ),
    ),
    Control(
        Threat.KEEPING,
        "A sharing agreement counts from its first day, once both have signed.",
        (
            Change(SHARING, "        SharingAgreement.starts_on <= today,\n", ""),
            Change(SHARING, "        SharingAgreement.accepted_at.is_not(None),\n", ""),
        ),
        (f"{OF_AGREEMENTS}::test_when_an_agreement_ends_so_does_the_sight_on_both_sides",),
    ),
    Control(
        Threat.KEEPING,
        "Searches in memory too see an agreement from its first day to its last.",
        (Change("placement/partners.py", "            if term.starts_on <= today <= term.ends_on\n", ""),),
        (
            "tests/unit/placement/test_partners.py::test_an_agreement_counts_from_its_first_day_to_its_last_and_no_longer",
            f"{OF_AGREEMENTS}::test_a_search_neither_offers_nor_considers_nor_counts_units_without_an_agreement",
        ),
    ),
)
