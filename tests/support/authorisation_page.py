"""The page docs/authorisation.md, written from the table of access and the API's own document."""

from __future__ import annotations

import re
from typing import Any

from accommodation.vocabulary import Relation, Role
from api.auth.permissions import ANY, FIELDS, OPEN_OPERATIONS, TABLE, Rule

HEAD = """# Who may do what

This page is written by `make docs` from the one table that Harbour asks (`api/auth/permissions.py`); `make check` fails when
the two differ. Whatever is not in it is refused.

A line reads: *somebody in this role may do this about a row that stands to her like this, while it is in this state.*

- Somebody whose role is not in a line gets `not-permitted`, whatever the row.
- Somebody whose role is, and to whom the row stands otherwise, gets `not-found`: the same answer, byte for byte, as for a
  row that does not exist.
- Somebody who may see the row, while its state does not allow this, gets `illegal-move` with what the state does allow.

A list shows the rows that stand to the caller as the line says, and no other.
"""

MEANING = {
    Relation.OWN_ORGANISATION: "of her own organisation",
    Relation.ASKING: "her organisation asked for the place",
    Relation.ASKED: "her organisation runs the place that was asked for",
    Relation.HERSELF: "herself",
    Relation.INSTALLATION: "anything of its kind in this installation",
    Relation.NOTHING: "something new of her own organisation",
}
KIND = re.compile(r"(State|Standing|Offer)$")
"""What the name of a kind's states ends with."""


def write_page(document: dict[str, Any]) -> str:
    """Return the page as Markdown, in the order of the API's document."""
    parts = [HEAD, "## Roles\n", "| role | may call |\n| --- | --- |"]
    parts[-1] += "".join(f"\n| {_words(role)} | {_count(role)} |" for role in Role)
    described = _described(document)
    groups: dict[str, list[str]] = {}
    shown = set()
    for rule in TABLE:
        method, path, operation = described[rule.operation]
        what = (
            f"{operation['summary']}<br>`{rule.operation}` `{method} {path}`" if rule.operation not in shown else "the same"
        )
        shown.add(rule.operation)
        groups.setdefault(operation["tags"][0], []).append(_row(rule, what))
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    for tag, rows in groups.items():
        head = "| what | who | about | while |\n| --- | --- | --- | --- |"
        parts += [f"\n## {_words(tag).capitalize()}\n", f"{about[tag]}\n", "\n".join([head, *rows])]
    parts += ["\n## What each side of a case is shown\n", _fields()]
    opened = ", ".join(f"`{name}`" for name in sorted(OPEN_OPERATIONS))
    parts += ["\n## Without a key\n", f"{opened}: they hold no data.\n"]
    return "\n".join(parts)


def _described(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _row(rule: Rule, what: str) -> str:
    who = ", ".join(_words(role) for role in Role if role in rule.roles)
    who = "everybody" if set(rule.roles) == set(Role) else who
    return f"| {what} | {who} | {MEANING[rule.relation]} | {_states(rule.states)} |"


def _states(states: tuple[Any, ...]) -> str:
    if states == ANY:
        return "any time"
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", KIND.sub("", type(states[0]).__name__)).lower()
    return f"the {kind} is {' or '.join(_words(state) for state in states)}"


def _fields() -> str:
    rows = ["| of a | field | who | while |", "| --- | --- | --- | --- |"]
    for sight in FIELDS:
        names = ", ".join(f"`{name}`" for name in sight.fields)
        rows.append(f"| {sight.kind} | {names} | {MEANING[sight.relation]} | {_states(sight.states)} |")
    text = """
A field that a side is not shown is null, or not there within `case`, and is not even opened. For the side that asked,
`reason` is `not_available`, and `declined_by` null, when a unit under review, or one in an unsafe area, was declined. Every
other row is shown whole, without an address, to whoever may see it. An address is told by `disclose_address` alone."""
    return "\n".join(rows) + "\n" + text


def _count(role: Role) -> str:
    operations = {rule.operation for rule in TABLE if role in rule.roles}
    return f"{len(operations)} of {len({rule.operation for rule in TABLE})} operations"


def _words(name: str) -> str:
    return str(name).replace("_", " ")
