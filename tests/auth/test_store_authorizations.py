"""The same questions about authorizations to the fake, to SQLite and to PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.authorization import (
    AuthorizationCode,
    AuthorizationRequest,
    BrowserSession,
    BrowserSessionId,
    DeviceAuthorization,
    Prompt,
)
from services.auth.domain import SessionId, Tenant, User
from services.auth.ports import AuthStore
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fakes import START

MINUTE = timedelta(minutes=1)
OTHER_BROWSER = BrowserSessionId("browser-session-2")


@pytest.fixture
async def tenant(store: AuthStore) -> Tenant:
    return await keep_tenant(store)


@pytest.fixture
async def ada(store: AuthStore, tenant: Tenant) -> User:
    return await keep_user(store, a_user(tenant))


def a_request(digest: str = "request-1") -> AuthorizationRequest:
    return AuthorizationRequest(
        digest=digest,
        browser_digest="browser-1",
        client_id="helpdesk-web",
        redirect_uri="https://app.example/callback",
        scope=frozenset({"openid", "helpdesk"}),
        state="state",
        nonce="nonce",
        code_challenge="challenge",
        prompts=frozenset({Prompt.LOGIN, Prompt.CONSENT}),
        max_age=30,
        tenant_slug="acme",
        device_digest="",
        create_time=START,
        expire_time=START + MINUTE,
    )


def a_code(user: User, digest: str = "code-1") -> AuthorizationCode:
    return AuthorizationCode(
        tenant_id=user.tenant_id,
        digest=digest,
        client_id="helpdesk-web",
        user_id=user.user_id,
        redirect_uri="https://app.example/callback",
        scope=frozenset({"openid"}),
        nonce="nonce",
        code_challenge="challenge",
        auth_time=START,
        browser_session_id=BrowserSessionId("browser-session-1"),
        issue_time=START,
        expire_time=START + MINUTE,
    )


def a_browser_session(user: User, number: int = 1) -> BrowserSession:
    return BrowserSession(
        user.tenant_id,
        BrowserSessionId(f"browser-session-{number}"),
        f"browser-{number}",
        user.user_id,
        START,
        START + MINUTE,
    )


def a_device(number: int = 1) -> DeviceAuthorization:
    return DeviceAuthorization(
        f"device-{number}",
        f"user-code-{number}",
        "helpdesk-cli",
        frozenset({"openid"}),
        timedelta(seconds=5),
        START,
        START + MINUTE,
    )


async def test_a_request_is_kept_whole_and_taken_once(store: AuthStore) -> None:
    async with store.directory() as directory:
        await directory.add_authorization_request(a_request())
    async with store.reading_directory() as directory:
        assert await directory.authorization_request("request-1") == a_request()
        assert await directory.authorization_request("request-2") is None
    async with store.directory() as directory:
        assert await directory.take_authorization_request("request-1")
        assert not await directory.take_authorization_request("request-1")
        assert await directory.authorization_request("request-1") is None


async def test_a_request_without_a_limit_of_age(store: AuthStore) -> None:
    bare = replace(a_request(), max_age=None, prompts=frozenset(), tenant_slug="")
    async with store.directory() as directory:
        await directory.add_authorization_request(bare)
    async with store.reading_directory() as directory:
        assert await directory.authorization_request("request-1") == bare


async def test_a_code_is_seen_unused_once(store: AuthStore, ada: User) -> None:
    async with store.writing(ada.tenant_id) as records:
        await records.add_authorization_code(a_code(ada))
    async with store.reading_directory() as directory:
        assert await directory.tenant_of_authorization_code("code-1") == ada.tenant_id
        assert await directory.tenant_of_authorization_code("code-2") is None
    async with store.writing(ada.tenant_id) as records:
        assert await records.take_authorization_code("code-1", START) == a_code(ada)
        await records.keep_session_of_code("code-1", SessionId("session-1"))
    async with store.writing(ada.tenant_id) as records:
        again = await records.take_authorization_code("code-1", START + MINUTE)
        assert again == replace(a_code(ada), use_time=START, session_id=SessionId("session-1"))
        assert await records.take_authorization_code("code-2", START) is None


async def test_of_many_who_take_a_code_one_sees_it_unused(store: AuthStore, ada: User) -> None:
    async with store.writing(ada.tenant_id) as records:
        await records.add_authorization_code(a_code(ada))

    async def take(number: int) -> bool:
        async with store.writing(ada.tenant_id) as records:
            code = await records.take_authorization_code("code-1", START)
            assert code is not None
            if code.use_time is None:
                await records.keep_session_of_code("code-1", SessionId(f"session-{number}"))
            else:
                assert code.session_id is not None
            return code.use_time is None

    assert sum(await asyncio.gather(*map(take, range(8)))) == 1


async def test_another_tenant_sees_no_code_no_browser_and_no_consent(
    store: AuthStore, ada: User
) -> None:
    globex = await keep_tenant(store, "globex")
    async with store.writing(ada.tenant_id) as records:
        await records.add_authorization_code(a_code(ada))
        await records.add_browser_session(a_browser_session(ada))
        await records.keep_granted_scope(ada.user_id, "wiki", frozenset({"openid"}), START)
    async with store.writing(globex.tenant_id) as records:
        assert await records.take_authorization_code("code-1", START) is None
        assert await records.end_browser_session(BrowserSessionId("browser-session-1")) == []
        await records.end_sessions_of_user(ada.user_id, START)
        assert await records.granted_scope(ada.user_id, "wiki") == frozenset()
    async with store.reading_directory() as directory:
        assert await directory.browser_session("browser-1") == a_browser_session(ada)


async def test_the_end_of_a_browser_session_names_what_it_opened(
    store: AuthStore, ada: User
) -> None:
    async with store.writing(ada.tenant_id) as records:
        await records.add_browser_session(a_browser_session(ada))
        await records.add_browser_session(a_browser_session(ada, 2))
        for digest in ("code-1", "code-2"):
            await records.add_authorization_code(a_code(ada, digest))
        await records.add_authorization_code(
            replace(a_code(ada, "code-3"), browser_session_id=OTHER_BROWSER)
        )
        await records.keep_session_of_code("code-1", SessionId("session-1"))
        await records.keep_session_of_code("code-3", SessionId("session-3"))
    async with store.writing(ada.tenant_id) as records:
        ended = await records.end_browser_session(BrowserSessionId("browser-session-1"))
    assert ended == ["session-1"]
    async with store.reading_directory() as directory:
        assert await directory.browser_session("browser-1") is None
        assert await directory.browser_session("browser-2") == a_browser_session(ada, 2)


@pytest.mark.parametrize("whose", ["user", "tenant"])
async def test_with_all_sessions_end_the_logins_and_the_unused_codes(
    store: AuthStore, ada: User, whose: str
) -> None:
    bob = await keep_user(store, a_user(await keep_tenant(store, "globex"), "bob@example.com"))
    for user, number in ((ada, 1), (bob, 2)):
        async with store.writing(user.tenant_id) as records:
            await records.add_browser_session(a_browser_session(user, number))
            await records.add_authorization_code(a_code(user, f"code-{number}"))
            await records.add_authorization_code(a_code(user, f"used-{number}"))
            await records.take_authorization_code(f"used-{number}", START)
    async with store.writing(ada.tenant_id) as records:
        if whose == "user":
            await records.end_sessions_of_user(ada.user_id, START)
        else:
            await records.end_sessions_of_tenant(START)
    async with store.reading_directory() as directory:
        assert await directory.browser_session("browser-1") is None
        assert await directory.tenant_of_authorization_code("code-1") is None
        assert await directory.tenant_of_authorization_code("used-1") == ada.tenant_id
        assert await directory.browser_session("browser-2") is not None
        assert await directory.tenant_of_authorization_code("code-2") == bob.tenant_id


async def test_a_consent_is_replaced(store: AuthStore, ada: User) -> None:
    for scope in (frozenset({"openid"}), frozenset({"openid", "email"})):
        async with store.writing(ada.tenant_id) as records:
            await records.keep_granted_scope(ada.user_id, "wiki", scope, START)
        async with store.reading(ada.tenant_id) as records:
            assert await records.granted_scope(ada.user_id, "wiki") == scope
            assert await records.granted_scope(ada.user_id, "robot") == frozenset()


async def test_a_device_is_found_by_both_codes_and_decided_once(store: AuthStore) -> None:
    async with store.directory() as directory:
        await directory.add_device_authorization(a_device())
        await directory.keep_device_poll("device-1", START, timedelta(seconds=10))
    polled = replace(a_device(), poll_time=START, interval=timedelta(seconds=10))
    async with store.directory() as directory:
        assert await directory.lock_device_authorization("device-1") == polled
        assert await directory.device_with_user_code("user-code-1") == polled
        assert await directory.device_with_user_code("user-code-2") is None
        assert await directory.lock_device_authorization("device-2") is None
    async with store.directory() as directory:
        assert await directory.decide_device("device-1", approved=False)
        assert not await directory.decide_device("device-1", approved=True)
        assert not await directory.decide_device("device-2", approved=True)
    async with store.reading_directory() as directory:
        decided = await directory.device_with_user_code("user-code-1")
    assert decided == replace(polled, decision=False)


async def test_what_has_expired_is_deleted(store: AuthStore, ada: User) -> None:
    async with store.directory() as directory:
        await directory.add_authorization_request(a_request())
        later = replace(a_request("request-2"), expire_time=START + 3 * MINUTE)
        await directory.add_authorization_request(later)
        await directory.add_device_authorization(a_device())
        records = directory.records(ada.tenant_id)
        await records.add_browser_session(a_browser_session(ada))
        await records.add_authorization_code(a_code(ada))
        await records.add_authorization_code(
            replace(a_code(ada, "code-2"), issue_time=START + MINUTE)
        )
    async with store.directory() as directory:
        count = await directory.delete_expired_authorizations(START + 2 * MINUTE, START + MINUTE)
    assert count == 4
    async with store.reading_directory() as directory:
        assert await directory.authorization_request("request-2") is not None
        assert await directory.tenant_of_authorization_code("code-1") is None
        assert await directory.tenant_of_authorization_code("code-2") == ada.tenant_id
