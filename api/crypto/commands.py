"""`flask keys ...`: what is sealed under which key, rotation, a new key, retiring an old one."""

from __future__ import annotations

import base64
import secrets
import sys
from datetime import UTC, datetime

import click
from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from accommodation.base import Base
from api.crypto.escrow_commands import drill, escrow, recover
from api.crypto.fingerprints import AUTH, DATA, INDEX, PURPOSES, SETTING_OF
from api.crypto.index_rotation import count_stale, index_anew
from api.crypto.key_check import KeysDoNotFit, prove_keys
from api.crypto.key_service import KEY_BYTES, KeyServiceFault, new_data_key
from api.crypto.key_settings import KEY_ID, open_key_service
from api.crypto.key_status import KeyInUse, KeyStatus, RowsHidden, read_status, retire_key
from api.crypto.rotation import Outcome, seal_anew
from api.crypto.sealed_columns import list_sealed_tables
from api.database import db
from api.extensions import current_harbour


@click.group()
def keys() -> None:
    """The keys under which data are sealed."""


keys.add_command(escrow)
keys.add_command(recover)
keys.add_command(drill)


@keys.command()
def status() -> None:
    """Say how many values each key has, and which keys may be retired."""
    _tell(_read_status())


@keys.command()
@click.option("--dry-run", is_flag=True, help="Count what is left to do, by key and column, and change nothing.")
def rotate(dry_run: bool) -> None:
    """Seal every value anew that is not under the first of the keys, while Harbour runs. It may be stopped at any time."""
    settings = current_harbour().settings
    ring = settings.keys.ring()
    before = _read_status()
    left = before.left()
    for _, use in left:
        click.echo(f"to do: {use.values:>9} values of {use.table}.{use.column} under {use.key_id}")
    if dry_run:
        click.echo(f"{sum(use.values for _, use in left)} values in all. Nothing was changed.")
        return
    try:
        prove_keys(db.engine, settings.keys)  # who seals anew under a wrong key makes a second disaster of the first
        values = sum(use.values for purpose, use in left if purpose == DATA)
        with tqdm(desc="Sealing anew", total=values, unit=" values", disable=None) as bar:
            outcome = seal_anew(db.engine, ring, list_sealed_tables(Base.metadata), bar.update)
        with tqdm(desc="Indexing anew", total=count_stale(db.engine, ring), unit=" rows", disable=None) as bar:
            indexed = index_anew(db.engine, ring, bar.update)
    except KeysDoNotFit as error:
        raise click.ClickException(str(error)) from None
    except OperationalError:
        raise click.ClickException(
            "The database is busy or does not answer. What was done stays done: run it again and it goes on from there."
        ) from None
    click.echo(f"{outcome.done} values were sealed anew; {indexed.done} households and people were indexed anew.")
    outcome.add(indexed)
    after = _read_status()
    _tell(after)
    if not _tell_what_is_left(outcome, after):
        sys.exit(1)


@keys.command("new")
@click.option("--id", "key_id", help="1 to 8 of a-z and 0-9, never used before. Default: k and today's date.")
def new(key_id: str | None) -> None:
    """Make a data key, wrapped where KEY_SERVICE is set, and print it as it stands in the settings. It is kept nowhere."""
    settings = current_harbour().settings
    key_id = key_id or f"k{datetime.now(UTC):%y%m%d}"
    if not KEY_ID.fullmatch(key_id):
        raise click.ClickException("An id is 1 to 8 of a-z and 0-9.")
    if key_id in settings.keys.fingerprints(DATA):
        raise click.ClickException(f"{key_id} is in use. Give another with --id.")
    if settings.key_service is None:
        setting, key = "DATA_KEYS", secrets.token_bytes(KEY_BYTES)
    else:
        setting = "WRAPPED_DATA_KEYS"
        try:
            key = new_data_key(open_key_service(settings.key_service), key_id).wrapped
        except KeyServiceFault as fault:
            raise click.ClickException(f"KEY_SERVICE {fault}.") from None
    click.echo(f"Add this to {setting}: last on every node first, then in front.", err=True)
    click.echo(f"{key_id}:{base64.b64encode(key).decode()}")


@keys.command()
@click.argument("purpose", type=click.Choice(PURPOSES))
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(purpose: str, key_id: str, yes: bool) -> None:
    """Say that a key is not needed any more, so that it may go from the settings. Refused while a value needs it."""
    if purpose == AUTH and not yes:
        click.confirm("Every API key that was made with it is void. Go on?", abort=True, err=True)
    try:
        retire_key(db.engine, current_harbour().settings.keys, purpose, key_id, datetime.now(UTC))
    except (KeyInUse, RowsHidden) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{key_id} is retired. Take it out of the settings of every node; keep it in escrow as long as old backups.")


def _read_status() -> KeyStatus:
    try:
        return read_status(db.engine, current_harbour().settings.keys)
    except RowsHidden as error:
        raise click.ClickException(str(error)) from None


def _tell(status: KeyStatus) -> None:
    for key in status.keys:
        facts = [
            "writes" if key.is_writer else "",
            "" if key.is_set else "not in the settings",
            "retired" if key.retired_at else "",
            "never written with here" if key.registered_at is None else "",
        ]
        values = "" if key.values is None else f"{key.values} values"
        click.echo(f"{key.purpose:<5} {key.key_id:<8} " + ", ".join(filter(None, [values, *facts])))
    for key in status.keys:
        if key.may_be_retired:
            click.echo(f"Nothing needs {key.key_id} any more: flask --app wsgi keys retire {key.purpose} {key.key_id}")


def _tell_what_is_left(outcome: Outcome, status: KeyStatus) -> bool:
    """Say why something is left; returns whether nothing is."""
    for (place, key_id), values in sorted(outcome.broken.items()):
        click.echo(f"does not open: {values} values of {place} under {key_id}; left as they are", err=True)
    for table, fault in sorted(outcome.refused.items()):
        click.echo(f"may not be changed: {table} ({fault}); left as it is", err=True)
    left = status.left()
    if left and not outcome.broken and not outcome.refused:
        settings = " or ".join(SETTING_OF[purpose] for purpose in (DATA, INDEX))
        click.echo(
            f"{sum(use.values for _, use in left)} values are under other keys still, because they were held or written"
            f" meanwhile. Does a node still run with an older {settings}? Run it again.",
            err=True,
        )
    return not left
