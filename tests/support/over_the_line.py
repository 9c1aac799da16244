"""Where code looks over the second line on PostgreSQL (`accommodation.confinement`), and why it may."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accommodation", "placement", "api")

ACROSS = {
    ("accommodation/alerts.py", "raise_alert"): "what is done to a property concerns its own lead",
    ("accommodation/people.py", "count_with_role"): "has another organisation its first administrator?",
    ("placement/index.py", "current"): "the supply in memory is everybody's; it is told to nobody",
    ("placement/blocked_persons.py", "declare_conflict"): "she is kept from whoever recorded him",
    ("placement/blocked_persons.py", "keep_declared_conflicts"): "whoever declared to know him, wherever she works",
    ("placement/blocked_persons.py", "end_conflict"): "what a declaration kept from her is whoever's that named him",
    ("api/readings.py", "_page"): "whose data it is may know who read it",
    ("api/readings.py", "find_readers"): "ids of those who read",
    ("api/resources/readings.py", "_words"): "why an address was opened is told to whose it is",
    ("api/resources/alerts.py", "list_alert_coverage"): "counts, for whoever runs the installation",
}
"""The places that look over the line, and why."""

WHO_CALLS = frozenset({"api/auth/keys.py", "api/auth/sessions.py", "api/auth/signing_in.py"})
"""Finding out who calls, before there is an organisation to be confined to."""
