"""What a stolen database, log or message gives away."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

RING, KEY_CHECK, PROBLEMS, LOGGING = "api/crypto/ring.py", "api/crypto/key_check.py", "api/problems.py", "api/logging.py"
CANARIES, OF_CRYPTO = "tests/integration/test_canaries.py", "tests/unit/api/test_crypto.py"
OF_KEYS, LOG_LINES = "tests/integration/test_key_check.py", "tests/integration/test_log_lines.py"
ROTATION, COLUMNS = "tests/integration/test_key_rotation.py", "tests/architecture/test_sealed_columns.py"
OF_PROBLEMS, OVER_HTTP = "tests/api/test_problems.py", "tests/integration/test_disclosure.py"

PLACE = '    return f"{table}\\x00{column}\\x00".encode() + row_id.bytes\n'

SEALING = (
    Control(
        Threat.STOLEN_DISK,
        "What is written on a door is sealed: that column is left in plain text.",
        (
            Change(
                RING,
                "        nonce = os.urandom(NONCE_BYTES)\n",
                '        if table == "vault_door":\n'
                "            return prefix_of(self.writer) + bytes(NONCE_BYTES) + plaintext\n"
                "        nonce = os.urandom(NONCE_BYTES)\n",
            ),
            Change(
                RING,
                "        try:\n            return cipher.decrypt(",
                '        if table == "vault_door":\n            return body\n        try:\n            return'
                " cipher.decrypt(",
            ),
        ),
        (
            f"{CANARIES}::test_no_canary_lies_in_a_value_of_any_table",
            f"{CANARIES}::test_no_canary_lies_in_the_files_or_the_dump",
        ),
    ),
    Control(
        Threat.STOLEN_DISK,
        "The words of an audited act are sealed beside the trail: they stand in the event's details.",
        (
            Change(
                "api/audit/writing.py",
                '            "details": json.loads(json.dumps(dict(event.details))),  # what is hashed is what'
                " will be read\n",
                '            "details": json.loads(json.dumps({**event.details, "reason": event.reason})),\n',
            ),
        ),
        (f"{CANARIES}::test_no_canary_lies_in_a_value_of_any_table",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A ciphertext is bound to its row: one that was put in another row's place opens there.",
        (Change(RING, PLACE, '    return f"{table}\\x00{column}\\x00".encode()\n'),),
        (
            f"{OF_CRYPTO}::test_a_ciphertext_moved_to_another_place_does_not_open",
            f"{OF_KEYS}::test_a_ciphertext_in_the_place_of_another_area_costs_the_answer",
        ),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A ciphertext is bound to its table and column.",
        (Change(RING, PLACE, "    return row_id.bytes\n"),),
        (f"{OF_CRYPTO}::test_a_ciphertext_moved_to_another_place_does_not_open",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A blind index needs its key: it is a plain hash.",
        (
            Change(
                RING,
                '    return hmac.digest(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()\n',
                '    return hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()\n',
            ),
        ),
        (f"{OF_CRYPTO}::test_each_purpose_has_a_key_of_its_own_and_an_index_names_the_one_it_comes_from",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A wrong key is refused before anything is served.",
        (Change("api/crypto/gate.py", "                prove_keys(engine, self._keys)\n", ""),),
        (f"{OF_KEYS}::test_nothing_is_served_with_a_wrong_key_and_nothing_is_written",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "Fingerprints of keys are compared: another key of the same name passes.",
        (
            Change(
                KEY_CHECK,
                "            elif held[key_id] != row.fingerprint:\n",
                "            elif held[key_id] != row.fingerprint and False:\n",
            ),
        ),
        (f"{OF_KEYS}::test_the_problem_names_the_setting_and_tells_no_key",),
        cases="same",
    ),
    Control(
        Threat.STOLEN_DISK,
        "Where no key is registered yet, what lies there must open.",
        (
            Change(
                KEY_CHECK,
                "        if problems := [*_prove_by_opening(connection, keys, first)]:\n            raise"
                " KeysDoNotFit(problems)\n",
                "",
            ),
        ),
        (f"{OF_KEYS}::test_where_no_key_is_registered_yet_what_lies_there_must_open",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A change of key reaches every sealed column: one is left under the old key.",
        (
            Change(
                "api/crypto/rotation.py",
                "            if value is None or key_id_of(value) == ring.writer:\n",
                '            if value is None or key_id_of(value) == ring.writer or column.name == "landlord_sealed":\n',
            ),
        ),
        (f"{ROTATION}::test_every_sealed_value_comes_under_the_new_key_and_says_the_same",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "What is sealed is found by its column's name: a column of bytes is overlooked.",
        (
            Change(
                "api/crypto/sealed_columns.py",
                "column for column in table.columns if column.name.endswith(SUFFIX))",
                'column for column in table.columns if column.name.endswith(SUFFIX) and column.name != "landlord_sealed")',
            ),
        ),
        (f"{COLUMNS}::test_every_column_of_bytes_is_sealed_or_has_a_reason",),
    ),
    Control(
        Threat.STOLEN_DISK,
        "A key is retired only when nothing needs it.",
        (Change("api/crypto/key_status.py", "    if state.values:\n", "    if state.values and False:\n"),),
        (f"{ROTATION}::test_a_key_is_retired_only_when_nothing_needs_it",),
    ),
    Control(
        Threat.LOGS,
        "What nobody foresaw is logged by its class: its text is logged too.",
        (
            Change(
                PROBLEMS,
                'log.error("unforeseen", error=type(error).__name__,',
                'log.error("unforeseen", error=repr(error),',
            ),
        ),
        (
            f"{OF_PROBLEMS}::test_what_nobody_foresaw_is_told_without_a_word_of_it",
            f"{LOG_LINES}::test_what_is_sent_with_a_request_that_fails_is_in_no_line",
        ),
    ),
    Control(
        Threat.LOGS,
        "Nothing of a request is logged: the body of one that is refused is.",
        (
            Change(
                PROBLEMS,
                "    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR\n",
                "    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR\n"
                "    from flask import request\n\n"
                '    log.warning("refused", request_id=request_id(), body=request.get_data(as_text=True))\n',
            ),
        ),
        (f"{CANARIES}::test_no_canary_lies_in_a_log_line_at_debug",),
    ),
    Control(
        Threat.LOGS,
        "An event is one line of JSON: what a library logs is written as it comes.",
        (
            Change(
                LOGGING,
                "                structlog.stdlib.ProcessorFormatter.remove_processors_meta,\n"
                "                structlog.processors.JSONRenderer(),\n",
                "                structlog.stdlib.ProcessorFormatter.remove_processors_meta,\n"
                '                lambda _, __, event: str(event["event"]),\n',
            ),
        ),
        (f"{LOG_LINES}::test_what_does_reach_a_logger_stays_one_line",),
        cases="CRLF or ANSI or LF",
    ),
    Control(
        Threat.LOGS,
        "A server's own log says nothing of a request that it cannot read.",
        (
            Change(
                "api/server_worker.py",
                'self.log.warning("unreadable_request error=%s status=%d", type(exc).__name__, status)',
                'self.log.warning("unreadable_request error=%s status=%d", exc, status)',
            ),
        ),
        (f"{LOG_LINES}::test_a_servers_log_holds_no_control_character_and_nothing_that_was_sent",),
    ),
    Control(
        Threat.LOGS,
        "The database's own words are not echoed: they are the detail of the answer.",
        (
            Change(
                PROBLEMS,
                '    return make_problem("try-again", DETAIL_OF_STATUS[503], {"Retry-After": str(TRY_AGAIN_SECONDS)})\n',
                '    return make_problem("try-again", str(error), {"Retry-After": str(TRY_AGAIN_SECONDS)})\n',
            ),
        ),
        (f"{OF_PROBLEMS}::test_what_nobody_foresaw_is_told_without_a_word_of_it",),
    ),
    Control(
        Threat.LOGS,
        "A value that cannot be used is not echoed: what was sent comes back beside what is wrong with it.",
        (
            Change(
                PROBLEMS,
                '        members["errors"] = list(islice(_pointers(data["messages"]), MAX_ERRORS))\n',
                "        from flask import request\n\n"
                '        members["errors"] = list(islice(_pointers(data["messages"]), MAX_ERRORS))\n'
                '        members["sent"] = request.get_json(silent=True)\n',
            ),
        ),
        (f"{CANARIES}::test_no_refusal_repeats_what_was_sent",),
    ),
    Control(
        Threat.SHARED_PHONE,
        "A message is a reference and a date: it says where the household goes.",
        (
            Change(
                "placement/disclosure_notices.py",
                "        _tell(uow, notifier, organisation_id, standing.placement.reference)\n",
                "        from accommodation.vault import read_address\n\n"
                "        _tell(uow, notifier, organisation_id, read_address(uow, standing.home.id).town[:20])\n",
            ),
        ),
        (
            f"{OVER_HTTP}::test_both_organisations_hear_of_each_act_in_a_reference_and_a_date",
            f"{CANARIES}::test_no_canary_lies_in_a_value_of_any_table",
        ),
    ),
    Control(
        Threat.SHARED_PHONE,
        "A reminder is a closed template: it says what is due.",
        (
            Change(
                "api/outbox.py",
                'Occasion.DUE: "{reference}: something is due on {day}. Open Harbour."',
                'Occasion.DUE: "{reference}: the refuge\'s licence ends on {day}. Open Harbour."',
            ),
        ),
        ("tests/integration/test_reminders.py::test_a_message_says_a_reference_and_a_date_and_nothing_else",),
    ),
    Control(
        Threat.SHARED_PHONE,
        "A message says a reference and not a name.",
        (
            Change(
                "placement/reminders.py",
                "            reference=placement.reference,\n",
                "            reference=_name_of_survivor(uow, placement),\n",
            ),
            Change(
                "placement/reminders.py",
                "\n\ndef plan_reminders(",
                "\n\ndef _name_of_survivor(uow: UnitOfWork, placement: Placement) -> str:\n"
                "    from accommodation.sealing import open_json\n"
                "    from placement.models import Household\n\n"
                "    household = uow.session.get_one(Household, placement.household_id)\n"
                '    return str(open_json(uow.cipher, household, "details_sealed")["members"][0].get("name"))[:20]\n'
                "\n\ndef plan_reminders(",
            ),
        ),
        ("tests/integration/test_reminders.py::test_a_message_says_a_reference_and_a_date_and_nothing_else",),
    ),
)
