"""Harbour with two routes more, for measuring alone: the floor under every audited POST, and the search done naively.

Both go through the same guard, table of permissions, parsing and unit of work as every other route.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Blueprint
from marshmallow import Schema

from accommodation.base import DomainEvent
from accommodation.vocabulary import Relation, Role
from api.app import PREFIX, create_app
from api.auth.access import ACCESS
from api.auth.permissions import Rule
from api.extensions import current_harbour, unit_of_work
from api.fields import CivilDate, StrictInteger
from api.parsing import StrictParser
from api.settings import Settings
from bench.naive import search_naively

blp = Blueprint("floor", __name__)
parser = StrictParser()


@dataclass(frozen=True, kw_only=True)
class FloorTouched(DomainEvent):
    """Nothing happened, and it was written down."""

    name: ClassVar[str] = "floor:touched"


class FloorRequest(Schema):
    """As large as a search's request."""

    needed_on = CivilDate(required=True)
    limit = StrictInteger(load_default=20)


@blp.post("/households/<uuid:household_id>/floor")
@parser.use_args(FloorRequest(), location="json")
def create_floor(body: dict[str, Any], household_id: uuid.UUID) -> tuple[dict[str, Any], int]:
    """Do nothing: recognise the caller, open a transaction, record an event, commit, answer."""
    with unit_of_work() as uow:
        uow.record(FloorTouched(subject_id=household_id, details={"household_id": str(household_id)}))
    return {"id": str(household_id)}, 201


@blp.post("/households/<uuid:household_id>/naive-searches")
@parser.use_args(FloorRequest(), location="json")
def create_naive_search(body: dict[str, Any], household_id: uuid.UUID) -> tuple[dict[str, Any], int]:
    """Search by loading every unit and asking each rule in a loop."""
    atlas = current_harbour().atlas
    with unit_of_work() as uow:
        found = search_naively(uow, atlas, household_id, body["needed_on"])
        uow.record(FloorTouched(subject_id=household_id, details={"household_id": str(household_id)}))
    return {"found": [str(unit_id) for unit_id in found[: body["limit"]]], "total": len(found)}, 201


ACCESS.add(Rule("create_floor", {Role.HOUSING_OFFICER}, Relation.NOTHING))
ACCESS.add(Rule("create_naive_search", {Role.HOUSING_OFFICER}, Relation.OWN_ORGANISATION))
app = create_app(Settings.from_environment())
app.register_blueprint(blp, url_prefix=PREFIX)
