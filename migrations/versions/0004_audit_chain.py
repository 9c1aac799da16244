"""The audit trail is append-only and hash-chained.

Events that are there already are chained in the order in which they happened. Reasons move to a table of their own and are
sealed anew, with a salt, which needs the installation's data keys.

A later migration that makes `audit_event` anew on SQLite (batch mode) must make its triggers anew as well, and must empty
and refill `audit_reason`, which refers to it.

Revision ID: 0004
Revises: 0003
"""

import hashlib
import os
from itertools import groupby

from alembic import op
from flask import current_app
import sqlalchemy as sa

from accommodation.base import UtcDateTime
from api.audit.chain import GENESIS, hash_of, instant


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_event", "audit_checkpoint")
SALT_BYTES = 32
BATCH = 1_000
UNIQUE = "uq_audit_event_organisation_id_position"

# The lock's key is 64 bits of the organisation's id, which is random. VOLATILE, so that the query sees what was committed
# while the lock was waited for; as its owner, so that it sees the chain's end whatever rows its caller may see.
LOCK_FUNCTION = """
CREATE FUNCTION lock_audit_chain(organisation uuid) RETURNS TABLE ("position" bigint, hash bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(('x' || left(replace(organisation::text, '-', ''), 16))::bit(64)::bigint);
  RETURN QUERY SELECT event."position", event.hash FROM audit_event AS event
    WHERE event.organisation_id = organisation ORDER BY event."position" DESC LIMIT 1;
END $$
"""
REFUSAL_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
    MESSAGE = format('%s_is_append_only', TG_TABLE_NAME), CONSTRAINT = format('%s_is_append_only', TG_TABLE_NAME);
END $$
"""

event = sa.table(
    "audit_event",
    sa.column("id", sa.Uuid()),
    sa.column("happened_at", UtcDateTime()),
    sa.column("organisation_id", sa.Uuid()),
    sa.column("position", sa.BigInteger()),
    sa.column("worker_id", sa.Uuid()),
    sa.column("action", sa.String()),
    sa.column("subject_id", sa.Uuid()),
    sa.column("request_id", sa.String()),
    sa.column("details", sa.JSON()),
    sa.column("reason_sealed", sa.LargeBinary()),
    sa.column("reason_digest", sa.LargeBinary()),
    sa.column("previous_hash", sa.LargeBinary()),
    sa.column("hash", sa.LargeBinary()),
)
reason = sa.table("audit_reason", sa.column("id", sa.Uuid()), sa.column("reason_sealed", sa.LargeBinary()))


def upgrade():
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.add_column(sa.Column("position", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("reason_digest", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("previous_hash", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.LargeBinary(), nullable=True))
    reasons = chain_what_is_there(op.get_bind())
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.alter_column("position", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("previous_hash", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.create_unique_constraint(UNIQUE, ["organisation_id", "position"])
        batch_op.drop_column("reason_sealed")
    op.create_table(
        "audit_reason",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["audit_event.id"], name=op.f("fk_audit_reason_id_audit_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_reason")),
    )
    if reasons:
        op.bulk_insert(reason, reasons)
    op.create_table(
        "audit_checkpoint",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "position", name=op.f("pk_audit_checkpoint")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(LOCK_FUNCTION)
        op.execute(REFUSAL_FUNCTION)
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only_whole BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
    else:
        for table in APPEND_ONLY:
            refuse_on_sqlite(table, "update", "UPDATE", "1")
            refuse_on_sqlite(table, "delete", "DELETE", "1")
            # INSERT OR REPLACE takes the old row away without a word to the trigger on DELETE.
            same = "organisation_id = NEW.organisation_id AND position = NEW.position"
            refuse_on_sqlite(table, "insert", "INSERT", f"EXISTS (SELECT 1 FROM {table} WHERE {same})")
        refuse_on_sqlite("audit_event", "insert_id", "INSERT", "EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)")


def refuse_on_sqlite(table, name, act, condition):
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only_{name} BEFORE {act} ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}_is_append_only'); END"
    )


def chain_what_is_there(connection):
    """Give every event its position and hashes; returns the reasons, sealed for the table that they will lie in."""
    reasons, changes = [], []
    rows = connection.execute(sa.select(event).order_by(event.c.organisation_id, event.c.happened_at, event.c.id)).all()
    for _, chain in groupby(rows, key=lambda row: row.organisation_id):
        previous = GENESIS
        for position, row in enumerate(chain, start=1):
            digest = None
            if row.reason_sealed is not None:
                salted = os.urandom(SALT_BYTES) + opened(row.reason_sealed, "audit_event", row.id)
                digest = hashlib.sha256(salted).digest()
                reasons.append({"id": row.id, "reason_sealed": sealed(salted, "audit_reason", row.id)})
            record = {
                "id": str(row.id),
                "happened_at": instant(row.happened_at),
                "organisation_id": str(row.organisation_id),
                "position": position,
                "worker_id": str(row.worker_id),
                "action": row.action,
                "subject_id": str(row.subject_id),
                "request_id": row.request_id,
                "details": row.details,
                "reason_digest": None if digest is None else digest.hex(),
                "previous_hash": previous,
            }
            ahead, previous = previous, hash_of(record)
            changes.append(
                {
                    "of": row.id,
                    "to_position": position,
                    "to_digest": digest,
                    "to_previous": bytes.fromhex(ahead),
                    "to_hash": bytes.fromhex(previous),
                }
            )
    statement = (
        sa.update(event)
        .where(event.c.id == sa.bindparam("of"))
        .values(
            position=sa.bindparam("to_position"),
            reason_digest=sa.bindparam("to_digest"),
            previous_hash=sa.bindparam("to_previous"),
            hash=sa.bindparam("to_hash"),
        )
    )
    for start in range(0, len(changes), BATCH):
        connection.execute(statement, changes[start : start + BATCH])
    return reasons


def downgrade():
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_is_append_only_whole ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("DROP FUNCTION lock_audit_chain(uuid)")
    else:
        for table in APPEND_ONLY:
            for name in ("update", "delete", "insert"):
                op.execute(f"DROP TRIGGER {table}_is_append_only_{name}")
        op.execute("DROP TRIGGER audit_event_is_append_only_insert_id")
    reasons = connection.execute(sa.select(reason)).all()
    op.drop_table("audit_checkpoint")
    op.drop_table("audit_reason")
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_constraint(UNIQUE, type_="unique")
        batch_op.drop_column("position")
        batch_op.drop_column("reason_digest")
        batch_op.drop_column("previous_hash")
        batch_op.drop_column("hash")
        batch_op.add_column(sa.Column("reason_sealed", sa.LargeBinary(), nullable=True))
    for row in reasons:
        words = opened(row.reason_sealed, "audit_reason", row.id)[SALT_BYTES:]
        back = {"reason_sealed": sealed(words, "audit_event", row.id)}
        connection.execute(sa.update(event).where(event.c.id == row.id).values(**back))


def opened(ciphertext, table, row_id):
    return key_ring().open(ciphertext, table=table, column="reason_sealed", row_id=row_id)


def sealed(plaintext, table, row_id):
    return key_ring().seal(plaintext, table=table, column="reason_sealed", row_id=row_id)


def key_ring():
    return current_app.extensions["harbour"].key_ring
