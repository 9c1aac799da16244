"""Sends the demo's requests over HTTP: signs in with password and code, steps up when it is asked to, as a page would."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import requests

Credentials = dict[str, dict[str, str]]
"""Role -> key, sign_in_name, password and totp_secret, as they stand in the demo's file."""

ASKS_FOR_A_SECOND_FACTOR = ("/address-releases", "/address-disclosures")
STEP_UP_COUNTS_SECONDS = 240
STEPS = (-1, 0, 1)
STEP = timedelta(seconds=30)
TRIES = 4


class SignInRefused(Exception):
    """The demo's own credentials do not sign in."""


class HttpSender:
    """A session for each role, opened when it is first needed; reads an ETag before it changes something."""

    def __init__(self, origin: str, credentials: Credentials, say: Callable[[str], None]) -> None:
        self._origin = origin
        self._credentials = credentials
        self._say = say
        self._sessions: dict[str, requests.Session] = {}
        self._stepped_up_until: dict[str, float] = {}

    def __call__(self, role: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Send one request as a role; returns the status and the JSON answer."""
        if role not in self._sessions:
            self._sessions[role] = self._sign_in(role)
        if path.endswith(ASKS_FOR_A_SECOND_FACTOR) and time.monotonic() > self._stepped_up_until.get(role, 0):
            # Not only when Harbour asks: who lacks something else as well is told that there is nothing.
            self._confirm(role, self._sessions[role], "/sessions/current/step-up", {})
            self._stepped_up_until[role] = time.monotonic() + STEP_UP_COUNTS_SECONDS
        answer = self._send(role, method, path, body)
        return answer.status_code, answer.json()

    def close(self) -> None:
        """Give the connections back."""
        for session in self._sessions.values():
            session.close()

    def _send(self, role: str, method: str, path: str, body: Any) -> requests.Response:
        session = self._sessions[role]
        headers = {"If-Match": session.get(self._url(path), timeout=30).headers["ETag"]} if method == "PATCH" else {}
        return session.request(method, self._url(path), json=body, headers=headers, timeout=30)

    def _sign_in(self, role: str) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers["Origin"] = self._origin
        own = self._credentials[role]
        body = {"sign_in_name": own["sign_in_name"], "password": own["password"], "role": role}
        self._confirm(role, session, "/sessions", body)
        return session

    def _confirm(self, role: str, session: requests.Session, path: str, body: dict[str, str]) -> None:
        """Send a code that has not been used: the present one's neighbours count too, and each counts once."""
        authenticator = pyotp.TOTP(self._credentials[role]["totp_secret"])
        for _ in range(TRIES):
            now = datetime.now(UTC)
            for step in STEPS:
                code = authenticator.at(now + step * STEP)
                answer = session.post(self._url(path), json={**body, "code": code}, timeout=30)
                if answer.status_code in (200, 201):
                    session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
                    return
            wait = int(answer.headers.get("Retry-After", STEP.seconds))
            self._say(f"    (Each code counts once. Waiting {wait} seconds for the authenticator's next one.)")
            time.sleep(wait)
        raise SignInRefused

    def _url(self, path: str) -> str:
        return f"{self._origin}/api/v1{path}"
