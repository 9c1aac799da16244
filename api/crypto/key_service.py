"""Envelope encryption: data keys that come wrapped, and the key service that alone can unwrap them.

A service keeps a master key that never leaves it. Harbour asks it once for each data key, at start, and holds the answer in
memory. A service that fails, hangs or answers nonsense costs the start; nothing is tried in its place.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

KEY_BYTES = 32
ANSWER_WITHIN_SECONDS = 10.0

Answer = TypeVar("Answer")


class KeyServiceFault(Exception):
    """The key service did not do what was asked. The message is safe for people and logs, and begins with a verb."""


@dataclass(frozen=True)
class DataKey:
    """A new data key: 32 random bytes, and the same wrapped."""

    plaintext: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """Who keeps the master key. `context` is bound to what is wrapped: another context does not unwrap it.

    Either call may raise anything: whatever is raised is a fault, and Harbour does not start.
    """

    def generate_data_key(self, context: Mapping[str, str]) -> DataKey:
        """Return a new data key of 32 bytes with its wrapped form."""

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext of a wrapped data key."""


def context_of(key_id: str) -> dict[str, str]:
    """Return what a wrapped data key is bound to: a key wrapped as k1 does not unwrap as k2."""
    return {"service": "harbour", "purpose": "data", "key_id": key_id}


def unwrap_data_key(service: KeyService, key_id: str, wrapped: bytes, within: float = ANSWER_WITHIN_SECONDS) -> bytes:
    """Return the 32 bytes of a wrapped data key; raises KeyServiceFault, after `within` seconds at the latest."""
    key = _ask(lambda: service.unwrap(wrapped, context_of(key_id)), within)
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise KeyServiceFault(f"answered with something that is not a key of {KEY_BYTES} bytes")
    return key


def new_data_key(service: KeyService, key_id: str, within: float = ANSWER_WITHIN_SECONDS) -> DataKey:
    """Return a new data key that has been proven to unwrap again; raises KeyServiceFault."""
    made = _ask(lambda: service.generate_data_key(context_of(key_id)), within)
    if unwrap_data_key(service, key_id, made.wrapped, within) != made.plaintext:
        raise KeyServiceFault("wrapped another key than it gave")
    return made


def _ask(question: Callable[[], Answer], within: float) -> Answer:
    """Ask in a thread of its own, so that a service that hangs is left behind and does not hold up the refusal."""
    answers: queue.SimpleQueue[Answer | KeyServiceFault] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(question())
        except KeyServiceFault as fault:
            answers.put(fault)
        except Exception as fault:  # an adapter's library may raise anything; its text may hold anything
            answers.put(KeyServiceFault(f"failed ({type(fault).__name__})"))

    threading.Thread(target=ask, daemon=True, name="key-service").start()
    try:
        answer = answers.get(timeout=within)
    except queue.Empty:
        raise KeyServiceFault(f"did not answer within {within:g} seconds") from None
    if isinstance(answer, KeyServiceFault):
        raise answer
    return answer
