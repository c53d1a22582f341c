"""The standard roles against the contract."""

from services.auth.standard_roles import (
    ADMIN_PERMISSIONS,
    AGENT_PERMISSIONS,
    CUSTOMER_PERMISSIONS,
    HANDLE_TICKETS,
    MANAGE_API_KEYS,
    OPERATOR,
    READ_UNATTRIBUTED_AUDIT,
    SHARE_VIEWS,
    STANDARD_ROLES,
    roles_of,
)
from services.mesh.contract import Contract, services_of

AREAS = ("auth", "ticket", "search", "chat")


def permissions_of_the_contract() -> set[str]:
    contract = Contract(service for area in AREAS for service in services_of(area))
    return {policy.permission for _, policy in contract.methods() if policy.permission}


def test_every_permission_of_the_contract_belongs_to_a_role() -> None:
    held = frozenset().union(*(role.permissions for role in (*STANDARD_ROLES, OPERATOR)))
    assert permissions_of_the_contract() - held == set()


def test_no_role_holds_a_permission_that_the_contract_does_not_know() -> None:
    held = frozenset().union(*(role.permissions for role in (*STANDARD_ROLES, OPERATOR)))
    assert held - permissions_of_the_contract() == {
        HANDLE_TICKETS,
        MANAGE_API_KEYS,
        SHARE_VIEWS,
        *READ_UNATTRIBUTED_AUDIT,
    }


def test_each_role_can_do_what_the_lesser_one_can() -> None:
    assert CUSTOMER_PERMISSIONS < AGENT_PERMISSIONS < ADMIN_PERMISSIONS


def test_only_operators_of_the_platform_touch_tenants() -> None:
    assert roles_of("platform") == (OPERATOR,)
    assert OPERATOR not in roles_of("acme")
    assert not any(name.startswith("auth.tenants.") for name in ADMIN_PERMISSIONS)
