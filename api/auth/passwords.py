"""Passwords: argon2id with explicit cost, a rule of length, and a list of those that everybody tries first."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from accommodation.base import DomainError, InvalidInput

MIN_CHARACTERS = 12
MAX_BYTES = 1024
SCORED_CHARACTERS = 72
MIN_SCORE = 3
"""zxcvbn's "safely unguessable": more than 10^8 guesses."""

DECORATION = "0123456789!?.*#$-_ "
HASHES_AT_ONCE = 4
WAIT_SECONDS = 5.0


class TooManyHashes(DomainError):
    """More people sign in at this moment than there is memory for."""

    slug = "try-again"
    retry_after_seconds = 2

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Try again in a moment.")


@dataclass(frozen=True)
class HashCost:
    """What one look at a password costs. The default is above OWASP's argon2id minimum (19 MiB, two passes)."""

    memory_kib: int = 47_104
    passes: int = 2
    lanes: int = 1


@dataclass
class Passwords:
    """Hashes and verifies passwords, a few at a time: each takes `cost.memory_kib` while it runs."""

    cost: HashCost = HashCost()
    _hasher: PasswordHasher = field(init=False, repr=False)
    _decoy: str = field(init=False, repr=False)
    _turns: threading.BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=self.cost.lanes,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )
        self._turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._decoy = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        with self._turn():
            return self._hasher.hash(normalised(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is the stored one. Without a stored one, take as long and say no."""
        with self._turn():
            try:
                return self._hasher.verify(stored or self._decoy, normalised(password)) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a stored hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise TooManyHashes
        try:
            yield
        finally:
            self._turns.release()


def normalised(password: str) -> str:
    """Return a password as it is hashed: the same characters, however a keyboard composes them (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, pointer: str, *words_of_hers: str) -> None:
    """Refuse a password that is too short, too long, common, or made of her own name. Raises InvalidInput."""
    plain = normalised(password)
    if len(plain) < MIN_CHARACTERS:
        raise InvalidInput((pointer, f"Use at least {MIN_CHARACTERS} characters."))
    if len(plain.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidInput((pointer, f"Use at most {MAX_BYTES} bytes."))
    own = [part for word in words_of_hers for part in (word, *word.replace("@", ".").split(".")) if len(part) > 3]
    if _is_among(plain, _common()) or _is_among(plain, {word.lower() for word in own}) or _score(plain, own) < MIN_SCORE:
        raise InvalidInput((pointer, "This one is among the first to be tried. Three or four unrelated words are better."))


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_among(plain: str, words: Set[str]) -> bool:
    """Tell whether a password is one of these words, or one with digits and signs before or behind."""
    lowered = plain.lower()
    return lowered in words or lowered.strip(DECORATION) in words


def _score(plain: str, own: list[str]) -> int:
    from zxcvbn import zxcvbn

    score: int = zxcvbn(plain[:SCORED_CHARACTERS], user_inputs=own)["score"]
    return score
