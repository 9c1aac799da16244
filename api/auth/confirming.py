"""Somebody who is signed in shows once more that it is she: by a code of her second factor."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.base import DomainError, Principal
from accommodation.sealing import open_sealed
from accommodation.vocabulary import Relation
from api.auth.models import Credential
from api.auth.second_factor import take_code
from api.auth.throttle import Charge, Place, charge, refund
from api.extensions import Harbour, unit_of_work


class NotConfirmed(DomainError):
    """A code or password that was to confirm who this is does not do so."""

    slug = "not-confirmed"

    def __init__(self) -> None:
        super().__init__("That does not confirm that it is you. A code is good once; wait for the next one.")


def charge_confirmation(harbour: Harbour, principal: Principal) -> Charge:
    """Count a try at confirming before it is looked at; a stolen session gets few. Raises TooManyRequests."""
    place = Place(network="", device=str(principal.session_id))
    with unit_of_work() as uow:
        uow.permit(Relation.HERSELF)
        return charge(uow.session, harbour.settings.auth_key, f"confirm:{principal.worker_id}", place, uow.now)


def confirm_by_code(harbour: Harbour, principal: Principal, code: str) -> None:
    """Take a code of the caller's second factor. Raises NotConfirmed, or TooManyRequests after some of these."""
    charged = charge_confirmation(harbour, principal)
    with unit_of_work() as uow:
        uow.permit(Relation.HERSELF)
        secret = secret_of(harbour, uow.session, principal.worker_id)
        auth_key = harbour.settings.auth_key
        if secret is None or not take_code(uow.session, auth_key, principal.worker_id, secret, code, uow.now):
            raise NotConfirmed
        refund(uow.session, charged)


def secret_of(harbour: Harbour, session: Session, worker_id: uuid.UUID) -> str | None:
    """Return the secret of a worker's authenticator; None while she has none."""
    row = session.execute(
        select(Credential.id, Credential.totp_secret_sealed).where(Credential.worker_id == worker_id)
    ).one_or_none()
    if row is None:
        return None
    secret: str = open_sealed(harbour.key_ring, row.totp_secret_sealed, "credential", "totp_secret_sealed", row.id)
    return secret
