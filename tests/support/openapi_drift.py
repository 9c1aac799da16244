"""Compare docs/openapi.json with what the application says, or write it: `python -m tests.support.openapi_drift`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from api.app import PREFIX, create_app
from api.settings import Settings
from tests.support.databases import TEST_KEYS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def current_document() -> str:
    """Return the application's OpenAPI document as text with sorted keys; needs no database."""
    with tempfile.TemporaryDirectory() as directory:
        app = create_app(Settings.from_environment({"INSTANCE_PATH": directory, **TEST_KEYS}))
        answer = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    return json.dumps(answer, indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write the document with --write; else say whether the committed one is true (0) or not (1)."""
    if "--write" in sys.argv:
        DOCUMENT.write_text(current_document())
        print(f"Wrote docs/{DOCUMENT.name}.")
        return 0
    if DOCUMENT.read_text() != current_document():
        print("docs/openapi.json does not say what the API does. Look at the difference after `make openapi`.")
        return 1
    print("docs/openapi.json says what the API does.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
