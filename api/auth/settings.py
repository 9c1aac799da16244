"""The part of the settings that signing in needs: where browsers find Harbour, and how often somebody may ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

OIDC_RETURN_PATH = "/api/v1/oidc-sign-ins/return"
ORIGIN = re.compile(r"(https?)://([A-Za-z0-9.-]+)(:\d{1,5})?")


@dataclass(frozen=True)
class OidcSettings:
    """An identity provider. Harbour talks to its `hosts` alone: the issuer's, and what OIDC_HOSTS adds.

    `second_factors` are values of `amr` or `acr` that say that it asked for a second factor; with none, Harbour asks for
    its own.
    """

    issuer: str
    client_id: str
    client_secret: str
    hosts: frozenset[str]
    second_factors: frozenset[str]
    redirect_uri: str


@dataclass(frozen=True)
class SignInSettings:
    """How people reach Harbour. `public_url` is scheme, host and port without a path, as a browser's `Origin` is.

    So many proxies as are trusted stand before Harbour; the address that the outermost of them saw is the caller's.
    """

    public_url: str | None
    secure_cookies: bool
    trusted_proxies: int
    redis_url: str | None
    requests_per_minute: int
    address_requests_per_minute: int
    sign_ins_per_minute: int
    oidc: OidcSettings | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], environment: str, problems: list[str]) -> Self:
        """Read them; what is wrong is added to `problems`. In production cookies are never sent over plain HTTP."""
        public_url = (environ.get("PUBLIC_URL") or "").rstrip("/") or None
        if public_url is not None and not ORIGIN.fullmatch(public_url):
            problems.append("PUBLIC_URL must be scheme, host and port of what a browser sees, without a path.")
        is_https = (public_url or "").startswith("https://")
        if environment == "production" and public_url is not None and not is_https:
            problems.append("PUBLIC_URL must begin with https:// in production.")
        redis_url = environ.get("REDIS_URL") or None
        if redis_url is not None and not redis_url.startswith(("redis://", "rediss://", "unix://")):
            problems.append("REDIS_URL must begin with redis://, rediss:// or unix://.")

        def number(name: str, default: int, low: int, high: int) -> int:
            text = environ.get(name) or str(default)
            if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
                problems.append(f"{name} must be a whole number from {low} to {high}.")
                return default
            return int(text)

        return cls(
            public_url=public_url,
            secure_cookies=environment == "production" or is_https,
            trusted_proxies=number("TRUSTED_PROXIES", 0, 0, 5),
            redis_url=redis_url,
            requests_per_minute=number("REQUESTS_PER_MINUTE", 600, 60, 10_000_000),
            address_requests_per_minute=number("ADDRESS_REQUESTS_PER_MINUTE", 6000, 60, 10_000_000),
            sign_ins_per_minute=number("SIGN_INS_PER_MINUTE", 60, 1, 10_000_000),
            oidc=_oidc(environ, environment, public_url, problems),
        )


def _oidc(environ: Mapping[str, str], environment: str, public_url: str | None, problems: list[str]) -> OidcSettings | None:
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_HOSTS", "OIDC_SECOND_FACTORS")
    issuer, client_id, client_secret, hosts, factors = ((environ.get(name) or "").strip() for name in names)
    if not (issuer or client_id or client_secret):
        return None
    if not (issuer and client_id and client_secret and public_url):
        problems.append("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together, and need PUBLIC_URL.")
        return None
    parts = urlsplit(issuer)
    is_local = environment != "production" and parts.hostname in ("localhost", "127.0.0.1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        problems.append("OIDC_ISSUER must begin with https://.")
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        hosts=frozenset([parts.netloc, *_words(hosts)]),
        second_factors=frozenset(_words(factors)),
        redirect_uri=f"{public_url}{OIDC_RETURN_PATH}",
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
