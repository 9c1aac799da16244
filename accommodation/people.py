"""Use cases on organisations, workers and their roles. An administrator acts within her own organisation (ADR 0022)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accommodation.alerts import raise_alert
from accommodation.base import IllegalMove, InvalidInput, NotFound, UnitOfWork, new_id
from accommodation.confinement import across_organisations
from accommodation.models import Organisation, Worker
from accommodation.people_errors import InstallationOnly, NoSafeguardingLead, NotForYourself, RolesExcludeEachOther
from accommodation.people_events import OrganisationAdded, RoleEnded, RoleGranted, WorkerAdded, WorkerLeft, WorkerRead
from accommodation.people_models import Invitation, SharingAgreement, WorkerRole
from accommodation.relations import relations_to_own
from accommodation.roles import CASE_ROLES, exclude_each_other, may_exist
from accommodation.sealing import open_json, seal_json
from accommodation.vocabulary import AlertKind, OrganisationKind, Relation, Role, WorkerState


def add_organisation(uow: UnitOfWork, name: str, kind: OrganisationKind) -> Organisation:
    """Add a partner organisation. Who may is the caller's question: see `check_runs_installation`."""
    organisation = Organisation(id=new_id(), name=name, kind=kind, runs_installation=False, created_at=uow.now)
    uow.session.add(organisation)
    uow.session.flush()
    uow.record(OrganisationAdded(subject_id=organisation.id))
    return organisation


def runs_installation(uow: UnitOfWork) -> bool:
    """Tell whether the principal administers the organisation that runs this installation."""
    if uow.principal.role != Role.ADMINISTRATOR:
        return False
    own = uow.session.get(Organisation, uow.principal.organisation_id)
    return own is not None and own.runs_installation


def relations_to_installation(uow: UnitOfWork) -> Iterator[Relation]:
    """Yield that the principal administers the organisation that runs this installation, if she does; asked when read."""
    if runs_installation(uow):
        yield Relation.INSTALLATION


def check_runs_installation(uow: UnitOfWork) -> None:
    """Raise InstallationOnly unless the principal administers the organisation that runs this installation."""
    if not runs_installation(uow):
        raise InstallationOnly
    uow.permit(Relation.INSTALLATION)


def list_organisations(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Organisation]:
    """List the organisations that the principal knows: her own and those it signs with; all, for the installation's."""
    query = select(Organisation)
    if uow.permit(chain(relations_to_installation(uow), [Relation.OWN_ORGANISATION])) is not Relation.INSTALLATION:
        own = uow.principal.organisation_id
        partners = select(SharingAgreement.partner_id).where(SharingAgreement.proposer_id == own)
        proposers = select(SharingAgreement.proposer_id).where(SharingAgreement.partner_id == own)
        query = query.where(or_(Organisation.id == own, Organisation.id.in_(partners), Organisation.id.in_(proposers)))
    if after is not None:
        query = query.where(Organisation.id > after)
    return uow.session.execute(query.order_by(Organisation.id).limit(limit)).scalars().all()


def add_worker(uow: UnitOfWork, organisation_id: uuid.UUID, name: str, worker_id: uuid.UUID | None = None) -> Worker:
    """Add somebody to an organisation, without a role; her name is sealed. Raises InvalidInput."""
    if uow.session.get(Organisation, organisation_id) is None:
        raise InvalidInput(("/organisation_id", "There is no such organisation."))
    worker = Worker(id=worker_id or new_id(), organisation_id=organisation_id, created_at=uow.now)
    seal_json(uow.cipher, worker, "name_sealed", name)
    uow.session.add(worker)
    uow.session.flush()
    uow.record(WorkerAdded(subject_id=worker.id, details={"organisation_id": str(organisation_id)}))
    return worker


