"""The outbox: messages as rows, written in the transaction of what caused them. Its columns cannot hold an identity."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accommodation.base import Base, UnitOfWork, new_id
from placement.ports import NeutralMessage


class OutboxMessage(Base):
    """One neutral message to staff. The unique reminder id makes a second one impossible, restarts or not."""

    __tablename__ = "outbox_message"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reminder_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID]
    worker_id: Mapped[uuid.UUID | None]
    reference: Mapped[str] = mapped_column(String(20))
    due_on: Mapped[date]
    text: Mapped[str] = mapped_column(String(200))
    written_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("reminder_id"),)


def neutral_text(message: NeutralMessage) -> str:
    """Return all that a message ever says."""
    return f"{message.reference}: something is due on {message.due_on.isoformat()}. Open Harbour."


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
                reminder_id=message.message_id,
                organisation_id=message.organisation_id,
                worker_id=message.worker_id,
                reference=message.reference,
                due_on=message.due_on,
                text=text,
                written_at=self._uow.now,
            )
        )
        self.written.append(text)
