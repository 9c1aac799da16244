"""Releases of an address: the provider's act, to one named officer."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from accommodation.disclosure import Stage
from accommodation.sealing import open_json
from api.auth.access import fields_seen
from api.blueprint import HarbourBlueprint
from api.etags import send_etag
from api.extensions import current_harbour, unit_of_work
from api.fields import Identity, one_of, text
from api.outbox import OutboxNotifier
from api.pagination import page
from api.resources.common import ListQuery, after_id, list_schema
from api.unit_of_work import SqlUnitOfWork
from placement.release_models import AddressRelease
from placement.releases import (
    list_releases,
    read_release,
    relations_to_release,
    release_address,
    revoke_release,
    stage_now,
)

blp = HarbourBlueprint("address_releases", __name__, description="An address for one named officer, by its provider's act.")


class AddressReleaseCreate(Schema):
    officer_id = Identity(
        required=True,
        metadata={"description": "A worker of the organisation that placed the household: `worker_id` in her `GET /me`."},
    )
    reason = text(500, required=True)


class AddressReleaseSchema(Schema):
    id = fields.UUID(required=True)
    placement_id = fields.UUID(required=True)
    property_id = fields.UUID(required=True)
    officer_id = fields.UUID(required=True)
    state = one_of(Stage, required=True)
    released_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, metadata={"description": "Unopened by then, it is void."})
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    view_ends_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "For the provider alone."})


@blp.route("/placements/<uuid:placement_id>/address-releases", methods=["GET"])
@blp.arguments(ListQuery, location="query")
@blp.response(200, list_schema(AddressReleaseSchema))
def list_address_releases(query: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """List the releases of a placement's address: for the provider all, for an officer those that name her."""
    with unit_of_work() as uow:
        rows = list_releases(uow, placement_id, after=after_id(query, "address-releases"), limit=query["limit"] + 1)
        return page(rows, query["limit"], "address-releases", lambda row: str(row.id), lambda row: _describe(uow, row))


@blp.route("/placements/<uuid:placement_id>/address-releases", methods=["POST"])
@blp.arguments(AddressReleaseCreate)
@blp.response(201, AddressReleaseSchema)
def create_address_release(body: dict[str, Any], placement_id: uuid.UUID) -> dict[str, Any]:
    """Release the address to one named officer, to be opened once. Needs a second factor shown just now."""
    caps = current_harbour().disclosure_caps
    with unit_of_work() as uow:
        release = release_address(uow, OutboxNotifier(uow), caps, placement_id, body["officer_id"], body["reason"])
        return _one(uow, release)


@blp.route("/address-releases/<uuid:release_id>", methods=["GET"])
@blp.response(200, AddressReleaseSchema)
def get_address_release(release_id: uuid.UUID) -> dict[str, Any]:
    """Open one release; the reading is recorded."""
    with unit_of_work() as uow:
        return _one(uow, read_release(uow, release_id))


@blp.route("/address-releases/<uuid:release_id>/revocation", methods=["POST"])
@blp.response(200, AddressReleaseSchema)
def revoke_address_release(release_id: uuid.UUID) -> dict[str, Any]:
    """Take a release back at once, also while it is being read. Asks for no version: this must not wait."""
    with unit_of_work() as uow:
        return _one(uow, revoke_release(uow, OutboxNotifier(uow), release_id))


def _one(uow: SqlUnitOfWork, release: AddressRelease) -> dict[str, Any]:
    uow.session.flush()
    send_etag(release)
    return _describe(uow, release)


def _describe(uow: SqlUnitOfWork, release: AddressRelease) -> dict[str, Any]:
    columns = (name for name in AddressReleaseSchema().fields if name not in ("state", "reason"))
    stage = stage_now(uow, release)
    sees = fields_seen("address_release", uow.permit(relations_to_release(uow, release)), stage)
    shown = {**{name: getattr(release, name) for name in columns}, "state": stage}
    return {
        **{name: value if name in sees else None for name, value in shown.items()},
        "reason": open_json(uow.cipher, release, "reason_sealed") if "reason" in sees else None,
    }
