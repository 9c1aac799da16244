"""`make run` as a newcomer meets it: one process that makes all ready, serves, and stops both its processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECOND_START_SECONDS = 5.0
NOISE = 3.0
"""A loaded machine is this much slower than a quiet one; the bound still tells a rebuild from a start."""


def free_port() -> int:
    """Return a port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(instance: Path, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start Harbour in a process group of its own; whatever happens it is ended."""
    clean = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "HARBOUR_ENV")}
    process = subprocess.Popen(
        [sys.executable, "-m", "api.serve"],
        cwd=ROOT,
        env={**clean, "INSTANCE_PATH": str(instance), "PORT": str(port), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def wait_until_ready(port: int, within: float) -> float:
    """Return how many seconds it took until /ready answered."""
    began = time.monotonic()
    while time.monotonic() - began < within:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
                assert json.load(answer)["status"] == "ready"
                return time.monotonic() - began
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"not ready within {within} seconds")


@pytest.mark.slow
def test_a_newcomer_is_welcomed_and_ctrl_c_stops_everything(tmp_path: Path, gazetteer_directory: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as process:
        wait_until_ready(port, 90)
        time.sleep(2)  # let the welcome be printed
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=30)

    demo = json.loads((tmp_path / "demo-keys.json").read_text())
    keys = {role: given["key"] for role, given in demo.items()}
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/api/v1/openapi.json" in told
    assert all(key in told for key in keys.values())
    assert "curl -s -X POST" in told
    assert "scheduler stopped (rc=0)" in told
    assert "web stopped (rc=0)" in told
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0

    with serving(tmp_path, port) as again:
        second = wait_until_ready(port, 60)
        again.send_signal(signal.SIGINT)
        again.communicate(timeout=30)
    assert second < SECOND_START_SECONDS * NOISE


def test_a_port_in_use_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with serving(tmp_path, port) as process:
            told, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert f"Port {port} is in use" in told


def test_a_bad_environment_is_refused_with_every_problem(tmp_path: Path) -> None:
    with serving(tmp_path, 1, LOG_LEVEL="loud", WEB_WORKERS="none") as process:
        told, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "LOG_LEVEL" in told
    assert "WEB_WORKERS" in told
