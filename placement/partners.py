"""Which providers each organisation's searches may know of: the agreements in force, in memory beside the supply. Pure.

An organisation sees its own provider and those that share vacancies with it for placing, by the local date. Nobody
without an agreement is seen: nothing loaded means nothing in sight.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

BoolColumn = npt.NDArray[np.bool_]
REMEMBERED = 10_000


@dataclass(frozen=True)
class AgreementTerm:
    """An agreement that counts: its two parties, its first and its last day."""

    parties: tuple[uuid.UUID, uuid.UUID]
    starts_on: date
    ends_on: date


class Partners:
    """One immutable picture of who shares with whom. Answers are remembered by organisation and day."""

    def __init__(self, terms: Mapping[uuid.UUID, AgreementTerm], provider_organisations: Sequence[uuid.UUID]) -> None:
        self.terms = terms
        self._place_of = {organisation_id: place for place, organisation_id in enumerate(provider_organisations)}
        self._terms_of: dict[uuid.UUID, list[tuple[uuid.UUID, AgreementTerm]]] = {}
        for term in terms.values():
            for own, other in (term.parties, term.parties[::-1]):
                self._terms_of.setdefault(own, []).append((other, term))
        self._remembered: dict[tuple[uuid.UUID, date], BoolColumn] = {}

    def providers_in_sight(self, organisation_id: uuid.UUID, today: date) -> BoolColumn:
        """Return per provider, in the picture's order, whether the organisation sees it on a local date."""
        key = (organisation_id, today)
        if (known := self._remembered.get(key)) is not None:
            return known
        seen = np.zeros(len(self._place_of), dtype=np.bool_)
        places = [self._place_of.get(organisation_id)]
        places += [
            self._place_of.get(other)
            for other, term in self._terms_of.get(organisation_id, ())
            if term.starts_on <= today <= term.ends_on
        ]
        seen[[place for place in places if place is not None]] = True
        seen.setflags(write=False)
        if len(self._remembered) < REMEMBERED:
            self._remembered[key] = seen
        return seen

    def place_of(self, organisation_id: uuid.UUID) -> int | None:
        """Return the place of an organisation's provider, or None."""
        return self._place_of.get(organisation_id)

    def with_changes(
        self, changed: Mapping[uuid.UUID, AgreementTerm | None], provider_organisations: Sequence[uuid.UUID]
    ) -> Partners:
        """Return the picture after changes: a term by its agreement's id, or None where it no longer counts."""
        if not changed and len(provider_organisations) == len(self._place_of):
            return self
        terms = {**self.terms, **{key: term for key, term in changed.items() if term is not None}}
        for key, term in changed.items():
            if term is None:
                terms.pop(key, None)
        return Partners(terms, provider_organisations)
