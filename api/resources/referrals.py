"""Referrals: a household put to a unit's provider, who alone accepts."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from accommodation.calendar import local_date
from accommodation.models import Unit, Worker
from accommodation.sealing import open_json
from accommodation.vocabulary import Gender, Relation
from api.auth.access import fields_seen
from api.blueprint import HarbourBlueprint
from api.etags import send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import Identity, one_of, text
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.resources.households import NeedsSchema, SafeContactSchema
from api.unit_of_work import SqlUnitOfWork
from placement.answers import answer_of
from placement.case_view import answer_for_officer, case_for_provider
from placement.disclosures import tell_meeting_point
from placement.models import Household, Placement, Referral
from placement.referral_reads import list_referrals, read_referral
from placement.referrals import (
    accept_referral,
    decline_referral,
    make_referral,
    read_exact_check,
    withdraw_referral,
)
from placement.relations import CASE, relations_to_case
from placement.vocabulary import DeclinedBy, DeclineReason, MemberRole, ReferralState, Verdict, WithdrawReason

blp = HarbourBlueprint("referrals", __name__, description="Asking a unit's provider.")


class ReferralCreate(Schema):
    hold_id = Identity(required=True)


class ReferralDecline(Schema):
    declined_by = one_of(DeclinedBy, load_default=str(DeclinedBy.PROVIDER))
    reason = one_of(DeclineReason, required=True)
    notes = text(1000, load_default=None, allow_none=True)


class ReferralWithdraw(Schema):
    reason = one_of(WithdrawReason, required=True)
    notes = text(1000, load_default=None, allow_none=True)


class CaseMemberSchema(Schema):
    role = one_of(MemberRole, required=True)
    gender = one_of(Gender, required=True, allow_none=True)
    age = fields.Integer(required=True, allow_none=True)
    name = fields.String(allow_none=True, metadata={"description": "Once accepted, and no sooner."})


class CaseSchema(Schema):
    members = fields.List(fields.Nested(CaseMemberSchema), required=True)
    needs = fields.Nested(NeedsSchema, required=True)
    risk_score = fields.Integer(required=True, allow_none=True)
    safe_contact = fields.Nested(SafeContactSchema, required=True, allow_none=True)


class ReferralEntrySchema(Schema):
    id = fields.UUID(required=True)
    hold_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True)
    state = one_of(ReferralState, required=True)
    verdict = one_of(Verdict, required=True)
    made_at = fields.AwareDateTime(required=True)
    answered_on = fields.Date(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "For the provider. How long an answer took could tell what was looked at."},
    )
    declined_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class RefererSchema(Schema):
    worker_id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True)


class ReferralSchema(ReferralEntrySchema):
    placement_id = fields.UUID(required=True, allow_none=True)
    property_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "For the provider always; for the officer once it has accepted."},
    )
    referred_by = fields.Nested(
        RefererSchema,
        required=True,
        allow_none=True,
        metadata={"description": "For the provider once it has accepted: the officer to whom it may release the address."},
    )
    case = fields.Nested(
        CaseSchema,
        required=True,
        allow_none=True,
        metadata={"description": "For the provider: needs, and names once accepted."},
    )


class MeetingPointSchema(Schema):
    referral_id = fields.UUID(required=True)
    meeting_point = fields.String(required=True, allow_none=True)


class AreaFindingSchema(Schema):
    area_id = fields.UUID(required=True)
    inside = fields.Boolean(required=True)


class ExactCheckSchema(Schema):
    referral_id = fields.UUID(required=True)
    inside_any = fields.Boolean(required=True)
    areas = fields.List(fields.Nested(AreaFindingSchema), required=True)


@blp.route("/referrals", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(ReferralEntrySchema))
def list_referrals_(query: dict[str, Any]) -> dict[str, Any]:
    """List the referrals that the caller made or is asked to answer; the reading is recorded."""
    with unit_of_work() as uow:
        relation = uow.permit(CASE)
        rows = list_referrals(uow, after=after_id(query, "referrals"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "referrals", lambda row: str(row.id), lambda row: _entry(uow, row, relation))


@blp.route("/referrals", methods=["POST"])
@blp.arguments(ReferralCreate)
@blp.response(201, ReferralSchema)
def create_referral(body: dict[str, Any]) -> dict[str, Any]:
    """Refer the household of a live hold to the unit's provider."""
    harbour = current_harbour()
    with unit_of_work() as uow:
        return _describe(uow, make_referral(uow, harbour.search_engine, harbour.budgets, body["hold_id"]))


@blp.route("/referrals/<uuid:referral_id>", methods=["GET"])
@blp.response(200, ReferralSchema)
def get_referral(referral_id: uuid.UUID) -> dict[str, Any]:
    """Open one referral: what each side sees depends on its state; the reading is recorded."""
    with unit_of_work() as uow:
        return _describe(uow, read_referral(uow, referral_id))


