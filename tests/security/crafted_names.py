"""Stores names that are crafted to become policy, starts auth again, and compares the policy."""

import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import casbin
import grpc.aio
from google.protobuf.message import Message

from helpdesk.auth.v1 import (
    auth_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    tenant_service_pb2,
    user_service_pb2,
)
from services.mesh.access import Access
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import Rule, grant, membership
from services.mesh.policy_messages import rules_of
from tests.security.doors import Answer
from tests.security.hostile_names import hostile_names
from tests.security.progress import Progress
from tests.security.requests import a_password, unique
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import House, Person, Stage, patiently, running_stage
from tests.support.mesh_server import plain_channel

FIGURE = Figure("names crafted to become policy", "before = after reload", 10_000)
NAMES = {Scale.FULL: 10_000, Scale.SHORT: 100}
_AT_ONCE = 16
_PATIENCE_SECONDS = 30.0

Store = Callable[[Stage, House, str], Awaitable[Answer]]


async def run(scale: Scale, seed: int) -> Outcome:
    async with running_stage() as stage:
        return await store_and_compare(stage, scale, seed)


async def store_and_compare(stage: Stage, scale: Scale, seed: int) -> Outcome:
    house, other = [await stage.build_house({"agent": "agent"}) for _ in range(2)]
    random = Random(seed)
    before = await _policy(stage)
    crafted = hostile_names(random, other.tenant_id, house["agent"].user_id, "auth.users.create")
    progress = Progress("crafted names", NAMES[scale])
    free = asyncio.Semaphore(_AT_ONCE)
    answers = Counter[str]()

    async def store(name: str, kind: str) -> None:
        async with free:
            answer = await patiently(lambda: _STORES[kind](stage, house, name))
        answers[f"{kind} {'kept' if answer.code == 'OK' else 'refused'}"] += 1
        asked.note(answer.reply)
        progress.step()

    asked = Asked(house)
    kinds = [*_STORES, *random.choices(list(_STORES), _weights(), k=NAMES[scale] - len(_STORES))]
    await asyncio.gather(*(store(next(crafted), kind) for kind in kinds))
    stored = await _policy(stage)
    await _start_auth_again(stage)
    reloaded = await _policy(stage)
    failures = [f"stored: {problem}" for problem in asked.problems(before.rules, stored.rules)]
    failures += [f"reloaded: {one}" for one in asked.problems(before.rules, reloaded.rules)]
    failures += [f"only after the reload: {rule}" for rule in reloaded.rules - stored.rules]
    failures += [f"gone after the reload: {rule}" for rule in stored.rules - reloaded.rules]
    failures += _strange_permissions(before, reloaded, [house, other], but=house["agent"])
    details = [
        f"{len(before.rules):,} rules before, {len(reloaded.rules):,} after",
        *(f"{what:<34} {count:,}" for what, count in sorted(answers.items())),
    ]
    control = Control("tuples, with Casbin's own joined lines", caught=joined_lines_are_believed())
    return Outcome(NAMES[scale], failures, control, details)


@dataclass(frozen=True)
class Loaded:
    rules: frozenset[Rule]
    access: Access


@dataclass
class Asked:
    """What was asked for by its proper name, and done: this and no more may be policy."""

    house: House
    memberships: set[Rule] = field(default_factory=set)
    roles_of_agent: set[Rule] = field(default_factory=set)
    tenants: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        agent = self.house["agent"].user_id
        self.roles_of_agent.add(membership(self.house.tenant_id, agent, "agent"))

    def note(self, reply: Message | None) -> None:
        match reply:
            case auth_pb2.Tenant():
                self.tenants.add(reply.tenant_id)
            case user_service_pb2.Client():
                self.memberships |= self._roles(reply.client_id, reply.roles)
            case auth_pb2.User() if reply.user_id == self.house["agent"].user_id:
                self.roles_of_agent |= self._roles(reply.user_id, reply.roles)
            case auth_pb2.User():
                self.memberships |= self._roles(reply.user_id, reply.roles)

    def problems(self, before: frozenset[Rule], after: frozenset[Rule]) -> list[str]:
        # Several roles were set for one user at once: who came last is not known.
        held = after & self.roles_of_agent
        problems = [] if len(held) == 1 else [f"the agent holds {held}"]
        new = {rule for tenant in self.tenants for rule in self._standard_rules(tenant, before)}
        new |= {rule for tenant in self.tenants for rule in _first_admin(tenant, after)}
        wanted = (before - self.roles_of_agent) | held | self.memberships | new
        problems += [f"nobody asked for {rule}" for rule in after - wanted]
        return problems + [f"{rule} is gone" for rule in wanted - after]

    def _roles(self, user_id: str, roles: Iterable[str]) -> set[Rule]:
        return {membership(self.house.tenant_id, user_id, role) for role in roles}

    def _standard_rules(self, tenant_id: str, rules: Iterable[Rule]) -> set[Rule]:
        """A new tenant has the roles that this house has."""
        own = f"t:{self.house.tenant_id}"
        return {
            grant(tenant_id, rule[1].removeprefix("r:"), rule[3])
            for rule in rules
            if rule[0] == "p" and rule[2] == own
        }


def _first_admin(tenant_id: str, rules: Iterable[Rule]) -> set[Rule]:
    """The one that the tenant was made with; of more than one, each is one too many."""
    found = {rule for rule in rules if rule[0] == "g" and rule[2:] == ("r:admin", f"t:{tenant_id}")}
    return found if len(found) == 1 else set()


