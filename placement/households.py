"""Use cases on a household's record: who is in it, what it needs. All that identifies it is sealed."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from accommodation.base import NotFound, UnitOfWork, new_id
from accommodation.sealing import open_json, seal_json
from accommodation.supply import touch_units
from accommodation.vocabulary import Relation
from placement.blocked_persons import keep_declared_conflicts
from placement.blocking import not_kept_from
from placement.budgets import BudgetPolicy
from placement.events import HouseholdEdited, HouseholdRead, HouseholdRecorded, HouseholdsListed
from placement.models import Household, PerpetratorLink, Placement
from placement.perpetrators import person_fingerprints, published_indexes
from placement.relations import relations_to_household
from placement.spending import spend
from placement.vocabulary import BudgetKind, PlacementState

REFERENCE_ALPHABET = "23456789CFGHJMPQRVWX"
"""No vowels and no look-alikes: a reference is read over the telephone and must not spell anything."""
REFERENCE_LENGTH = 10


@dataclass(frozen=True)
class HouseholdRecord:
    """A household opened for somebody who may read it."""

    household: Household
    details: Mapping[str, Any]
    no_areas_statement: str | None


def make_reference(prefix: str, choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a random neutral reference such as `H-7F3Q9X2CVM`: no name, no place, no order.

    Long enough (20 to the power of 10) that two never meet in the life of an installation.
    """
    return f"{prefix}-{''.join(choose(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))}"


def record_household(uow: UnitOfWork, policy: BudgetPolicy, details: Mapping[str, Any]) -> HouseholdRecord:
    """Record a household for the principal's organisation. `details` are JSON values: members, needs, perpetrators...

    Raises BudgetSpent.
    """
    household = Household(
        id=new_id(),
        organisation_id=uow.principal.organisation_id,
        reference=make_reference("H"),
        created_at=uow.now,
    )
    seal_json(uow.cipher, household, "details_sealed", details)
    spend(uow, policy, BudgetKind.HOUSEHOLD, household.id, [household.id.hex])
    _spend_perpetrators(uow, policy, household.id, details)
    uow.session.add(household)
    uow.session.flush()
    _link_perpetrators(uow, household, details)
    uow.record(HouseholdRecorded(subject_id=household.id))
    return HouseholdRecord(household, details, None)


def load_household(uow: UnitOfWork, household_id: uuid.UUID) -> Household:
    """Return a household of the principal's own organisation.

    Raises NotFound for any other, for one kept from her, and for a forgotten one.
    """
    household = uow.session.get(Household, household_id)
    if household is None or household.forgotten_at is not None:
        raise NotFound
    uow.permit(relations_to_household(uow, household))
    return household


def read_household(uow: UnitOfWork, household_id: uuid.UUID) -> HouseholdRecord:
    """Open a household and record that it was read."""
    household = load_household(uow, household_id)
    uow.record(HouseholdRead(subject_id=household.id))
    return open_household(uow, household)


def open_household(uow: UnitOfWork, household: Household) -> HouseholdRecord:
    """Open what is sealed. The caller has decided that it may be seen, and records the reading."""
    return HouseholdRecord(
        household,
        open_json(uow.cipher, household, "details_sealed"),
        open_json(uow.cipher, household, "no_areas_statement_sealed"),
    )


def list_households(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Household]:
    """List the organisation's households in order of their random id; references only, nothing is opened."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(Household).where(
        Household.organisation_id == uow.principal.organisation_id,
        Household.forgotten_at.is_(None),
        not_kept_from(uow, Household.id),
    )
    if after is not None:
        query = query.where(Household.id > after)
    uow.record(HouseholdsListed(subject_id=uow.principal.organisation_id))
    return uow.session.execute(query.order_by(Household.id).limit(limit)).scalars().all()


def edit_household(
    uow: UnitOfWork, policy: BudgetPolicy, household: Household, changes: Mapping[str, Any]
) -> HouseholdRecord:
    """Replace the named top-level parts of a household's details; what is not named stays. Raises BudgetSpent."""
    details = {**open_json(uow.cipher, household, "details_sealed"), **changes}
    if "perpetrators" in changes:
        _spend_perpetrators(uow, policy, household.id, details)
    seal_json(uow.cipher, household, "details_sealed", details)
    uow.session.flush()
    if "perpetrators" in changes:
        _link_perpetrators(uow, household, details)
        _touch_home(uow, household)
    uow.record(HouseholdEdited(subject_id=household.id, details={"changed": sorted(changes)}))
    return open_household(uow, household)


def _spend_perpetrators(uow: UnitOfWork, policy: BudgetPolicy, household_id: uuid.UUID, details: Mapping[str, Any]) -> None:
    """Count each person named, and the list as a whole: two searches with and without a name are two lists."""
    people = person_fingerprints(uow.cipher, details)
    spend(uow, policy, BudgetKind.PERPETRATOR, household_id, people)
    whole = uow.cipher.blind_index("perpetrators_stated", "|".join(sorted(people)))
    spend(uow, policy, BudgetKind.STATEMENT, household_id, [whole])


def _link_perpetrators(uow: UnitOfWork, household: Household, details: Mapping[str, Any]) -> None:
    uow.session.execute(delete(PerpetratorLink).where(PerpetratorLink.household_id == household.id))
    published = published_indexes(uow.cipher, details)
    for blind_index in sorted(published):
        uow.session.add(PerpetratorLink(id=new_id(), household_id=household.id, blind_index=blind_index))
    uow.session.flush()
    keep_declared_conflicts(uow, household, details)


def _touch_home(uow: UnitOfWork, household: Household) -> None:
    """A resident's perpetrators decide who may live beside her: the search must read her unit again."""
    living_in = select(Placement.unit_id).where(
        Placement.household_id == household.id,
        Placement.state.in_([PlacementState.PLANNED, PlacementState.LIVING]),
    )
    unit_ids = uow.session.execute(living_in).scalars().all()
    if unit_ids:
        touch_units(uow.session, unit_ids)
