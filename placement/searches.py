"""The search use case: a household's record and the supply in memory become an explained, logged answer."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import insert, select

from accommodation.availability import needed_from
from accommodation.base import InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.models import Provider
from accommodation.relations import relations_to_own
from accommodation.sealing import open_json
from accommodation.sharing import in_sight
from accommodation.vocabulary import AccommodationType, AgreementScope
from geo.atlas import Atlas
from geo.distance import DistanceBand, bands
from geo.postcode import Postcode
from placement.area_verdicts import AreaVerdicts
from placement.areas_to_avoid import list_sealed_areas
from placement.blocking import check_not_kept_from, organisations_kept_from
from placement.criteria import Criteria, build_criteria, describe_demand
from placement.errors import AreaChangePending, NoAreasRecorded
from placement.events import SearchMade, SearchRead
from placement.households import load_household
from placement.index import VacancyIndex
from placement.matching import Match, MatchResult, Preferences, match
from placement.models import Household, Search
from placement.perpetrators import sought_indexes
from placement.vocabulary import Verdict

HORIZON_DAYS = 366
TABLE, COLUMN = "search", "answer_sealed"
LISTS = ("matches", "confirm", "review")


@dataclass(frozen=True)
class SearchEngine:
    """What searching needs beside the database: places, the supply in memory, remembered area verdicts."""

    atlas: Atlas
    index: VacancyIndex
    area_verdicts: AreaVerdicts


@dataclass(frozen=True)
class SearchRequest:
    """What the officer asks: the household's record holds the rest."""

    needed_on: date
    stay_days: int | None = None
    anchor_postcode: str | None = None
    max_distance_band: DistanceBand | None = None
    accommodation_types: frozenset[AccommodationType] = frozenset()
    self_contained: bool | None = None
    staff_cover: bool = False
    cctv: bool = False
    limit: int = 20


def make_search(uow: UnitOfWork, engine: SearchEngine, household_id: uuid.UUID, request: SearchRequest) -> bytes:
    """Search for a household, keep the search as demand, and return the answer as JSON: the very bytes that are kept.

    Raises NotFound, NoAreasRecorded, AreaChangePending, InvalidInput (dates), GeoError (anchor, or an area that cannot be
    placed).
    """
    household = load_household(uow, household_id)
    check_needed_on(request.needed_on, local_date(uow.now))
    criteria, result, supply_version = match_for(uow, engine, household, request)
    search_id = new_id()
    answer = describe_answer(engine.atlas, search_id, household_id, uow.now.isoformat(), supply_version, criteria, result)
    text = json.dumps(answer, separators=(",", ":")).encode()
    packed = zlib.compress(text, 1)
    uow.session.execute(
        insert(Search),
        {
            "id": search_id,
            "organisation_id": household.organisation_id,
            "household_id": household.id,
            "searched_at": uow.now,
            "needed_on": request.needed_on,
            "supply_version": supply_version,
            "found": sum(result.found.values()),
            "demand": {"needs": describe_demand(criteria), "excluded": dict(result.excluded)},
            "answer_sealed": uow.cipher.seal(packed, table=TABLE, column=COLUMN, row_id=search_id),
        },
    )
    uow.record(SearchMade(subject_id=search_id, details={"household_id": str(household.id)}))
    return text


def read_search(uow: UnitOfWork, search_id: uuid.UUID) -> bytes:
    """Return a search's answer, byte for byte as it was given, to the organisation that asked.

    Raises NotFound while it names a provider with which nothing is shared (any more): it is shown whole or not at all.
    """
    search = load_search(uow, search_id)
    if search.answer_sealed is None:
        raise NotFound
    packed = uow.cipher.open(search.answer_sealed, table=TABLE, column=COLUMN, row_id=search.id)
    text = zlib.decompress(packed)
    _check_still_in_sight(uow, text)
    uow.record(SearchRead(subject_id=search.id))
    return text


def load_search(uow: UnitOfWork, search_id: uuid.UUID) -> Search:
    """Return a search of the principal's organisation; raises NotFound."""
    search = uow.session.get(Search, search_id)
    if search is None:
        raise NotFound
    # Whose it is first: another organisation's search must cost no more statements than none.
    uow.permit(relations_to_own(uow, search.organisation_id))
    check_not_kept_from(uow, search.household_id)
    return search


def _check_still_in_sight(uow: UnitOfWork, answer: bytes) -> None:
    shown = json.loads(answer)
    named = {uuid.UUID(found["provider"]["id"]) for name in LISTS for found in shown[name]}
    seen = select(Provider.id).where(
        Provider.id.in_(named), in_sight(uow, Provider.organisation_id, AgreementScope.VACANCIES)
    )
    if named and set(uow.session.execute(seen).scalars()) != named:
        raise NotFound


def check_needed_on(needed_on: date, today: date) -> None:
    """Refuse a day that is past or over a year ahead."""
    if needed_on < today:
        raise InvalidInput(("/needed_on", "A bed cannot be needed on a day that is past."))
    if (needed_on - today).days > HORIZON_DAYS:
        raise InvalidInput(("/needed_on", "Give a day within the next year."))


