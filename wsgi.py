"""The WSGI entrypoint: `gunicorn wsgi:app`, `flask --app wsgi ...`."""

from api.app import create_app
from api.cli import register_commands
from api.settings import Settings

app = create_app(Settings.from_environment())
register_commands(app)
