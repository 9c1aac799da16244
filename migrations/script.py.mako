"""${message}

Before this lands: does it lock a big table, rewrite it, or break the code that runs while it runs? Add first, use in the
next release, remove in the one after. Constraints have names. Give a downgrade; `tests/migrations` runs up, down, up.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
