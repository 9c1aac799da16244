"""The command line: thin; every command calls what the application calls."""

from __future__ import annotations

import json
import uuid

import click
from flask import Flask
from flask_migrate import Migrate, upgrade
from tqdm import tqdm

from accommodation.base import DomainError
from api.audit.cli import audit
from api.crypto.commands import keys
from api.crypto.key_check import KeysDoNotFit
from api.database import db
from api.extensions import current_harbour

MIGRATIONS = "migrations"


def register_commands(app: Flask) -> None:
    """Add Harbour's commands, and Flask-Migrate's `db`, to `flask --app wsgi`."""
    Migrate(app, db, directory=MIGRATIONS)
    app.cli.add_command(gazetteer)
    app.cli.add_command(audit)
    app.cli.add_command(cells)
    app.cli.add_command(demo)
    app.cli.add_command(openapi)
    app.cli.add_command(prepare)
    app.cli.add_command(first_administrator)
    app.cli.add_command(enrol_again)
    app.cli.add_command(scheduler)
    app.cli.add_command(keys)


@click.group()
def gazetteer() -> None:
    """The postcode directory on disk."""


@gazetteer.command("build")
def build() -> None:
    """Build the memory-mapped gazetteer, unless it is there already."""
    build_gazetteer_with_progress()


def build_gazetteer_with_progress() -> None:
    """Build the gazetteer with a progress bar; at once when it is current."""
    from geo.gazetteer import build_gazetteer, gazetteer_is_current

    directory = current_harbour().settings.gazetteer_directory
    if gazetteer_is_current(directory):
        return
    with tqdm(desc="Building the gazetteer", unit=" parts") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        build_gazetteer(directory, progress)


@click.group()
def cells() -> None:
    """Safety cells: which one each property is filed in."""


@cells.command("move")
def move() -> None:
    """File every property of an older table of cells in the present one, each by an act of its own in the audit trail."""
    from api.filing import move_properties

    harbour = current_harbour()
    outcome = move_properties(db.engine, harbour.key_ring, harbour.atlas)
    click.echo(f"{outcome.moved} moved, {outcome.current} were in the present table already.")
    for reference, slug in outcome.left:
        click.echo(f"{reference} stays under review: {slug}")
    if outcome.left:
        raise click.ClickException("Ask the providers of these properties about their postcodes.")


@click.command()
def prepare() -> None:
    """Make everything ready to serve: gazetteer, database schema, and the demo partnership in an empty database."""
    prepare_installation()


def prepare_installation() -> None:
    """Build the gazetteer, migrate, and load the demo into an empty database, unless this is production."""
    from api.demo.loading import is_empty, load_partnership

    build_gazetteer_with_progress()
    upgrade(directory=MIGRATIONS)
    require_fitting_keys()
    if current_harbour().settings.environment == "production" or not is_empty():
        return
    click.echo("The database is empty: loading the demo partnership.")
    load_partnership()


def require_fitting_keys() -> None:
    """Go no further with keys that are not the database's."""
    try:
        current_harbour().key_gate.require(db.engine)
    except KeysDoNotFit as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.option("--units", type=click.IntRange(1, 200_000), help="Make a national demo of this many units instead.")
@click.option("--seed", type=int, default=2026, show_default=True, help="The same seed makes the same demo.")
def demo(units: int | None, seed: int) -> None:
    """Load the demo partnership, or a national demo of any size, on real postcodes."""
    from api.demo.loading import load_national, load_partnership

    if current_harbour().settings.environment == "production":
        raise click.ClickException("Demo data and demo keys are not for production.")
    require_fitting_keys()
    if units is None:
        load_partnership(seed)
    else:
        load_national(units, seed)


@click.command()
@click.option("--organisation", required=True, help="Who runs this installation.")
@click.option("--name", required=True, help="The administrator's name; it is sealed.")
@click.option("--key-days", type=click.IntRange(1, 366), help="Print a key as well, which lives so many days.")
def first_administrator(organisation: str, name: str, key_days: int | None) -> None:
    """Make the first administrator of an empty installation and print her enrolment token, once."""
    from api.auth.administration import bootstrap_administrator

    harbour = current_harbour()
    require_fitting_keys()
    auth_key = harbour.settings.auth_key
    try:
        first = bootstrap_administrator(db.engine, harbour.key_ring, auth_key, organisation, name, key_days)
    except DomainError as error:
        raise click.ClickException(error.detail) from None
    click.echo(first.enrolment_token)
    if first.key is not None:
        click.echo(first.key)


@click.command()
@click.argument("worker_id", type=click.UUID)
def enrol_again(worker_id: uuid.UUID) -> None:
    """Print a token by which a worker who has lost everything chooses anew how she signs in. Make sure that it is she."""
    from api.auth.administration import enrol_again as open_again

    harbour = current_harbour()
    try:
        click.echo(open_again(db.engine, harbour.key_ring, harbour.settings.auth_key, worker_id))
    except DomainError as error:
        raise click.ClickException(error.detail) from None


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from flask import current_app

    from api.app import PREFIX

    answer = current_app.test_client().get(f"{PREFIX}/openapi.json")
    click.echo(json.dumps(answer.get_json(), indent=2, sort_keys=True))


@click.command()
def scheduler() -> None:
    """Run the scheduler process until it is stopped."""
    from api.scheduler import run_scheduler

    require_fitting_keys()
    run_scheduler()
