"""`python -m api.audit.outside FILE --public-key KEY`: check an exported trail far from Harbour, without its secrets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tqdm import tqdm

from api.audit.checking import Outcome
from api.audit.files import check_file
from api.audit.signing import key_id_of, read_public_key


def verify_file(path: Path, public_keys: Sequence[str]) -> bool:
    """Check a file and say what was found; returns whether it is whole."""
    with tqdm(desc="Checking", unit=" events", disable=None) as bar:
        try:
            outcome = check_file(path, keys_by_id(public_keys), bar.update)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    return say(outcome)


def keys_by_id(public_keys: Sequence[str]) -> dict[str, Ed25519PublicKey]:
    """Return public keys by the ids that checkpoints name them by."""
    try:
        keys = [read_public_key(text) for text in public_keys]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--public-key") from None
    return {key_id_of(key): key for key in keys}


def say(outcome: Outcome) -> bool:
    """Print an outcome in one line; returns whether the trail is whole."""
    finding = outcome.finding
    if finding is None:
        events = f"{outcome.events} events, signed up to {outcome.signed}, head {outcome.head}"
        click.echo(f"{outcome.organisation_id}: whole: {events}")
        return True
    place = "" if finding.position is None else f" at position {finding.position}"
    event = "" if finding.event_id is None else f", event {finding.event_id}"
    click.echo(f"{outcome.organisation_id}: {finding.wrong}{place}{event}: {finding.words}")
    return False


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", "public_keys", multiple=True, required=True, help="As `flask audit public-key` printed it.")
@click.pass_context
def main(context: click.Context, file: Path, public_keys: tuple[str, ...]) -> None:
    """Check an exported trail; exit code 1 if anything in it is wrong."""
    if not verify_file(file, public_keys):
        context.exit(1)


if __name__ == "__main__":
    main()
