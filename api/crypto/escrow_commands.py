"""`flask keys escrow`, `recover` and `drill`: keys for the day when all else is lost, and the proof that they work."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from tqdm import tqdm

from api.crypto.drill import BackupUnusable, open_backup
from api.crypto.drill import drill as run_drill
from api.crypto.escrow import EscrowUnusable, open_escrow, read_holder, read_identity, settings_of, write_escrow
from api.crypto.key_settings import KeySet
from api.extensions import current_harbour

FILE = click.Path(dir_okay=False, path_type=Path)
SAMPLE = 100

_escrow = click.option("--escrow", "escrow_file", type=FILE, required=True, help="The escrow file.")
_identity = click.option("--identity", type=FILE, required=True, help="The holder's private key, PEM, X25519.")
_passphrase = click.option(
    "--passphrase-file", type=FILE, help="A file with the passphrase of the private key. Without one it is asked for."
)


@click.command()
@click.option("--out", type=FILE, required=True, help="The file to write. One that exists is not replaced.")
@click.option(
    "--to", "holders", type=FILE, required=True, multiple=True, help="A holder's public key, PEM, X25519. Repeat it."
)
def escrow(out: Path, holders: tuple[Path, ...]) -> None:
    """Write every key into a file that any one of its holders can open, and nobody else."""
    try:
        known = [read_holder(path) for path in holders]
    except EscrowUnusable as error:
        raise click.ClickException(str(error)) from None
    text = write_escrow(current_harbour().settings.keys, known, datetime.now(UTC))
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise click.ClickException(f"{out} exists already, or cannot be written.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    for path, holder in zip(holders, known, strict=True):
        click.echo(f"{path}: {holder.fingerprint}")
    click.echo("Compare each fingerprint with its holder, then hold a drill: flask --app wsgi keys drill")


@click.command()
@_escrow
@_identity
@_passphrase
def recover(escrow_file: Path, identity: Path, passphrase_file: Path | None) -> None:
    """Print the keys in an escrow file as settings. Look around before you do."""
    for name, value in settings_of(_open(escrow_file, identity, passphrase_file)).items():
        click.echo(f"{name}={value}")


@click.command()
@click.option("--backup", required=True, help="A SQLite file, or the URL of a PostgreSQL database restored from a backup.")
@_escrow
@_identity
@_passphrase
@click.option("--all", "every", is_flag=True, help=f"Open every value, not {SAMPLE} at random of each column.")
def drill(backup: str, escrow_file: Path, identity: Path, passphrase_file: Path | None, every: bool) -> None:
    """Prove that a backup opens with the keys in escrow. The exit code is 0 only if all that was tried opened."""
    escrowed = _open(escrow_file, identity, passphrase_file)
    try:
        with open_backup(backup) as engine, tqdm(desc="Opening", unit=" values", disable=None) as bar:
            report = run_drill(engine, escrowed, None if every else SAMPLE, bar.update)
    except BackupUnusable as error:
        raise click.ClickException(str(error)) from None
    for place, values in sorted(report.opened.items()):
        click.echo(f"opened: {values:>9} of {place}")
    for (place, key_id), values in sorted(report.failed.items()):
        click.echo(f"DOES NOT OPEN: {values} of {place}, under {key_id}")
    for problem in report.problems:
        click.echo(f"PROBLEM: {problem}")
    click.echo(f"{report.opened.total()} opened, {report.failed.total()} did not.")
    if not report.is_proof:
        click.echo("The drill has FAILED.")
        sys.exit(1)
    click.echo("The drill has succeeded: this backup opens with the keys in escrow.")


def _open(escrow_file: Path, identity: Path, passphrase_file: Path | None) -> KeySet:
    try:
        if passphrase_file is not None:
            passphrase = passphrase_file.read_bytes().rstrip(b"\r\n")
        elif b"ENCRYPTED" in identity.read_bytes():
            passphrase = click.prompt("Passphrase of the private key", hide_input=True, err=True).encode()
        else:
            passphrase = b""
        return open_escrow(escrow_file.read_text(), read_identity(identity, passphrase or None))
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("The escrow file, the private key or the passphrase's file cannot be read.") from None
    except EscrowUnusable as error:
        raise click.ClickException(str(error)) from None
