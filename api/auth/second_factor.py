"""The second factor: six digits of an authenticator, each good once, and ten recovery codes for the day it is lost."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import uuid
from datetime import datetime

import pyotp
from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from accommodation.base import new_id
from api.auth.models import Credential, RecoveryCode
from api.auth.sessions import digest_of_token

STEP_SECONDS = 30
STEPS_ROUND = (-1, 0, 1)
"""A code of the step before or after counts too: clocks differ, and typing takes time."""

RECOVERY_CODES = 10
RECOVERY_CODE = re.compile(r"[a-z2-7]{16}")
ISSUER = "Harbour"


def new_secret() -> str:
    """Return a new authenticator's secret, 160 bits in base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, sign_in_name: str) -> str:
    """Return the address that an authenticator reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=sign_in_name, issuer_name=ISSUER)


def step_at(now: datetime) -> int:
    """Return the number of the 30-second step that holds `now`, UTC."""
    return int(now.timestamp()) // STEP_SECONDS


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of which `code` is the code, or None; always compares all three."""
    given = re.sub(r"\s", "", code)
    authenticator, found = pyotp.TOTP(secret), None
    for offset in STEPS_ROUND:
        step = step_at(now) + offset
        if hmac.compare_digest(authenticator.generate_otp(step), given if given.isascii() else ""):
            found = step
    return found


def take_code(session: Session, auth_key: bytes, worker_id: uuid.UUID, secret: str, code: str, now: datetime) -> bool:
    """Take a code of the authenticator or a recovery code, once: of two that come at once with one code, one wins."""
    step = find_step(secret, code, now)
    if step is not None:
        unused = or_(Credential.totp_last_step.is_(None), Credential.totp_last_step < step)
        taken = update(Credential).where(Credential.worker_id == worker_id, unused).values(totp_last_step=step)
        return session.connection().execute(taken).rowcount == 1
    digest = digest_of_recovery_code(auth_key, worker_id, code)
    owed = RecoveryCode.worker_id == worker_id, RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None)
    return session.connection().execute(update(RecoveryCode).where(*owed).values(used_at=now)).rowcount == 1


def make_recovery_codes(session: Session, auth_key: bytes, worker_id: uuid.UUID) -> list[str]:
    """Replace a worker's recovery codes by ten new ones of 80 bits; returns their texts, which are shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.worker_id == worker_id))
    codes = []
    for _ in range(RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        codes.append("-".join(text[start : start + 4] for start in range(0, 16, 4)))
        digest = digest_of_recovery_code(auth_key, worker_id, text)
        session.add(RecoveryCode(id=new_id(), worker_id=worker_id, digest=digest))
    session.flush()
    return codes


def digest_of_recovery_code(auth_key: bytes, worker_id: uuid.UUID, code: str) -> bytes:
    """Return what is stored of a worker's recovery code; spaces, dashes and case do not count."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return digest_of_token(auth_key, f"recovery:{worker_id}", plain if RECOVERY_CODE.fullmatch(plain) else "")
