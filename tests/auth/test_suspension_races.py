"""Suspending a tenant while its people log in, renew and are made: nobody slips past."""

import asyncio

import pytest

from services.auth.errors.credentials import RefreshTokenInvalid
from services.auth.errors.tenants import TenantSuspended
from services.auth.ports import AuthStore
from services.auth.use_cases.sessions import Opening, open_session, refresh
from services.auth.use_cases.tenant_states import resume_tenant, suspend_tenant
from services.auth.use_cases.token_desk import TokenDesk
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.desk import Desk
from tests.auth.fakes import START, FakeClock

ROUNDS = 10
EXPECTED = (TenantSuspended, RefreshTokenInvalid)


@pytest.mark.parametrize("round_number", range(ROUNDS))
async def test_no_session_slips_past_a_suspension(
    store: AuthStore, desk: Desk, round_number: int
) -> None:
    del round_number
    tokens = TokenDesk(
        store,
        desk.tokens.passwords,
        desk.tokens.signer,
        desk.tokens.clock,
        desk.tokens.turns,
        desk.tokens.authenticators,
    )
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))

    async def enter() -> str:
        async with store.writing(tenant.tenant_id) as records:
            return (await open_session(records, Opening(ada.user_id), START)).refresh_token

    renewable = [await enter() for _ in range(3)]
    async with asyncio.timeout(20):
        results = await asyncio.gather(
            *(enter() for _ in range(4)),
            *(refresh(tokens, token) for token in renewable),
            suspend_tenant(store, FakeClock(), tenant.tenant_id),
            suspend_tenant(store, FakeClock(), tenant.tenant_id),
            *(keep_user(store, a_user(tenant, f"user-{number}@x.org")) for number in range(3)),
            return_exceptions=True,
        )
    strange = [one for one in results if isinstance(one, Exception) and type(one) not in EXPECTED]
    assert strange == []
    await resume_tenant(store, tenant.tenant_id)
    # Whoever got in before the suspension was shut out by it, and everybody else never got in.
    for result in results[:4]:
        if isinstance(result, str):
            with pytest.raises(RefreshTokenInvalid):
                await refresh(tokens, result)
