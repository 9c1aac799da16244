"""Somebody's own words about an event: sealed beside the trail, committed to in it, and erasable without breaking it.

The commitment is the SHA-256 of a random salt and the words. Salt and words are sealed together, so that once they are
erased nothing is left by which a guess at them could be checked. Sealing them anew under another key changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import delete, select

from accommodation.base import Cipher, DomainEvent, UnitOfWork
from api.audit.models import AuditReason

TABLE, COLUMN = "audit_reason", "reason_sealed"
SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class AuditReasonErased(DomainEvent):
    """The words of the event `subject_id` are gone."""

    name: ClassVar[str] = "audit_reason:erased"


def seal_reason(cipher: Cipher, event_id: uuid.UUID, words: str) -> tuple[bytes, bytes]:
    """Return (digest, sealed) of the words about an event."""
    salted = os.urandom(SALT_BYTES) + words.encode("utf-8", "surrogatepass")
    return hashlib.sha256(salted).digest(), cipher.seal(salted, table=TABLE, column=COLUMN, row_id=event_id)


def open_reason(cipher: Cipher, event_id: uuid.UUID, sealed: bytes) -> tuple[bytes, str]:
    """Return (digest, words). Raises the cipher's error when they were moved or altered."""
    salted = cipher.open(sealed, table=TABLE, column=COLUMN, row_id=event_id)
    return hashlib.sha256(salted).digest(), salted[SALT_BYTES:].decode("utf-8", "surrogatepass")


def erase_reasons(uow: UnitOfWork, event_ids: Sequence[uuid.UUID]) -> int:
    """Erase the words of these events, each recorded as an event of its own; returns how many had words."""
    found = uow.session.execute(select(AuditReason.id).where(AuditReason.id.in_(event_ids)).order_by(AuditReason.id))
    had_words = list(found.scalars())
    uow.session.execute(delete(AuditReason).where(AuditReason.id.in_(had_words)))
    for event_id in had_words:
        uow.record(AuditReasonErased(subject_id=event_id))
    return len(had_words)
