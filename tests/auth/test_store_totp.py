"""What the stores promise about authenticator apps."""

import asyncio
from dataclasses import replace

from services.auth.domain import Totp
from services.auth.ports import AuthStore
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fakes import START


async def test_an_app_is_kept_confirmed_and_deleted(store: AuthStore) -> None:
    ada = await keep_user(store, a_user(await keep_tenant(store)))
    totp = Totp(ada.user_id, "k.sealed", START)
    async with store.writing(ada.tenant_id) as records:
        assert await records.totp(ada.user_id) is None
        await records.put_totp(Totp(ada.user_id, "k.older", START))
        await records.put_totp(totp)
        assert await records.totp(ada.user_id) == totp
        await records.confirm_totp(ada.user_id, START, ["d1", "d2"])
        assert await records.totp(ada.user_id) == replace(totp, confirm_time=START)
        assert await records.count_recovery_codes(ada.user_id) == 2
        await records.delete_totp(ada.user_id)
        assert await records.totp(ada.user_id) is None
        assert await records.count_recovery_codes(ada.user_id) == 0


async def test_a_step_is_used_once_whoever_is_faster(store: AuthStore) -> None:
    ada = await keep_user(store, a_user(await keep_tenant(store)))
    async with store.writing(ada.tenant_id) as records:
        await records.put_totp(Totp(ada.user_id, "k.sealed", START))

    async def use(step: int) -> bool:
        async with store.writing(ada.tenant_id) as records:
            return await records.use_totp_step(ada.user_id, step)

    assert sorted(await asyncio.gather(*(use(7) for _ in range(4)))) == [False] * 3 + [True]
    assert not await use(6)
    assert await use(8)


async def test_a_recovery_code_is_taken_once(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    ada = await keep_user(store, a_user(tenant))
    async with store.writing(ada.tenant_id) as records:
        await records.put_totp(Totp(ada.user_id, "k.sealed", START))
        await records.confirm_totp(ada.user_id, START, ["d1", "d2"])
    async with store.writing(other.tenant_id) as records:
        assert await records.totp(ada.user_id) is None
        assert not await records.take_recovery_code(ada.user_id, "d1")
        assert not await records.use_totp_step(ada.user_id, 9)
    async with store.writing(ada.tenant_id) as records:
        assert await records.take_recovery_code(ada.user_id, "d1")
        assert not await records.take_recovery_code(ada.user_id, "d1")
        assert await records.count_recovery_codes(ada.user_id) == 1
