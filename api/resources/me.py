"""Who am I to Harbour?"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from accommodation.models import Organisation
from accommodation.vocabulary import Relation
from api.auth.access import ACCESS
from api.auth.guard import current_principal
from api.blueprint import HarbourBlueprint
from api.extensions import unit_of_work
from api.resources.administration import OrganisationSchema, describe_organisation

blp = HarbourBlueprint("me", __name__, description="The caller.")


class MeSchema(Schema):
    worker_id = fields.UUID(required=True)
    role = fields.String(required=True)
    organisation = fields.Nested(OrganisationSchema, required=True)
    may = fields.List(fields.String(), required=True, metadata={"description": "Operations that this role may call."})


@blp.route("/me", methods=["GET"])
@blp.response(200, MeSchema)
def get_me() -> dict[str, Any]:
    """Say who the caller is, for whom, and what she may do."""
    principal = current_principal()
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.HERSELF)
        organisation = uow.session.get_one(Organisation, principal.organisation_id)
    return {
        "worker_id": principal.worker_id,
        "role": principal.role,
        "organisation": describe_organisation(organisation),
        "may": sorted(ACCESS.operations_of(principal.role)),
    }
