"""Telling both organisations that something was done with an address: a reference and a date, and nothing else."""

from __future__ import annotations

import uuid

from accommodation.base import UnitOfWork, new_id
from accommodation.calendar import local_date
from accommodation.models import Property
from placement.ports import NeutralMessage, Notifier, Occasion
from placement.standing import Standing


def tell_both_organisations(uow: UnitOfWork, notifier: Notifier, standing: Standing) -> None:
    """Tell the organisation that placed the household, and the property's own; once when they are one."""
    both = {standing.placement.organisation_id, standing.home.provider.organisation_id}
    for organisation_id in sorted(both):
        _tell(uow, notifier, organisation_id, standing.placement.reference)


def tell_own_organisation(uow: UnitOfWork, notifier: Notifier, home: Property) -> None:
    """Tell the property's own organisation, by the neutral reference it gave the property: no household is concerned."""
    _tell(uow, notifier, home.provider.organisation_id, home.reference)


def _tell(uow: UnitOfWork, notifier: Notifier, organisation_id: uuid.UUID, reference: str) -> None:
    notifier.notify(
        NeutralMessage(
            message_id=new_id(),
            worker_id=None,
            organisation_id=organisation_id,
            reference=reference,
            due_on=local_date(uow.now),
            occasion=Occasion.HAPPENED,
        )
    )
