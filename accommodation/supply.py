"""The supply version: how a search knows, by reading one row, which units and agreements it must read again."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accommodation.models import SupplyVersion, Unit
from accommodation.people_models import SharingAgreement

THE_ONE_ROW = 1


def get_supply_version(session: Session) -> int:
    """Return the version that the last committed change to supply left behind."""
    return session.execute(select(SupplyVersion.version).where(SupplyVersion.id == THE_ONE_ROW)).scalar_one()


def lock_units(session: Session, unit_ids: Collection[uuid.UUID]) -> None:
    """Lock units until the end of the transaction, in id order, as everybody does: nobody waits in a circle.

    Whoever changes a provider or a property calls this first: takers lock unit, then provider, then supply version.
    """
    session.execute(select(Unit.id).where(Unit.id.in_(unit_ids)).order_by(Unit.id).with_for_update(key_share=True)).all()


def touch_units(session: Session, unit_ids: Collection[uuid.UUID]) -> int:
    """Mark units as changed under a new supply version and return it. Call it last: it holds the one row until commit."""
    session.flush()
    lock_units(session, unit_ids)
    version = _next_version(session)
    session.execute(
        update(Unit).where(Unit.id.in_(unit_ids)).values(supply_version=version).execution_options(synchronize_session=False)
    )
    return version


def touch_agreements(session: Session, agreement_ids: Collection[uuid.UUID]) -> int:
    """Mark sharing agreements as changed under a new supply version and return it: the next search sees by them."""
    session.flush()
    version = _next_version(session)
    session.execute(
        update(SharingAgreement)
        .where(SharingAgreement.id.in_(agreement_ids))
        .values(supply_version=version)
        .execution_options(synchronize_session=False)
    )
    return version


def _next_version(session: Session) -> int:
    return session.execute(
        update(SupplyVersion)
        .where(SupplyVersion.id == THE_ONE_ROW)
        .values(version=SupplyVersion.version + 1)
        .returning(SupplyVersion.version)
    ).scalar_one()
