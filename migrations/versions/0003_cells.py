"""Cells that change by a recorded act; coarser cells for special risk.

A unit loses its own copy of its property's cell: one place for it, so that the two can never differ.

Revision ID: 0003
Revises: 0002
"""

from alembic import op
import sqlalchemy as sa


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("property", sa.Column("special_risk", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_column("unit", "cell")


def downgrade():
    op.add_column("unit", sa.Column("cell", sa.String(length=60), server_default="", nullable=False))
    op.execute("UPDATE unit SET cell = (SELECT cell FROM property WHERE property.id = unit.property_id)")
    op.drop_column("property", "special_risk")
