"""The story of `make demo`, told through the API on both databases with the demo partnership."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import time_machine

from accommodation.vocabulary import Role
from api.app import PREFIX
from api.demo.loading import load_partnership
from api.demo.story import Story
from api.scheduler import notice_overstays, send_due_reminders
from tests.support.sessions import sign_in
from tests.support.world import Caller, World


def tell_story(world: World) -> list[str]:
    """Load the partnership and tell the story to a list of lines."""
    with world.app.app_context():
        load_partnership()
    credentials = json.loads(world.harbour.settings.demo_key_file.read_text())
    client = world.app.test_client(use_cookies=False)

    def caller_of(role: str) -> Caller:
        key = credentials[role]["key"]
        me = client.get(f"{PREFIX}/me", headers={"Authorization": f"Bearer {key}"}).get_json()
        worker_id, organisation_id = uuid.UUID(me["worker_id"]), uuid.UUID(me["organisation"]["id"])
        return sign_in(Caller(client, key, worker_id, organisation_id, Role(role)))

    callers = {role: caller_of(role) for role in credentials}

    def send(role: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        headers = {}
        if method == "PATCH":
            headers["If-Match"] = callers[role].get(path).headers["ETag"]
        answer = callers[role].call(method, path, body, headers=headers)
        return answer.status_code, answer.get_json()

    lines: list[str] = []
    Story(send, lines.append, world.today()).tell()
    return lines


def test_the_story_runs_from_the_first_night_to_the_reminders(world: World) -> None:
    lines = tell_story(world)

    told = "\n".join(lines)
    assert "matches: dispersed type 1 for 6 in part of North Hertfordshire (south-west) and Stevenage; SADA" in told
    assert "1 area blocked" in told
    assert "its provider decides on area_overlap" in told
    assert "Only now does she see a name: Demo Mother." in told
    assert "Checked, and told: " in told
    assert "licence end alert 0" in told


def test_demo_keys_are_for_every_role_and_only_for_their_owner(world: World) -> None:
    with world.app.app_context():
        load_partnership()

    path = world.harbour.settings.demo_key_file
    assert set(json.loads(path.read_text())) == set(Role)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_partnership_has_sadas_shape_and_is_about_nine_tenths_occupied(world: World) -> None:
    with world.app.app_context():
        load_partnership()
    demo = json.loads(world.harbour.settings.demo_key_file.read_text())
    keys = {role: given["key"] for role, given in demo.items()}
    headers = {"Authorization": f"Bearer {keys['refuge_manager']}"}

    board = world.app.test_client().get(f"{PREFIX}/vacancies?limit=200", headers=headers).get_json()["items"]

    occupied = sum(1 for row in board if row["status"] == "occupied")
    assert len(board) == 31
    assert 0.80 <= occupied / len(board) <= 0.95


def test_the_scheduler_sends_what_is_due_in_the_demo_once(world: World) -> None:
    with world.app.app_context():
        load_partnership()
        notice_overstays()

        first, second = send_due_reminders(), send_due_reminders()

    assert first > 0
    assert second == 0


@pytest.mark.parametrize("day", ["2026-11-22", "2026-12-29", "2027-03-30", "2027-01-02"])
def test_the_demo_has_something_due_on_any_day_also_after_a_long_weekend(world: World, day: str) -> None:
    with time_machine.travel(f"{day}T10:00:00Z", tick=False), world.app.app_context():
        load_partnership()

        assert send_due_reminders() > 0
