"""Disclosure of addresses as a state machine.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
import sqlalchemy as sa


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "address_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_before_arrival", sa.Boolean(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("view_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("expiry_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at > released_at", name=op.f("ck_address_release_expires_after_release")),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (view_ends_at IS NULL)", name=op.f("ck_address_release_view_has_both_ends")
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (session_id IS NULL)", name=op.f("ck_address_release_view_has_a_session")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_address_release_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(["property_id"], ["property.id"], name=op.f("fk_address_release_property_id_property")),
        sa.ForeignKeyConstraint(["officer_id"], ["worker.id"], name=op.f("fk_address_release_officer_id_worker")),
        sa.ForeignKeyConstraint(["released_by"], ["worker.id"], name=op.f("fk_address_release_released_by_worker")),
        sa.ForeignKeyConstraint(["revoked_by"], ["worker.id"], name=op.f("fk_address_release_revoked_by_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_release")),
        sa.UniqueConstraint("placement_id", "number", name=op.f("uq_address_release_placement_id_number")),
    )
    op.create_index("ix_address_release_released_by_released_at", "address_release", ["released_by", "released_at"])
    op.create_table(
        "address_disclosure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("release_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("is_own_staff", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "is_own_staff = (release_id IS NULL)", name=op.f("ck_address_disclosure_outsiders_by_release")
        ),
        sa.ForeignKeyConstraint(
            ["property_id"], ["property.id"], name=op.f("fk_address_disclosure_property_id_property")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_address_disclosure_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["address_release.id"], name=op.f("fk_address_disclosure_release_id_address_release")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_address_disclosure_worker_id_worker")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_address_disclosure_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_disclosure")),
        sa.UniqueConstraint("release_id", name=op.f("uq_address_disclosure_release_id")),
    )
    op.create_index(
        "ix_address_disclosure_organisation_id_told_at", "address_disclosure", ["organisation_id", "told_at"]
    )
    op.create_index("ix_address_disclosure_property_id_told_at", "address_disclosure", ["property_id", "told_at"])
    _name_message("reminder_id", "message_id")


def downgrade():
    _name_message("message_id", "reminder_id")
    op.drop_index("ix_address_disclosure_property_id_told_at", table_name="address_disclosure")
    op.drop_index("ix_address_disclosure_organisation_id_told_at", table_name="address_disclosure")
    op.drop_table("address_disclosure")
    op.drop_index("ix_address_release_released_by_released_at", table_name="address_release")
    op.drop_table("address_release")


def _name_message(old, new):
    """Not every message is a reminder any more: its identity is its own."""
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_constraint(op.f(f"uq_outbox_message_{old}"), type_="unique")
        batch.alter_column(old, new_column_name=new)
    with op.batch_alter_table("outbox_message") as batch:
        batch.create_unique_constraint(op.f(f"uq_outbox_message_{new}"), [new])
