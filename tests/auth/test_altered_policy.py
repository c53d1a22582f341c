"""Rules that were written past auth are found, and nobody ever hears of them."""

from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from services.auth.domain import Policy, Tenant, User
from services.auth.first_seal import seal_policy
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_news import PolicyNews
from services.auth.policy_seal import PolicyAltered, PolicySeal
from services.auth.rules import rules_of
from services.auth.store import SqlAuthStore
from services.mesh.database import Database
from services.mesh.errors import PolicyUnavailable
from services.mesh.policy import policy_digest
from tests.auth.builders import a_session, a_user, keep_tenant, keep_user
from tests.auth.fakes import START, FakeClock

SEAL = PolicySeal({"k1": b"a key that lies outside of the database"})
# `make security` stores ten thousand.
HOSTILE_NAMES = 500

ALTERATIONS = {
    "a role more": "INSERT INTO memberships VALUES ('{acme}', '{ada}', 'admin')",
    "a permission more": (
        "INSERT INTO role_permissions VALUES ('{acme}', 'customer', 'auth.users.create')"
    ),
    "a role less": "DELETE FROM memberships WHERE user_id = '{ada}'",
    "a permission less": "DELETE FROM role_permissions WHERE permission = 'chat.messages.send'",
    "another role": "UPDATE memberships SET role = 'admin' WHERE user_id = '{ada}'",
    "another permission": (
        "UPDATE role_permissions SET permission = 'auth.users.create' "
        "WHERE tenant_id = '{acme}' AND role = 'customer' AND permission = 'chat.messages.send'"
    ),
    "no id": (
        "UPDATE role_permissions SET permission = 'a, b' "
        "WHERE tenant_id = '{acme}' AND role = 'customer' AND permission = 'chat.messages.send'"
    ),
    "another count": "UPDATE policy_version SET rule_count = rule_count + 1",
    "another sum": "UPDATE policy_version SET rule_sum = '1'",
    "no seal": "UPDATE policy_version SET seal = ''",
    "a seal of an unknown key": "UPDATE policy_version SET seal = 'k9.00'",
    "a version more": "UPDATE policy_version SET version = version + 1",
}


@pytest.fixture
async def store(database: Database, tmp_path: Path) -> SqlAuthStore:
    store = SqlAuthStore(database, seal=SEAL)
    await seal_policy(store, tmp_path, is_trusted=False)
    return store


@pytest.fixture
async def acme(store: SqlAuthStore) -> Tenant:
    return await keep_tenant(store)


@pytest.fixture
async def ada(store: SqlAuthStore, acme: Tenant) -> User:
    return await keep_user(store, a_user(acme))


async def alter(database: Database, statement: str, user: User) -> None:
    async with database.system_transaction() as session:
        await session.execute(text(statement.format(acme=user.tenant_id, ada=user.user_id)))


async def policy(store: SqlAuthStore) -> Policy:
    async with store.reading_directory() as directory:
        return await directory.policy(START)


def digest(policy: Policy) -> str:
    return policy_digest(rules_of(policy))


async def change(store: SqlAuthStore, user: User, *roles: str) -> None:
    async with store.writing(user.tenant_id) as records:
        await records.set_roles(user.user_id, roles)


@pytest.mark.parametrize("statement", ALTERATIONS.values(), ids=ALTERATIONS.keys())
async def test_an_alteration_is_found(
    database: Database, store: SqlAuthStore, ada: User, statement: str
) -> None:
    assert await policy(store)
    await alter(database, statement, ada)
    with pytest.raises(PolicyAltered):
        await policy(store)


@pytest.mark.parametrize("statement", list(ALTERATIONS.values())[:6], ids=list(ALTERATIONS)[:6])
async def test_without_a_seal_it_would_be_believed(
    database: Database, store: SqlAuthStore, ada: User, statement: str
) -> None:
    """The control of the test above."""
    before = digest(await policy(store))
    await alter(database, statement, ada)
    assert digest(await policy(SqlAuthStore(database))) != before


