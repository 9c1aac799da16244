"""An id token is believed when the provider signed it, for Harbour, for this very question, just now; else never."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from api.auth.oidc import ALGORITHMS, IdentityRefused, check_id_token
from api.auth.settings import OidcSettings

SETTINGS = OidcSettings(
    issuer="https://login.example",
    client_id="harbour",
    client_secret="s",
    hosts=frozenset({"login.example"}),
    second_factors=frozenset(),
    redirect_uri="https://harbour.example/back",
)
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
KEYS = KeySet([RSAKey.import_key(KEY.as_dict(private=False))])
NONCE = "n-0S6_WzA2Mj"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": "https://login.example", "sub": "u1", "aud": "harbour", "exp": now + 300, "iat": now, "nonce": NONCE}
    return {name: value for name, value in {**whole, **changed}.items() if value is not None}


def signed(key: Any = KEY, alg: str = "RS256", **changed: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "k1"}, claims(**changed), key, algorithms=[alg])


def test_a_good_token_says_who_and_how() -> None:
    facts = {"email": "a@b.example", "email_verified": True, "amr": ["pwd", "mfa"], "acr": "gold"}

    identity = check_id_token(SETTINGS, signed(**facts), KEYS, NONCE, None)

    assert (identity.issuer, identity.subject, identity.email) == ("https://login.example", "u1", "a@b.example")
    assert identity.factors == {"pwd", "mfa", "gold"}


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_email_that_is_not_verified_is_none(verified: Any) -> None:
    token = signed(email="a@b.example", email_verified=verified)

    assert check_id_token(SETTINGS, token, KEYS, NONCE, None).email is None


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another", "more"]},
        {"aud": None},
        {"aud": "another", "azp": "harbour"},
        {"aud": ["harbour", "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"nbf": 4_102_444_800},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_question_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(IdentityRefused):
        check_id_token(SETTINGS, signed(**changed), KEYS, NONCE, "an access token")


def test_a_token_that_somebody_else_signed_is_refused() -> None:
    with pytest.raises(IdentityRefused):
        check_id_token(SETTINGS, signed(OTHER_KEY), KEYS, NONCE, None)


def test_a_token_that_nobody_signed_is_refused() -> None:
    for alg in ("none", "None", "NONE"):
        parts = [{"alg": alg, "kid": "k1"}, claims()]
        head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        for signature in ("", "AAAA"):
            with pytest.raises(IdentityRefused):
                check_id_token(SETTINGS, f"{head}.{body}.{signature}", KEYS, NONCE, None)


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    secret = OctKey.import_key(base64.b64encode(KEY.as_pem(private=False)).decode())

    with pytest.raises(IdentityRefused):
        check_id_token(SETTINGS, signed(secret, "HS256"), KEYS, NONCE, None)
    assert not [name for name in ALGORITHMS if name.startswith(("HS", "none"))]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "..", "a" * 100_000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(IdentityRefused):
        check_id_token(SETTINGS, token, KEYS, NONCE, None)
