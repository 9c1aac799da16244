"""Which roles there may be, by kind of organisation and together in one person."""

from __future__ import annotations

from itertools import combinations

import pytest

from accommodation.roles import CASE_ROLES, ROLES_OF_KIND, exclude_each_other, may_exist
from accommodation.vocabulary import OrganisationKind, Role


def test_every_kind_of_organisation_has_a_rule_and_every_role_a_place() -> None:
    assert set(ROLES_OF_KIND) == set(OrganisationKind)
    assert set().union(*ROLES_OF_KIND.values()) == set(Role)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.COMMISSIONER])
def test_who_administers_or_looks_on_sees_no_case(role: Role) -> None:
    assert all(exclude_each_other({role, case_role}) for case_role in CASE_ROLES)


def test_who_grants_roles_is_not_who_is_told_of_it() -> None:
    assert exclude_each_other([Role.ADMINISTRATOR, Role.SAFEGUARDING_LEAD])


def test_roles_that_see_cases_go_together() -> None:
    assert not any(exclude_each_other(pair) for pair in combinations(CASE_ROLES, 2))


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (OrganisationKind.COUNCIL, Role.REFUGE_MANAGER),
        (OrganisationKind.PROVIDER, Role.HOUSING_OFFICER),
        (OrganisationKind.HELPLINE, Role.REFUGE_MANAGER),
        (OrganisationKind.BOARD, Role.HOUSING_OFFICER),
        (OrganisationKind.BOARD, Role.REFUGE_MANAGER),
        (OrganisationKind.BOARD, Role.RESETTLEMENT_WORKER),
        (OrganisationKind.COUNCIL, Role.COMMISSIONER),
    ],
)
def test_a_role_out_of_its_place_may_not_exist(kind: OrganisationKind, role: Role) -> None:
    assert not may_exist(kind, role)
