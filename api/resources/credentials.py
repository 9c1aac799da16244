"""What the caller signs in with: another password, other recovery codes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from sqlalchemy import select

from accommodation.base import NotFound
from accommodation.sealing import open_json
from accommodation.vocabulary import Relation
from api.auth.confirming import NotConfirmed, charge_confirmation
from api.auth.credentials import change_password, renew_recovery_codes
from api.auth.guard import current_principal
from api.auth.models import Credential, WorkerSession
from api.auth.passwords import check_password
from api.auth.sessions import end_sessions, rotate_session
from api.auth.throttle import refund
from api.blueprint import HarbourBlueprint
from api.extensions import current_harbour, unit_of_work
from api.resources.sessions import CurrentSessionSchema, answer_session
from api.resources.signing_in import RecoveryCodesSchema, password_field

blp = HarbourBlueprint("credentials", __name__, description="The caller's own password and recovery codes.")


class PasswordChange(Schema):
    current_password = password_field()
    new_password = password_field()


@blp.route("/me/password", methods=["POST"])
@blp.arguments(PasswordChange)
@blp.response(200, CurrentSessionSchema)
def change_password_(body: dict[str, Any]) -> dict[str, Any]:
    """Change the password. Every other session of the caller is over, and this one has a new token."""
    harbour, principal = current_harbour(), current_principal()
    charged = charge_confirmation(harbour, principal)
    with unit_of_work(read_only=True) as uow:
        uow.permit(Relation.HERSELF)
        credential = uow.session.execute(
            select(Credential).where(Credential.worker_id == principal.worker_id)
        ).scalar_one_or_none()
        if credential is None:
            raise NotFound
        name = open_json(uow.cipher, credential, "sign_in_name_sealed")
    if not harbour.passwords.verify(credential.password_hash, body["current_password"]):
        raise NotConfirmed
    check_password(body["new_password"], "/new_password", name)
    stored = harbour.passwords.hash(body["new_password"])
    with unit_of_work() as uow:
        uow.permit(Relation.HERSELF)
        refund(uow.session, charged)
        change_password(uow, principal.worker_id, stored)
        end_sessions(uow, principal.worker_id, but=principal.session_id)
        row = uow.session.get_one(WorkerSession, principal.session_id)
        token = rotate_session(row, harbour.settings.auth_key)
    return answer_session(row, token)


@blp.route("/me/recovery-codes", methods=["POST"])
@blp.response(200, RecoveryCodesSchema)
def renew_recovery_codes_() -> dict[str, Any]:
    """Get ten new recovery codes; the old ones are void."""
    with unit_of_work() as uow:
        uow.permit(Relation.HERSELF)
        codes = renew_recovery_codes(uow, current_harbour().settings.auth_key, uow.principal.worker_id)
    return {"recovery_codes": codes}
