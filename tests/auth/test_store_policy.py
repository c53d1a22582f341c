"""What every store promises about the policy's version, and when it tells of a change."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import (
    EndedSession,
    Policy,
    Session,
    SessionId,
    User,
)
from services.auth.errors.users import UserEmailTaken
from services.auth.ports import AuthStore
from services.auth.rules import rules_of
from services.auth.standard_roles import roles_of
from services.mesh.policy import grant, membership
from tests.auth.builders import a_session, a_user, keep_tenant, keep_user
from tests.auth.fakes import START
from tests.auth.news import News

HOUR = timedelta(hours=1)


async def test_the_policy_holds_the_rules_of_all_tenants(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    ada = await keep_user(store, a_user(tenant, roles=("admin", "agent")))
    bob = await keep_user(store, a_user(other))
    async with store.reading_directory() as directory:
        policy = await directory.policy(START)
        assert policy.version == await directory.policy_version()
    rules = rules_of(policy)
    assert {rule for rule in rules if rule[0] == "g"} == {
        membership(tenant.tenant_id, ada.user_id, "admin"),
        membership(tenant.tenant_id, ada.user_id, "agent"),
        membership(other.tenant_id, bob.user_id, "customer"),
    }
    assert grant(other.tenant_id, "customer", "ticket.tickets.get") in rules
    assert len([rule for rule in rules if rule[0] == "p"]) == 2 * sum(
        len(role.permissions) for role in roles_of("acme")
    )


async def test_each_transaction_that_changes_the_policy_raises_its_version_once(
    store: AuthStore, news: News
) -> None:
    tenant = await keep_tenant(store)
    user = a_user(tenant)
    before, told = await version(store), news.count
    async with store.writing(tenant.tenant_id) as records:
        await records.lock_policy()
        await records.add_user(user, "hash")
        await records.set_roles(user.user_id, ["agent"])
        assert news.count == told
    assert await version(store) == before + 1
    assert news.count == told + 1


async def test_a_change_that_fails_leaves_the_policy_as_it_was(
    store: AuthStore, news: News
) -> None:
    tenant = await keep_tenant(store)
    before, told = await version(store), news.count
    with pytest.raises(UserEmailTaken):
        await add_twice(store, a_user(tenant))
    assert await version(store) == before
    assert news.count == told
    async with store.reading(tenant.tenant_id) as records:
        assert await records.users(("", ""), 9) == []


async def test_versions_do_not_skip_when_changes_meet(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    before = await version(store)
    users = [a_user(tenant, f"user-{number}@x.org") for number in range(8)]
    await asyncio.gather(*(keep_user(store, user) for user in users))
    assert await version(store) == before + 8


async def test_the_end_of_sessions_raises_the_version_and_leaves_the_rules(
    store: AuthStore, news: News
) -> None:
    user = await keep_user(store, a_user(await keep_tenant(store)))
    sessions = [await keep_session(store, a_session(user)) for _ in range(3)]
    before, told = await policy(store), news.count
    async with store.writing(user.tenant_id) as records:
        await records.end_session(sessions[0].session_id, START + HOUR)
        await records.end_session(sessions[1].session_id, START + HOUR)
    after = await policy(store)
    assert (after.version, after.rules_version) == (before.version + 1, before.rules_version)
    assert after.ended_sessions == set(map(ended, sessions[:2]))
    assert news.count == told + 1


async def test_ending_nothing_changes_nothing(store: AuthStore) -> None:
    user = await keep_user(store, a_user(await keep_tenant(store)))
    session = await keep_session(store, a_session(user))
    async with store.writing(user.tenant_id) as records:
        await records.end_session(session.session_id, START)
    before = await policy(store)
    async with store.writing(user.tenant_id) as records:
        await records.end_session(session.session_id, START + HOUR)
        await records.end_session(SessionId("nobody's"), START + HOUR)
    assert await policy(store) == before


async def test_a_change_of_both_counts_as_one_of_the_rules(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant))
    session = await keep_session(store, a_session(user))
    before = await policy(store)
    async with store.writing(tenant.tenant_id) as records:
        await records.end_session(session.session_id, START)
        await records.set_roles(user.user_id, ["agent"])
    after = await policy(store)
    assert after.version == before.version + 1
    assert after.rules_version == before.rules_version + 1


async def test_sessions_end_by_user_by_client_and_by_tenant(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    ada = await keep_user(store, a_user(tenant))
    bob = await keep_user(store, a_user(tenant, "bob@example.com"))
    gus = await keep_user(store, a_user(other))
    of_ada, of_bob, of_gus, of_wiki = [
        await keep_session(store, session)
        for session in (
            a_session(ada),
            a_session(bob),
            replace(a_session(gus), client_id="the-wiki"),
            replace(a_session(bob), client_id="the-wiki"),
        )
    ]
    async with store.writing(tenant.tenant_id) as records:
        await records.end_sessions_of_user(ada.user_id, START)
    assert (await policy(store)).ended_sessions == {ended(of_ada)}
    async with store.writing(tenant.tenant_id) as records:
        await records.end_sessions_of_client("the-wiki", START)
    assert (await policy(store)).ended_sessions == {ended(of_ada), ended(of_wiki)}
    async with store.directory() as directory:
        await directory.records(tenant.tenant_id).end_sessions_of_tenant(START)
    assert (await policy(store)).ended_sessions == set(map(ended, (of_ada, of_wiki, of_bob)))
    async with store.reading(other.tenant_id) as records:
        assert await records.session(of_gus.session_id) == of_gus


async def test_a_session_that_ended_long_ago_is_no_longer_named(store: AuthStore) -> None:
    user = await keep_user(store, a_user(await keep_tenant(store)))
    old = await keep_session(store, a_session(user))
    new = await keep_session(store, a_session(user))
    async with store.writing(user.tenant_id) as records:
        await records.end_session(old.session_id, START)
        await records.end_session(new.session_id, START + HOUR)
    async with store.reading_directory() as directory:
        found = await directory.policy(START + timedelta(minutes=1))
    assert found.ended_sessions == {ended(new)}


async def test_rules_that_are_known_are_not_read_again(store: AuthStore) -> None:
    user = await keep_user(store, a_user(await keep_tenant(store)))
    session = await keep_session(store, a_session(user))
    known = await policy(store)
    async with store.writing(user.tenant_id) as records:
        await records.end_session(session.session_id, START)
    async with store.reading_directory() as directory:
        after = await directory.policy(START, known)
    assert after == replace(
        known, version=known.version + 1, ended_sessions=frozenset({ended(session)})
    )
    async with store.writing(user.tenant_id) as records:
        await records.set_roles(user.user_id, ["agent"])
    async with store.reading_directory() as directory:
        newest = await directory.policy(START, after)
    assert membership(user.tenant_id, user.user_id, "agent") in rules_of(newest)


async def keep_session(store: AuthStore, session: Session) -> Session:
    async with store.writing(session.tenant_id) as records:
        await records.add_session(session)
    return session


def ended(session: Session) -> EndedSession:
    return EndedSession(session.tenant_id, session.session_id)


async def policy(store: AuthStore) -> Policy:
    async with store.reading_directory() as directory:
        return await directory.policy(START)


async def add_twice(store: AuthStore, user: User) -> None:
    async with store.writing(user.tenant_id) as records:
        await records.add_user(user, "hash")
        await records.add_user(user, "hash")


async def version(store: AuthStore) -> int:
    async with store.reading_directory() as directory:
        return await directory.policy_version()
