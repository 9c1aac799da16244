"""The outbox: messages as rows, written in the transaction of what caused them. Its columns cannot hold an identity."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, UnitOfWork, new_id
from placement.ports import NeutralMessage, Occasion


class OutboxMessage(Base):
    """One neutral message to staff. `message_id` is the reminder's, or the message's own: unique, so that none is written
    twice, restarts or not."""

    __tablename__ = "outbox_message"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    message_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID]
    worker_id: Mapped[uuid.UUID | None]
    reference: Mapped[str] = mapped_column(String(20))
    due_on: Mapped[date]
    text: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("message_id"),)


TEMPLATES = {
    Occasion.DUE: "{reference}: something is due on {day}. Open Harbour.",
    Occasion.HAPPENED: "{reference}: something was recorded on {day}. Open Harbour.",
}
"""All that a message ever says."""


def neutral_text(message: NeutralMessage) -> str:
    """Return a message's words."""
    return TEMPLATES[message.occasion].format(reference=message.reference, day=message.due_on.isoformat())


class OutboxNotifier:
    """The Notifier that writes to the outbox. `written` is what it wrote, for the log line after the commit."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self.written: list[str] = []

    def notify(self, message: NeutralMessage) -> None:
        """Write the message down in the transaction at hand."""
        text = neutral_text(message)
        self._uow.session.add(
            OutboxMessage(
                id=new_id(),
                message_id=message.message_id,
                organisation_id=message.organisation_id,
                worker_id=message.worker_id,
                reference=message.reference,
                due_on=message.due_on,
                text=text,
                written_at=self._uow.now,
            )
        )
        self.written.append(text)
