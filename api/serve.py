"""`make run`: make the installation ready, start the web server and the scheduler, say how to use them, stop both."""

from __future__ import annotations

import json
import shlex
import socket
import sys
import threading
import time
from datetime import date
from typing import Any

import click
import requests
from flask import Flask
from honcho.manager import Manager

from api.app import PREFIX, create_app
from api.cli import prepare_installation, register_commands
from api.settings import Settings, SettingsInvalid

READY_WITHIN_SECONDS = 60


def main() -> int:
    """Run Harbour until Ctrl-C or SIGTERM; returns the exit code. Both processes end with this one."""
    try:
        settings = Settings.from_environment()
    except SettingsInvalid as error:
        print(error, file=sys.stderr)
        return 2
    if not _port_is_free(settings):
        print(f"Port {settings.port} is in use. Choose another: PORT=8001 make run", file=sys.stderr)
        return 2
    app = create_app(settings)
    register_commands(app)
    try:
        with app.app_context():
            prepare_installation()
    except click.ClickException as error:
        print(error.message, file=sys.stderr)
        return 2
    manager = Manager()
    manager.add_process("web", "exec " + shlex.join(gunicorn_command(settings)))
    manager.add_process("scheduler", "exec " + shlex.join([sys.executable, "-m", "flask", "--app", "wsgi", "scheduler"]))
    threading.Thread(target=_welcome_when_ready, args=(app, settings), daemon=True).start()
    try:
        manager.loop()
    except BaseException:
        # Whatever befell this process (its terminal went away, say), the two that it started end with it.
        manager.kill()
        raise
    stopped_by_hand = manager.returncode in (0, 130, 143)
    print("Harbour has stopped." if stopped_by_hand else "Harbour stopped because a process failed; see above.", flush=True)
    return 0 if stopped_by_hand else 1


def gunicorn_command(settings: Settings) -> list[str]:
    """Return how the web server is started: threads, limits, no control socket, no access log (addresses hold ids)."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class=api.server_worker.HarbourWorker",
        f"--workers={settings.workers}",
        f"--threads={settings.threads}",
        f"--bind={settings.host}:{settings.port}",
        "--no-control-socket",
        "--timeout=60",
        "--graceful-timeout=20",
        "--keep-alive=5",
        "--limit-request-line=4094",
        "--limit-request-fields=60",
        "--limit-request-field_size=8190",
        "--log-level=warning",
        "wsgi:app",
    ]


def _port_is_free(settings: Settings) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True


def _welcome_when_ready(app: Flask, settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{base}/ready", timeout=2).ok:
                break
        except requests.RequestException:
            pass
        time.sleep(0.1)
    else:
        print(f"Harbour is not ready after {READY_WITHIN_SECONDS} seconds; see the log above.", flush=True)
        return
    print(_welcome(settings, base), flush=True)


def _welcome(settings: Settings, base: str) -> str:
    lines = ["", f"Harbour is ready at {base}", f"  OpenAPI document: {base}{PREFIX}/openapi.json"]
    if not settings.demo_key_file.exists():
        return "\n".join([*lines, ""])
    demo: dict[str, dict[str, str]] = json.loads(settings.demo_key_file.read_text())
    keys = {role: given["key"] for role, given in demo.items()}
    lines.append(f"  Demo keys (with passwords and authenticators' secrets in {settings.demo_key_file}):")
    lines += [f"    {role:<20} {key}" for role, key in keys.items()]
    household_id = _waiting_household(base, keys["housing_officer"])
    if household_id is not None:
        body = json.dumps({"needed_on": date.today().isoformat(), "limit": 3})
        lines += [
            "  A search, to paste as it stands:",
            f"curl -s -X POST {base}{PREFIX}/households/{household_id}/searches \\",
            f"  -H 'Authorization: Bearer {keys['housing_officer']}' \\",
            f"  -H 'Content-Type: application/json' -d '{body}'",
        ]
    return "\n".join([*lines, "  The whole story, step by step, in another terminal: make demo", "  Ctrl-C stops it.", ""])


def _waiting_household(base: str, key: str) -> str | None:
    """Return the household that was recorded last: in the demo, the one that still waits for a place."""
    answer = requests.get(
        f"{base}{PREFIX}/households", params={"limit": "200"}, headers={"Authorization": f"Bearer {key}"}, timeout=5
    )
    answer.raise_for_status()
    page: dict[str, Any] = answer.json()
    return str(max(page["items"], key=lambda item: item["created_at"])["id"]) if page["items"] else None


if __name__ == "__main__":
    sys.exit(main())
