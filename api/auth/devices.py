"""Known devices: a browser that signed in before is told from a stranger's, so that strangers' failures cost it nothing."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from api.auth.sessions import digest_of_token

LIFETIME = timedelta(days=180)
MARK_LENGTH = 22


def make_device(auth_key: bytes, sign_in_name: str) -> str:
    """Return what a browser keeps in which somebody has just signed in: a mark, proof that it is ours, proof of her name."""
    mark = secrets.token_urlsafe(16)
    return ".".join((mark, _proof(auth_key, "", mark), _proof(auth_key, sign_in_name, mark)))


def find_browser(auth_key: bytes, value: str | None) -> str | None:
    """Return the mark of a browser in which anybody has signed in before, or None."""
    parts = (value or "").split(".")
    if len(parts) != 3 or len(parts[0]) != MARK_LENGTH or not all(part.isascii() for part in parts):
        return None
    return parts[0] if hmac.compare_digest(parts[1], _proof(auth_key, "", parts[0])) else None


def find_device(auth_key: bytes, sign_in_name: str, value: str | None) -> str | None:
    """Return the mark of a browser that has signed in by this name before, or None."""
    mark = find_browser(auth_key, value)
    if mark is None or value is None:
        return None
    return mark if hmac.compare_digest(value.split(".")[2], _proof(auth_key, sign_in_name, mark)) else None


def _proof(auth_key: bytes, sign_in_name: str, mark: str) -> str:
    return digest_of_token(auth_key, f"device:{sign_in_name}", mark).hex()
