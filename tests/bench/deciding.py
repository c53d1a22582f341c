"""One decision of what a caller may do, warm, as the interceptors make it for each call.

Beside it in the same run: a dictionary lookup, which is as little as it could cost, and what
Casbin's own `enforce` takes for the same question with the rules of one tenant and of all.
"""

import random
import time
from collections.abc import Callable
from statistics import median

import casbin

from services.auth.standard_roles import STANDARD_ROLES
from services.mesh.access import Access
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import Rule, grant, membership, policy_digest
from services.mesh.revocations import Revocations
from services.mesh.scopes import FULL_SCOPE, within_scope

TENANTS, USERS = 200, 50
ROUNDS, DECISIONS = 25, 20_000
LIMIT_MICROSECONDS = 5.0
SEED = 20261125
NEEDED = "ticket.tickets.get"
NARROW = frozenset({"openid", "ticket.tickets.get", "ticket.tickets.list"})

# The model that the mesh uses; the rules in it are what differs below.
_MODEL = """
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, dom, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.act == p.act
"""


def measure() -> list[str]:
    rules = [rule for number in range(TENANTS) for rule in rules_of_tenant(number)]
    access = Access()
    access.load(1, policy_digest(rules), rules)
    revocations = Revocations()
    dice = random.Random(SEED)  # noqa: S311 - the same callers each time
    whom = [
        (TenantId(f"tenant-{dice.randrange(TENANTS)}"), UserId(f"user-{dice.randrange(USERS)}"))
        for _ in range(DECISIONS)
    ]
    for tenant_id, user_id in whom:
        access.permissions(tenant_id, user_id)
    known = {
        (tenant_id, user_id): access.permissions(tenant_id, user_id) for tenant_id, user_id in whom
    }

    def decide(scope: frozenset[str]) -> Callable[[], int]:
        def run() -> int:
            return sum(
                NEEDED in within_scope(access.permissions(tenant_id, user_id), scope)
                for tenant_id, user_id in whom
            )

        return run

    def with_session() -> int:
        return sum(
            not revocations.has_ended(tenant_id, user_id)
            and NEEDED in within_scope(access.permissions(tenant_id, user_id), FULL_SCOPE)
            for tenant_id, user_id in whom
        )

    full = per_decision(decide(FULL_SCOPE))
    narrow = per_decision(decide(NARROW))
    session = per_decision(with_session)
    lookup = per_decision(lambda: sum(NEEDED in known[key] for key in whom))
    one, everybody = (
        per_enforce(rules_of_tenant(0), f"t:{TenantId('tenant-0')}"),
        per_enforce(rules[: 20 * len(rules_of_tenant(0))], "t:tenant-0"),
    )
    return [
        f"{TENANTS} tenants, {len(rules):,} rules; median of {ROUNDS} rounds of {DECISIONS:,}",
        line("a decision, scope `helpdesk`", full),
        line("a decision, a scope of three names", narrow),
        line("a decision and whether the session has ended", session),
        line("a dictionary lookup", lookup),
        line("casbin's enforce, the rules of one tenant", one),
        line("casbin's enforce, the rules of twenty tenants", everybody),
        f"ratio, decision to dictionary lookup           {full / lookup:10.1f}",
        f"ratio, casbin's enforce to decision            {one / full:10.1f}",
        f"wanted: at most {LIMIT_MICROSECONDS:.0f} µs: "
        f"{'reached' if max(full, narrow, session) <= LIMIT_MICROSECONDS else 'MISSED'}",
    ]


def rules_of_tenant(number: int) -> list[Rule]:
    tenant = f"tenant-{number}"
    roles = [role.name for role in STANDARD_ROLES]
    return [
        *(
            grant(tenant, role.name, permission)
            for role in STANDARD_ROLES
            for permission in sorted(role.permissions)
        ),
        *(membership(tenant, f"user-{user}", roles[user % len(roles)]) for user in range(USERS)),
    ]


def per_decision(run: Callable[[], int]) -> float:
    """In microseconds of this thread, whoever else wants the cores."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.thread_time_ns()
        allowed = run()
        taken.append((time.thread_time_ns() - begun) / DECISIONS / 1000)
        assert allowed == DECISIONS
    return median(taken)


def per_enforce(rules: list[Rule], tenant: str) -> float:
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    for kind in ("p", "g"):
        model.add_policies(kind, kind, [list(rule[1:]) for rule in rules if rule[0] == kind])
    enforcer.build_role_links()
    taken = []
    for user in range(ROUNDS):
        begun = time.thread_time_ns()
        assert enforcer.enforce(f"u:user-{user}", tenant, NEEDED)
        taken.append((time.thread_time_ns() - begun) / 1000)
    return median(taken)


def line(what: str, microseconds: float) -> str:
    return f"{what:46} {microseconds:10.2f} µs"


if __name__ == "__main__":
    print("\n".join(measure()))
