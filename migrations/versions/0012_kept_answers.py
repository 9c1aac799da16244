"""Answers kept for a day under a caller's Idempotency-Key.

Revision ID: 0012
Revises: 0011
"""

from alembic import op
import sqlalchemy as sa


revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = "harbour_requests"
OWN = "organisation_id = (SELECT requesting_organisation())"


def upgrade():
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_kept_answer_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_kept_answer_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("slot", name=op.f("uq_kept_answer_slot")),
    )
    op.create_index(op.f("ix_kept_answer_expires_at"), "kept_answer", ["expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON kept_answer TO {ROLE}")
        op.execute("ALTER TABLE kept_answer ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY kept_answer_of_organisation ON kept_answer TO {ROLE} USING ({OWN}) WITH CHECK ({OWN})")


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY kept_answer_of_organisation ON kept_answer")
    op.drop_index(op.f("ix_kept_answer_expires_at"), table_name="kept_answer")
    op.drop_table("kept_answer")
