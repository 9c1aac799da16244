"""The drill: an old backup opens with the keys in escrow after they have gone from the service, and with no others."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import make_url

from tests.support.databases import Database, on_server
from tests.support.keys import NEW, ROTATING, encoded, node, run
from tests.support.server import ROOT, scratch_world
from tests.support.stage import Stage
from tests.support.world import World

PERPETRATOR = [{"name": "Terence Testson", "born_on": None, "relation": "husband"}]
PASSPHRASE = b"correct horse battery staple"


@pytest.fixture
def scratch(database: Database, gazetteer_directory: Path, tmp_path: Path) -> Iterator[World]:
    """A populated Harbour on a database of its own."""
    with scratch_world(database.engine, gazetteer_directory, tmp_path) as world:
        Stage(world)
        world.create_household(world.create_officer(), perpetrators=PERPETRATOR)
        yield world


@pytest.fixture
def holder(tmp_path: Path) -> tuple[Path, Path]:
    """A holder's private and public key in files."""
    key = X25519PrivateKey.generate()
    private, public = tmp_path / "holder.key", tmp_path / "holder.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def backup(scratch: World, tmp_path: Path) -> Iterator[str]:
    """A backup from before the rotation: SQLite's online backup of the open file, or a copy of the database."""
    if scratch.database.engine == "sqlite":
        path = tmp_path / "backup.sqlite3"
        with sqlite3.connect(make_url(scratch.database.url).database or "") as source, sqlite3.connect(path) as target:
            source.backup(target)
        source.close()
        target.close()
        yield str(path)
        return
    url = make_url(scratch.database.url)
    scratch.engine.dispose()
    name = f"{url.database}_backup"
    on_server(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"')
    yield url.set(database=name).render_as_string(hide_password=False).replace("+psycopg", "")
    on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_an_old_backup_opens_with_escrowed_keys_that_have_left_the_service(
    scratch: World, backup: str, holder: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = holder
    early, late, wrong = (tmp_path / name for name in ("early.json", "late.json", "wrong.json"))
    before = _digest(backup)
    assert run(scratch, "escrow", "--out", str(early), "--to", str(public)).exit_code == 0
    with node(scratch.database, **ROTATING) as rotating:
        assert run(rotating, "rotate").exit_code == 0
        assert run(rotating, "retire", "data", "t1").exit_code == 0

    with node(scratch.database, DATA_KEYS=NEW) as after:
        opens = run(after, "drill", "--backup", backup, "--escrow", str(early), "--identity", str(private), "--all")
        run(after, "escrow", "--out", str(late), "--to", str(public))
        lacks = run(after, "drill", "--backup", backup, "--escrow", str(late), "--identity", str(private))
    with node(scratch.database, DATA_KEYS=f"t1:{encoded('x')}") as mistaken:
        run(mistaken, "escrow", "--out", str(wrong), "--to", str(public))
        fails = run(mistaken, "drill", "--backup", backup, "--escrow", str(wrong), "--identity", str(private))

    assert opens.exit_code == 0, opens.output
    assert "has succeeded" in opens.output
    for place in ("vault_address.address_sealed", "household.details_sealed", "perpetrator_link.blind_index"):
        assert f" of {place}" in opens.output
    assert lacks.exit_code == 1
    assert "The escrow lacks t1 of DATA_KEYS" in lacks.output
    assert "DOES NOT OPEN" in lacks.output
    assert fails.exit_code == 1
    assert "t1 in the escrow is another key" in fails.output
    assert "has FAILED" in fails.output
    assert _digest(backup) == before, "a drill changes nothing in the backup"


@pytest.mark.parametrize("setting", ["INDEX_KEY", "AUTH_KEY"])
def test_a_drill_fails_with_another_index_key_and_another_key_of_api_keys(
    scratch: World, backup: str, holder: tuple[Path, Path], tmp_path: Path, setting: str
) -> None:
    private, public = holder
    file = tmp_path / "escrow.json"
    with node(scratch.database, **{setting: encoded("x")}) as mistaken:
        run(mistaken, "escrow", "--out", str(file), "--to", str(public))
        result = run(mistaken, "drill", "--backup", backup, "--escrow", str(file), "--identity", str(private))

    assert result.exit_code == 1
    assert f"of {setting}, which this backup needs" in result.output


def test_an_empty_backup_proves_nothing(scratch: World, holder: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = holder
    file, empty = tmp_path / "escrow.json", tmp_path / "empty.sqlite3"
    sqlite3.connect(empty).close()
    run(scratch, "escrow", "--out", str(file), "--to", str(public))

    result = run(scratch, "drill", "--backup", str(empty), "--escrow", str(file), "--identity", str(private))

    assert result.exit_code == 1
    assert "this proves nothing" in result.output


@pytest.mark.parametrize("where", ["nowhere.sqlite3", "mysql://x/y", "postgresql://nobody@127.0.0.1:9/none"])
def test_a_backup_that_cannot_be_read_is_said_in_words(
    scratch: World, holder: tuple[Path, Path], tmp_path: Path, where: str
) -> None:
    private, public = holder
    file = tmp_path / "escrow.json"
    run(scratch, "escrow", "--out", str(file), "--to", str(public))

    result = run(scratch, "drill", "--backup", where, "--escrow", str(file), "--identity", str(private))

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")


def test_an_escrow_file_is_its_owner_s_alone_and_never_replaced(
    scratch: World, holder: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "escrow.json"
    arguments = ("escrow", "--out", str(file), "--to", str(holder[1]))

    first = run(scratch, *arguments)
    content = file.read_text()
    second = run(scratch, *arguments)

    assert first.exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert second.exit_code == 1
    assert file.read_text() == content


@pytest.mark.slow
def test_what_is_recovered_with_a_passphrase_starts_the_service_again(scratch: World, tmp_path: Path) -> None:
    key = X25519PrivateKey.generate()
    private, public, file = tmp_path / "holder.key", tmp_path / "holder.pub", tmp_path / "escrow.json"
    words = tmp_path / "passphrase"
    words.write_bytes(PASSPHRASE + b"\n")
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE)))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    run(scratch, "escrow", "--out", str(file), "--to", str(public))

    # On another machine, which has neither keys nor database yet.
    elsewhere = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "HARBOUR_ENV")}
    asked = ["--escrow", str(file), "--identity", str(private), "--passphrase-file", str(words)]
    recovered = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "recover", *asked],
        cwd=ROOT,
        env={**elsewhere, "INSTANCE_PATH": str(tmp_path / "new")},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    settings = dict(line.split("=", 1) for line in recovered.stdout.splitlines())
    with node(scratch.database, **settings) as restored:
        assert restored.app.test_client().get("/ready").get_json()["checks"]["keys"] == "ok"
    wrong = run(scratch, "recover", "--escrow", str(file), "--identity", str(private), input="wrong\n")
    assert wrong.exit_code == 1


def _digest(backup: str) -> str:
    return hashlib.sha256(Path(backup).read_bytes()).hexdigest() if "://" not in backup else ""
