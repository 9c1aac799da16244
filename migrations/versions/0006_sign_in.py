"""Passwords, second factors, sessions, keys with scopes.

Revision ID: 0006
Revises: 0005
"""

from alembic import op
import sqlalchemy as sa


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _worker(table):
    return sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f(f"fk_{table}_worker_id_worker"))


def _identity(table):
    return [sa.Column("id", sa.Uuid(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))]


def _unique(table, *columns):
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _time(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade():
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("read_only", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("operations", sa.JSON(none_as_null=True), nullable=True))
        table.add_column(sa.Column("replaced_by", sa.Uuid(), nullable=True))
    op.create_table(
        "worker_session",
        *_identity("worker_session"),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        _time("created_at"),
        _time("last_seen_at"),
        _time("ends_at"),
        _time("ended_at", nullable=True),
        _time("stepped_up_until", nullable=True),
        _worker("worker_session"),
        _unique("worker_session", "digest"),
    )
    op.create_index("ix_worker_session_worker_id", "worker_session", ["worker_id"])
    op.create_table(
        "credential",
        *_identity("credential"),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("blind_index", sa.String(length=64), nullable=False),
        sa.Column("sign_in_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        _time("password_changed_at"),
        sa.Column("totp_secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        _time("created_at"),
        _worker("credential"),
        _unique("credential", "worker_id"),
        _unique("credential", "blind_index"),
    )
    op.create_table(
        "recovery_code",
        *_identity("recovery_code"),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _time("used_at", nullable=True),
        _worker("recovery_code"),
        _unique("recovery_code", "worker_id", "digest"),
    )
    op.create_table(
        "enrolment",
        *_identity("enrolment"),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sign_in_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("totp_secret_sealed", sa.LargeBinary(), nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _worker("enrolment"),
        _unique("enrolment", "digest"),
    )
    op.create_index("ix_enrolment_worker_id", "enrolment", ["worker_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _time("failed_at"),
        _time("forget_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index("ix_sign_in_failures_forget_at", "sign_in_failures", ["forget_at"])
    op.create_table(
        "external_identity",
        *_identity("external_identity"),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("blind_index", sa.String(length=64), nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        _worker("external_identity"),
        _unique("external_identity", "blind_index"),
    )
    op.create_index("ix_external_identity_worker_id", "external_identity", ["worker_id"])
    op.create_table(
        "oidc_attempt",
        *_identity("oidc_attempt"),
        sa.Column("state_digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("needs_code", sa.Boolean(), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("returned_at", nullable=True),
        _time("used_at", nullable=True),
        _worker("oidc_attempt"),
        _unique("oidc_attempt", "state_digest"),
        _unique("oidc_attempt", "browser_digest"),
    )
    op.create_index("ix_oidc_attempt_expires_at", "oidc_attempt", ["expires_at"])
    op.create_table(
        "request_count",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_count")),
    )
    op.create_index("ix_request_count_expires_at", "request_count", ["expires_at"])


def downgrade():
    for table in (
        "request_count",
        "oidc_attempt",
        "external_identity",
        "sign_in_failures",
        "enrolment",
        "recovery_code",
        "credential",
        "worker_session",
    ):
        op.drop_table(table)
    with op.batch_alter_table("api_key") as table:
        table.drop_column("replaced_by")
        table.drop_column("operations")
        table.drop_column("read_only")
