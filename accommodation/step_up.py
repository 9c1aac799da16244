"""Step-up: what a stolen session or key must not do is done only by somebody who has just shown her second factor. Pure."""

from __future__ import annotations

from datetime import datetime

from accommodation.base import Principal
from accommodation.disclosure import has_second_factor
from accommodation.errors import StepUpNeeded


def demand_step_up(principal: Principal, now: datetime) -> None:
    """Let a caller pass whose second factor still counts at `now`, UTC.

    Raises StepUpNeeded for a key, which can never step up, and for a session that has not, or too long ago.
    """
    if not has_second_factor(principal.stepped_up_until, has_session=principal.session_id is not None, now=now):
        raise StepUpNeeded
