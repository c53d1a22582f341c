"""What must hold when two do the same at once, on every store."""

import asyncio

import pytest

from services.auth.authenticators import SealedAuthenticators
from services.auth.errors.credentials import RefreshTokenInvalid
from services.auth.errors.users import LastAdmin
from services.auth.ports import AuthStore
from services.auth.use_cases.login_turns import LoginTurns
from services.auth.use_cases.platform import ensure_platform
from services.auth.use_cases.sessions import refresh
from services.auth.use_cases.token_desk import TokenDesk
from services.auth.use_cases.tokens import log_in
from services.auth.use_cases.users import get_user, set_user_roles
from services.mesh.sealed import Sealer
from tests.auth.builders import PASSWORD, a_user, keep_author, keep_tenant, keep_user
from tests.auth.fakes import FakeClock, FakeOperatorSecret, FakePasswords, FakeSigner


@pytest.fixture
def tokens(store: AuthStore) -> TokenDesk:
    return TokenDesk(
        store,
        FakePasswords(),
        FakeSigner(),
        FakeClock(),
        LoginTurns(),
        SealedAuthenticators(Sealer({"k": bytes(32)})),
    )


async def test_a_refresh_token_is_exchanged_once(store: AuthStore, tokens: TokenDesk) -> None:
    await keep_user(store, a_user(await keep_tenant(store)))
    issued = await log_in(tokens, "acme", "ada@example.com", PASSWORD)
    tries = await asyncio.gather(
        *(refresh(tokens, issued.refresh_token) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, RefreshTokenInvalid) for result in tries) == 3
    [winner] = [result for result in tries if not isinstance(result, BaseException)]
    # Somebody used a dead token, so the winner's session has ended as well.
    with pytest.raises(RefreshTokenInvalid):
        await refresh(tokens, winner.refresh_token)


async def test_the_end_of_a_session_survives_the_refusal(
    store: AuthStore, tokens: TokenDesk
) -> None:
    await keep_user(store, a_user(await keep_tenant(store)))
    first = await log_in(tokens, "acme", "ada@example.com", PASSWORD)
    second = await refresh(tokens, first.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(tokens, first.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(tokens, second.refresh_token)


async def test_two_admins_who_take_the_role_from_each_other_leave_one(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant, roles=("admin",)))
    eve = await keep_user(store, a_user(tenant, "eve@x.org", roles=("admin",)))
    author = await keep_author(store, tenant)
    results = await asyncio.gather(
        set_user_roles(store, author, ada.user_id, ["agent"]),
        set_user_roles(store, author, eve.user_id, ["agent"]),
        return_exceptions=True,
    )
    assert sum(isinstance(result, LastAdmin) for result in results) == 1
    left = [await get_user(store, tenant.tenant_id, user.user_id) for user in (ada, eve)]
    assert sorted(user.roles for user in left) == [("admin",), ("agent",)]


async def test_replicas_that_start_together_make_one_platform(store: AuthStore) -> None:
    await asyncio.gather(
        *(
            ensure_platform(store, FakePasswords(), FakeClock(), FakeOperatorSecret())
            for _ in range(4)
        )
    )
    async with store.reading_directory() as directory:
        assert len(await directory.tenants("", 9)) == 1
