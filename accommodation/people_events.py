"""What happens to organisations, their workers and their agreements, as past participles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from accommodation.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class AgreementProposed(DomainEvent):
    name: ClassVar[str] = "agreement:proposed"


@dataclass(frozen=True, kw_only=True)
class AgreementAccepted(DomainEvent):
    name: ClassVar[str] = "agreement:accepted"


@dataclass(frozen=True, kw_only=True)
class AgreementEnded(DomainEvent):
    name: ClassVar[str] = "agreement:ended"
