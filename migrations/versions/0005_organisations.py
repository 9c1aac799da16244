"""Roles per organisation, sharing agreements, leave, blocked persons.

Revision ID: 0005
Revises: 0004
"""

import datetime
import uuid

from alembic import op
import sqlalchemy as sa


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "organisation", sa.Column("runs_installation", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("household", sa.Column("has_blocks", sa.Boolean(), server_default=sa.false(), nullable=False))
    _create_sharing_agreement()
    _create_people()
    _create_blocked_persons()
    _keep_what_workers_do()


def downgrade():
    for table in ("blocked_person", "conflict_declaration", "worker_leave", "invitation", "worker_role"):
        op.drop_table(table)
    op.drop_column("household", "has_blocks")
    op.drop_table("sharing_agreement")
    op.drop_column("organisation", "runs_installation")


def _create_sharing_agreement():
    op.create_table(
        "sharing_agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("shares_vacancies", sa.Boolean(), nullable=False),
        sa.Column("shares_referrals", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.Column("supply_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_sharing_agreement_ends_after_start")),
        sa.CheckConstraint("proposer_id <> partner_id", name=op.f("ck_sharing_agreement_two_parties")),
        sa.CheckConstraint("shares_vacancies OR shares_referrals", name=op.f("ck_sharing_agreement_shares_something")),
        sa.CheckConstraint(
            "accepted_at IS NULL OR accepted_by <> proposed_by", name=op.f("ck_sharing_agreement_signed_by_two")
        ),
        _foreign_key("sharing_agreement", "proposer_id", "organisation"),
        _foreign_key("sharing_agreement", "partner_id", "organisation"),
        _foreign_key("sharing_agreement", "proposed_by", "worker"),
        _foreign_key("sharing_agreement", "accepted_by", "worker"),
        _foreign_key("sharing_agreement", "ended_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_agreement")),
    )
    for column in ("proposer_id", "partner_id", "supply_version"):
        op.create_index(f"ix_sharing_agreement_{column}", "sharing_agreement", [column])


def _foreign_key(table, column, parent):
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=op.f(f"fk_{table}_{column}_{parent}"))


def _create_people():
    op.create_table(
        "worker_role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        _foreign_key("worker_role", "worker_id", "worker"),
        _foreign_key("worker_role", "granted_by", "worker"),
        _foreign_key("worker_role", "ended_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_role")),
    )
    op.create_index("ix_worker_role_worker_id", "worker_role", ["worker_id"])
    op.create_index(
        "uq_worker_role_worker_id_role",
        "worker_role",
        ["worker_id", "role"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("for_whom_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _foreign_key("invitation", "organisation_id", "organisation"),
        _foreign_key("invitation", "invited_by", "worker"),
        _foreign_key("invitation", "accepted_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index("ix_invitation_organisation_id", "invitation", ["organisation_id"])
    op.create_table(
        "worker_leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_worker_leave_ends_after_start")),
        _foreign_key("worker_leave", "worker_id", "worker"),
        _foreign_key("worker_leave", "deputy_id", "worker"),
        _foreign_key("worker_leave", "recorded_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_leave")),
    )
    op.create_index("ix_worker_leave_worker_id", "worker_leave", ["worker_id"])


def _create_blocked_persons():
    op.create_table(
        "conflict_declaration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _foreign_key("conflict_declaration", "worker_id", "worker"),
        _foreign_key("conflict_declaration", "organisation_id", "organisation"),
        _foreign_key("conflict_declaration", "ended_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_declaration")),
    )
    op.create_index("ix_conflict_declaration_worker_id", "conflict_declaration", ["worker_id"])
    op.create_index("ix_conflict_declaration_organisation_id", "conflict_declaration", ["organisation_id"])
    op.create_table(
        "blocked_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("blocked_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("declaration_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "worker_id IS NOT NULL OR name_sealed IS NOT NULL OR blocked_organisation_id IS NOT NULL",
            name=op.f("ck_blocked_person_names_somebody"),
        ),
        _foreign_key("blocked_person", "household_id", "household"),
        _foreign_key("blocked_person", "organisation_id", "organisation"),
        _foreign_key("blocked_person", "worker_id", "worker"),
        _foreign_key("blocked_person", "blocked_organisation_id", "organisation"),
        _foreign_key("blocked_person", "declaration_id", "conflict_declaration"),
        _foreign_key("blocked_person", "stated_by", "worker"),
        _foreign_key("blocked_person", "ended_by", "worker"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_person")),
    )
    for column in ("household_id", "organisation_id", "worker_id"):
        op.create_index(f"ix_blocked_person_{column}", "blocked_person", [column])


def _keep_what_workers_do():
    """Grant each worker the roles of her keys that are not revoked; the oldest board runs the installation.

    No agreement is invented: until two administrators sign, organisations do not see each other.
    """
    connection = op.get_bind()
    key = sa.table("api_key", sa.column("worker_id", sa.Uuid()), sa.column("role"), sa.column("revoked_at"))
    rows = connection.execute(sa.select(key.c.worker_id, key.c.role).where(key.c.revoked_at.is_(None)).distinct()).all()
    role = sa.table(
        "worker_role",
        sa.column("id", sa.Uuid()),
        sa.column("worker_id", sa.Uuid()),
        sa.column("role"),
        sa.column("granted_at", sa.DateTime(timezone=True)),
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    if connection.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    for worker_id, name in rows:
        connection.execute(
            role.insert().values(id=uuid.uuid4(), worker_id=worker_id, role=name, granted_at=now)
        )
    organisation = sa.table(
        "organisation", sa.column("id", sa.Uuid()), sa.column("kind"), sa.column("created_at"), sa.column("runs_installation", sa.Boolean())
    )
    oldest = connection.execute(
        sa.select(organisation.c.id).where(organisation.c.kind == "board").order_by(organisation.c.created_at).limit(1)
    ).scalar()
    if oldest is not None:
        connection.execute(organisation.update().where(organisation.c.id == oldest).values(runs_installation=True))
