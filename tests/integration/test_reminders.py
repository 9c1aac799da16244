"""Reminders follow the licence, are handed over once, and are acknowledged by whom they concern; on both databases."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.calendar import instant_at
from accommodation.vocabulary import Role
from api.outbox import OutboxMessage
from api.scheduler import notice_overstays, send_due_reminders
from placement.models import Reminder
from tests.support.problems import assert_problem
from tests.support.world import Caller, World


def placed(world: World, **unit: Any) -> tuple[Caller, dict[str, Any]]:
    """Return a resettlement worker and a placement of hers that begins today."""
    officer, manager = world.create_officer(), world.create_manager()
    resettlement = world.create_caller(Role.RESETTLEMENT_WORKER, manager.organisation_id)
    referral = world.refer(officer, world.create_household(officer), world.create_unit(manager, **unit))
    accepted = manager.made(f"/referrals/{referral['id']}/accept")
    path = f"/placements/{accepted['placement_id']}/arrival"
    return resettlement, resettlement.made(path, {"arrived_on": world.today().isoformat()})


def rows_of(world: World, placement: dict[str, Any]) -> list[Reminder]:
    """Return a placement's reminders as rows."""
    with Session(world.engine) as session:
        query = select(Reminder).where(Reminder.placement_id == uuid.UUID(placement["id"]))
        return list(session.execute(query.order_by(Reminder.due_at, Reminder.id)).scalars())


def run_jobs(world: World, at: datetime) -> int:
    """Run the scheduler's jobs as they would run at an instant."""
    with world.app.app_context():
        notice_overstays(at)
        return send_due_reminders(at)


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_the_worker_who_confirms_an_arrival_is_reminded_of_everything_until_the_end(world: World) -> None:
    resettlement, placement = placed(world)

    items = resettlement.get("/reminders?limit=200").get_json()["items"]

    kinds = [item["kind"] for item in items]
    assert {"review_1", "review_2", "extend_or_end", "licence_end_alert_0"} <= set(kinds)
    assert [item["due_at"] for item in items] == sorted(item["due_at"] for item in items)
    assert {item["reference"] for item in items} == {placement["reference"]}


def test_each_due_reminder_is_handed_over_once_also_after_a_restart(world: World) -> None:
    _, placement = placed(world)
    at = instant_at(day(placement["licence_ends_on"]), 12)

    first, again = run_jobs(world, at), run_jobs(world, at + timedelta(hours=1))

    with Session(world.engine) as session:
        messages = session.execute(select(OutboxMessage)).scalars().all()
    assert first == len(messages) == len(rows_of(world, placement))
    assert again == 0


def test_nothing_is_handed_over_before_its_time(world: World) -> None:
    _, placement = placed(world)
    first_due = rows_of(world, placement)[0].due_at

    assert run_jobs(world, first_due - timedelta(seconds=1)) == 0
    assert run_jobs(world, first_due) > 0


def test_a_message_says_a_reference_and_a_date_and_nothing_else(world: World) -> None:
    _, placement = placed(world)
    run_jobs(world, instant_at(day(placement["licence_ends_on"]), 12))

    with Session(world.engine) as session:
        texts = {(message.text, message.due_on) for message in session.execute(select(OutboxMessage)).scalars()}

    assert texts
    assert {text for text, _ in texts} == {
        f"{placement['reference']}: something is due on {due_on.isoformat()}. Open Harbour." for _, due_on in texts
    }


def test_extending_supersedes_what_was_pending_and_plans_the_new_end(world: World) -> None:
    resettlement, placement = placed(world)
    old_end = day(placement["licence_ends_on"])
    new_end = old_end + timedelta(days=28)

    resettlement.made(f"/placements/{placement['id']}/extensions", {"ends_on": new_end.isoformat(), "reason": "safety"})

    alerts = [row for row in rows_of(world, placement) if row.kind == "licence_end_alert_0"]
    assert [row.state for row in alerts] == ["superseded", "pending"]
    assert alerts[1].due_on <= new_end
    assert alerts[1].due_on > old_end


