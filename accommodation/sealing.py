"""Sealed JSON columns: what is written is ciphertext bound to its table, column and row; plain values never reach SQL."""

from __future__ import annotations

import json
import uuid
from typing import Any, Protocol

from accommodation.base import Cipher


class SealedRow(Protocol):
    """A row with a table name and an identity that is known before it is written."""

    __tablename__: str
    id: Any


def seal_json(cipher: Cipher, row: SealedRow, column: str, value: Any) -> None:
    """Encrypt `value` as compact JSON into `column` of `row`; the row's id must be set."""
    plaintext = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    setattr(row, column, cipher.seal(plaintext, table=row.__tablename__, column=column, row_id=row.id))


def open_json(cipher: Cipher, row: SealedRow, column: str) -> Any:
    """Decrypt `column` of `row`; None where it holds nothing. Raises the cipher's error when it was moved or altered."""
    sealed: bytes | None = getattr(row, column)
    return None if sealed is None else open_sealed(cipher, sealed, row.__tablename__, column, row.id)


def open_sealed(cipher: Cipher, sealed: bytes, table: str, column: str, row_id: uuid.UUID) -> Any:
    """Decrypt one ciphertext read without its row object."""
    return json.loads(cipher.open(sealed, table=table, column=column, row_id=row_id).decode("utf-8", "surrogatepass"))
