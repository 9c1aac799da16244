"""What nobody needs any more: counters, ways to the provider, tokens and sessions that are over, answers kept for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, or_

from api.auth.models import Enrolment, OidcAttempt, RequestCount, SignInFailures, WorkerSession
from api.kept_answers import KeptAnswer

KEEP_OVER = timedelta(days=7)
"""Sessions and enrolments that are over are kept so long for whoever looks into a theft; the audit trail keeps the fact."""


def forget_sign_ins(engine: Engine, now: datetime) -> int:
    """Delete all of it, each kind in a transaction of its own; returns how many rows went."""
    long_over = now - KEEP_OVER
    gone = 0
    for statement in (
        delete(SignInFailures).where(SignInFailures.forget_at <= now),
        delete(RequestCount).where(RequestCount.expires_at <= now),
        delete(KeptAnswer).where(KeptAnswer.expires_at <= now),
        delete(OidcAttempt).where(OidcAttempt.expires_at <= now),
        delete(Enrolment).where(or_(Enrolment.used_at <= long_over, Enrolment.expires_at <= long_over)),
        delete(WorkerSession).where(or_(WorkerSession.ended_at <= long_over, WorkerSession.ends_at <= long_over)),
    ):
        with engine.begin() as connection:
            result: Any = connection.execute(statement)
            gone += result.rowcount
    return gone
