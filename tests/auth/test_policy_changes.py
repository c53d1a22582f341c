"""What is read of a change is what reading everything finds, and it costs what was changed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from services.auth.domain import Holder, Policy, Role, Tenant, TenantState, User
from services.auth.first_seal import seal_policy
from services.auth.policy_news import PolicyNews
from services.auth.policy_seal import PolicyAltered, PolicySeal
from services.auth.store import SqlAuthStore
from services.mesh.database import Database
from tests.auth.builders import a_session, a_user, keep_tenant, keep_user
from tests.auth.fakes import START

SEAL = PolicySeal({"k1": b"a key that lies outside of the database"})
CHANGES = 80


@dataclass
class World:
    store: SqlAuthStore
    news: PolicyNews
    random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - the same each time
    tenants: list[Tenant] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    made: int = 0

    async def policy(self, known: Policy | None = None) -> Policy:
        """With a known one, read by what has changed."""
        async with self.store.reading_directory() as directory:
            return await directory.policy(START, known, touched=self.news.touched)

    async def add_tenant(self) -> None:
        self.made += 1
        self.tenants.append(await keep_tenant(self.store, f"tenant-{self.made}"))

    async def add_user(self) -> None:
        self.made += 1
        roles = self.random.choice([("customer",), ("agent", "admin"), ()])
        user = a_user(self.random.choice(self.tenants), f"u{self.made}@example.com", roles=roles)
        self.users.append(await keep_user(self.store, user))

    async def set_roles(self) -> None:
        user = self.random.choice(self.users)
        async with self.store.writing(user.tenant_id) as records:
            roles = self.random.choice([("agent",), ("customer", "agent"), ()])
            await records.set_roles(user.user_id, roles)

    async def enable_or_disable(self) -> None:
        user = self.random.choice(self.users)
        async with self.store.writing(user.tenant_id) as records:
            await records.lock_policy()
            known = await records.user(user.user_id)
            time = START if known.disable_time is None else None
            await records.update_user(
                replace(known, disable_time=time, revision=known.revision + 1)
            )

    async def rename(self) -> None:
        user = self.random.choice(self.users)
        async with self.store.writing(user.tenant_id) as records:
            known = await records.user(user.user_id)
            await records.update_user(
                replace(known, display_name="Other", revision=known.revision + 1)
            )

    async def change_role(self) -> None:
        permissions = frozenset(self.random.sample(["a.b.c", "a.b.d", "a.b.e"], 2))
        async with self.store.writing(self.random.choice(self.tenants).tenant_id) as records:
            await records.add_roles([Role("lead", "Leads", permissions)])

    async def drop_role(self) -> None:
        async with self.store.writing(self.random.choice(self.tenants).tenant_id) as records:
            await records.delete_role("lead")

    async def suspend_or_resume(self) -> None:
        tenant = self.random.choice(self.tenants)
        async with self.store.writing(tenant.tenant_id) as records:
            is_active = (await records.tenant()).state is TenantState.ACTIVE
            await records.set_state(TenantState.SUSPENDED if is_active else TenantState.ACTIVE)
            # Whose roles change besides says nothing about the others.
            user = next((one for one in self.users if one.tenant_id == tenant.tenant_id), None)
            if user is not None:
                await records.set_roles(user.user_id, ["agent"])

    async def end_session(self) -> None:
        session = a_session(user := self.random.choice(self.users))
        async with self.store.writing(user.tenant_id) as records:
            await records.add_session(session)
            await records.end_session(session.session_id, START)

    async def bury(self) -> None:
        tenant = self.tenants.pop()
        self.users = [user for user in self.users if user.tenant_id != tenant.tenant_id]
        async with self.store.directory() as directory:
            await directory.add_deletion(tenant.tenant_id, START)
        async with self.store.burial(tenant.tenant_id) as directory:
            await directory.bury(tenant.tenant_id, START)
        await self.add_tenant()
        await self.add_user()


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    news = PolicyNews()
    world = World(SqlAuthStore(database, news.tell, SEAL), news)
    await seal_policy(world.store, tmp_path, is_trusted=False)
    for _ in range(3):
        await world.add_tenant()
        await world.add_user()
    return world


async def test_reading_the_changes_finds_what_reading_everything_finds(world: World) -> None:
    steps: list[Callable[[], Awaitable[None]]] = [
        world.add_tenant,
        world.add_user,
        world.set_roles,
        world.enable_or_disable,
        world.rename,
        world.change_role,
        world.drop_role,
        world.suspend_or_resume,
        world.end_session,
        world.bury,
    ]
    known = await world.policy()
    for _ in range(CHANGES):
        for step in world.random.choices(steps, k=world.random.choice([1, 1, 3])):
            await step()
        known = await world.policy(known)
        assert known == await world.policy()


async def test_a_change_reads_the_rules_of_those_that_it_touched(world: World) -> None:
    known, before = await world.policy(), list(world.users)
    for step in (world.add_user, world.add_user, world.change_role):
        await step()
    changed = await world.policy(known)
    assert changed == await world.policy()
    assert changed.rules_version == known.rules_version + 3
    holders = [Holder(user.tenant_id, user.user_id) for user in before if user.roles]
    assert holders
    assert all(changed.holdings[one] is known.holdings[one] for one in holders)


async def test_a_change_that_nobody_told_of_reads_everything(world: World) -> None:
    known = await world.policy()
    elsewhere = World(SqlAuthStore(world.store._database, seal=SEAL), PolicyNews())
    elsewhere.tenants, elsewhere.users = world.tenants, world.users
    await elsewhere.set_roles()
    await world.set_roles()
    changed = await world.policy(known)
    assert changed == await elsewhere.policy()
    assert changed.rules_version == known.rules_version + 2


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "the control, not sealed"])
async def test_a_rule_written_by_hand_is_found_beside_a_change(
    database: Database, world: World, is_sealed: bool
) -> None:
    if not is_sealed:
        world.store = SqlAuthStore(database, world.news.tell)
    known, user = await world.policy(), world.users[0]
    async with world.store.writing(user.tenant_id) as records:
        await records.set_roles(user.user_id, ["customer"])
    insert = text("INSERT INTO memberships VALUES (:tenant, :user, 'admin')")
    async with database.system_transaction() as session:
        await session.execute(insert, {"tenant": user.tenant_id, "user": user.user_id})
    if is_sealed:
        with pytest.raises(PolicyAltered):
            await world.policy(known)
    else:
        changed = await world.policy(known)
        assert len(changed.holdings[Holder(user.tenant_id, user.user_id)].rules) == 2