@blp.route("/referrals/<uuid:referral_id>/exact-check", methods=["GET"])
@blp.response(200, ExactCheckSchema)
def get_exact_check(referral_id: uuid.UUID) -> dict[str, Any]:
    """Tell the unit's own provider, exactly, whether it lies inside each area to avoid."""
    atlas = current_harbour().atlas
    with unit_of_work() as uow:
        findings = read_exact_check(uow, atlas, referral_id)
    return {
        "referral_id": referral_id,
        "inside_any": any(finding.inside for finding in findings),
        "areas": [{"area_id": finding.area_id, "inside": finding.inside} for finding in findings],
    }


@blp.route("/referrals/<uuid:referral_id>/meeting-point", methods=["GET"])
@blp.response(200, MeetingPointSchema)
def get_meeting_point(referral_id: uuid.UUID) -> dict[str, Any]:
    """Tell where the household is met, once the referral is accepted; recorded. Needs a second factor shown just now."""
    with unit_of_work() as uow:
        return {"referral_id": referral_id, "meeting_point": tell_meeting_point(uow, referral_id)}


@blp.route("/referrals/<uuid:referral_id>/accept", methods=["POST"])
@blp.response(200, ReferralSchema)
def accept_referral_(referral_id: uuid.UUID) -> dict[str, Any]:
    """Accept: the unit is the household's until it departs; refused inside an area to avoid, or when it no longer fits."""
    engine = current_harbour().search_engine
    with unit_of_work() as uow:
        accept_referral(uow, engine, referral_id)
        return _describe(uow, read_referral(uow, referral_id))


@blp.route("/referrals/<uuid:referral_id>/decline", methods=["POST"])
@blp.arguments(ReferralDecline)
@blp.response(200, ReferralSchema)
def decline_referral_(body: dict[str, Any], referral_id: uuid.UUID) -> dict[str, Any]:
    """Decline, with a coded reason: the unit is free at once."""
    with unit_of_work() as uow:
        referral = decline_referral(
            uow, referral_id, DeclinedBy(body["declined_by"]), DeclineReason(body["reason"]), body["notes"]
        )
        return _describe(uow, referral)


@blp.route("/referrals/<uuid:referral_id>/withdraw", methods=["POST"])
@blp.arguments(ReferralWithdraw)
@blp.response(200, ReferralSchema)
def withdraw_referral_(body: dict[str, Any], referral_id: uuid.UUID) -> dict[str, Any]:
    """Take a referral back: the unit is free at once."""
    with unit_of_work() as uow:
        return _describe(uow, withdraw_referral(uow, referral_id, WithdrawReason(body["reason"]), body["notes"]))


def _entry(uow: SqlUnitOfWork, referral: Referral, relation: Relation) -> dict[str, Any]:
    """Return what a list shows of a referral to one side of it."""
    columns = ("id", "hold_id", "household_id", "unit_id", "state", "made_at", "answered_at", "declined_by", "reason")
    shown = {name: getattr(referral, name) for name in columns}
    shown["verdict"] = referral.hold.verdict
    shown["answered_on"] = None if referral.answered_at is None else local_date(referral.answered_at)
    if relation is Relation.ASKING:
        shown |= answer_for_officer(answer_of(uow, referral))
    sees = fields_seen("referral", relation, ReferralState(referral.state))
    return {name: value if name in sees else None for name, value in shown.items()}


def _describe(uow: SqlUnitOfWork, referral: Referral) -> dict[str, Any]:
    """Return a referral as the contract shows it to the caller's side; what she does not see is not even opened."""
    uow.session.flush()
    send_etag(referral)
    relation = uow.permit(relations_to_case(uow, referral))
    sees = fields_seen("referral", relation, ReferralState(referral.state))
    property_id = uow.session.get_one(Unit, referral.unit_id).property_id
    placement_id = uow.session.execute(select(Placement.id).where(Placement.referral_id == referral.id)).scalar_one_or_none()
    return {
        **_entry(uow, referral, relation),
        "placement_id": placement_id if "placement_id" in sees else None,
        "property_id": property_id if "property_id" in sees else None,
        "referred_by": _referer(uow, referral) if "referred_by" in sees else None,
        "case": _case(uow, referral, sees) if "case" in sees else None,
    }


def _case(uow: SqlUnitOfWork, referral: Referral, sees: frozenset[str]) -> dict[str, Any]:
    household = uow.session.get_one(Household, referral.household_id)
    return case_for_provider(open_json(uow.cipher, household, "details_sealed"), sees, local_date(uow.now))


def _referer(uow: SqlUnitOfWork, referral: Referral) -> dict[str, Any]:
    worker = uow.session.get_one(Worker, referral.made_by)
    return {"worker_id": worker.id, "name": open_json(uow.cipher, worker, "name_sealed")}