def ask_for(
    uow: UnitOfWork, engine: SearchEngine, household: Household, needed_on: date
) -> tuple[Criteria, npt.NDArray[np.uint8]]:
    """Open a household's needs and its areas in force on a day; returns criteria and uint8 verdicts per cell.

    Raises NoAreasRecorded until somebody has recorded an area in force or stated that there is none, AreaChangePending
    while a change that widens them waits for a second worker: the flag stands in the household's row, which is loaded.
    """
    if household.pending_area_changes:
        raise AreaChangePending
    areas = list_sealed_areas(uow, household.id, needed_on)
    if not areas and household.no_areas_statement_sealed is None:
        raise NoAreasRecorded
    cell_verdicts = engine.area_verdicts.of(uow.cipher, areas)
    details: Mapping[str, Any] = open_json(uow.cipher, household, "details_sealed")
    sought = sought_indexes(uow.cipher, details)
    return build_criteria(household.id, details, sought, needed_on, uow.now), cell_verdicts


def match_for(
    uow: UnitOfWork, engine: SearchEngine, household: Household, request: SearchRequest
) -> tuple[Criteria, MatchResult, int]:
    """Match a household against the supply as last committed; returns criteria, result, supply version."""
    criteria, cell_verdicts = ask_for(uow, engine, household, request.needed_on)
    supply = engine.index.current(uow.session, uow.now)
    result = match(
        supply,
        criteria,
        cell_verdicts,
        _preferences(engine.atlas, request),
        in_sight=supply.in_sight_of(household.organisation_id, local_date(uow.now), organisations_kept_from(uow, household)),
        needed_from=needed_from(request.needed_on, uow.now),
        now=uow.now,
        limit=request.limit,
    )
    return criteria, result, supply.version


def list_next_best(
    uow: UnitOfWork, engine: SearchEngine, household: Household, needed_on: date, limit: int
) -> list[dict[str, Any]]:
    """Return the best units still free, as a search would show them: what to hold when somebody was quicker."""
    request = SearchRequest(needed_on=needed_on, limit=limit)
    _, result, _ = match_for(uow, engine, household, request)
    offers = [found for verdict in result.offered.values() for found in verdict][:limit]
    return [_describe_match(engine.atlas, replace(found, rank=rank)) for rank, found in enumerate(offers, start=1)]


def _preferences(atlas: Atlas, request: SearchRequest) -> Preferences:
    cell_bands = None
    if request.anchor_postcode is not None:
        anchor = atlas.gazetteer.find(Postcode.parse(request.anchor_postcode))
        cell_bands = bands(anchor.easting, anchor.northing, atlas.partition.centroids)
    return Preferences(
        bands=cell_bands,
        max_distance_band=request.max_distance_band,
        accommodation_types=request.accommodation_types,
        self_contained=request.self_contained,
        staff_cover=request.staff_cover,
        cctv=request.cctv,
    )


def describe_answer(
    atlas: Atlas,
    search_id: uuid.UUID,
    household_id: uuid.UUID,
    searched_at: str,
    supply_version: int,
    criteria: Criteria,
    result: MatchResult,
) -> dict[str, Any]:
    """Return the contract's answer to a search as JSON values."""
    offered = {
        verdict: [_describe_match(atlas, found) for found in found_ones] for verdict, found_ones in result.offered.items()
    }
    return {
        "id": str(search_id),
        "searched_at": searched_at,
        "supply_version": supply_version,
        "household_id": str(household_id),
        "matches": offered[Verdict.SUITABLE],
        "confirm": offered[Verdict.CONFIRM],
        "review": offered[Verdict.REVIEW],
        "found": {str(verdict): count for verdict, count in result.found.items()},
        "considered": result.considered,
        "excluded": [{"reason": reason, "units": units} for reason, units in result.excluded],
        "nearest_miss": None
        if result.nearest_miss is None
        else {"criterion": result.nearest_miss[0], "units": result.nearest_miss[1]},
        "alternatives": _alternatives(criteria, result),
    }


def _alternatives(criteria: Criteria, result: MatchResult) -> list[str]:
    """Say what else there is: fostering for an animal that few units take, staying put behind better locks, the phone."""
    alternatives = []
    if not result.found[Verdict.SUITABLE]:
        alternatives += ["ask_by_phone", "sanctuary_scheme"]
    if criteria.pets and not any("pets" in found.preferences_met for found in result.offered[Verdict.SUITABLE]):
        alternatives.append("fostering_for_pets")
    return alternatives


def _describe_match(atlas: Atlas, found: Match) -> dict[str, Any]:
    partition = atlas.partition
    described: dict[str, Any] = {
        "rank": found.rank,
        "unit_id": str(found.unit_id),
        "verdict": str(found.verdict),
        "accommodation_type": str(found.accommodation_type),
        "area": {"code": partition.codes[found.cell], "name": partition.names[found.cell]} if found.cell >= 0 else None,
        "provider": {
            "id": str(found.provider.id),
            "name": found.provider.name,
            "referral_phone": found.provider.referral_phone,
        },
        "bed_spaces": found.bed_spaces,
        "available_on": found.available_on.isoformat() if found.available_on else None,
        "freshness": str(found.freshness),
        "distance_band": str(found.distance_band) if found.distance_band else None,
        "reasons": list(found.reasons),
        "preferences_met": list(found.preferences_met),
        "scarcity": {"kept_for": [{"need": need, "free_units": units} for need, units in found.kept_for]},
    }
    if found.unknown:
        described["unknown"] = list(found.unknown)
    if found.asks:
        described["asks"] = list(found.asks)
    return described
