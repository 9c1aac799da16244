"""Known devices: a browser that signed in before is told from a stranger's, so that strangers' failures cost it nothing."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from api.auth.sessions import digest_of_token

LIFETIME = timedelta(days=180)
MARK_LENGTH = 22


def make_device(auth_key: bytes, sign_in_index: str) -> str:
    """Return the mark of a browser in which somebody has just signed in; it opens nothing, and fits her name alone."""
    mark = secrets.token_urlsafe(16)
    return f"{mark}.{_proof(auth_key, sign_in_index, mark)}"


def find_device(auth_key: bytes, sign_in_index: str, value: str | None) -> str | None:
    """Return the mark of a browser that has signed in by this name before, or None."""
    mark, _, proof = (value or "").partition(".")
    if len(mark) != MARK_LENGTH or not mark.isascii() or not proof.isascii():
        return None
    return mark if hmac.compare_digest(proof, _proof(auth_key, sign_in_index, mark)) else None


def _proof(auth_key: bytes, sign_in_index: str, mark: str) -> str:
    return digest_of_token(auth_key, f"device:{sign_in_index}", mark).hex()
