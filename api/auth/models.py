"""Tables of credentials. A key is stored as an HMAC: whoever steals the table cannot use it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accommodation.base import Base, new_id
from accommodation.models import Worker


class ApiKey(Base):
    """A worker's key in one role. `prefix` is public and finds the row; `digest` is HMAC-SHA-256 of the whole key."""

    __tablename__ = "api_key"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    worker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("worker.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    worker: Mapped[Worker] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (UniqueConstraint("prefix"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
