"""Which roles there may be: by kind of organisation, and together in one person. Pure.

Source: domain page, "Who uses it, and for what". Who runs people and agreements, or looks on, sees no case; who grants
roles is not who is told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accommodation.vocabulary import OrganisationKind, Role

CASE_ROLES = frozenset({Role.HOUSING_OFFICER, Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER})
"""Roles that see households."""

_LOOKS_ON = frozenset({Role.SAFEGUARDING_LEAD, Role.AUDITOR, Role.ADMINISTRATOR})

ROLES_OF_KIND: Mapping[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.COUNCIL: _LOOKS_ON | {Role.HOUSING_OFFICER, Role.RESETTLEMENT_WORKER},
    OrganisationKind.PROVIDER: _LOOKS_ON | {Role.REFUGE_MANAGER, Role.RESETTLEMENT_WORKER},
    OrganisationKind.HELPLINE: _LOOKS_ON | {Role.HOUSING_OFFICER},
    OrganisationKind.BOARD: _LOOKS_ON | {Role.COMMISSIONER},
}

EXCLUDES: Mapping[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: CASE_ROLES | {Role.SAFEGUARDING_LEAD},
    Role.AUDITOR: CASE_ROLES,
    Role.COMMISSIONER: CASE_ROLES,
}
"""Roles that one person cannot have beside this one."""


def may_exist(kind: OrganisationKind, role: Role) -> bool:
    """Tell whether somebody in an organisation of this kind may have the role."""
    return role in ROLES_OF_KIND[kind]


def exclude_each_other(roles: Collection[Role]) -> bool:
    """Tell whether one person may not have all of these roles at once."""
    return any(EXCLUDES.get(role, frozenset()) & set(roles) for role in roles)
