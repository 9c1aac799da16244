"""Raises: a safeguarding lead opens one budget for some hours."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import Identity, StrictInteger, one_of, text, within
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from placement.budget_models import BudgetRaise
from placement.budget_raises import list_raises, raise_budget
from placement.vocabulary import BudgetKind, BudgetScope

blp = HarbourBlueprint("budget_raises", __name__, description="Opening a budget for a real household.")

LONGEST_HOURS = 72
"""A long weekend; then somebody has to think again."""


class BudgetRaiseCreate(Schema):
    budget = one_of(BudgetKind, required=True)
    scope = one_of(BudgetScope, required=True)
    subject_id = Identity(
        required=True, metadata={"description": "The household, property, worker or organisation: an alert's subject_id."}
    )
    hours = StrictInteger(load_default=12, validate=within(1, LONGEST_HOURS))
    reason = text(500, required=True)


class BudgetRaiseSchema(Schema):
    id = fields.UUID(required=True)
    budget = one_of(BudgetKind, required=True)
    scope = one_of(BudgetScope, required=True)
    subject_id = fields.UUID(required=True)
    raised_by = fields.UUID(required=True)
    raised_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


@blp.route("/budget-raises", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(BudgetRaiseSchema))
def list_budget_raises(query: dict[str, Any]) -> dict[str, Any]:
    """List what has been raised in the organisation, by whom and until when."""
    with unit_of_work(read_only=True) as uow:
        rows = list_raises(uow, after=after_id(query, "raises"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "raises", lambda row: str(row.id), describe_raise)


@blp.route("/budget-raises", methods=["POST"])
@blp.arguments(BudgetRaiseCreate)
@blp.response(201, BudgetRaiseSchema)
def create_budget_raise(body: dict[str, Any]) -> dict[str, Any]:
    """Double one budget for some hours, once in seven days, with a reason; never one's own. The alert stays open."""
    kind, scope = BudgetKind(body["budget"]), BudgetScope(body["scope"])
    with unit_of_work() as uow:
        return describe_raise(raise_budget(uow, kind, scope, body["subject_id"], body["hours"], body["reason"]))


def describe_raise(row: BudgetRaise) -> dict[str, Any]:
    """Return a raise as the contract shows it; the reason is in the audit trail, sealed."""
    names = ("id", "scope", "subject_id", "raised_by", "raised_at", "ends_at")
    return {**{name: getattr(row, name) for name in names}, "budget": row.kind}