def get_worker(uow: UnitOfWork, worker_id: uuid.UUID) -> Worker:
    """Return a worker of the principal's organisation; raises NotFound."""
    worker = uow.session.get(Worker, worker_id)
    if worker is None:
        raise NotFound
    uow.permit(relations_to_worker(uow, worker))
    return worker


def relations_to_worker(uow: UnitOfWork, worker: Worker) -> Iterator[Relation]:
    """Yield how a worker stands to the principal: she is herself, she is a colleague."""
    if worker.id == uow.principal.worker_id:
        yield Relation.HERSELF
    yield from relations_to_own(uow, worker.organisation_id)


def read_worker_name(uow: UnitOfWork, worker: Worker) -> str | None:
    """Open a worker's name and record that it was read."""
    uow.record(WorkerRead(subject_id=worker.id))
    name: str | None = open_json(uow.cipher, worker, "name_sealed")
    return name


def has_left(worker: Worker, now: datetime) -> bool:
    """Tell whether a worker has left; a last day to come is not over yet."""
    return worker.left_at is not None and worker.left_at <= now


def list_workers(uow: UnitOfWork, *, after: uuid.UUID | None, limit: int) -> Sequence[Worker]:
    """List the workers of the principal's organisation, in order of id."""
    uow.permit(Relation.OWN_ORGANISATION)
    query = select(Worker).where(Worker.organisation_id == uow.principal.organisation_id)
    if after is not None:
        query = query.where(Worker.id > after)
    return uow.session.execute(query.order_by(Worker.id).limit(limit)).scalars().all()


def has_role(session: Session, worker_id: uuid.UUID, role: str) -> bool:
    """Tell whether a role has been granted to a worker and not been ended. Nobody acts in a role without this."""
    query = select(WorkerRole.id).where(
        WorkerRole.worker_id == worker_id, WorkerRole.role == role, WorkerRole.ended_at.is_(None)
    )
    return session.execute(query).first() is not None


def list_roles(session: Session, worker_id: uuid.UUID) -> list[Role]:
    """List the roles that a worker has, in the vocabulary's order."""
    query = select(WorkerRole.role).where(WorkerRole.worker_id == worker_id, WorkerRole.ended_at.is_(None))
    granted = set(session.execute(query).scalars())
    return [role for role in Role if role in granted]


def check_roles(uow: UnitOfWork, organisation_id: uuid.UUID, roles: Collection[Role], field: str) -> None:
    """Refuse roles that an organisation of this kind does not have, that one person cannot have together, or that see
    cases where nobody would be told. Raises InvalidInput, RolesExcludeEachOther, NoSafeguardingLead."""
    kind = OrganisationKind(uow.session.get_one(Organisation, organisation_id).kind)
    if not all(may_exist(kind, role) for role in roles):
        raise InvalidInput((field, "An organisation of this kind does not have that role."))
    if exclude_each_other(roles):
        raise RolesExcludeEachOther
    if CASE_ROLES & set(roles) and count_with_role(uow, organisation_id, Role.SAFEGUARDING_LEAD) == 0:
        raise NoSafeguardingLead


def grant_role(uow: UnitOfWork, worker_id: uuid.UUID, role: Role) -> Worker:
    """Grant a role to a colleague. Nobody grants one to herself. A case role is told to the safeguarding lead.

    Raises NotFound, NotForYourself, IllegalMove (she has it, or has left) and what `check_roles` raises.
    """
    worker = _lock_colleague(uow, worker_id)
    if has_role(uow.session, worker.id, role):
        raise IllegalMove("She has this role already.", state="granted")
    check_roles(uow, worker.organisation_id, {*list_roles(uow.session, worker.id), role}, "/role")
    give_role(uow, worker, role, uow.principal.worker_id)
    return worker


