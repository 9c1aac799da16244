"""What placing needs from outside, as roles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class NeutralMessage:
    """All that a message may carry: a reference, a date and who it is for. It has no field that could identify anybody."""

    message_id: uuid.UUID
    worker_id: uuid.UUID | None
    organisation_id: uuid.UUID
    reference: str
    due_on: date


class Notifier(Protocol):
    """Hands a message to whatever carries it. Called inside the transaction that marks the reminder as sent."""

    def notify(self, message: NeutralMessage) -> None: ...
