"""Which key is used where, which may be retired, and retiring one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, update

from accommodation.base import Base
from api.crypto.fingerprints import AUTH, DATA, INDEX, PURPOSES
from api.crypto.index_rotation import COLUMN, FIRST_RELEASE, TABLE, count_indexes
from api.crypto.key_check import KeyCheck, list_registered
from api.crypto.key_settings import KeySet
from api.crypto.sealed_columns import KeyUse, count_sealed, hidden_tables, list_sealed_tables
from api.database import READ_ONLY


class RowsHidden(Exception):
    """This database account does not see every row, so it can say nothing about all of them."""


class KeyInUse(Exception):
    """A key cannot be retired; the message says why."""


@dataclass(frozen=True)
class KeyState:
    """One key: what it does and how many values need it. An auth key is not counted: its work cannot be told apart."""

    purpose: str
    key_id: str
    is_writer: bool
    is_set: bool
    registered_at: datetime | None
    retired_at: datetime | None
    values: int | None

    @property
    def may_be_retired(self) -> bool:
        """Whether nothing needs it, nothing writes with it, and it still counts as needed."""
        return not self.is_writer and self.values == 0 and self.registered_at is not None and self.retired_at is None


@dataclass(frozen=True)
class KeyStatus:
    """Every key, and every use of a data or an index key by place."""

    keys: tuple[KeyState, ...]
    uses: tuple[tuple[str, KeyUse], ...]

    def left(self) -> list[tuple[str, KeyUse]]:
        """Return the uses of keys that do not write: what a rotation has to do."""
        writers = {(key.purpose, key.key_id) for key in self.keys if key.is_writer}
        return [(purpose, use) for purpose, use in self.uses if (purpose, use.key_id) not in writers]


def read_status(engine: Engine, keys: KeySet) -> KeyStatus:
    """Count every use of every key. Raises RowsHidden where row-level security hides rows from this account."""
    tables = list_sealed_tables(Base.metadata)
    with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        if hidden := hidden_tables(connection, [*(sealed.name for sealed in tables), TABLE]):
            raise RowsHidden(
                "Row-level security hides rows from this database account. Connect as the tables' owner: "
                + ", ".join(hidden)
            )
        registered = list_registered(connection)
        held = {purpose: keys.fingerprints(purpose) for purpose in PURPOSES}
        known = {purpose: [*held[purpose], *(registered[purpose].keys() - held[purpose].keys())] for purpose in PURPOSES}
        uses = [(DATA, use) for use in count_sealed(connection, tables, known[DATA])]
        uses += [(INDEX, use) for use in count_indexes(connection, known[INDEX])]
    values: Counter[tuple[str, str]] = Counter()
    for purpose, use in uses:
        values[purpose, use.key_id] += use.values
    states = []
    for purpose in PURPOSES:
        strangers = [key_id for about, key_id in values if about == purpose and key_id not in known[purpose]]
        for key_id in [*known[purpose], *strangers]:
            row = registered[purpose].get(key_id)
            states.append(
                KeyState(
                    purpose=purpose,
                    key_id=key_id,
                    is_writer=key_id == next(iter(held[purpose])),
                    is_set=key_id in held[purpose],
                    registered_at=row.registered_at if row else None,
                    retired_at=row.retired_at if row else None,
                    values=None if purpose == AUTH else values[purpose, key_id],
                )
            )
    return KeyStatus(tuple(states), tuple(uses))


def retire_key(engine: Engine, keys: KeySet, purpose: str, key_id: str, now: datetime) -> None:
    """Say that nothing needs a key any more, so that it may go from the settings. Raises KeyInUse, RowsHidden."""
    status = read_status(engine, keys)
    state = next((key for key in status.keys if (key.purpose, key.key_id) == (purpose, key_id)), None)
    if state is None or state.registered_at is None:
        raise KeyInUse(f"No {purpose} key {key_id} has written in this database.")
    if state.is_writer:
        raise KeyInUse(f"{key_id} is the key that writes. Put another first, everywhere, before you retire it.")
    if state.values:
        places = ", ".join(_places(status, purpose, key_id))
        raise KeyInUse(f"{state.values} values still need {key_id} ({places}). Run `flask --app wsgi keys rotate` first.")
    if purpose == INDEX and any(use.key_id == FIRST_RELEASE for _, use in status.uses):
        raise KeyInUse(f"{TABLE}.{COLUMN} holds values that do not name their key. Rotate first.")
    with engine.begin() as connection:
        mine = KeyCheck.__table__.c
        connection.execute(
            update(KeyCheck)
            .where(mine.purpose == purpose, mine.key_id == key_id, mine.retired_at.is_(None))
            .values(retired_at=now)
        )


def _places(status: KeyStatus, purpose: str, key_id: str) -> Sequence[str]:
    return [f"{use.table}.{use.column}" for about, use in status.uses if (about, use.key_id) == (purpose, key_id)]
