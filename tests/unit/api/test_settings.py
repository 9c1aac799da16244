"""Settings: every problem at once, and no demo or generated key in production."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from api.settings import DEMO_KEY_FILE, KEY_FILE, Settings, SettingsInvalid

KEYS = {
    "DATA_KEYS": "k2:" + base64.b64encode(b"2" * 32).decode() + ",k1:" + base64.b64encode(b"1" * 32).decode(),
    "INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
    "AUTH_KEY": base64.b64encode(b"a" * 32).decode(),
}


def environment(directory: Path, **more: str) -> dict[str, str]:
    return {"INSTANCE_PATH": str(directory), **KEYS, **more}


def problems_of(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_environment(environ)
    return str(refused.value)


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    told = problems_of(environment(tmp_path, PORT="0", LOG_LEVEL="loud", DATABASE_URL="mysql://x/y", INDEX_KEY="short"))

    assert all(name in told for name in ("PORT", "LOG_LEVEL", "DATABASE_URL", "INDEX_KEY"))


def test_a_newcomer_gets_generated_keys_that_only_she_reads_and_keeps(tmp_path: Path) -> None:
    first = Settings.from_environment({"INSTANCE_PATH": str(tmp_path)})
    second = Settings.from_environment({"INSTANCE_PATH": str(tmp_path)})

    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert first.keys == second.keys
    assert first.is_sqlite


def test_production_needs_keys_of_its_own(tmp_path: Path) -> None:
    told = problems_of({"INSTANCE_PATH": str(tmp_path), "HARBOUR_ENV": "production"})

    assert all(f"{name} must be given" in told for name in KEYS)


@pytest.mark.parametrize("file", [KEY_FILE, DEMO_KEY_FILE])
def test_production_refuses_generated_and_demo_keys(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{}")

    assert file in problems_of(environment(tmp_path, HARBOUR_ENV="production"))


def test_the_first_data_key_writes_and_all_of_them_read(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path))

    assert [key_id for key_id, _ in settings.keys.data_keys] == ["k2", "k1"]


def test_one_key_may_not_do_two_jobs(tmp_path: Path) -> None:
    assert "all be different" in problems_of(environment(tmp_path, AUTH_KEY=KEYS["INDEX_KEY"]))


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d"])
def test_a_plain_postgresql_url_uses_our_driver(tmp_path: Path, url: str) -> None:
    settings = Settings.from_environment(environment(tmp_path, DATABASE_URL=url))

    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_a_problem_does_not_tell_the_key(tmp_path: Path) -> None:
    assert "c2VjcmV0" not in problems_of(environment(tmp_path, AUTH_KEY="c2VjcmV0"))


def test_an_index_key_that_is_only_read_with_stands_apart(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path, OTHER_INDEX_KEYS=base64.b64encode(b"o" * 32).decode()))

    assert settings.keys.index_keys == (b"i" * 32, b"o" * 32)


def test_a_key_without_a_value_is_refused(tmp_path: Path) -> None:
    assert "DATA_KEYS must hold base64" in problems_of(environment(tmp_path, DATA_KEYS="k1:"))


def test_settings_do_not_show_their_keys(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path))

    assert all(shown not in repr(settings) for shown in ("222", "111", "iii", "aaa"))
