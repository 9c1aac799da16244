"""The part of the settings that signing in needs: where browsers find Harbour, and whether cookies travel over TLS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

ORIGIN = re.compile(r"(https?)://([A-Za-z0-9.-]+)(:\d{1,5})?")


@dataclass(frozen=True)
class SignInSettings:
    """How people reach Harbour. `public_url` is scheme, host and port without a path, as a browser's `Origin` is."""

    public_url: str | None
    secure_cookies: bool

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], environment: str, problems: list[str]) -> Self:
        """Read them; what is wrong is added to `problems`. In production cookies are never sent over plain HTTP."""
        public_url = (environ.get("PUBLIC_URL") or "").rstrip("/") or None
        if public_url is not None and not ORIGIN.fullmatch(public_url):
            problems.append("PUBLIC_URL must be scheme, host and port of what a browser sees, without a path.")
        is_https = (public_url or "").startswith("https://")
        if environment == "production" and public_url is not None and not is_https:
            problems.append("PUBLIC_URL must begin with https:// in production.")
        return cls(public_url=public_url, secure_cookies=environment == "production" or is_https)