async def test_a_change_through_auth_does_not_heal_an_alteration(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    await alter(database, ALTERATIONS["a permission more"], ada)
    await change(store, ada, "agent")
    with pytest.raises(PolicyAltered):
        await policy(store)


async def test_what_was_allowed_once_cannot_be_put_back(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    await change(store, ada, "admin", "customer")
    await change(store, ada, "customer")
    await alter(database, ALTERATIONS["a role more"], ada)
    with pytest.raises(PolicyAltered):
        await policy(store)


async def test_every_change_through_auth_keeps_the_seal(store: SqlAuthStore, ada: User) -> None:
    await change(store, ada, "agent", "admin")
    await change(store, ada)
    other = await keep_tenant(store, "globex")
    await keep_user(store, a_user(other))
    async with store.directory() as directory:
        await directory.add_deletion(other.tenant_id, START)
    async with store.burial(other.tenant_id) as directory:
        await directory.bury(other.tenant_id, START)
    async with store.writing(ada.tenant_id) as records:
        await records.delete_role("agent")
    grants = [rule for rule in rules_of(await policy(store)) if rule[0] == "p"]
    assert {rule[2] for rule in grants} == {f"t:{ada.tenant_id}"}


async def test_listeners_keep_the_last_good_policy_and_hear_of_ended_sessions(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    now = 0.0
    feed = PolicyFeed(store, PolicyNews(), monotonic=lambda: now, clock=FakeClock())
    good = await feed.current()
    session = a_session(ada)
    with structlog.testing.capture_logs() as logs:
        await alter(database, ALTERATIONS["a role more"], ada)
        now += 31.0
        assert await feed.current() is good
        async with store.writing(ada.tenant_id) as records:
            await records.add_session(session)
            await records.end_session(session.session_id, START)
        after = await feed.current()
        now += 31.0
        await feed.current()
    assert digest(after) == digest(good)
    assert after.version == good.version + 1
    assert [ended.session_id for ended in after.ended_sessions] == [session.session_id]
    assert [entry["event"] for entry in logs] == ["policy_altered"]


async def test_when_it_is_mended_changes_count_again(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    now = 0.0
    feed = PolicyFeed(store, PolicyNews(), monotonic=lambda: now, clock=FakeClock())
    good = await feed.current()
    await alter(database, ALTERATIONS["a role more"], ada)
    async with store.writing(ada.tenant_id) as records:
        await records.lock_policy()
    assert digest(await feed.current()) == digest(good)
    await alter(database, "DELETE FROM memberships WHERE role = 'admin'", ada)
    now += 31.0
    mended = await feed.current()
    assert mended.rules_version == good.rules_version + 1
    await change(store, ada, "agent")
    assert digest(await feed.current()) != digest(good)


async def test_a_feed_that_never_saw_a_good_policy_has_none(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    await alter(database, ALTERATIONS["a role more"], ada)
    with pytest.raises(PolicyUnavailable):
        await PolicyFeed(store, PolicyNews(), clock=FakeClock()).current()


async def test_a_version_that_goes_back_is_not_followed(
    database: Database, store: SqlAuthStore, ada: User
) -> None:
    before = await policy(store)
    async with database.system_reading() as session:
        head = (await session.execute(text("SELECT * FROM policy_version"))).mappings().one()
    await change(store, ada, "agent")
    feed = PolicyFeed(store, PolicyNews(), clock=FakeClock())
    good = await feed.current()
    async with database.system_transaction() as session:
        old = "UPDATE policy_version SET version=:version, rule_sum=:rule_sum, seal=:seal"
        await session.execute(text(old), dict(head))
        await session.execute(text("UPDATE memberships SET role = 'customer'"))
    assert digest(await policy(store)) == digest(before)
    assert await feed.current() is good


async def test_rules_of_before_there_were_seals_are_sealed_once(
    database: Database, tmp_path: Path
) -> None:
    bare, sealed = SqlAuthStore(database), SqlAuthStore(database, seal=SEAL)
    ada = await keep_user(bare, a_user(await keep_tenant(bare)))
    with pytest.raises(PolicyAltered):
        await policy(sealed)
    await seal_policy(sealed, tmp_path, is_trusted=False)
    assert await policy(sealed)
    await alter(database, ALTERATIONS["a role more"], ada)
    await alter(database, ALTERATIONS["no seal"], ada)
    await seal_policy(sealed, tmp_path, is_trusted=False)
    with pytest.raises(PolicyAltered):
        await policy(sealed)
    await seal_policy(sealed, tmp_path, is_trusted=True)
    assert await policy(sealed)


async def test_a_newer_key_takes_over_at_the_next_start(
    database: Database, store: SqlAuthStore, ada: User, tmp_path: Path
) -> None:
    both = {"k2": b"a newer key", "k1": b"a key that lies outside of the database"}
    await seal_policy(SqlAuthStore(database, seal=PolicySeal(both)), tmp_path, is_trusted=False)
    newest = SqlAuthStore(database, seal=PolicySeal({"k2": b"a newer key"}))
    await change(newest, ada, "agent")
    assert await policy(newest)
    with pytest.raises(PolicyAltered):
        await policy(store)


async def test_names_cannot_become_policy(store: SqlAuthStore, acme: Tenant, ada: User) -> None:
    """Whoever is called like a rule, a role or a line of policy has their own roles only."""
    before = set(rules_of(await policy(store)))
    users = [
        a_user(acme, f"{hostile(number)}-{number}@example.com") for number in range(HOSTILE_NAMES)
    ]
    for start in range(0, HOSTILE_NAMES, 100):
        async with store.writing(acme.tenant_id) as records:
            for user in users[start : start + 100]:
                await records.add_user(user, "hash")
    reloaded = await policy(SqlAuthStore(store._database, seal=SEAL))
    added = set(rules_of(reloaded)) - before
    assert set(rules_of(reloaded)) >= before
    assert added == {
        ("g", f"u:{user.user_id}", "r:customer", f"t:{acme.tenant_id}") for user in users
    }
    assert ada.user_id not in {user.user_id for user in users}


def hostile(number: int) -> str:
    shapes = (
        "mallory, admin, t2",
        "p, r:customer, t:acme, auth.users.create",
        "x\ng, u:mallory, r:admin, t:acme",
        "admin",
        "r:admin",
        '"],["g","u:mallory","r:admin","t:acme',
        "*",
        "keyMatch(r.sub, p.sub)",
        "mallory\u2028admin",
        "' OR 1=1 --",
    )
    return shapes[number % len(shapes)]
