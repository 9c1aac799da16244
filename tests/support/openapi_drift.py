"""Compare the documents that are written by the code with the committed ones, or write them: `... --write`.

They are docs/openapi.json, what the application says of itself, and docs/authorisation.md, the table of access.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from api.app import create_app
from api.settings import Settings
from tests.support.authorisation_page import write_page
from tests.support.databases import TEST_KEYS

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT, TABLE = DOCS / "openapi.json", DOCS / "authorisation.md"


def current_documents() -> dict[Path, str]:
    """Return what the documents should say; needs no database."""
    with tempfile.TemporaryDirectory() as directory:
        app = create_app(Settings.from_environment({"INSTANCE_PATH": directory, **TEST_KEYS}))
        with app.test_request_context():  # the view alone: whatever counts requests before it asks a database
            answer = json.loads(app.json.dumps(app.view_functions["get_openapi"]()))
    return {DOCUMENT: json.dumps(answer, indent=2, sort_keys=True) + "\n", TABLE: write_page(answer)}


def main() -> int:
    """Write the documents with --write; else say whether the committed ones are true (0) or not (1)."""
    documents = current_documents()
    if "--write" in sys.argv:
        for path, text in documents.items():
            path.write_text(text)
            print(f"Wrote docs/{path.name}.")
        return 0
    stale = [path for path, text in documents.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"docs/{path.name} does not say what the code does. Look at the difference after `make docs`.")
    if not stale:
        print("docs/openapi.json and docs/authorisation.md say what the code does.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
