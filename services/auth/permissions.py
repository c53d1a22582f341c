"""The permissions that a tenant can give, with the methods that each opens, from the contract."""

from collections import defaultdict
from functools import cache

from services.auth.standard_roles import GRANTABLE_PERMISSIONS
from services.mesh.contract import Contract, services_of

_AREAS = ("auth", "ticket", "search", "chat")


@cache
def methods_by_permission() -> dict[str, list[str]]:
    """By name; a permission that only widens what others show opens none."""
    contract = Contract(service for area in _AREAS for service in services_of(area))
    methods: dict[str, list[str]] = defaultdict(list)
    for path, policy in contract.methods():
        methods[policy.permission].append(path.removeprefix("/").replace("/", "."))
    return {name: sorted(methods[name]) for name in sorted(GRANTABLE_PERMISSIONS)}