def give_role(uow: UnitOfWork, worker: Worker, role: Role, granted_by: uuid.UUID | None) -> None:
    """Write down that a worker has a role from now on, once `check_roles` has agreed, and tell the safeguarding lead."""
    uow.session.add(WorkerRole(id=new_id(), worker_id=worker.id, role=role, granted_at=uow.now, granted_by=granted_by))
    uow.session.flush()
    uow.record(RoleGranted(subject_id=worker.id, details={"role": str(role)}))
    if role in CASE_ROLES:
        details = {"role": str(role), "granted_by": str(granted_by)}
        raise_alert(uow, worker.organisation_id, AlertKind.ROLE_GRANTED, worker.id, details)


def end_role(uow: UnitOfWork, worker_id: uuid.UUID, role: Role) -> Worker:
    """End a colleague's role: her keys and sessions in it are refused from this transaction's commit on.

    Raises NotFound, NotForYourself, IllegalMove (she has not got it), NoSafeguardingLead for the last one.
    """
    worker = _lock_colleague(uow, worker_id)
    query = select(WorkerRole).where(
        WorkerRole.worker_id == worker.id, WorkerRole.role == role, WorkerRole.ended_at.is_(None)
    )
    granted = uow.session.execute(query).scalar_one_or_none()
    if granted is None:
        raise IllegalMove("She does not have this role.", state="not_granted")
    if role is Role.SAFEGUARDING_LEAD:
        _check_not_the_last_lead(uow, worker)
    granted.ended_at = uow.now
    granted.ended_by = uow.principal.worker_id
    uow.session.flush()
    uow.record(RoleEnded(subject_id=worker.id, details={"role": str(role)}))
    return worker


def leave_organisation(uow: UnitOfWork, worker_id: uuid.UUID, left_at: datetime, reason: str) -> Worker:
    """Record that a colleague leaves at an instant (UTC). From then on nothing of hers opens anything, on any node.

    Her open invitations die now. Raises NotFound, NotForYourself, IllegalMove, NoSafeguardingLead.
    """
    worker = _lock_colleague(uow, worker_id)
    if has_role(uow.session, worker.id, Role.SAFEGUARDING_LEAD):
        _check_not_the_last_lead(uow, worker)
    worker.left_at = left_at
    query = select(Invitation).where(
        Invitation.invited_by == worker.id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    for invitation in uow.session.execute(query).scalars():
        invitation.withdrawn_at = uow.now
    uow.session.flush()
    uow.record(WorkerLeft(subject_id=worker.id, details={"left_at": left_at.isoformat()}, reason=reason))
    return worker


def count_with_role(uow: UnitOfWork, organisation_id: uuid.UUID, role: Role) -> int:
    """Count the workers of an organisation who have a role and have not left."""
    query = (
        select(WorkerRole.worker_id)
        .join(Worker, Worker.id == WorkerRole.worker_id)
        .where(
            Worker.organisation_id == organisation_id,
            WorkerRole.role == role,
            WorkerRole.ended_at.is_(None),
            or_(Worker.left_at.is_(None), Worker.left_at > uow.now),
        )
    )
    with across_organisations(uow.session):  # the installation asks whether another organisation has its first administrator
        return len(uow.session.execute(query).all())


def _check_not_the_last_lead(uow: UnitOfWork, worker: Worker) -> None:
    sees_cases = any(count_with_role(uow, worker.organisation_id, role) for role in CASE_ROLES)
    if sees_cases and count_with_role(uow, worker.organisation_id, Role.SAFEGUARDING_LEAD) <= 1:
        raise NoSafeguardingLead


def _lock_colleague(uow: UnitOfWork, worker_id: uuid.UUID) -> Worker:
    """Return a colleague of the principal, her row locked: what she may do is changed by one at a time."""
    worker = get_worker(uow, worker_id)
    if worker.id == uow.principal.worker_id:
        raise NotForYourself
    uow.session.refresh(worker, with_for_update={"key_share": True})
    uow.permit(relations_to_worker(uow, worker), WorkerState.LEFT if has_left(worker, uow.now) else WorkerState.WORKING)
    return worker
