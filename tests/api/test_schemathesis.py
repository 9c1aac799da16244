"""Requests drawn from the API document, for each set of roles, on a populated Harbour: every check, every phase.

By default a bounded draw on SQLite and a smaller one on PostgreSQL. ASSURE=1 draws the long form on both: at least 20,000
cases for each set of roles.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from werkzeug.test import Client

from accommodation.vocabulary import Role
from api.app import PREFIX
from tests.support.sessions import SignedIn, sign_in
from tests.support.stage import READ_OF, Stage

ASSURE = bool(os.environ.get("ASSURE"))
CASES_OF_A_SET = 20_000 if ASSURE else 1
EXAMPLES = {"sqlite": 100, "postgresql": 100} if ASSURE else {"sqlite": 3, "postgresql": 1}

SETS_OF_ROLES: dict[str, tuple[Role | None, ...]] = {
    "those_who_are_not_signed_in": (None,),
    "those_who_place": (Role.HOUSING_OFFICER,),
    "those_who_shelter": (Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER),
    "those_who_oversee": (Role.ADMINISTRATOR, Role.AUDITOR, Role.COMMISSIONER, Role.SAFEGUARDING_LEAD),
}

CHECKS: dict[str, Any] = {
    # How a change without If-Match is refused (428), a request without its session (401), one without its token (403).
    "missing_required_header": {"expected-statuses": [401, 403, 428]},
    # What is well formed is not yet possible: a day that is past, a postcode that does not exist (422), a version that is
    # not the present one (412), a second factor that was shown too long ago (403), an address where no look-up is set up
    # (503), one more guess from where many came (429). `_shape_not_told` catches the rest.
    "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 412, 422, 429, 503]},
    "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 412, 413, 415, 422, 428, 429, 431]},
}

LEAVES_THE_SESSION = frozenset({"end_current_session", "end_all_sessions", "end_session", "step_up", "change_password"})
"""After these the session that draws is over or has another token; they have tests of their own."""

WORDS_OF_SHAPE = (
    "Not a valid",
    "Must be one of",
    "Must be greater",
    "Must be less",
    "Longer than",
    "Shorter than",
    "Length must",
    "Missing data",
    "Unknown field",
    "Invalid input",
    "may not be null",
    "Say something",
    "Use one line",
    "A value stands twice",
)
"""How a refusal for shape begins: the document must have said it, so that a caller can know before she asks."""


@pytest.mark.slow
@pytest.mark.parametrize("roles", SETS_OF_ROLES)
@pytest.mark.filterwarnings("default")  # the tool's own are not ours to mend
def test_whatever_the_document_allows_or_forbids_is_answered_as_it_says(
    fresh_stage: Stage, roles: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemathesis.python.wsgi.get_client", _InProcessClient)
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    seed = 0

    while not failures and statuses.total() < CASES_OF_A_SET:
        seed += 1
        for role in SETS_OF_ROLES[roles]:
            _draw(fresh_stage, role, seed, statuses, failures)

    assert failures == []
    assert statuses[200] + statuses[201] > 10 or roles == "those_who_are_not_signed_in", statuses


def _draw(stage: Stage, role: Role | None, seed: int, statuses: Counter[int], failures: list[str]) -> None:
    """Run all phases over the operations of a role; adds up statuses, and failures in words."""
    config = _config(stage, None if role is None else sign_in(stage.own.callers[role]).session, seed)
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", stage.world.app, config=config)
    drawn = schema.include(_may(role))
    for event in from_schema(drawn).execute():
        if isinstance(event, events.ScenarioFinished):
            answered = {key: each.response for key, each in event.recorder.interactions.items() if each.response is not None}
            statuses.update(response.status_code for response in answered.values())
            failures += [f"{role} {event.phase.value} {said}" for said in _failures(event.recorder, answered)]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            failures.append(f"{role} {event}")


def _failures(recorder: ScenarioRecorder, answered: dict[str, Response]) -> list[str]:
    found = []
    for key, checks in recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE and not _is_without_look_up(check.name, answered[key]):
                sent, answer = recorder.cases[key].value, answered[key]
                found.append(f"{check.name}: {sent.as_curl_command()[:2_000]} -> {answer.status_code} {answer.text[:500]}")
    for key, response in answered.items():
        case = recorder.cases[key].value
        if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code == 422:
            found += [f"{case.operation.label} does not tell of the shape: {error}" for error in _shape_not_told(response)]
    return found


def _is_without_look_up(check: str, response: Response) -> bool:
    """Tell whether a 503 is the one that is right: a street address where no look-up is set up is never guessed."""
    return check == "not_a_server_error" and response.json()["type"] == "/problems/look-up-unavailable"


def _shape_not_told(response: Response) -> list[dict[str, str]]:
    return [error for error in response.json().get("errors", []) if error["detail"].startswith(WORDS_OF_SHAPE)]


def _may(role: Role | None) -> Callable[[Any], bool]:
    """Return whether an operation is drawn for a role, or for somebody who is not signed in."""

    def is_drawn(context: Any) -> bool:
        operation = context.operation.definition.raw
        if role is None:
            return "x-roles" not in operation
        return role in operation.get("x-roles", ()) and operation["operationId"] not in LEAVES_THE_SESSION

    return is_drawn


class _InProcessClient(Client):
    """A client without the settings of sockets that a probe of `ignored_auth` hands on even where there is no socket."""

    def set_cookie(self, key: str, *args: Any, **kwargs: Any) -> None:
        """Keep a session's cookie under the name that it has where there is no TLS."""
        super().set_cookie(key.removeprefix("__Host-"), *args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(name, None)
        return super().open(*args, **kwargs)


def _schemes(session: SignedIn) -> dict[str, dict[str, str]]:
    """Return what a browser shows, by the document's own names, so that the tool can leave it out."""
    return {"session": {"api_key": session.token}, "csrf": {"api_key": session.csrf_token}}


def _config(stage: Stage, session: SignedIn | None, seed: int) -> schemathesis.Config:
    """Return how to draw: mostly ids and versions that exist, ours and another organisation's."""
    own, other = stage.own.ids, stage.other.ids
    dictionaries = {name: {"values": [own[name], other[name]]} for name in own}
    dictionaries["etag"] = {"values": [stage.send(operation).headers.get("ETag", "none") for operation in READ_OF.values()]}
    bound = {f"{place}.{name}": name for name in own for place in ("path", "body")} | {"header.If-Match": "etag"}
    is_long = ASSURE or stage.world.database.engine == "sqlite"
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "warnings": False,
            "headers": {} if session is None else {"Origin": session.origin},
            **({} if session is None else {"auth": {"openapi": _schemes(session)}}),
            "dictionaries": dictionaries,
            "parameters": {place: {"dictionary": name, "probability": 0.8} for place, name in bound.items()},
            "generation": {"max-examples": EXAMPLES[stage.world.database.engine], "database": "none"},
            "phases": {"coverage": {"enabled": is_long}},
            "checks": CHECKS,
        }
    )
