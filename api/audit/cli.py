"""`flask audit`: verify the trails, export one, print the key by which outsiders check it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from tqdm import tqdm

from api.audit.files import FiledTrail, write_file
from api.audit.outside import keys_by_id, say, verify_file
from api.audit.reading import StoredTrail, list_checkpoints
from api.audit.signing import derive_signing_key, key_id_of, public_text
from api.audit.verifying import check_stored
from api.database import READ_ONLY, db
from api.extensions import current_harbour

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--organisation", type=click.UUID, help="One organisation's trail alone.")
@click.option("--file", type=FILE, help="An exported trail instead of the database; needs --public-key.")
@click.option("--witness", "witnesses", type=FILE, multiple=True, help="An earlier export: the trail must still contain it.")
@click.option("--public-key", "public_keys", multiple=True, help="Believe checkpoints of this key, too.")
@click.pass_context
def verify(
    context: click.Context,
    organisation: uuid.UUID | None,
    file: Path | None,
    witnesses: tuple[Path, ...],
    public_keys: tuple[str, ...],
) -> None:
    """Check that nothing in the trail was changed, removed, moved or put in; exit code 1 at the first that was."""
    if file is not None:
        if not public_keys or organisation or witnesses:
            raise click.UsageError("--file goes with --public-key and with nothing else.")
        is_whole = verify_file(file, public_keys)
    else:
        is_whole = _verify_database(organisation, witnesses, public_keys)
    if not is_whole:
        context.exit(1)


def _verify_database(organisation: uuid.UUID | None, witnesses: tuple[Path, ...], public_keys: tuple[str, ...]) -> bool:
    harbour = current_harbour()
    own = derive_signing_key(harbour.settings.auth_key).public_key()
    keys = {**keys_by_id(public_keys), key_id_of(own): own}
    try:
        witnessed = [checkpoint for path in witnesses for checkpoint in FiledTrail(path).checkpoints]
        for checkpoint in witnessed:
            uuid.UUID(checkpoint.organisation_id)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    with tqdm(unit=" events", disable=None) as bar:

        def seen(organisation_id: str, events: int) -> Callable[[], object]:
            bar.set_description(organisation_id)
            bar.reset(events)
            return lambda: bar.update()

        outcomes = list(check_stored(db.engine, harbour.key_ring, keys, organisation, witnessed, seen))
    return all(list(map(say, outcomes)))  # each is said, the ones after a bad one as well


@audit.command()
@click.option("--organisation", type=click.UUID, required=True, help="Whose trail.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True, help="A new file.")
def export(organisation: uuid.UUID, out: Path) -> None:
    """Write an organisation's trail, with its checkpoints, to a file that can be checked outside."""
    key = derive_signing_key(current_harbour().settings.auth_key)
    try:
        out.touch(mode=0o600, exist_ok=False)  # who read what is for its owner alone
    except FileExistsError:
        raise click.ClickException("There is such a file already.") from None
    with out.open("w", encoding="utf-8") as file, db.engine.execution_options(**{READ_ONLY: True}).connect() as connection:
        checkpoints = list_checkpoints(connection, organisation)
        trail = StoredTrail(connection, organisation)
        events, made = write_file(file, trail, checkpoints, key, datetime.now(UTC))
    click.echo(f"{events} events and {made} checkpoints written.")


@audit.command("public-key")
def public_key() -> None:
    """Print the public key of this installation's checkpoints. Give it to whoever checks exports."""
    click.echo(public_text(derive_signing_key(current_harbour().settings.auth_key).public_key()))
