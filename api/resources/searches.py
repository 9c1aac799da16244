"""Searches: which free units are safe and suitable, and what excluded the rest."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from accommodation.vocabulary import AccommodationType, Freshness
from api.blueprint import HarbourBlueprint
from api.extensions import current_harbour, unit_of_work
from api.fields import LETTERS_AND_DIGITS, CivilDate, StrictBoolean, StrictInteger, list_of, one_of, within
from api.places import check_postcode
from api.resources.common import MAX_LIMIT
from api.resources.properties import AreaSchema
from geo.distance import DistanceBand
from placement.searches import SearchRequest, make_search, read_search
from placement.vocabulary import Verdict

blp = HarbourBlueprint("searches", __name__, description="Finding a safe and suitable unit.")


class PreferencesSchema(Schema):
    anchor_postcode = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=12),
        metadata={
            "description": "Her own anchor: school, work, hospital. Distances are bands from safety cells.",
            "pattern": LETTERS_AND_DIGITS,
        },
    )
    max_distance_band = one_of(DistanceBand, load_default=None, allow_none=True)
    accommodation_types = list_of(AccommodationType, load_default=list)
    self_contained = StrictBoolean(load_default=None, allow_none=True)
    staff_cover = StrictBoolean(load_default=False)
    cctv = StrictBoolean(load_default=False)


class SearchCreate(Schema):
    needed_on = CivilDate(required=True)
    stay_days = StrictInteger(
        load_default=None,
        allow_none=True,
        validate=within(1, 730),
        metadata={"description": "Recorded only: a unit is offered when nothing ends its availability."},
    )
    preferences = fields.Nested(PreferencesSchema, load_default=lambda: PreferencesSchema().load({}))
    limit = StrictInteger(load_default=20, validate=within(1, MAX_LIMIT))


class SearchProviderSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    referral_phone = fields.String(required=True)


class KeptForSchema(Schema):
    need = fields.String(required=True)
    free_units = fields.Integer(required=True)


class ScarcitySchema(Schema):
    kept_for = fields.List(fields.Nested(KeptForSchema), required=True)


class MatchSchema(Schema):
    rank = fields.Integer(required=True)
    unit_id = fields.UUID(required=True)
    verdict = one_of(Verdict, required=True)
    accommodation_type = one_of(AccommodationType, required=True)
    area = fields.Nested(AreaSchema, required=True, allow_none=True)
    provider = fields.Nested(SearchProviderSchema, required=True)
    bed_spaces = fields.Integer(required=True)
    available_on = fields.Date(required=True, allow_none=True)
    freshness = one_of(Freshness, required=True)
    distance_band = one_of(DistanceBand, required=True, allow_none=True)
    reasons = fields.List(fields.String(), required=True)
    unknown = fields.List(fields.String())  # type: ignore[assignment]
    asks = fields.List(fields.String(), metadata={"description": "What a person decides: area_overlap, risks, ..."})
    preferences_met = fields.List(fields.String(), required=True)
    scarcity = fields.Nested(ScarcitySchema, required=True)


class ExclusionSchema(Schema):
    reason = fields.String(required=True)
    units = fields.Integer(required=True)


class NearestMissSchema(Schema):
    criterion = fields.String(required=True)
    units = fields.Integer(required=True)


class SearchSchema(Schema):
    id = fields.UUID(required=True)
    searched_at = fields.AwareDateTime(required=True)
    supply_version = fields.Integer(required=True)
    household_id = fields.UUID(required=True)
    matches = fields.List(fields.Nested(MatchSchema), required=True)
    confirm = fields.List(fields.Nested(MatchSchema), required=True)
    review = fields.List(fields.Nested(MatchSchema), required=True)
    found = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    considered = fields.Integer(required=True)
    excluded = fields.List(fields.Nested(ExclusionSchema), required=True)
    nearest_miss = fields.Nested(NearestMissSchema, required=True, allow_none=True)
    alternatives = fields.List(fields.String(), required=True)


@blp.route("/households/<uuid:household_id>/searches", methods=["POST"])
@blp.arguments(SearchCreate)
@blp.response(201, SearchSchema)
def create_search(body: dict[str, Any], household_id: uuid.UUID) -> Response:
    """Search for a household: suitable units, units to confirm, units only their provider can clear, and why not others."""
    wishes = body["preferences"]
    band = wishes["max_distance_band"]
    request = SearchRequest(
        needed_on=body["needed_on"],
        stay_days=body["stay_days"],
        anchor_postcode=wishes["anchor_postcode"],
        max_distance_band=None if band is None else DistanceBand(band),
        accommodation_types=frozenset(AccommodationType(kind) for kind in wishes["accommodation_types"]),
        self_contained=wishes["self_contained"],
        staff_cover=wishes["staff_cover"],
        cctv=wishes["cctv"],
        limit=body["limit"],
    )
    engine = current_harbour().search_engine
    if request.anchor_postcode is not None:
        check_postcode(request.anchor_postcode, "/preferences/anchor_postcode")
    with unit_of_work() as uow:
        answer = make_search(uow, engine, household_id, request)
    return _send(answer, 201)


@blp.route("/searches/<uuid:search_id>", methods=["GET"])
@blp.response(200, SearchSchema)
def get_search(search_id: uuid.UUID) -> Response:
    """Show a search again as it was answered then; free units may have gone since."""
    with unit_of_work() as uow:
        answer = read_search(uow, search_id)
    return _send(answer, 200)


def _send(answer: bytes, status: int) -> Response:
    """Send an answer that is JSON already; running it through a schema again would double the search's cost."""
    return Response(answer, status=status, content_type="application/json")
