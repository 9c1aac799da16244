"""The identity provider: discovery, the way there, what comes back. Its hosts are fixed; redirects are refused."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Response

from accommodation.base import DomainError
from api.auth.settings import OidcSettings

SCOPE = "openid email"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a public key. `none`, and a shared secret in its place, are not among them."""

TIMEOUT_SECONDS = (3.05, 5.0)
LEEWAY_SECONDS = 30
KEEP_SECONDS = 3600
ASK_AGAIN_SECONDS = 30
LONGEST_ANSWER = 256 * 1024

log = structlog.get_logger("harbour.oidc")


class IdentityProviderUnavailable(DomainError):
    """The provider does not answer, or not with what Harbour can use."""

    slug = "identity-provider-unavailable"

    def __init__(self) -> None:
        super().__init__("The identity provider does not answer. Sign in with name, password and code, or try later.")


class IdentityRefused(Exception):
    """What came back does not show who somebody is. Nobody outside is told why."""


@dataclass(frozen=True)
class Identity:
    """Whom the provider means, by its own words, checked. `email` is one that it has verified, or None."""

    issuer: str
    subject: str
    email: str | None
    factors: frozenset[str]


@dataclass
class OidcProvider:
    """One identity provider, found by discovery. Shared between threads; keeps what it has read for an hour."""

    settings: OidcSettings
    _metadata: Mapping[str, Any] | None = None
    _keys: KeySet | None = None
    _read_at: float = 0.0
    _keys_read_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def authorization_url(self, state: str, nonce: str, code_verifier: str) -> str:
        """Return where to send a browser. Raises IdentityProviderUnavailable."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._discover()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=code_verifier
            )
        return str(url)

    def identify(self, code: str, nonce: str, code_verifier: str) -> Identity:
        """Exchange a code for who somebody is. Raises IdentityRefused and IdentityProviderUnavailable."""
        metadata = self._discover()
        with self._session() as session:
            try:
                token = session.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=code_verifier, allow_redirects=False
                )
            except OAuthError:
                raise IdentityRefused from None
            except (RequestException, ValueError):
                raise IdentityProviderUnavailable from None
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise IdentityRefused
        try:
            return check_id_token(self.settings, id_token, self._key_set(), nonce, access_token)
        except IdentityRefused:
            # The provider may have changed its keys since they were read.
            if time.monotonic() - self._keys_read_at < ASK_AGAIN_SECONDS:
                raise
            return check_id_token(self.settings, id_token, self._key_set(fresh=True), nonce, access_token)

    def _discover(self) -> Mapping[str, Any]:
        with self._lock:
            if self._metadata is None or time.monotonic() - self._read_at > KEEP_SECONDS:
                found = self._read(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.settings.issuer:
                    raise IdentityProviderUnavailable
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    self._check_host(found.get(name))
                if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
                    raise IdentityProviderUnavailable
                self._metadata, self._read_at = found, time.monotonic()
            return self._metadata

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        url = self._discover()["jwks_uri"]
        with self._lock:
            if fresh or self._keys is None or time.monotonic() - self._keys_read_at > KEEP_SECONDS:
                try:
                    self._keys = KeySet.import_key_set(self._read(url))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError):
                    raise IdentityProviderUnavailable from None
                self._keys_read_at = time.monotonic()
            return self._keys

    def _read(self, url: str) -> Mapping[str, Any]:
        try:
            with self._session() as session:
                answer: Response = session.get(url, withhold_token=True, allow_redirects=False, stream=True)
                body = answer.raw.read(LONGEST_ANSWER + 1, decode_content=True)
                if answer.status_code != 200 or len(body) > LONGEST_ANSWER:
                    raise IdentityProviderUnavailable
                answer._content = body
                found = answer.json()
        except (RequestException, OSError, ValueError) as error:
            log.warning("oidc_unavailable", error=type(error).__name__)
            raise IdentityProviderUnavailable from None
        if not isinstance(found, dict):
            raise IdentityProviderUnavailable
        return found

    def _check_host(self, url: object) -> None:
        """Refuse an address of the discovery document that is not one of the provider's own hosts, or not over TLS."""
        parts = urlsplit(url if isinstance(url, str) else "")
        if parts.netloc not in self.settings.hosts or parts.scheme != urlsplit(self.settings.issuer).scheme:
            log.warning("oidc_foreign_host")
            raise IdentityProviderUnavailable

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            scope=SCOPE,
            redirect_uri=self.settings.redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )
        session.trust_env = False  # no proxy and no password that somebody left in the environment
        session.max_redirects = 0
        return session


def check_id_token(settings: OidcSettings, id_token: str, keys: KeySet, nonce: str, access_token: object) -> Identity:
    """Return whom an id token means.

    Raises IdentityRefused unless the provider signed it, for this client, for this very way there and back, just now.
    """
    options = {
        "iss": {"essential": True, "value": settings.issuer},
        "aud": {"essential": True, "value": settings.client_id},
        "exp": {"essential": True},
        "sub": {"essential": True},
    }
    expected = {"nonce": nonce, "client_id": settings.client_id, "access_token": access_token}
    try:
        token = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(token.claims, token.header, options, expected)
        claims.validate(now=int(time.time()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.info("oidc_refused", error=type(error).__name__)
        raise IdentityRefused from None
    given, subject = claims.get("nonce"), claims["sub"]
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()) or not subject:
        raise IdentityRefused
    is_verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
    factors = [*(claims.get("amr") or []), *([claims["acr"]] if "acr" in claims else [])]
    return Identity(
        issuer=settings.issuer,
        subject=subject,
        email=claims["email"] if is_verified else None,
        factors=frozenset(str(factor) for factor in factors),
    )
