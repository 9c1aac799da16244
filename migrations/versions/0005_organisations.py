"""Roles per organisation, sharing agreements, leave, blocked persons.

Revision ID: 0005
Revises: 0004
"""

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
    _create_sharing_agreement()


def downgrade():
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
