"""Checking the trails in the database: each organisation's chain, its checkpoints, and the words it commits to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine

from accommodation.base import Cipher
from api.audit.checking import Outcome, check_chain
from api.audit.reading import StoredTrail, list_checkpoints, list_organisation_ids
from api.audit.signing import Checkpoint
from api.database import READ_ONLY


def check_stored(
    engine: Engine,
    cipher: Cipher,
    keys: Mapping[str, Ed25519PublicKey],
    organisation_id: uuid.UUID | None = None,
    witnesses: Sequence[Checkpoint] = (),
    seen: Callable[[str, int], Callable[[], object]] = lambda _name, _total: lambda: None,
) -> Iterator[Outcome]:
    """Yield the outcome for one organisation, or for each that has a trail, by id.

    `witnesses` are checkpoints kept elsewhere, of whatever organisation. `seen` is given an organisation's id and how
    many events it has, and returns what is called after each.
    """
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        witnessed = {uuid.UUID(witness.organisation_id) for witness in witnesses}
        everybody = [organisation_id] if organisation_id else sorted({*list_organisation_ids(connection), *witnessed})
        for of in everybody:
            checkpoints = list_checkpoints(connection, of)
            checkpoints += [witness for witness in witnesses if witness.organisation_id == str(of)]
            trail = StoredTrail(connection, of)
            progress = seen(trail.organisation_id, trail.count())
            outcome = check_chain(trail, checkpoints, keys, datetime.now(UTC), progress)
            if outcome.finding is None:
                outcome = replace(outcome, finding=trail.check_reasons(cipher, outcome.events))
            yield outcome
