"""Legal holds and purges.

Revision ID: 0010
Revises: 0009
"""

from alembic import op
import sqlalchemy as sa


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_legal_hold_household_id_household")),
        sa.ForeignKeyConstraint(["placed_by"], ["worker.id"], name=op.f("fk_legal_hold_placed_by_worker")),
        sa.ForeignKeyConstraint(["lifted_by"], ["worker.id"], name=op.f("fk_legal_hold_lifted_by_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_household_id"), "legal_hold", ["household_id"])
    op.create_table(
        "retention_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("closed_case_days", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "closed_case_days BETWEEN 90 AND 3650", name=op.f("ck_retention_period_closed_case_days_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_retention_period_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["worker.id"], name=op.f("fk_retention_period_set_by_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_period")),
    )
    op.create_index("ix_retention_period_organisation_id_set_at", "retention_period", ["organisation_id", "set_at"])
    op.add_column("household", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("search") as batch_op:
        batch_op.alter_column("answer_sealed", existing_type=sa.LargeBinary(), nullable=True)


def downgrade():
    # What was forgotten cannot come back: searches without an answer go, so that the column may be required again.
    op.execute("UPDATE hold SET search_id = NULL WHERE search_id IN (SELECT id FROM search WHERE answer_sealed IS NULL)")
    op.execute("DELETE FROM search WHERE answer_sealed IS NULL")
    with op.batch_alter_table("search") as batch_op:
        batch_op.alter_column("answer_sealed", existing_type=sa.LargeBinary(), nullable=False)
    with op.batch_alter_table("household") as batch_op:
        batch_op.drop_column("forgotten_at")
    op.drop_index("ix_retention_period_organisation_id_set_at", table_name="retention_period")
    op.drop_table("retention_period")
    op.drop_index(op.f("ix_legal_hold_household_id"), table_name="legal_hold")
    op.drop_table("legal_hold")
