"""Wrapped data keys: whatever the key service does wrong costs the start, in time, and no other key takes its place."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.crypto import key_settings
from api.crypto.key_service import DataKey, KeyServiceFault, context_of, new_data_key, unwrap_data_key
from api.crypto.local_key_service import LocalKeyService
from api.settings import Settings, SettingsInvalid

PLAIN = {
    "INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
    "AUTH_KEY": base64.b64encode(b"a" * 32).decode(),
}
SOON = 0.2


def master_file(directory: Path, content: str = "m1:" + base64.b64encode(b"m" * 32).decode(), mode: int = 0o600) -> Path:
    path = directory / "master.key"
    path.write_text(content + "\n")
    path.chmod(mode)
    return path


def environment(directory: Path, wrapped: bytes, **more: str) -> dict[str, str]:
    return {
        "INSTANCE_PATH": str(directory),
        "KEY_SERVICE": f"local:{directory / 'master.key'}",
        "WRAPPED_DATA_KEYS": "k2:" + base64.b64encode(wrapped).decode(),
        **PLAIN,
        **more,
    }


def problems_of(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment(environ)
    return str(refused.value)


@pytest.mark.parametrize("more", [{}, {"HARBOUR_ENV": "production"}])
def test_a_wrapped_key_is_what_it_was_when_it_was_made(tmp_path: Path, more: dict[str, str]) -> None:
    made = new_data_key(LocalKeyService(master_file(tmp_path)), "k2")

    settings = Settings.from_environment(environment(tmp_path, made.wrapped, **more))

    assert settings.keys.data_keys == (("k2", made.plaintext),)
    assert made.plaintext not in made.wrapped


def test_plain_keys_are_read_with_beside_a_wrapped_one_that_writes(tmp_path: Path) -> None:
    made = new_data_key(LocalKeyService(master_file(tmp_path)), "k2")
    plain = "k1:" + base64.b64encode(b"1" * 32).decode()

    settings = Settings.from_environment(environment(tmp_path, made.wrapped, DATA_KEYS=plain))

    assert [key_id for key_id, _ in settings.keys.data_keys] == ["k2", "k1"]


def test_a_wrapped_key_is_bound_to_its_id(tmp_path: Path) -> None:
    service = LocalKeyService(master_file(tmp_path))
    made = new_data_key(service, "k2")

    with pytest.raises(KeyServiceFault):
        unwrap_data_key(service, "k3", made.wrapped)


def test_a_wrapped_key_that_was_altered_does_not_unwrap(tmp_path: Path) -> None:
    service = LocalKeyService(master_file(tmp_path))
    made = new_data_key(service, "k2")

    for place in range(len(made.wrapped)):
        altered = bytearray(made.wrapped)
        altered[place] ^= 1
        with pytest.raises(KeyServiceFault):
            unwrap_data_key(service, "k2", bytes(altered))


def test_a_new_master_key_wraps_and_the_old_one_still_unwraps(tmp_path: Path) -> None:
    first, second = ("m1:" + base64.b64encode(b"m" * 32).decode(), "m2:" + base64.b64encode(b"n" * 32).decode())
    before = new_data_key(LocalKeyService(master_file(tmp_path, first)), "k1")

    service = LocalKeyService(master_file(tmp_path, f"{second}\n{first}"))

    assert unwrap_data_key(service, "k1", before.wrapped) == before.plaintext
    assert new_data_key(service, "k2").wrapped.startswith(b"\x02m2")


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        ("m1:" + base64.b64encode(b"m" * 32).decode(), 0o640),
        ("m1:" + base64.b64encode(b"m" * 32).decode(), 0o604),
        ("", 0o600),
        ("m1:" + base64.b64encode(b"short").decode(), 0o600),
        ("no key at all", 0o600),
        ("\n".join(["m1:" + base64.b64encode(b"m" * 32).decode()] * 2), 0o600),
    ],
)
def test_a_master_key_file_that_is_not_as_it_must_be_is_refused(tmp_path: Path, content: str, mode: int) -> None:
    made = new_data_key(LocalKeyService(master_file(tmp_path)), "k2")
    master_file(tmp_path, content, mode)

    assert "KEY_SERVICE, asked for k2," in problems_of(environment(tmp_path, made.wrapped))


def test_another_master_key_or_none_costs_the_start(tmp_path: Path) -> None:
    made = new_data_key(LocalKeyService(master_file(tmp_path)), "k2")

    master_file(tmp_path, "m1:" + base64.b64encode(b"x" * 32).decode())
    assert "cannot unwrap it" in problems_of(environment(tmp_path, made.wrapped))
    master_file(tmp_path, "m9:" + base64.b64encode(b"m" * 32).decode())
    assert "has no master key" in problems_of(environment(tmp_path, made.wrapped))
    (tmp_path / "master.key").unlink()
    assert "cannot read its file" in problems_of(environment(tmp_path, made.wrapped))


def test_wrapped_keys_need_a_service_that_is_known(tmp_path: Path) -> None:
    assert "needs KEY_SERVICE" in problems_of(environment(tmp_path, b"x", KEY_SERVICE=""))
    assert "is not known" in problems_of(environment(tmp_path, b"x", KEY_SERVICE="elsewhere:key"))


class Broken:
    """A key service that does one thing wrong."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def unwrap(self, _wrapped: bytes, _context: Mapping[str, str]) -> Any:
        return self.answer()

    def generate_data_key(self, _context: Mapping[str, str]) -> DataKey:
        return DataKey(b"k" * 32, b"wrapped")


def hang() -> None:
    threading.Event().wait(30)


def fail() -> None:
    raise RuntimeError("arn:aws:kms:somewhere: secret text of a library")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (hang, "did not answer within"),
        (fail, "failed (RuntimeError)"),
        (lambda: None, "answered with something that is not a key of 32 bytes"),
        (lambda: "k" * 32, "answered with something that is not a key of 32 bytes"),
        (lambda: b"k" * 31, "answered with something that is not a key of 32 bytes"),
        (lambda: b"", "answered with something that is not a key of 32 bytes"),
    ],
    ids=["hangs", "fails", "nothing", "text", "too short", "empty"],
)
def test_a_fault_of_the_service_costs_the_start_even_where_plain_keys_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any], told: str
) -> None:
    monkeypatch.setitem(key_settings.KEY_SERVICES, "broken", lambda _: Broken(answer))
    monkeypatch.setattr(key_settings, "unwrap_data_key", lambda *asked: unwrap_data_key(*asked, within=SOON))
    plain = "k1:" + base64.b64encode(b"1" * 32).decode()
    began = time.monotonic()

    problems = problems_of(environment(tmp_path, b"x", KEY_SERVICE="broken:x", DATA_KEYS=plain))

    assert f"KEY_SERVICE, asked for k2, {told}" in problems
    assert "secret text" not in problems
    assert time.monotonic() - began < 15


def test_a_new_key_is_given_out_only_when_it_unwraps_again() -> None:
    with pytest.raises(KeyServiceFault, match="wrapped another key"):
        new_data_key(Broken(lambda: b"x" * 32), "k2")


def test_the_context_says_for_whom_for_what_and_which() -> None:
    assert context_of("k2") == {"service": "harbour", "purpose": "data", "key_id": "k2"}
