"""The page docs/authorisation.md, written from the table of access and the API's own document."""

from __future__ import annotations

import re
from typing import Any

from accommodation.disclosure import MANAGER, MOVE, NAMED, OFFICERS, STAFF, Stage
from accommodation.vocabulary import Relation, Role
from api.auth.permissions import (
    ANY,
    FIELDS,
    NEEDS_SECOND_FACTOR,
    OPEN_OPERATIONS,
    SESSION_OPERATIONS,
    SIGN_IN_OPERATIONS,
    STAGES_OF,
    TABLE,
    Rule,
)

HEAD = """# Who may do what

This page is written by `make docs` from the one table that Harbour asks (`api/auth/permissions.py`); `make check` fails when
the two differ. Whatever is not in it is refused.

A line reads: *somebody in this role may do this about a row that stands to her like this, while it is in this state.*

- Somebody whose role is not in a line gets `not-permitted`, whatever the row.
- Somebody whose role is, and to whom the row stands otherwise, gets `not-found`: the same answer, byte for byte, as for a
  row that does not exist.
- Somebody who may see the row, while its state does not allow this, gets `illegal-move` with what the state does allow.

A list shows the rows that stand to the caller as the line says, and no other.

"Her organisation asked" and "her organisation runs the place" hold only while an agreement between the two organisations
covers it (the provider keeps sight of its own placements), and to nobody who is kept from the household.
"""

MEANING = {
    Relation.OWN_ORGANISATION: "of her own organisation",
    Relation.ASKING: "her organisation asked for the place",
    Relation.ASKED: "her organisation runs the place that was asked for",
    Relation.HERSELF: "her own, or naming her",
    Relation.INSTALLATION: "anything of its kind, if her organisation runs the installation",
    Relation.NOTHING: "something new of her own organisation",
}
KIND = re.compile(r"(State|Standing|Offer)$")
"""What the name of a kind's states ends with."""


BY_MACHINE = {
    Relation.HERSELF: NAMED,
    Relation.ASKING: OFFICERS,
    Relation.ASKED: MANAGER,
    Relation.OWN_ORGANISATION: STAFF,
}
"""Who somebody in a relation is to the machine of disclosure."""


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
    parts += [
        "\n## Only for a person, and only with a second factor\n",
        f"For whoever signed in, and for no key: {_names(SESSION_OPERATIONS)}.\n",
        f"With a second factor shown in the last minutes: {_names(NEEDS_SECOND_FACTOR)}.",
        "\n## Without signing in\n",
        f"{_names(OPEN_OPERATIONS)}: they hold no data.\n",
        f"{_names(SIGN_IN_OPERATIONS)}: the way in; each checks by itself what it is given.\n",
    ]
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
    return f"| {what} | {who} | {MEANING[rule.relation]} | {_stages(rule) or _states(rule.states)} |"


def _stages(rule: Rule) -> str:
    """Return the stages of the machine in which an operation can do something, for who makes the moves."""
    if rule.operation not in STAGES_OF or rule.relation not in BY_MACHINE:
        return ""
    moves = [MOVE[name] for name in STAGES_OF[rule.operation] if MOVE[name].by & BY_MACHINE[rule.relation]]
    stages = [stage for stage in Stage if any(stage in move.begins for move in moves)]
    return "" if set(stages) == set(Stage) else f"by [disclosure](disclosure.md): {' or '.join(map(_words, stages))}"


def _states(states: tuple[Any, ...]) -> str:
    if states == ANY:
        return "any time"
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", KIND.sub("", type(states[0]).__name__)).lower()
    return f"the {kind} is {' or '.join(_words(state) for state in states)}"


def _fields() -> str:
    rows = ["| of | field | who | while |", "| --- | --- | --- | --- |"]
    for sight in FIELDS:
        names = ", ".join(f"`{name}`" for name in sight.fields)
        rows.append(f"| {_words(sight.kind)} | {names} | {MEANING[sight.relation]} | {_states(sight.states)} |")
    text = """
A field that a side is not shown is null, or not there within `case`, and is not even opened. For the side that asked,
`reason` is `not_available`, and `declined_by` null, when a unit under review, or one in an unsafe area, was declined. Every
other row is shown whole, without an address, to whoever may see it. An address is told by `disclose_address` alone."""
    return "\n".join(rows) + "\n" + text


def _count(role: Role) -> str:
    operations = {rule.operation for rule in TABLE if role in rule.roles}
    return f"{len(operations)} of {len({rule.operation for rule in TABLE})} operations"


def _names(operations: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(operations))


def _words(name: str) -> str:
    return str(name).replace("_", " ")
