"""The supply as numpy columns: one row a unit, in a stable order. What search knows of a unit is what stands here.

Codes: int8/int16 columns use -1 for "the provider has not said". Times are float64 epoch seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from accommodation.vocabulary import BoysUpperAge, Level, NoRecoursePolicy, ResidentsGender, Specialism
from placement.partners import BoolColumn as BoolColumn
from placement.partners import Partners

UNSAID = -1
NO_AGE_LIMIT = 999

RESIDENTS_CODE = {ResidentsGender.WOMEN: 0, ResidentsGender.MEN: 1, ResidentsGender.ANY: 2}
NO_RECOURSE_CODE = {
    NoRecoursePolicy.NOT_ACCEPTED: 0,
    NoRecoursePolicy.QUOTA: 1,
    NoRecoursePolicy.FUNDED_PLACE: 2,
    NoRecoursePolicy.ACCEPTED: 3,
}
BOYS_AGE_CODE = {
    BoysUpperAge.TWELVE: 12,
    BoysUpperAge.FOURTEEN: 14,
    BoysUpperAge.SIXTEEN: 16,
    BoysUpperAge.NONE: NO_AGE_LIMIT,
}
LEVEL_CODE = {level: level.rank for level in Level}
SPECIALISM_BIT = {specialism: 1 << place for place, specialism in enumerate(Specialism)}

COLUMN_TYPES: Mapping[str, type] = {
    "identity": np.uint64,
    "cell": np.int16,
    "bed_spaces": np.int16,
    "cots": np.int16,
    "residents": np.int8,
    "boys_upper_age": np.int16,
    "access": np.int8,
    "no_recourse": np.int8,
    "mental_health": np.int8,
    "substance_use": np.int8,
    "pets": np.int8,
    "specialisms": np.int32,
    "staff_cover": np.int8,
    "cctv": np.int8,
    "out_of_hours_intake": np.int8,
    "self_contained": np.bool_,
    "withdrawn": np.bool_,
    "busy_until": np.float64,
    "confirmed_at": np.float64,
    "accommodation_type": np.int8,
    "provider": np.int32,
    "property": np.int32,
}


@dataclass(frozen=True)
class ProviderFacts:
    """What a housing officer may know of a provider."""

    id: uuid.UUID
    name: str
    referral_phone: str
    no_recourse_quota: int | None
    organisation_id: uuid.UUID


@dataclass(frozen=True)
class SupplyColumns:
    """One immutable picture of the supply under one supply version.

    `column(name)` are arrays of `len(self)`; `unit_ids` follow the same order. `links` lead from a perpetrator's blind
    index to the rows whose residents have it, `declined` from a household to rows it is not offered again for this
    vacancy, `no_recourse_ends` from a row to the ends of its live stays that count towards its provider's quota. `partners`
    tells which of the providers an organisation may know of.
    """

    version: int
    unit_ids: tuple[uuid.UUID, ...]
    columns: Mapping[str, npt.NDArray[Any]]
    providers: tuple[ProviderFacts, ...]
    row_of: Mapping[uuid.UUID, int] = field(default_factory=dict)
    property_of: Mapping[uuid.UUID, int] = field(default_factory=dict)
    links: Mapping[str, frozenset[int]] = field(default_factory=dict)
    declined: Mapping[uuid.UUID, frozenset[int]] = field(default_factory=dict)
    no_recourse_ends: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    partners: Partners = field(default_factory=lambda: Partners({}, ()))

    def __len__(self) -> int:
        return len(self.unit_ids)

    def in_sight_of(self, organisation_id: uuid.UUID, today: date, without: Collection[uuid.UUID] = ()) -> BoolColumn:
        """Return per unit whether an organisation's search may know that it exists, by agreement on a local date.

        `without` are organisations that must not learn of the household that is searched for.
        """
        providers = self.partners.providers_in_sight(organisation_id, today)
        if without:
            providers = providers.copy()
            providers[[place for other in without if (place := self.partners.place_of(other)) is not None]] = False
        seen: BoolColumn = providers[self.columns["provider"]]
        return seen

    def without_own_quota(self, row: int) -> SupplyColumns:
        """Return the picture in which a unit's own live stays do not count towards its provider's quota.

        For judging a household that holds the unit: it must not be refused for being counted itself.
        """
        others = {place: ends for place, ends in self.no_recourse_ends.items() if place != row}
        return replace(self, no_recourse_ends=others)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]
