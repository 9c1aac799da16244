"""Budgets on distinct geometries; changes that want a second worker.

Revision ID: 0007
Revises: 0006
"""

from alembic import op
import sqlalchemy as sa


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("household", sa.Column("pending_area_changes", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "budget_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_common", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_budget_use_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_budget_use_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_use")),
    )
    op.create_index(
        "ix_budget_use_organisation_id_kind_used_at", "budget_use", ["organisation_id", "kind", "used_at"]
    )
    op.create_index("ix_budget_use_used_at", "budget_use", ["used_at"])
    op.create_table(
        "budget_raise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > raised_at", name=op.f("ck_budget_raise_ends_after_raised")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_budget_raise_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["raised_by"], ["worker.id"], name=op.f("fk_budget_raise_raised_by_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_raise")),
    )
    op.create_index("ix_budget_raise_organisation_id_ends_at", "budget_raise", ["organisation_id", "ends_at"])
    op.create_table(
        "area_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("widens", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("wanted_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_in_role", sa.String(length=30), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_area_change_second_worker_is_another")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area_to_avoid.id"], name=op.f("fk_area_change_area_id_area_to_avoid")),
        sa.ForeignKeyConstraint(["asked_by"], ["worker.id"], name=op.f("fk_area_change_asked_by_worker")),
        sa.ForeignKeyConstraint(["decided_by"], ["worker.id"], name=op.f("fk_area_change_decided_by_worker")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_area_change_household_id_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_change")),
    )
    op.create_index("ix_area_change_area_id", "area_change", ["area_id"])
    op.create_index("ix_area_change_household_id_asked_at", "area_change", ["household_id", "asked_at"])


def downgrade():
    op.drop_table("area_change")
    op.drop_table("budget_raise")
    op.drop_table("budget_use")
    op.drop_column("household", "pending_area_changes")
