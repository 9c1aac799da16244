"""Sharing agreements: what two organisations show each other, for what, from when to when."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields, validate

from accommodation.agreements import (
    accept_agreement,
    agreement_state,
    end_agreement,
    get_agreement,
    list_agreements,
    propose_agreement,
    scope_of,
)
from accommodation.models import Organisation
from accommodation.people_models import SharingAgreement
from accommodation.vocabulary import AgreementEndReason, AgreementPurpose, AgreementScope, AgreementState
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.fields import CivilDate, Identity, list_of, one_of, text
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork

blp = HarbourBlueprint("sharing_agreements", __name__, description="Which organisations see each other.")


class AgreementProposal(Schema):
    partner_id = Identity(required=True)
    purpose = one_of(AgreementPurpose, required=True)
    scope = list_of(AgreementScope, at_least=1, required=True)
    starts_on = CivilDate(required=True)
    ends_on = CivilDate(required=True, metadata={"description": "The last day, in London; three years ahead at most."})


class AgreementEnd(Schema):
    reason = one_of(AgreementEndReason, required=True)
    notes = text(1000, load_default=None, allow_none=True)


class PartySchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class SharingAgreementSchema(Schema):
    id = fields.UUID(required=True)
    proposer = fields.Nested(PartySchema, required=True)
    partner = fields.Nested(PartySchema, required=True)
    purpose = one_of(AgreementPurpose, required=True)
    scope = fields.List(one_of(AgreementScope), required=True, validate=validate.Length(min=1))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    state = one_of(AgreementState, required=True)
    proposed_at = fields.AwareDateTime(required=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    end_reason = one_of(AgreementEndReason, required=True, allow_none=True)


@blp.route("/sharing-agreements", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(SharingAgreementSchema))
def list_sharing_agreements(query: dict[str, Any]) -> dict[str, Any]:
    """List the agreements of the caller's organisation, proposed and past ones too."""
    with unit_of_work(read_only=True) as uow:
        rows = list_agreements(uow, after=after_id(query, "agreements"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "agreements", lambda row: str(row.id), lambda row: describe_agreement(uow, row))


@blp.route("/sharing-agreements", methods=["POST"])
@blp.arguments(AgreementProposal)
@blp.response(201, SharingAgreementSchema)
def propose_sharing_agreement(body: dict[str, Any]) -> dict[str, Any]:
    """Propose to share with another organisation. Nothing is shared until its administrator accepts."""
    with unit_of_work() as uow:
        agreement = propose_agreement(
            uow,
            body["partner_id"],
            AgreementPurpose(body["purpose"]),
            [AgreementScope(scope) for scope in body["scope"]],
            body["starts_on"],
            body["ends_on"],
        )
        return describe_agreement(uow, agreement)


@blp.route("/sharing-agreements/<uuid:agreement_id>", methods=["GET"])
@blp.response(200, SharingAgreementSchema)
def get_sharing_agreement(agreement_id: uuid.UUID) -> dict[str, Any]:
    """Get one agreement of the caller's organisation."""
    with unit_of_work(read_only=True) as uow:
        return describe_agreement(uow, get_agreement(uow, agreement_id))


@blp.route("/sharing-agreements/<uuid:agreement_id>/acceptance", methods=["POST"])
@blp.response(200, SharingAgreementSchema)
def accept_sharing_agreement(agreement_id: uuid.UUID) -> dict[str, Any]:
    """Accept what another organisation proposed: each sees the other from the first day on."""
    with unit_of_work() as uow:
        return describe_agreement(uow, accept_agreement(uow, agreement_id))


@blp.route("/sharing-agreements/<uuid:agreement_id>/end", methods=["POST"])
@blp.arguments(AgreementEnd)
@blp.response(200, SharingAgreementSchema)
def end_sharing_agreement(body: dict[str, Any], agreement_id: uuid.UUID) -> dict[str, Any]:
    """End an agreement now, or turn a proposal down: neither organisation sees the other from then on."""
    with unit_of_work() as uow:
        return describe_agreement(uow, end_agreement(uow, agreement_id, AgreementEndReason(body["reason"]), body["notes"]))


def describe_agreement(uow: SqlUnitOfWork, agreement: SharingAgreement) -> dict[str, Any]:
    """Return an agreement as the contract shows it to either party."""
    columns = ("id", "purpose", "starts_on", "ends_on", "proposed_at", "accepted_at", "ended_at", "end_reason")
    parties = {
        name: uow.session.get_one(Organisation, organisation_id)
        for name, organisation_id in (("proposer", agreement.proposer_id), ("partner", agreement.partner_id))
    }
    return {
        **{name: getattr(agreement, name) for name in columns},
        **{name: {"id": party.id, "name": party.name} for name, party in parties.items()},
        "scope": scope_of(agreement),
        "state": agreement_state(agreement, uow.now),
    }
