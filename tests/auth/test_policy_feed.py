"""Who listens hears each change, and hears nothing when nothing is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from services.auth.domain import Policy
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_news import PolicyNews
from services.auth.ports import AuthStore, Directory
from services.auth.rules import rules_of
from services.auth.standard_roles import CUSTOMER_PERMISSIONS
from services.mesh.access import Access, grant, membership, policy_digest
from services.mesh.caller import UserId
from services.mesh.errors import StorageUnavailable
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fake_store import FakeAuthStore

NEVER = 3600.0
# Names of roles, which rules hold anyway.
RESERVED = {"admin", "r:admin"}


class BrokenStore(FakeAuthStore):
    is_broken = False

    @asynccontextmanager
    async def reading_directory(self) -> AsyncIterator[Directory]:
        if self.is_broken:
            raise StorageUnavailable("no database")
        async with super().reading_directory() as directory:
            yield directory


@asynccontextmanager
async def running(feed: PolicyFeed) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def add_somebody(store: AuthStore, slug: str = "acme") -> None:
    await keep_user(store, a_user(await keep_tenant(store, slug)))


async def next_policy(events: AsyncIterator[Policy | None]) -> Policy:
    async with asyncio.timeout(5):
        async for policy in events:
            if policy is not None:
                return policy
    raise AssertionError("the stream ended")


async def test_a_listener_gets_the_policy_at_once_and_each_change_of_this_replica() -> None:
    news = PolicyNews()
    store = FakeAuthStore(news.tell)
    await add_somebody(store)
    feed = PolicyFeed(store, news, poll_seconds=NEVER)
    async with running(feed):
        events = feed.listen()
        first = await next_policy(events)
        await add_somebody(store, "globex")
        second = await next_policy(events)
        while second.version < store.state.policy_version:
            second = await next_policy(events)
    assert first.version < second.version == store.state.policy_version
    assert len([rule for rule in rules_of(second) if rule[0] == "g"]) == 2


async def test_a_change_of_another_replica_is_noticed_by_looking() -> None:
    store = FakeAuthStore()
    await add_somebody(store)
    feed = PolicyFeed(store, PolicyNews(), poll_seconds=0.001)
    async with running(feed):
        events = feed.listen()
        first = await next_policy(events)
        await add_somebody(store, "globex")
        assert (await next_policy(events)).version > first.version


async def test_every_listener_hears_the_same() -> None:
    news = PolicyNews()
    store = FakeAuthStore(news.tell)
    await add_somebody(store)
    feed = PolicyFeed(store, news, poll_seconds=NEVER)
    async with running(feed):
        heard = await asyncio.gather(*(next_policy(feed.listen()) for _ in range(3)))
    assert len({policy.version for policy in heard}) == 1


async def test_silence_is_broken_by_heartbeats() -> None:
    feed = PolicyFeed(FakeAuthStore(), PolicyNews(), poll_seconds=0.001, heartbeat_seconds=0.01)
    async with running(feed):
        events = feed.listen()
        await next_policy(events)
        async with asyncio.timeout(5):
            assert await anext(events) is None


async def test_there_is_no_heartbeat_while_the_database_is_away() -> None:
    store = BrokenStore()
    now = 0.0
    feed = PolicyFeed(
        store,
        PolicyNews(),
        poll_seconds=0.001,
        heartbeat_seconds=0.01,
        monotonic=lambda: now,
    )
    async with running(feed):
        events = feed.listen()
        await next_policy(events)
        store.is_broken = True
        now = 100.0
        waiting = asyncio.ensure_future(anext(events))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        store.is_broken = False
        async with asyncio.timeout(5):
            assert await waiting is None


async def test_listeners_end_with_the_feed() -> None:
    feed = PolicyFeed(FakeAuthStore(), PolicyNews(), poll_seconds=NEVER)
    async with running(feed):
        events = feed.listen()
        await next_policy(events)
        waiting = asyncio.ensure_future(anext(events, "the end"))
    async with asyncio.timeout(5):
        assert await waiting == "the end"


async def test_the_policy_is_read_again_only_when_its_version_grew() -> None:
    store = FakeAuthStore()
    await add_somebody(store)
    feed = PolicyFeed(store, PolicyNews())
    first = await feed.current()
    assert await feed.current() is first
    await add_somebody(store, "globex")
    assert await feed.current() is not first


async def test_rules_are_the_meshs_own_tuples() -> None:
    store = FakeAuthStore()
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant, roles=("agent",)))
    rules = rules_of(await PolicyFeed(store, PolicyNews()).current())
    assert membership(tenant.tenant_id, user.user_id, "agent") in rules
    assert grant(tenant.tenant_id, "agent", "ticket.tickets.assign") in rules


@pytest.mark.parametrize(
    "name", ["mallory, admin, t2", "admin", "r:admin", "u:x\ng, u:x, r:admin, t:y", "*", "'; --"]
)
async def test_what_users_call_themselves_is_no_part_of_a_rule(name: str) -> None:
    store = FakeAuthStore()
    tenant = await keep_tenant(store)
    user = replace(a_user(tenant, f"{name}@x.org"), display_name=name)
    await keep_user(store, user)
    policy = await PolicyFeed(store, PolicyNews()).current()
    rules = rules_of(policy)
    access = Access()
    access.load(policy.version, policy_digest(rules), rules)
    assert access.permissions(tenant.tenant_id, user.user_id) == CUSTOMER_PERMISSIONS
    assert access.permissions(tenant.tenant_id, UserId("admin")) == frozenset()
    assert not any(name in part for rule in rules for part in rule[1:] if name not in RESERVED)
