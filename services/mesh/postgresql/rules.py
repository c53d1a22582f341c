"""How tables must be set up so that no tenant meets another: what is granted, what is shown."""

from services.mesh.postgresql.catalog import VERSIONS, Policy, Table, bare
from services.mesh.row_security import APPEND_ONLY, SYSTEM_ONLY, SYSTEM_RULE, TENANT_RULE

_READ = frozenset({"SELECT"})
_ADD = frozenset({"SELECT", "INSERT"})
_ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_NOTHING: frozenset[str] = frozenset()
_EVERYBODY = "public"


def tenants_privileges(table: Table) -> frozenset[str]:
    """Of the role that serves tenants."""
    if table.name == VERSIONS:
        return _READ
    if table.comment == SYSTEM_ONLY:
        return _NOTHING
    return _ADD if table.comment == APPEND_ONLY else _ALL


def systems_privileges(table: Table) -> frozenset[str]:
    """Of the role of system transactions. Deleting is for tenants that are purged."""
    if table.name == VERSIONS:
        return _READ
    return _ALL - {"UPDATE"} if table.comment == APPEND_ONLY else _ALL


def policies_for(table: Table, system: str) -> frozenset[Policy]:
    """Exactly these, for each further policy could only show more."""
    if not table.has_tenant:
        return frozenset()
    tenant_rule, system_rule = bare(TENANT_RULE), bare(SYSTEM_RULE)
    return frozenset(
        {
            Policy(f"{table.name}_tenant", frozenset({_EVERYBODY}), tenant_rule, tenant_rule),
            Policy(f"{table.name}_system", frozenset({system}), system_rule, system_rule),
        }
    )


def shows_too_much(table: Table, system: str) -> bool:
    """Whether row security is off, passes over the owner, or has other policies than it should."""
    if not table.has_tenant:
        return False
    walled = table.is_secured and table.is_forced
    return not walled or table.policies != policies_for(table, system)
