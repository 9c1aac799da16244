"""One row of every kind in every state of its life, in one partnership: what the matrix of access asks about."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from accommodation.alerts import Alert
from accommodation.models import Stay, Worker
from accommodation.people_models import Invitation, WorkerLeave
from accommodation.vocabulary import Role
from api.auth.models import ApiKey
from placement.blocked_models import BlockedPerson, ConflictDeclaration
from placement.models import AreaChange, Hold, Reminder
from placement.retention_models import LegalHold
from tests.support.stage import Stage
from tests.support.world import Caller

Rows = dict[tuple[str, str], str]


def make_rows(stage: Stage, administrator: Caller, worker: Caller) -> Rows:
    """Make the rows; returns ids by (kind, state). `administrator` and `worker` are of the council that asks."""
    rows = _of_the_case(stage) | _of_supply(stage) | _of_people(stage, administrator, worker)
    return rows | _of_safeguarding(stage) | _agreements(stage)


def _of_the_case(stage: Stage) -> Rows:
    """All placements are in the stage's own property, so that one path serves them all."""
    world, own = stage.world, stage.own
    officer, manager = own.callers[Role.HOUSING_OFFICER], own.callers[Role.REFUGE_MANAGER]
    home = {"id": own.ids["property_id"]}

    def refer() -> dict[str, Any]:
        return world.refer(officer, world.create_household(officer), world.create_unit(manager, home))

    def hold() -> str:
        held = world.hold(officer, world.create_household(officer), world.create_unit(manager, home))
        return str(held.get_json()["id"])

    rows: Rows = {("hold", state): hold() for state in ("live", "expired", "released")}
    etag = officer.get(f"/holds/{rows['hold', 'released']}").headers["ETag"]
    assert officer.call("DELETE", f"/holds/{rows['hold', 'released']}", headers={"If-Match": etag}).status_code == 204
    with world.unit_of_work() as uow:
        expired = uow.session.get_one(Hold, uuid.UUID(rows["hold", "expired"]))
        early, late = uow.now - timedelta(hours=2), uow.now - timedelta(hours=1)
        uow.session.execute(update(Hold).where(Hold.id == expired.id).values(held_at=early, expires_at=late))
        uow.session.execute(update(Stay).where(Stay.id == expired.stay_id).values(starts_at=early, ends_at=late))
    for state in ("made", "declined", "withdrawn"):
        rows["referral", state] = refer()["id"]
    manager.made(f"/referrals/{rows['referral', 'declined']}/decline", {"reason": "capacity"})
    officer.made(f"/referrals/{rows['referral', 'withdrawn']}/withdraw", {"reason": "changed_mind"})
    today = world.today().isoformat()
    for state in ("planned", "living", "not_arrived", "departed"):
        accepted = manager.made(f"/referrals/{refer()['id']}/accept")
        path = f"/placements/{accepted['placement_id']}"
        rows["placement", state] = accepted["placement_id"]
        rows["referral", "accepted"], rows["hold", "converted"] = accepted["id"], accepted["hold_id"]
        if state == "not_arrived":
            manager.made(f"{path}/non-arrival", {"reason": "changed_mind"})
        if state in ("living", "departed"):
            manager.made(f"{path}/arrival", {"arrived_on": today})
        if state == "departed":
            manager.made(f"{path}/departure", {"departed_on": today, "destination": "social"})
        if state == "planned":
            rows["referral", "met"] = accepted["id"]
    items = manager.get("/reminders?mine=0&when=all&limit=200").get_json()["items"]
    mine = [item["id"] for item in items if item["placement_id"] == rows["placement", "living"]]
    states = ("pending", "sent", "superseded", "cancelled", "acknowledged")
    reminders: Rows = {("reminder", state): reminder_id for state, reminder_id in zip(states, mine, strict=False)}
    for (_, state), reminder_id in reminders.items():
        values = {"acknowledged_at": datetime.now(UTC)} if state == "acknowledged" else {"state": state}
        _set(stage, Reminder, reminder_id, **values)
    return rows | reminders


def _of_supply(stage: Stage) -> Rows:
    manager, home = stage.own.callers[Role.REFUGE_MANAGER], {"id": stage.own.ids["property_id"]}
    today = stage.world.today()
    body = {"reason": "repairs", "starts_on": today.isoformat(), "ends_on": (today + timedelta(days=9)).isoformat()}
    units = [stage.world.create_unit(manager, home)["id"] for _ in range(3)]
    open_one, over = (manager.made(f"/units/{unit_id}/voids", body)["id"] for unit_id in units[:2])
    etag = manager.get(f"/voids/{over}").headers["ETag"]
    answer = manager.call("DELETE", f"/voids/{over}", {"reason": "Mended."}, headers={"If-Match": etag})
    assert answer.status_code == 204
    manager.made(f"/units/{units[2]}/withdrawal")
    return {
        ("void", "open"): open_one,
        ("void", "over"): over,
        ("unit", "offered"): stage.own.ids["unit_id"],
        ("unit", "withdrawn"): units[2],
    }


