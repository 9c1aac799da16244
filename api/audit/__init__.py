"""The audit trail: written once, chained per organisation, signed from time to time, and checkable by anybody."""

from api.audit.models import AuditEvent

__all__ = ["AuditEvent"]