async def _policy(stage: Stage) -> Loaded:
    """As a service that starts at this moment would load it."""
    settings = stage.installation.settings
    folder = settings.certificate_folder("ticket")
    async with plain_channel(folder, "auth", settings.port("auth")) as channel:
        stub = policy_service_pb2_grpc.PolicyServiceStub(channel)
        events = stub.WatchPolicy(
            policy_service_pb2.WatchPolicyRequest(), timeout=_PATIENCE_SECONDS
        )
        rules: list[Rule] = []
        async for event in events:
            snapshot = event.snapshot
            rules += rules_of(snapshot.rules)
            if snapshot.is_partial:
                continue
            access = Access()
            access.load(snapshot.version, snapshot.digest, rules)
            events.cancel()
            return Loaded(frozenset(rule for rule in rules if rule[0] in ("p", "g")), access)
    raise AssertionError("the policy stream ended before it began")


def _strange_permissions(
    before: Loaded, after: Loaded, houses: list[House], but: Person
) -> list[str]:
    people = [
        person.user_id for house in houses for person in house.people.values() if person is not but
    ]
    for loaded in (before, after):
        loaded.access.hear()  # it is asked long after it was read
    asked = [
        (TenantId(house.tenant_id), UserId(user_id))
        for house in houses
        for user_id in (*people, "mallory", "admin", "operator")
    ]
    return [
        f"{user_id} holds other permissions in {tenant_id} than before"
        for tenant_id, user_id in asked
        if before.access.permissions(tenant_id, user_id)
        != after.access.permissions(tenant_id, user_id)
    ]


async def _start_auth_again(stage: Stage) -> None:
    def pid() -> int:
        found = next(one for one in stage.installation.processes() if one["name"] == "auth")
        return int(found["pid"] or 0)

    old = await asyncio.to_thread(pid)
    os.kill(old, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if await asyncio.to_thread(pid) not in (0, old):
                await _policy(stage)
                # The gateway has to find it again, too.
                stage.operator.token_ends = 0.0
                await stage.token(stage.operator)
                return
        except (grpc.aio.AioRpcError, AssertionError):
            pass
        await asyncio.sleep(0.2)
    raise AssertionError("auth did not come back")


async def _user_name(stage: Stage, house: House, name: str) -> Answer:
    return await _create_user(stage, house, f"{unique('person')}@example.com", name[:100])


async def _user_address(stage: Stage, house: House, name: str) -> Answer:
    return await _create_user(stage, house, f'"{name}"@example.com', "Somebody")


async def _user_role(stage: Stage, house: House, name: str) -> Answer:
    return await _create_user(stage, house, f"{unique('person')}@example.com", "Somebody", name)


async def _create_user(
    stage: Stage, house: House, email: str, display_name: str, role: str = "customer"
) -> Answer:
    request = user_service_pb2.CreateUserRequest(
        user=auth_pb2.User(email=email, display_name=display_name, roles=[role]),
        password=a_password(),
    )
    return await stage.ask(house["admin"], "CreateUser", request)


async def _set_roles(stage: Stage, house: House, name: str) -> Answer:
    request = user_service_pb2.SetUserRolesRequest(user_id=house["agent"].user_id, roles=[name])
    return await stage.ask(house["admin"], "SetUserRoles", request)


async def _set_roles_of(stage: Stage, house: House, name: str) -> Answer:
    request = user_service_pb2.SetUserRolesRequest(user_id=name[:64], roles=["admin"])
    return await stage.ask(house["admin"], "SetUserRoles", request)


async def _client_name(stage: Stage, house: House, name: str) -> Answer:
    request = user_service_pb2.CreateClientRequest(display_name=name[:100], roles=["customer"])
    return await stage.ask(house["admin"], "CreateClient", request)


async def _client_role(stage: Stage, house: House, name: str) -> Answer:
    request = user_service_pb2.CreateClientRequest(display_name="A program", roles=[name])
    return await stage.ask(house["admin"], "CreateClient", request)


async def _tenant_slug(stage: Stage, house: House, name: str) -> Answer:
    request = tenant_service_pb2.CreateTenantRequest(
        tenant=auth_pb2.Tenant(slug=name, display_name=name[:100]),
        admin=auth_pb2.User(email="admin@example.com", display_name=name[:100]),
        admin_password=a_password(),
    )
    return await stage.ask(stage.operator, "CreateTenant", request)


# Whatever takes a name that somebody chooses. Those that hash a password are tried less often.
_STORES: Mapping[str, Store] = {
    "a user's name": _user_name,
    "a user's address": _user_address,
    "a user's role": _user_role,
    "the roles to set": _set_roles,
    "the user to set roles of": _set_roles_of,
    "a client's name": _client_name,
    "a client's role": _client_role,
    "a tenant's slug": _tenant_slug,
}
_WEIGHTS = {"a user's name": 2, "a user's address": 2, "a client's name": 40}


def _weights() -> list[int]:
    return [_WEIGHTS.get(kind, 10) for kind in _STORES]


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


def joined_lines_are_believed() -> bool:
    """The attack on the adapter that comes with Casbin: before the reload no, after it yes."""
    with tempfile.TemporaryDirectory() as folder:
        model, policy = Path(folder) / "model", Path(folder) / "policy"
        model.write_text(_MODEL)
        policy.write_text("p, admin, t2, read\n")
        enforcer = casbin.Enforcer(str(model), str(policy))
        enforcer.add_grouping_policy("mallory, admin, t2", "customer", "t1")
        before = enforcer.enforce("mallory", "t2", "read")
        enforcer.save_policy()
        return not before and casbin.Enforcer(str(model), str(policy)).enforce(
            "mallory", "t2", "read"
        )


SECTION = Section("names", FIGURE, run)
