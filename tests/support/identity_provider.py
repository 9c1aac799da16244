"""A real OpenID Connect provider beside the tests: the npm package `oidc-provider`, installed once outside the tree."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests

SOURCE = Path(__file__).parent / "oidc_provider"
CLIENT = {"OIDC_CLIENT_ID": "harbour", "OIDC_CLIENT_SECRET": "a secret of the tests"}
READY_SECONDS = 60


def install() -> Path:
    """Return a folder with the provider installed as the lock file says; skips loudly when that cannot be done here."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("NOT RUN: there is no node or npm here, so OpenID Connect was not tested against a real provider")
    locked = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"harbour-test-oidc-{os.getuid()}-{locked}"
    if not folder.exists():
        fresh = Path(tempfile.mkdtemp(prefix="harbour-test-oidc-"))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, fresh)
        command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        installed = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=300, check=False)
        if installed.returncode != 0:
            shutil.rmtree(fresh)
            pytest.skip("NOT RUN: npm could not install the identity provider: " + installed.stderr[-300:])
        try:
            fresh.rename(folder)  # whoever comes second finds it there
        except OSError:
            shutil.rmtree(fresh)
    return folder


@contextmanager
def start_provider(redirect_uri: str, accounts: Mapping[str, Any]) -> Iterator[str]:
    """Run the provider until the block ends; yields its issuer. `accounts`: sub -> email, email_verified, amr."""
    folder = install()
    shutil.copy(SOURCE / "server.mjs", folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {"PORT": str(port), "REDIRECT_URI": redirect_uri, "ACCOUNTS": json.dumps(accounts)}
    process = subprocess.Popen(
        ["node", "server.mjs"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def go_there_and_back(authorization_url: str, account: str, redirect_uri: str) -> dict[str, str]:
    """Do as a browser does: sign in at the provider as an account; returns the query with which it sends her back."""
    url = f"{authorization_url}&{urlencode({'login_hint': account})}"
    with requests.Session() as browser:
        browser.trust_env = False
        for _ in range(10):
            with browser.get(url, allow_redirects=False, timeout=20) as answer:
                assert answer.status_code in (302, 303), answer.text[:500]
                url = urljoin(url, answer.headers["Location"])
            if url.startswith(redirect_uri):
                return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    raise AssertionError("the provider did not send the browser back")


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the identity provider did not start")