def test_extending_keeps_what_was_sent(world: World) -> None:
    resettlement, placement = placed(world)
    run_jobs(world, rows_of(world, placement)[0].due_at)
    sent = {row.id for row in rows_of(world, placement) if row.state == "sent"}
    later = day(placement["licence_ends_on"]) + timedelta(days=28)

    resettlement.made(f"/placements/{placement['id']}/extensions", {"ends_on": later.isoformat(), "reason": "safety"})

    assert sent
    assert {row.id for row in rows_of(world, placement) if row.state == "sent"} == sent


def test_departure_cancels_what_was_pending_and_plans_the_contacts(world: World) -> None:
    resettlement, placement = placed(world)

    body = {"departed_on": world.today().isoformat(), "destination": "private"}
    resettlement.made(f"/placements/{placement['id']}/departure", body)

    rows = rows_of(world, placement)
    pending = {row.kind for row in rows if row.state == "pending"}
    assert "cancelled" in {row.state for row in rows}
    assert "resettlement_contact" in pending
    assert not any(kind.startswith(("licence_end", "review", "extend")) for kind in pending)


def test_a_licence_that_ended_with_the_household_still_there_is_reviewed_daily_and_stays_occupied(world: World) -> None:
    resettlement, placement = placed(world, licence_days=7)
    ends_on = day(placement["licence_ends_on"])

    run_jobs(world, instant_at(ends_on + timedelta(days=7), 12))

    reviews = [row for row in rows_of(world, placement) if row.kind == "overstay_review"]
    board = resettlement.get(f"/placements/{placement['id']}").get_json()
    assert len(reviews) >= 4
    assert {row.state for row in reviews} == {"sent"}
    assert board["state"] == "living"


def test_an_acknowledged_reminder_leaves_the_open_list_and_cannot_be_acknowledged_again(world: World) -> None:
    resettlement, _ = placed(world)
    first = resettlement.get("/reminders?limit=1").get_json()["items"][0]
    path = f"/reminders/{first['id']}/acknowledgement"

    resettlement.made(path, {"outcome": "done"})

    assert first["id"] not in [item["id"] for item in resettlement.get("/reminders").get_json()["items"]]
    assert_problem(resettlement.post(path, {"outcome": "done"}), "illegal-move")


def test_a_stranger_sees_no_reminder_of_another_provider(world: World) -> None:
    resettlement, _ = placed(world)
    stranger = world.create_manager()
    first = resettlement.get("/reminders?limit=1").get_json()["items"][0]

    assert stranger.get("/reminders?mine=0&when=all").get_json()["items"] == []
    assert_problem(stranger.post(f"/reminders/{first['id']}/acknowledgement", {"outcome": "done"}), "not-found")


def test_one_reminder_that_fails_does_not_stop_the_others(world: World, monkeypatch: Any) -> None:
    _, placement = placed(world)
    at = instant_at(day(placement["licence_ends_on"]), 12)
    due = [row.id for row in rows_of(world, placement) if row.due_at <= at]
    from api import scheduler

    whole = scheduler.send_reminder

    def broken(uow: Any, notifier: Any, reminder_id: uuid.UUID) -> bool:
        if reminder_id == due[0]:
            raise RuntimeError("the gateway is down")
        return whole(uow, notifier, reminder_id)

    monkeypatch.setattr(scheduler, "send_reminder", broken)
    first = run_jobs(world, at)
    monkeypatch.undo()

    assert first == len(due) - 1
    assert run_jobs(world, at) == 1


def test_what_was_acknowledged_before_its_time_is_not_sent(world: World) -> None:
    resettlement, placement = placed(world)
    first = resettlement.get("/reminders?limit=1").get_json()["items"][0]
    resettlement.made(f"/reminders/{first['id']}/acknowledgement", {"outcome": "done"})

    run_jobs(world, instant_at(day(placement["licence_ends_on"]), 12))

    states = {str(row.id): row.state for row in rows_of(world, placement)}
    assert states.pop(first["id"]) == "pending"
    assert set(states.values()) == {"sent"}
