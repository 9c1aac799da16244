"""Use cases of asking: what is new is counted in the transaction that brings it in, alerted, and past the limit refused.

Every spender locks its organisation first (before units, properties and the supply version), so that two requests at once
do not both take the last place.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, distinct, func, insert, select

from accommodation.alerts import raise_alert
from accommodation.base import UnitOfWork, new_id
from accommodation.models import Organisation
from accommodation.vocabulary import AlertKind
from placement.budget_models import BudgetRaise, BudgetUse
from placement.budgets import MONTH, OFFICERS_COUNTED_OVER, Budget, BudgetPolicy, Decision, decide
from placement.errors import BudgetSpent
from placement.events import BudgetRefused
from placement.vocabulary import BudgetKind, BudgetScope

GEOMETRY_PURPOSE = "geometry"
LONGEST_WINDOW = max(MONTH, OFFICERS_COUNTED_OVER)
ALERT_OF_KIND = {
    BudgetKind.GEOMETRY: AlertKind.GEOMETRY_BUDGET,
    BudgetKind.PERPETRATOR: AlertKind.PERPETRATOR_BUDGET,
    BudgetKind.STATEMENT: AlertKind.STATEMENT_BUDGET,
    BudgetKind.HOUSEHOLD: AlertKind.HOUSEHOLD_BUDGET,
    BudgetKind.HOLD: AlertKind.HOLD_BUDGET,
    BudgetKind.EXACT_BIT: AlertKind.EXACT_BIT_BUDGET,
}


def lock_organisation(uow: UnitOfWork) -> None:
    """Lock the principal's organisation until the end of the transaction. Foreign keys to it do not wait."""
    query = select(Organisation.id).where(Organisation.id == uow.principal.organisation_id)
    uow.session.execute(query.with_for_update(key_share=True))


def fingerprint_of(uow: UnitOfWork, geometry: Mapping[str, Any]) -> str:
    """Return the blind index of a settled geometry: a metre more is another one, another order of its keys is not."""
    return uow.cipher.blind_index(GEOMETRY_PURPOSE, json.dumps(_plain(geometry), sort_keys=True, separators=(",", ":")))


def _plain(value: Any) -> Any:
    """Write each number one way: 8000 and 8000.0 are one radius."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def spend(
    uow: UnitOfWork,
    policy: BudgetPolicy,
    kind: BudgetKind,
    subject_id: uuid.UUID,
    fingerprints: Collection[str],
    *,
    is_common: bool = False,
) -> None:
    """Count fingerprints about a household (or property) against every budget of their kind. Raises BudgetSpent.

    Where a lead has raised a budget, the wider ones do not refuse either: what she opened must not be shut again by them.
    """
    budgets = policy.of(kind)
    if not budgets or not fingerprints:
        return
    lock_organisation(uow)
    raised = _raised(uow, kind)
    alerts: list[tuple[Budget, Decision]] = []
    is_open = False
    for narrow in budgets:
        about = _about(uow, narrow.scope, subject_id)
        budget = narrow.for_officers(_officers(uow, kind)) if narrow.scope is BudgetScope.ORGANISATION else narrow
        is_raised = (narrow.scope, about) in raised
        uses = _uses(uow, kind, budget, subject_id)
        decision = decide(budget, uses, fingerprints, uow.now, is_raised=is_raised)
        if decision.refused_until is not None and (is_raised or not is_open):
            raise BudgetSpent(kind, budget.scope, about, decision.refused_until, uow.now)
        is_open |= is_raised
        if decision.alert:
            alerts.append((budget, decision))
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "organisation_id": uow.principal.organisation_id,
            "worker_id": uow.principal.worker_id,
            "subject_id": subject_id,
            "fingerprint": fingerprint,
            "is_common": is_common,
            "used_at": uow.now,
        }
        for fingerprint in sorted(set(fingerprints))
    ]
    uow.session.execute(insert(BudgetUse), rows)
    for budget, decision in alerts:
        details = {"distinct": decision.distinct, "days": budget.window.days, "refused_at": budget.refuse_at}
        _raise_alert(uow, kind, budget.scope, _about(uow, budget.scope, subject_id), details)


def note_refusal(uow: UnitOfWork, refusal: BudgetSpent) -> None:
    """Write down that a budget refused somebody, and alert her lead again if the first alert has been closed."""
    uow.record(BudgetRefused(subject_id=refusal.about, details={"budget": str(refusal.kind), "scope": str(refusal.scope)}))
    lock_organisation(uow)
    _raise_alert(uow, refusal.kind, refusal.scope, refusal.about, {"refused": True})


def forget_uses(uow: UnitOfWork) -> int:
    """Delete what no window counts any more; returns how many rows."""
    gone = uow.session.execute(delete(BudgetUse).where(BudgetUse.used_at <= uow.now - LONGEST_WINDOW))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _raise_alert(
    uow: UnitOfWork, kind: BudgetKind, scope: BudgetScope, about: uuid.UUID, details: Mapping[str, Any]
) -> None:
    facts = {"scope": str(scope), "worker_id": str(uow.principal.worker_id), **details}
    raise_alert(uow, uow.principal.organisation_id, ALERT_OF_KIND[kind], about, facts)


def _about(uow: UnitOfWork, scope: BudgetScope, subject_id: uuid.UUID) -> uuid.UUID:
    """Return whom or what a budget of this scope counts for."""
    if scope is BudgetScope.OFFICER:
        return uow.principal.worker_id
    return uow.principal.organisation_id if scope is BudgetScope.ORGANISATION else subject_id


def _uses(uow: UnitOfWork, kind: BudgetKind, budget: Budget, subject_id: uuid.UUID) -> dict[str, datetime]:
    """Return each different fingerprint of the window with its last use."""
    query = _of_organisation(uow, kind, select(BudgetUse.fingerprint, func.max(BudgetUse.used_at)))
    query = query.where(BudgetUse.used_at > uow.now - budget.window).group_by(BudgetUse.fingerprint)
    if budget.scope is BudgetScope.OFFICER:
        query = query.where(BudgetUse.worker_id == uow.principal.worker_id)
    elif budget.scope is not BudgetScope.ORGANISATION:
        query = query.where(BudgetUse.subject_id == subject_id)
    return {row[0]: row[1] for row in uow.session.execute(query)}


def _officers(uow: UnitOfWork, kind: BudgetKind) -> int:
    """Count who has used this kind of budget lately, the principal included."""
    query = _of_organisation(uow, kind, select(func.count(distinct(BudgetUse.worker_id))))
    others = query.where(BudgetUse.used_at > uow.now - OFFICERS_COUNTED_OVER, BudgetUse.worker_id != uow.principal.worker_id)
    return 1 + int(uow.session.execute(others).scalar_one())


def _of_organisation(uow: UnitOfWork, kind: BudgetKind, query: Any) -> Any:
    return query.where(BudgetUse.organisation_id == uow.principal.organisation_id, BudgetUse.kind == kind)


def _raised(uow: UnitOfWork, kind: BudgetKind) -> set[tuple[str, uuid.UUID]]:
    """Return the scopes and subjects that a lead has opened and that are still open."""
    query = select(BudgetRaise.scope, BudgetRaise.subject_id).where(
        BudgetRaise.organisation_id == uow.principal.organisation_id,
        BudgetRaise.kind == kind,
        BudgetRaise.ends_at > uow.now,
    )
    return {(scope, subject_id) for scope, subject_id in uow.session.execute(query)}
