"""What a stolen password, code, token, cookie or key opens, and for how long."""

from __future__ import annotations

from tests.controls.control import Change, Control
from tests.controls.threats import Threat

SESSIONS, SIGNING_IN, GUARD = "api/auth/sessions.py", "api/auth/signing_in.py", "api/auth/guard.py"
SECOND_FACTOR, INVITATIONS, KEYS = "api/auth/second_factor.py", "accommodation/invitations.py", "api/auth/keys.py"
OF_SESSIONS, OF_SIGN_IN = "tests/integration/test_sessions.py", "tests/integration/test_sign_in.py"
OF_PEOPLE = "tests/integration/test_people.py"

ENTERING = (
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A session that was ended is refused at the next request, on every node: it is not asked about.",
        (
            Change(
                SESSIONS,
                "    if row.ended_at is not None or (row.left_at is not None and row.left_at <= now):\n",
                "    if row.left_at is not None and row.left_at <= now:\n",
            ),
        ),
        (f"{OF_SESSIONS}::test_a_session_ended_on_one_node_is_refused_by_the_other_at_the_next_request",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "The session of somebody who has left is refused at the next request.",
        (
            Change(
                SESSIONS,
                "    if row.ended_at is not None or (row.left_at is not None and row.left_at <= now):\n",
                "    if row.ended_at is not None:\n",
            ),
        ),
        (f"{OF_SESSIONS}::test_who_has_left_is_refused_with_her_session_at_the_next_request",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A session is over after 15 idle minutes, and after 12 hours.",
        (
            Change(
                SESSIONS,
                "    if row.ends_at <= now or row.last_seen_at + IDLE <= now:\n        return None\n",
                "",
            ),
        ),
        (
            f"{OF_SESSIONS}::test_a_session_that_idles_for_fifteen_minutes_is_over",
            f"{OF_SESSIONS}::test_a_session_is_over_after_twelve_hours_however_busy",
        ),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A key that was revoked is dead at the next request.",
        (
            Change(
                KEYS,
                "    if row.revoked_at is not None or has_left or row.expires_at <= now:\n",
                "    if has_left or row.expires_at <= now:\n",
            ),
        ),
        ("tests/integration/test_api_keys.py::test_a_revoked_key_is_dead_at_once_and_has_no_successor",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "The keys of somebody who has left are refused at the next request on every node.",
        (
            Change(
                KEYS,
                "    if row.revoked_at is not None or has_left or row.expires_at <= now:\n",
                "    if row.revoked_at is not None or row.expires_at <= now:\n",
            ),
        ),
        (f"{OF_PEOPLE}::test_who_has_left_is_refused_though_her_key_was_not_revoked",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "Keys end with the role that they act in.",
        (
            Change(
                KEYS,
                "and_(WorkerRole.worker_id == ApiKey.worker_id, WorkerRole.role == ApiKey.role,"
                " WorkerRole.ended_at.is_(None)),",
                "and_(WorkerRole.worker_id == ApiKey.worker_id, WorkerRole.role == ApiKey.role),",
            ),
        ),
        (f"{OF_PEOPLE}::test_who_has_lost_her_role_is_refused_though_her_key_was_not_revoked",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "Sessions end with the role that they act in.",
        (Change(SESSIONS, "                WorkerRole.ended_at.is_(None),\n", ""),),
        (f"{OF_SESSIONS}::test_who_has_lost_her_role_is_refused_with_her_session_at_the_next_request",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A key that was made for some operations opens no other.",
        (
            Change(
                KEYS,
                "        return self.operations is None or operation in self.operations\n",
                "        return True\n",
            ),
        ),
        ("tests/integration/test_api_keys.py::test_a_key_for_some_operations_opens_no_other",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A key is made by its owner with her second factor, and by no key.",
        (
            Change(
                GUARD,
                "    if operation in STEP_UP_OPERATIONS:\n        demand_step_up(principal, now)\n",
                "",
            ),
        ),
        ("tests/integration/test_api_keys.py::test_a_key_is_made_by_its_owner_with_her_second_factor_and_by_no_key",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A code of the authenticator is good once.",
        (
            Change(
                SECOND_FACTOR,
                "        unused = or_(Credential.totp_last_step.is_(None), Credential.totp_last_step < step)\n",
                "        unused = or_(Credential.totp_last_step.is_(None), Credential.totp_last_step <= step)\n",
            ),
        ),
        (
            f"{OF_SIGN_IN}::test_whatever_is_wrong_the_answer_is_the_same",
            f"{OF_SESSIONS}::test_a_code_steps_up_once",
        ),
        cases="used or steps_up",
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A recovery code is good once.",
        (
            Change(
                SECOND_FACTOR,
                ", RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None)\n",
                ", RecoveryCode.digest == digest\n",
            ),
        ),
        (f"{OF_SIGN_IN}::test_a_recovery_code_lets_in_once",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A password alone lets nobody in: the code is not asked for.",
        (
            Change(
                SIGNING_IN,
                "            if known is None or not is_right or not is_taken or not self._may_enter(known, uow.now):\n",
                "            if known is None or not is_right or not self._may_enter(known, uow.now):\n",
            ),
        ),
        (f"{OF_SIGN_IN}::test_whatever_is_wrong_the_answer_is_the_same",),
        cases="code",
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "Guessing at a password or a code is slowed, and then refused.",
        (
            Change(
                "api/auth/throttle.py",
                "    if wait > timedelta(0):\n        raise TooManyRequests(wait)\n",
                "    del wait\n",
            ),
        ),
        (
            f"{OF_SIGN_IN}::test_guessing_from_one_place_is_slowed_and_then_refused",
            f"{OF_SESSIONS}::test_a_stolen_session_gets_few_guesses_at_the_second_factor",
        ),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A session's token and a key are kept as HMACs: the session's token is stored as it is.",
        (
            Change(
                SESSIONS,
                '    return hmac.new(auth_key, f"{purpose}\\x00{token}".encode(), hashlib.sha256).digest()\n',
                "    return token.encode()\n",
            ),
        ),
        (f"{OF_SESSIONS}::test_the_token_of_a_session_is_nowhere_in_the_database",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A change by a session's cookie needs the token that our own pages have.",
        (
            Change(
                GUARD,
                "        raise CrossSiteRequest\n    check_same_origin(required=True)\n",
                "        pass\n    check_same_origin(required=True)\n",
            ),
        ),
        (
            f"{OF_SESSIONS}::test_a_change_that_another_site_might_have_asked_for_is_refused",
            f"{OF_SESSIONS}::test_the_token_against_forgery_of_one_session_does_not_serve_another",
        ),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A change by a session's cookie comes from a page of this very address.",
        (
            Change(
                GUARD,
                "        raise CrossSiteRequest\n    check_same_origin(required=True)\n",
                "        raise CrossSiteRequest\n",
            ),
        ),
        (f"{OF_SESSIONS}::test_a_change_that_another_site_might_have_asked_for_is_refused",),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "An invitation is good once.",
        (
            Change(
                INVITATIONS,
                "    if invitation.accepted_at is not None:\n        return InvitationState.ACCEPTED\n",
                "",
            ),
        ),
        (
            f"{OF_PEOPLE}::test_an_invitation_is_good_once",
            "tests/integration/test_enrolment.py::test_an_invitation_is_accepted_once_and_a_made_up_one_looks_the_same",
        ),
    ),
    Control(
        Threat.STOLEN_CREDENTIAL,
        "A token of an invitation is kept as a hash.",
        (
            Change(
                INVITATIONS,
                '    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()\n',
                '    return token.encode("utf-8", "surrogatepass")\n',
            ),
        ),
        (f"{OF_PEOPLE}::test_a_token_is_256_random_bits_and_not_kept",),
    ),
    Control(
        Threat.MISSING_OR_HIDDEN,
        "A wrong name and a wrong password are refused in one answer: an unknown name is told so.",
        (
            Change(
                SIGNING_IN,
                "        known = self._find_by(is_called(self.key_ring, name))\n",
                "        known = self._find_by(is_called(self.key_ring, name))\n"
                "        if known is None:\n"
                "            from accommodation.base import NotFound\n\n"
                "            raise NotFound\n",
            ),
        ),
        (f"{OF_SIGN_IN}::test_whatever_is_wrong_the_answer_is_the_same",),
        cases="password or left",
    ),
    Control(
        Threat.MISSING_OR_HIDDEN,
        "An unknown name is refused in the time of a wrong password: no hash is made for it.",
        (
            Change(
                "api/auth/passwords.py",
                '        """Tell whether a password is the stored one. Without a stored one, take as long and say no."""\n',
                '        """Tell whether a password is the stored one. Without a stored one, take as long and say no."""\n'
                "        if stored is None:\n"
                "            return False\n",
            ),
        ),
        ("tests/integration/test_sign_in_timing.py::test_an_unknown_name_is_refused_in_the_time_of_a_wrong_password",),
    ),
)
