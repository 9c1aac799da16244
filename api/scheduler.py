"""The scheduler process: a table of jobs and nothing else. Jobs are idempotent; what is due stands in columns.

One process leads: on PostgreSQL by an advisory lock held by its connection, on SQLite by a lock on a file beside it.
"""

from __future__ import annotations

import contextlib
import fcntl
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from accommodation.base import Principal
from api.audit.checkpoints import make_checkpoints
from api.audit.signing import derive_signing_key
from api.auth.forgetting import forget_sign_ins as forget
from api.database import READ_ONLY, checkpoint, db
from api.extensions import current_harbour
from api.outbox import OutboxNotifier
from api.retention import forget_what_is_due
from api.unit_of_work import begin_unit_of_work
from api.watching import watch_for_misuse
from placement.releases import list_lapsed_ids, tell_of_expiry
from placement.reminders import list_due_ids, plan_overstays, send_reminder

SYSTEM = Principal(worker_id=uuid.UUID(int=0), organisation_id=uuid.UUID(int=0), role="system")
LEADER_LOCK = 7_276_318_203
AT_ONCE = 500

log = structlog.get_logger("harbour.scheduler")


@dataclass(frozen=True)
class Job:
    """One thing to do every so many seconds. It may run late, twice or not at all: the next run makes up for it."""

    name: str
    run: Callable[[], int]
    every_seconds: int


def notice_overstays(now: datetime | None = None) -> int:
    """Plan today's review for every licence that has ended with the household still there."""
    with begin_unit_of_work(db.engine, current_harbour().key_ring, SYSTEM, None, now) as uow:
        return plan_overstays(uow)


def send_due_reminders(now: datetime | None = None) -> int:
    """Hand every due reminder to the notifier, each in a transaction of its own; returns how many were handed over.

    A reminder that fails is logged by id and does not stop the others; it is still due at the next run.
    """
    at = now or datetime.now(UTC)
    key_ring = current_harbour().key_ring
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        due = list_due_ids(session, at, AT_ONCE)
    sent = 0
    for reminder_id in due:
        try:
            with begin_unit_of_work(db.engine, key_ring, SYSTEM, None, now) as uow:
                notifier = OutboxNotifier(uow)
                handed_over = send_reminder(uow, notifier, reminder_id)
        except Exception as error:
            log.error("reminder_failed", reminder_id=str(reminder_id), error=type(error).__name__)
            continue
        if handed_over:
            sent += 1
            log.info("reminder_sent", reminder_id=str(reminder_id), text=notifier.written[0])
    return sent


def sign_audit_trail() -> int:
    """Sign the end of each organisation's audit trail that has grown."""
    return make_checkpoints(db.engine, derive_signing_key(current_harbour().settings.auth_key))


def notice_lapsed_releases(now: datetime | None = None) -> int:
    """Tell both organisations of each release of an address that nobody opened in time; it is void from its instant on."""
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        lapsed = list_lapsed_ids(session, now or datetime.now(UTC), AT_ONCE)
    told = 0
    for release_id in lapsed:
        try:
            with begin_unit_of_work(db.engine, current_harbour().key_ring, SYSTEM, None, now) as uow:
                told += tell_of_expiry(uow, OutboxNotifier(uow), release_id)
        except Exception as error:
            log.error("release_notice_failed", release_id=str(release_id), error=type(error).__name__)
    return told


def checkpoint_database() -> int:
    """Move SQLite's write-ahead log into its file."""
    checkpoint(db.engine)
    return 0


def watch_workers() -> int:
    """Raise alerts about what no budget refuses and a safeguarding lead should look at."""
    return watch_for_misuse(db.engine, current_harbour().key_ring)


def forget_sign_ins() -> int:
    """Delete counters, tokens and sessions that are over."""
    return forget(db.engine, datetime.now(UTC))


JOBS = (
    Job("notice_overstays", notice_overstays, 300),
    Job("send_due_reminders", send_due_reminders, 15),
    Job("sign_audit_trail", sign_audit_trail, 600),
    Job("watch_workers", watch_workers, 900),
    Job("notice_lapsed_releases", notice_lapsed_releases, 60),
    Job("forget_sign_ins", forget_sign_ins, 300),
    Job("forget_what_is_due", forget_what_is_due, 86_400),
    Job("checkpoint_database", checkpoint_database, 60),
)


def run_scheduler() -> None:
    """Run the jobs until SIGTERM or SIGINT; waits first until no other scheduler leads."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    scheduler = build_scheduler(app)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with leadership():
        log.info("scheduler_leads", jobs=[job.name for job in JOBS])
        with contextlib.suppress(SystemExit):
            scheduler.start()
    log.info("scheduler_stopped")


def build_scheduler(app: Flask) -> BlockingScheduler:
    """Return an APScheduler that runs every job at once and then on its interval, in UTC, one run of a job at a time."""
    scheduler = BlockingScheduler(timezone=UTC)
    for job in JOBS:
        scheduler.add_job(
            _guarded(app, job),
            "interval",
            seconds=job.every_seconds,
            id=job.name,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


def _guarded(app: Flask, job: Job) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            try:
                job.run()
            except Exception as error:
                log.error("job_failed", job=job.name, error=type(error).__name__)

    return run


@contextlib.contextmanager
def leadership() -> Iterator[None]:
    """Wait until this process alone leads, and lead until the block ends or the process dies."""
    settings = current_harbour().settings
    if settings.is_sqlite:
        with (settings.instance_path / "scheduler.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LEADER_LOCK})
        try:
            yield
        finally:
            with contextlib.suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LEADER_LOCK})
