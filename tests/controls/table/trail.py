"""What is written down of everybody, an administrator too, and who notices when it was changed."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

CHAIN, CHECKING, MIGRATION = "api/audit/chain.py", "api/audit/checking.py", "migrations/versions/0004_audit_chain.py"
OF_TRAIL, OF_AUDIT = "tests/integration/test_audit_trail.py", "tests/integration/test_audit.py"
OF_CHAIN = "tests/unit/api/test_audit_chain.py"

TRAIL = (
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "The database refuses to change or remove a row of the trail: there are no triggers.",
        (
            Change(MIGRATION, '            refuse_on_sqlite(table, "update", "UPDATE", "1")\n', ""),
            Change(MIGRATION, '            refuse_on_sqlite(table, "delete", "DELETE", "1")\n', ""),
            Change(
                MIGRATION,
                '                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"\n',
                '                f"CREATE TRIGGER {table}_is_append_only BEFORE INSERT ON {table}"\n',
            ),
            Change(
                MIGRATION,
                '                " FOR EACH ROW EXECUTE FUNCTION refuse_change()"\n',
                '                " FOR EACH ROW WHEN (false) EXECUTE FUNCTION refuse_change()"\n',
            ),
        ),
        (f"{OF_TRAIL}::test_a_row_of_the_trail_can_be_neither_changed_nor_removed",),
        cases="UPDATE or DELETE",
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "The verifier makes each event's hash anew: it believes the one that stands there.",
        (Change(CHAIN, '        and record["hash"] == hash_of(record)\n', ""),),
        (
            f"{OF_TRAIL}::test_tamper_one_row_and_the_verifier_says_which",
            f"{OF_CHAIN}::test_a_changed_column_is_found_and_its_row_is_named",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An event follows the one before it: a chain may have holes.",
        (
            Change(CHAIN, '        and record["previous_hash"] == previous_hash\n', ""),
            Change(CHAIN, '        and record["position"] == position\n', ""),
        ),
        (
            f"{OF_TRAIL}::test_rows_that_are_gone_moved_put_in_cut_off_or_made_anew_are_found",
            f"{OF_CHAIN}::test_a_row_that_is_gone_is_missed_at_its_position",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A chain that was made anew is not the one that was signed.",
        (Change(CHECKING, "            if expected[position] != {head}:\n", "            if False:\n"),),
        (f"{OF_CHAIN}::test_a_chain_that_was_made_anew_is_not_the_one_that_was_signed",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A trail that was cut off at its end is known by the last checkpoint.",
        (Change(CHECKING, "    if last <= position:\n        return None\n", "    return None\n"),),
        (f"{OF_CHAIN}::test_a_tail_that_was_cut_off_is_noticed_against_the_last_checkpoint",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A checkpoint is believed for its signature alone.",
        (
            Change(
                CHECKING,
                "        if checkpoint.organisation_id != trail.organisation_id or not is_genuine(checkpoint, keys):\n",
                "        if checkpoint.organisation_id != trail.organisation_id:\n",
            ),
        ),
        (
            f"{OF_TRAIL}::test_a_checkpoint_that_the_database_owner_made_is_not_believed",
            f"{OF_CHAIN}::test_a_checkpoint_that_was_not_signed_with_the_key_is_not_believed",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Reading a household leaves a row.",
        (Change("placement/households.py", "    uow.record(HouseholdRead(subject_id=household.id))\n", ""),),
        (
            f"{OF_AUDIT}::test_recording_reading_and_changing_a_household_are_all_recorded",
            f"{OF_AUDIT}::test_every_reading_of_a_person_or_an_address_is_an_event_and_searches_are_too",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "Every telling of an address leaves a row.",
        (
            Change(
                "placement/disclosures.py",
                ") -> DisclosedAddress:\n    uow.record(event)\n",
                ") -> DisclosedAddress:\n",
            ),
        ),
        (f"{OF_AUDIT}::test_every_reading_of_a_person_or_an_address_is_an_event_and_searches_are_too",),
    ),
    Control(
        Threat.REFUGE_STAFF,
        "Reading a referral leaves a row, and the data's owner sees it.",
        (Change("placement/referral_reads.py", "    uow.record(ReferralRead(subject_id=referral.id))\n", ""),),
        (
            f"{OF_AUDIT}::test_every_reading_of_a_person_or_an_address_is_an_event_and_searches_are_too",
            "tests/integration/test_disclosure.py::"
            "test_the_council_sees_who_read_its_household_in_both_organisations_and_no_exact_check",
        ),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An event is written in the transaction of what it records: what cannot be recorded is done all the same.",
        (
            Change(
                "api/unit_of_work.py",
                "        write_audit(self.session",
                "        self.session.commit()\n        write_audit(self.session",
            ),
        ),
        (f"{OF_AUDIT}::test_a_refused_change_leaves_no_event_and_a_lost_event_leaves_no_change",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "An auditor sees the trail of her own organisation alone.",
        (
            Change(
                "api/resources/audit_events.py",
                "AuditEvent.organisation_id == uow.principal.organisation_id",
                "AuditEvent.organisation_id.is_not(None)",
            ),
        ),
        (f"{OF_AUDIT}::test_an_auditor_sees_her_own_organisations_trail_and_no_other",),
    ),
    Control(
        Threat.ROGUE_ADMINISTRATOR,
        "A role that sees cases is told to the safeguarding lead.",
        (
            Change(
                "accommodation/people.py",
                "    if role in CASE_ROLES:\n        details = ",
                "    if role not in CASE_ROLES:\n        details = ",
            ),
        ),
        ("tests/integration/test_people.py::test_a_role_that_sees_cases_is_told_to_the_safeguarding_lead",),
    ),
)
