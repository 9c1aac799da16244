"""Use cases through which every area to avoid comes in, changes and goes: counted, and after the third change in seven days
kept for a second worker.

While a change that would widen where a household must not be is pending, nothing may be called clear for it: searches,
holds, referrals and acceptance are refused (`placement.searches.ask_for`). A pending change that narrows leaves the old
area in force.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from accommodation.base import IllegalMove, NotFound, UnitOfWork, new_id
from accommodation.models import Unit
from accommodation.sealing import open_json, seal_json
from placement.areas_to_avoid import AreaRecord, check_dates, edit_area, open_area, record_area, retire_area
from placement.budgets import BudgetPolicy, needs_second_worker
from placement.errors import SecondWorkerNeeded
from placement.events import AreaChangeAsked, AreaChangeConfirmed, AreaChangeRefused, AreaChangesListed
from placement.households import load_household
from placement.models import AreaChange, AreaToAvoid, Household, Referral
from placement.relations import relations_to_household
from placement.spending import fingerprint_of, lock_organisation, spend
from placement.vocabulary import AreaAct, AreaChangeState, BudgetKind, ReferralState

MOVES_THE_AREA = frozenset({"geometry", "valid_from", "valid_to"})
"""What of an area decides where a household must not be. Notes, source and the day of a review are no change."""
DATES = ("valid_from", "valid_to")
COMMON_SHAPES = ("local_authority", "postcode_districts")


@dataclass(frozen=True)
class OpenedChange:
    """A change opened for somebody who may read it; `wanted` is empty once it is decided."""

    change: AreaChange
    wanted: Mapping[str, Any]


def add_area(
    uow: UnitOfWork,
    policy: BudgetPolicy,
    household_id: uuid.UUID,
    facts: Mapping[str, Any],
    *,
    valid_from: date | None,
    valid_to: date | None,
) -> AreaRecord | AreaChange:
    """Record an area, or keep it for a second worker. Its geometry comes settled. Raises NotFound, BudgetSpent."""
    lock_organisation(uow)
    household = load_household(uow, household_id)
    check_dates(valid_from, valid_to)
    _spend_geometry(uow, policy, household, facts["geometry"])
    if _is_alone_too_often(uow, policy, household):
        wanted = {**facts, "valid_from": _text(valid_from), "valid_to": _text(valid_to)}
        return _keep(uow, household, AreaAct.ADD, wanted, area_id=None, widens=True)
    record = record_area(uow, household, facts, valid_from=valid_from, valid_to=valid_to)
    _log(uow, household, AreaAct.ADD, record.area.id, widens=True)
    return record


def change_area(
    uow: UnitOfWork, policy: BudgetPolicy, area: AreaToAvoid, changes: Mapping[str, Any]
) -> AreaRecord | AreaChange:
    """Change an area, or keep the change for a second worker. A geometry comes settled. Raises BudgetSpent."""
    lock_organisation(uow)
    household = load_household(uow, area.household_id)
    facts = open_area(uow, area).facts
    check_dates(*(changes.get(name, getattr(area, name)) for name in DATES))
    moving = {name for name in MOVES_THE_AREA & set(changes) if changes[name] != facts.get(name, getattr(area, name, None))}
    if not moving:
        return edit_area(uow, area, changes)
    widens = "geometry" in moving or ("valid_to" in moving and _is_later(changes["valid_to"], area.valid_to))
    if widens:  # one that comes into force again asks the provider anew, as another geometry would
        _spend_geometry(uow, policy, household, changes.get("geometry", facts["geometry"]))
    if _is_alone_too_often(uow, policy, household):
        wanted = {name: _text(value) if isinstance(value, date) else value for name, value in changes.items()}
        return _keep(uow, household, AreaAct.EDIT, wanted, area_id=area.id, widens=widens)
    record = edit_area(uow, area, changes)
    _log(uow, household, AreaAct.EDIT, area.id, widens=widens)
    return record


def drop_area(uow: UnitOfWork, policy: BudgetPolicy, area: AreaToAvoid, reason: str) -> AreaChange | None:
    """Retire an area, or keep that for a second worker: until then it stays in force."""
    lock_organisation(uow)
    household = load_household(uow, area.household_id)
    if _is_alone_too_often(uow, policy, household):
        return _keep(uow, household, AreaAct.RETIRE, {"reason": reason}, area_id=area.id, widens=False)
    retire_area(uow, area, reason)
    _log(uow, household, AreaAct.RETIRE, area.id, widens=False)
    return None


def read_area_changes(uow: UnitOfWork, household_id: uuid.UUID) -> list[OpenedChange]:
    """Open a household's pending changes, oldest first, and record that they were read."""
    load_household(uow, household_id)
    uow.record(AreaChangesListed(subject_id=household_id))
    query = _pending(household_id).order_by(AreaChange.asked_at, AreaChange.id)
    return [open_change(uow, change) for change in uow.session.execute(query).scalars()]


def open_change(uow: UnitOfWork, change: AreaChange) -> OpenedChange:
    """Open what is sealed of a change."""
    return OpenedChange(change, open_json(uow.cipher, change, "wanted_sealed") or {})