def _of_people(stage: Stage, administrator: Caller, worker: Caller) -> Rows:
    world, now = stage.world, datetime.now(UTC)
    signed_in = stage.signed_in(worker, stepped_up=True)
    rows: Rows = {
        ("key", state): signed_in.made("/api-keys", {"days": 2})["id"] for state in ("valid", "expired", "revoked")
    }
    _set(stage, ApiKey, rows["key", "expired"], expires_at=now)
    _set(stage, ApiKey, rows["key", "revoked"], revoked_at=now)
    leaver = world.create_caller(Role.AUDITOR, administrator.organisation_id)
    _set(stage, Worker, str(leaver.worker_id), left_at=now)
    rows |= {("worker", "working"): str(worker.worker_id), ("worker", "left"): str(leaver.worker_id)}
    today = world.today()
    leave = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=9)).isoformat()}
    path = f"/workers/{worker.worker_id}/leaves"
    rows |= {("leave", state): administrator.made(path, leave)["id"] for state in ("ahead", "withdrawn", "over")}
    _set(stage, WorkerLeave, rows["leave", "withdrawn"], withdrawn_at=now)
    past = today - timedelta(days=3)
    _set(stage, WorkerLeave, rows["leave", "over"], starts_on=past, ends_on=past)
    invitation = {"roles": ["auditor"], "for_whom": "The new one"}
    for state in ("open", "accepted", "withdrawn", "expired"):
        rows["invitation", state] = administrator.made("/invitations", invitation)["id"]
    _set(stage, Invitation, rows["invitation", "accepted"], accepted_at=now)
    _set(stage, Invitation, rows["invitation", "withdrawn"], withdrawn_at=now)
    _set(stage, Invitation, rows["invitation", "expired"], expires_at=now)
    return rows


def _of_safeguarding(stage: Stage) -> Rows:
    officer, now = stage.own.callers[Role.HOUSING_OFFICER], datetime.now(UTC)
    household = stage.world.create_household(officer)
    blocked = {"name": "Aunt Testperson", "reason": "She is his aunt."}
    declared = {"relation": "family", "person": {"name": "Aunt Testperson"}}
    rows: Rows = {}
    for state in ("in_force", "ended"):
        rows["blocked", state] = officer.made(f"/households/{household['id']}/blocked-persons", blocked)["id"]
        rows["declaration", state] = officer.made("/conflict-declarations", declared)["id"]
    _set(stage, BlockedPerson, rows["blocked", "ended"], ended_at=now)
    _set(stage, ConflictDeclaration, rows["declaration", "ended"], ended_at=now)
    for state in ("pending", "applied", "confirmed", "refused"):
        rows["area_change", state] = stage._change_asked_by_a_colleague(officer)
        _set(stage, AreaChange, rows["area_change", state], state=state)
    lead = stage.own.callers[Role.SAFEGUARDING_LEAD]
    for state in ("in_force", "lifted"):
        path = f"/households/{household['id']}/legal-holds"
        rows["legal_hold", state] = lead.made(path, {"reason": "A review has asked."})["id"]
    _set(stage, LegalHold, rows["legal_hold", "lifted"], lifted_at=now)
    rows["alert", "open"] = stage.own.ids["alert_id"]
    _set(stage, Alert, rows["alert", "open"], kind="sign_ins_failed")  # so that the next one is another
    rows["alert", "closed"] = stage._alert_about(officer, {"id": stage.own.ids["household_id"]})
    _set(stage, Alert, rows["alert", "closed"], closed_at=now, outcome="explained")
    return rows


def _agreements(stage: Stage) -> Rows:
    """Each was proposed by the provider, so that the council is the one to accept."""
    today, now = stage.world.today(), datetime.now(UTC)
    unsigned = {"accepted_at": None, "accepted_by": None}
    facts: dict[str, dict[str, Any]] = {
        "proposed": unsigned,
        "agreed": {"starts_on": today + timedelta(days=1)},
        "in_force": {},
        "over": {"ends_on": today - timedelta(days=1)},
        "ended": {"ended_at": now, "end_reason": "replaced"},
    }
    seeker = stage.own.callers[Role.HOUSING_OFFICER].organisation_id
    offerer = stage.own.callers[Role.REFUGE_MANAGER].organisation_id
    return {
        ("agreement", state): str(stage.world.create_agreement(offerer, seeker, **more)) for state, more in facts.items()
    }


def _set(stage: Stage, model: Any, row_id: str, **values: Any) -> None:
    with stage.world.unit_of_work() as uow:
        uow.session.execute(update(model).where(model.id == uuid.UUID(row_id)).values(**values))
