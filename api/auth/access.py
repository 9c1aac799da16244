"""Asking the table of access: who may go on, with what, and what else she might do. Nothing is decided elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from accommodation.base import IllegalMove, NotFound
from accommodation.vocabulary import Relation, Role
from api.auth.permissions import ANY, FIELDS, TABLE, Rule

SYSTEM_OPERATION = "system"
"""What a job or a command does by itself: everything is permitted to it, and nobody with a role can have it."""

NOTING = "note"
"""Writing down that somebody was refused: no row is permitted to it."""


class AccessNotAsked(RuntimeError):
    """A view ends without having asked whether the caller may have the row: a fault of the program, never an answer."""


class AccessTable:
    """The rules, found by operation and role."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: list[Rule] = []
        self._found: dict[str, dict[str, tuple[Rule, ...]]] = defaultdict(dict)
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Add a rule to those of its operation."""
        self.rules.append(rule)
        for role in rule.roles:
            self._found[rule.operation][role] = (*self.rules_of(rule.operation, role), rule)

    def rules_of(self, operation: str, role: str) -> tuple[Rule, ...]:
        """Return the rules by which a role may call an operation; none = it may not."""
        return self._found.get(operation, {}).get(role, ())

    def roles_of(self, operation: str) -> frozenset[str]:
        """Return the roles that may call an operation about some row."""
        return frozenset(self._found.get(operation, ()))

    def operations_of(self, role: str) -> list[str]:
        """Return the operations that a role may call about some row, in the table's order."""
        return [operation for operation, roles in self._found.items() if role in roles]

    def legal_moves(self, role: str, relation: Relation, state: StrEnum) -> tuple[str, ...]:
        """Return the operations that ask for a state of this kind, and allow this one to this role and relation."""
        return tuple(
            rule.operation for rule in self.rules if role in rule.roles and rule.relation is relation and _names(rule, state)
        )


ACCESS = AccessTable(TABLE)


class Access:
    """What one caller may do in one operation, and whether it has been asked."""

    def __init__(self, operation: str, role: str) -> None:
        if operation == SYSTEM_OPERATION and role in set(Role):
            raise AccessNotAsked("Say for which operation: only jobs and commands act for the system.")
        self._is_system = operation == SYSTEM_OPERATION
        self._operation, self._role = operation, role
        self._rules = ACCESS.rules_of(operation, role)
        self._was_asked = False
        self._state_is_due = False
        self._state_was_asked = False

    def permit(self, relations: Relation | Iterable[Relation], state: StrEnum | None) -> Relation:
        """Return the first of the relations by which the operation is allowed in this state.

        Raises NotFound when the table names none of them, IllegalMove when it names one and not this state of it.
        """
        facts = iter((relations,) if isinstance(relations, Relation) else relations)
        if self._is_system:
            return next(facts, Relation.INSTALLATION)
        refused = None
        for relation in facts:
            for rule in self._rules:
                if rule.relation is relation:
                    if self._allows(rule, state):
                        return relation
                    refused = relation
        if refused is None or state is None:
            raise NotFound
        raise IllegalMove(
            f"It is {state.replace('_', ' ')}, and that does not allow this.",
            state=str(state),
            legal_moves=self.legal_moves(refused, state),
        )

    def legal_moves(self, relation: Relation, state: StrEnum) -> tuple[str, ...]:
        """Return what this caller may do with a row in this relation and state."""
        return ACCESS.legal_moves(self._role, relation, state)

    def check_asked(self) -> None:
        """Raise AccessNotAsked for an operation about a row whose relation, or state, nobody has asked about."""
        about_rows = any(rule.relation is not Relation.NOTHING for rule in self._rules)
        if about_rows and not self._was_asked:
            raise AccessNotAsked(f"{self._operation} did not ask in what relation its row stands to the caller.")
        if self._state_is_due and not self._state_was_asked:
            raise AccessNotAsked(f"{self._operation} did not ask in what state its row is.")

    def _allows(self, rule: Rule, state: StrEnum | None) -> bool:
        self._was_asked = True
        if rule.states == ANY:
            return True
        if state is None:
            self._state_is_due = True
            return True
        self._state_was_asked = True
        return _names(rule, state)


def fields_seen(kind: str, relation: Relation, state: StrEnum) -> frozenset[str]:
    """Return the fields of a row of this kind and state that somebody in this relation is shown."""
    return frozenset(
        name
        for sight in FIELDS
        if sight.kind == kind and sight.relation is relation and (sight.states == ANY or state in sight.states)
        for name in sight.fields
    )


def _names(rule: Rule, state: StrEnum) -> bool:
    """Tell whether a rule names this very state: a hold's `live` is not another kind's."""
    return any(type(named) is type(state) and named == state for named in rule.states)