def confirm_area_change(uow: UnitOfWork, change_id: uuid.UUID) -> AreaChange:
    """Do what a colleague asked for, as another worker in her role. Raises NotFound, SecondWorkerNeeded, IllegalMove."""
    change, household = _load_decidable(uow, change_id)
    wanted = dict(open_json(uow.cipher, change, "wanted_sealed"))
    dates = {name: date.fromisoformat(wanted[name]) if wanted[name] else None for name in DATES if name in wanted}
    if change.act == AreaAct.ADD:
        facts = {name: value for name, value in wanted.items() if name not in DATES}
        change.area_id = record_area(uow, household, facts, **dates).area.id
    else:
        area = uow.session.get_one(AreaToAvoid, change.area_id)
        if area.retired_at is not None:
            raise IllegalMove(
                "This area is retired. Refuse the change.", state="retired", legal_moves=("refuse_area_change",)
            )
        if change.act == AreaAct.EDIT:
            if wanted.get("reviewed_on"):
                dates["reviewed_on"] = date.fromisoformat(wanted["reviewed_on"])
            edit_area(uow, area, {**wanted, **dates})
        else:
            retire_area(uow, area, wanted["reason"])
    _decide(uow, change, household, AreaChangeState.CONFIRMED)
    uow.record(AreaChangeConfirmed(subject_id=change.id, details=_traces(change)))
    return change


def refuse_area_change(uow: UnitOfWork, change_id: uuid.UUID, reason: str) -> AreaChange:
    """Refuse what a colleague asked for, saying why. Raises as `confirm_area_change`."""
    change, household = _load_decidable(uow, change_id)
    seal_json(uow.cipher, change, "refusal_sealed", reason)
    _decide(uow, change, household, AreaChangeState.REFUSED)
    uow.record(AreaChangeRefused(subject_id=change.id, details=_traces(change), reason=reason))
    return change


def _load_decidable(uow: UnitOfWork, change_id: uuid.UUID) -> tuple[AreaChange, Household]:
    lock_organisation(uow)
    change = uow.session.get(AreaChange, change_id)
    if change is None:
        raise NotFound
    household = load_household(uow, change.household_id)
    uow.permit(relations_to_household(uow, household), AreaChangeState(change.state))
    if change.asked_by == uow.principal.worker_id or change.asked_in_role != uow.principal.role:
        raise SecondWorkerNeeded
    return change, household


def _decide(uow: UnitOfWork, change: AreaChange, household: Household, state: AreaChangeState) -> None:
    change.state = state
    change.decided_by = uow.principal.worker_id
    change.decided_at = uow.now
    change.wanted_sealed = None
    _count_pending(uow, household)


def _spend_geometry(uow: UnitOfWork, policy: BudgetPolicy, household: Household, geometry: Mapping[str, Any]) -> None:
    """Count a geometry; where a provider is being asked about this household, its answer is one more exact bit."""
    fingerprint = fingerprint_of(uow, geometry)
    spend(uow, policy, BudgetKind.GEOMETRY, household.id, [fingerprint], is_common=geometry["type"] in COMMON_SHAPES)
    if not policy.of(BudgetKind.EXACT_BIT):
        return
    asked = (
        select(Referral.id, Unit.property_id)
        .join(Unit, Unit.id == Referral.unit_id)
        .where(Referral.household_id == household.id, Referral.state == ReferralState.MADE)
        .order_by(Referral.id)
    )
    for referral_id, property_id in uow.session.execute(asked).all():
        bit = uow.cipher.blind_index("exact_bit", f"{referral_id}|{fingerprint}")
        spend(uow, policy, BudgetKind.EXACT_BIT, property_id, [bit])


def _is_alone_too_often(uow: UnitOfWork, policy: BudgetPolicy, household: Household) -> bool:
    if policy.changes_alone is None:
        return False
    query = select(AreaChange.asked_at).where(
        AreaChange.household_id == household.id,
        AreaChange.asked_at > uow.now - policy.changes_window,
        AreaChange.state != AreaChangeState.REFUSED,
    )
    return needs_second_worker(policy, household.created_at, uow.session.execute(query).scalars().all(), uow.now)


def _keep(
    uow: UnitOfWork,
    household: Household,
    act: AreaAct,
    wanted: Mapping[str, Any],
    *,
    area_id: uuid.UUID | None,
    widens: bool,
) -> AreaChange:
    change = _change(uow, household, act, AreaChangeState.PENDING, area_id, widens=widens)
    seal_json(uow.cipher, change, "wanted_sealed", wanted)
    uow.session.add(change)
    _count_pending(uow, household)
    uow.record(AreaChangeAsked(subject_id=change.id, details=_traces(change)))
    return change


def _log(uow: UnitOfWork, household: Household, act: AreaAct, area_id: uuid.UUID, *, widens: bool) -> None:
    uow.session.add(_change(uow, household, act, AreaChangeState.APPLIED, area_id, widens=widens))
    uow.session.flush()


def _change(
    uow: UnitOfWork, household: Household, act: AreaAct, state: AreaChangeState, area_id: uuid.UUID | None, *, widens: bool
) -> AreaChange:
    return AreaChange(
        id=new_id(),
        household_id=household.id,
        area_id=area_id,
        act=act,
        widens=widens,
        state=state,
        asked_by=uow.principal.worker_id,
        asked_in_role=uow.principal.role,
        asked_at=uow.now,
    )


def _count_pending(uow: UnitOfWork, household: Household) -> None:
    """Count anew, in this transaction, what a search looks at: a number that is added up drifts."""
    uow.session.flush()
    widening = _pending(household.id).where(AreaChange.widens).subquery()
    household.pending_area_changes = uow.session.execute(select(func.count()).select_from(widening)).scalar_one()
    uow.session.flush()


def _pending(household_id: uuid.UUID) -> Any:
    return select(AreaChange).where(AreaChange.household_id == household_id, AreaChange.state == AreaChangeState.PENDING)


def _traces(change: AreaChange) -> dict[str, Any]:
    return {"household_id": str(change.household_id), "act": str(change.act), "widens": change.widens}


def _is_later(new: date | None, old: date | None) -> bool:
    return old is not None and (new is None or new > old)


def _text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
