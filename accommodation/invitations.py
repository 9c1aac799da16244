"""Use cases of inviting: a token of 256 random bits, shown once, good once, for 72 hours, and can be withdrawn.

Accepting is in two steps, so that whoever builds the way in may do more in the same transaction (set a password):
`find_invited` says who the caller becomes by the token, and `accept_invitation` makes her a worker.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from accommodation.base import InvalidInput, NotFound, Principal, UnitOfWork, new_id
from accommodation.models import Organisation, Worker
from accommodation.people import (
    add_worker,
    check_roles,
    check_runs_installation,
    count_with_role,
    give_role,
    has_left,
    has_role,
)
from accommodation.people_events import InvitationAccepted, InvitationWithdrawn, PersonInvited
from accommodation.people_models import Invitation
from accommodation.relations import relations_to_own
from accommodation.sealing import seal_json
from accommodation.vocabulary import InvitationState, Relation, Role

LIFETIME = timedelta(hours=72)
INVITED = "invited"
"""The role in which somebody accepts: it opens nothing else."""


def invite(uow: UnitOfWork, organisation_id: uuid.UUID, roles: Collection[Role], for_whom: str) -> tuple[Invitation, str]:
    """Invite a person into an organisation; returns the row and the token, which is shown once and kept nowhere.

    Into her own organisation, in any roles that it may have. The installation's administrator also invites the first
    administrator of another one. Raises InstallationOnly, InvalidInput and what `check_roles` raises.
    """
    if organisation_id == uow.principal.organisation_id:
        uow.permit(Relation.OWN_ORGANISATION)
    else:
        _check_first_administrator(uow, organisation_id, roles)
    check_roles(uow, organisation_id, roles, "/roles")
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        id=new_id(),
        organisation_id=organisation_id,
        roles=sorted(str(role) for role in roles),
        token_hash=_hash_of(token),
        invited_at=uow.now,
        invited_by=uow.principal.worker_id,
        expires_at=uow.now + LIFETIME,
    )
    seal_json(uow.cipher, invitation, "for_whom_sealed", for_whom)
    uow.session.add(invitation)
    uow.session.flush()
    uow.record(PersonInvited(subject_id=invitation.id, details={"roles": invitation.roles}))
    return invitation, token


def find_invited(session: Session, token: str, now: datetime) -> Principal | None:
    """Return the principal that somebody with this token accepts as: a new worker of the organisation that invites.

    None for a token that is unknown, used, withdrawn or expired, or whose inviter may no longer invite, all alike.
    """
    invitation = session.execute(select(Invitation).where(Invitation.token_hash == _hash_of(token))).scalar_one_or_none()
    if invitation is None or not _is_open(session, invitation, now):
        return None
    return Principal(worker_id=new_id(), organisation_id=invitation.organisation_id, role=INVITED)


def accept_invitation(uow: UnitOfWork, token: str, name: str) -> Worker:
    """Become a worker of the organisation that invites, once. The principal is the one of `find_invited`.

    Every rule on roles is asked again: the organisation may have changed since. Raises NotFound and what `check_roles`
    raises.
    """
    query = select(Invitation).where(Invitation.token_hash == _hash_of(token)).with_for_update(key_share=True)
    invitation = uow.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if invitation is None or invitation.organisation_id != uow.principal.organisation_id:
        raise NotFound
    if not _is_open(uow.session, invitation, uow.now):
        raise NotFound
    roles = [Role(role) for role in invitation.roles]
    check_roles(uow, invitation.organisation_id, roles, "/token")
    worker = add_worker(uow, invitation.organisation_id, name, uow.principal.worker_id)
    for role in roles:
        give_role(uow, worker, role, invitation.invited_by)
    invitation.accepted_at = uow.now
    invitation.accepted_by = worker.id
    uow.session.flush()
    uow.record(InvitationAccepted(subject_id=invitation.id, details={"worker_id": str(worker.id)}))
    return worker


def withdraw_invitation(uow: UnitOfWork, invitation_id: uuid.UUID) -> Invitation:
    """Take back an invitation that nobody has accepted. Raises NotFound, IllegalMove."""
    invitation = uow.session.get(Invitation, invitation_id, with_for_update={"key_share": True})
    if invitation is None:
        raise NotFound
    owners = _organisations_of(uow.session, invitation)
    uow.permit(relations_to_own(uow, *owners), invitation_state(invitation, uow.now))
    invitation.withdrawn_at = uow.now
    uow.session.flush()
    uow.record(InvitationWithdrawn(subject_id=invitation.id))
    return invitation


def list_invitations(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Invitation]:
    """List the invitations into the principal's organisation, and those that its workers sent, in order of id."""
    uow.permit(Relation.OWN_ORGANISATION)
    own = uow.principal.organisation_id
    colleagues = select(Worker.id).where(Worker.organisation_id == own)
    query = select(Invitation).where((Invitation.organisation_id == own) | Invitation.invited_by.in_(colleagues))
    if after is not None:
        query = query.where(Invitation.id > after)
    return uow.session.execute(query.order_by(Invitation.id).limit(limit)).scalars().all()


def invitation_state(invitation: Invitation, now: datetime) -> InvitationState:
    """Return what an invitation is at `now`."""
    if invitation.accepted_at is not None:
        return InvitationState.ACCEPTED
    if invitation.withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if now < invitation.expires_at else InvitationState.EXPIRED


def _is_open(session: Session, invitation: Invitation, now: datetime) -> bool:
    if invitation_state(invitation, now) is not InvitationState.OPEN:
        return False
    inviter = session.get_one(Worker, invitation.invited_by)
    return not has_left(inviter, now) and has_role(session, inviter.id, Role.ADMINISTRATOR)


def _organisations_of(session: Session, invitation: Invitation) -> tuple[uuid.UUID, uuid.UUID]:
    return invitation.organisation_id, session.get_one(Worker, invitation.invited_by).organisation_id


def _check_first_administrator(uow: UnitOfWork, organisation_id: uuid.UUID, roles: Collection[Role]) -> None:
    check_runs_installation(uow)
    if uow.session.get(Organisation, organisation_id) is None:
        raise InvalidInput(("/organisation_id", "There is no such organisation."))
    if set(roles) != {Role.ADMINISTRATOR} or count_with_role(uow, organisation_id, Role.ADMINISTRATOR):
        raise InvalidInput(("/roles", "Another organisation invites its own people, once it has an administrator."))


def _hash_of(token: str) -> bytes:
    """Return the SHA-256 of a token; 256 random bits need no slower hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
