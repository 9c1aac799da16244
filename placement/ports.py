"""What placing needs from outside, as roles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class Occasion(StrEnum):
    """Why a message is sent, as far as it may say: something must be done by a day, or something was done on it."""

    DUE = "due"
    HAPPENED = "happened"


@dataclass(frozen=True)
class NeutralMessage:
    """All that a message may carry: a reference, a date and who it is for. It has no field that could identify anybody.

    `due_on` is the day on which something falls due or, when it happened, the local day on which it did.
    """

    message_id: uuid.UUID
    worker_id: uuid.UUID | None
    organisation_id: uuid.UUID
    reference: str
    due_on: date
    occasion: Occasion = Occasion.DUE


class Notifier(Protocol):
    """Hands a message to whatever carries it. Called inside the transaction of what the message is about."""

    def notify(self, message: NeutralMessage) -> None: ...
