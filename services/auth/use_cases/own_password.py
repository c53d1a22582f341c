"""Choosing one's own password: by the old one, or by a code that somebody made for one."""

from dataclasses import replace

from services.auth.domain import CodePurpose, SessionId, UserState
from services.auth.errors.credentials import AccountCodeInvalid
from services.auth.ports import TenantRecords
from services.auth.use_cases.account_codes import Redeemed, digest_for
from services.auth.use_cases.authentication import check_password
from services.auth.use_cases.choosing_password import hash_of
from services.auth.use_cases.granting import Author
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, acts_on


async def change_password(
    desk: TokenDesk, author: Author, session_id: SessionId, old_password: str, new_password: str
) -> None:
    """Raises CredentialsWrong for the old password, and ends every session but this one."""
    async with desk.store.reading(author.tenant_id) as records:
        user = await records.user(author.user_id)
        slug = (await records.tenant()).slug
    acts_on("user", author.user_id)
    await check_password(desk, slug, user.email, old_password)
    secret_hash = await hash_of(
        desk.passwords, new_password, field="new_password", tenant_slug=slug, email=user.email
    )
    async with desk.store.writing(author.tenant_id) as records:
        await records.end_sessions_of_user(author.user_id, desk.clock(), but=session_id)
        await records.set_secret_hash(author.user_id, secret_hash)
        await records.delete_account_codes(author.user_id)


async def accept_invitation(desk: TokenDesk, code: str, password: str) -> Redeemed:
    return await _redeem(desk, CodePurpose.INVITATION, UserState.INVITED, code, password)


async def reset_password(desk: TokenDesk, code: str, password: str) -> Redeemed:
    return await _redeem(desk, CodePurpose.PASSWORD_RESET, UserState.ACTIVE, code, password)


async def _redeem(
    desk: TokenDesk, purpose: CodePurpose, state: UserState, code: str, password: str
) -> Redeemed:
    digest = digest_for(purpose, code)
    async with desk.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_account_code(digest)
    if tenant_id is None:
        raise AccountCodeInvalid
    # The code is looked at first, so that guessing costs no slow hash, and taken last, so that
    # a refused password leaves it good.
    async with desk.store.reading(tenant_id) as records:
        found = await _found(records, desk, digest, purpose, state, is_taken=False)
    acting_for(tenant_id, found.user.user_id)
    acts_on("user", found.user.user_id)
    secret_hash = await hash_of(
        desk.passwords,
        password,
        field="password",
        tenant_slug=found.tenant.slug,
        email=found.user.email,
    )
    async with desk.store.writing(tenant_id) as records:
        found = await _found(records, desk, digest, purpose, state, is_taken=True)
        user = replace(found.user, is_invited=False, revision=found.user.revision + 1)
        await records.end_sessions_of_user(user.user_id, desk.clock())
        await records.update_user(user)
        await records.set_secret_hash(user.user_id, secret_hash)
        await records.delete_account_codes(user.user_id)
        return Redeemed(found.tenant, user)


async def _found(
    records: TenantRecords,
    desk: TokenDesk,
    digest: str,
    purpose: CodePurpose,
    state: UserState,
    *,
    is_taken: bool,
) -> Redeemed:
    code = await (records.take_account_code if is_taken else records.account_code)(digest)
    if code is None or not code.serves(purpose, desk.clock()):
        raise AccountCodeInvalid
    user = await records.user(code.user_id)
    if user.state is not state:
        raise AccountCodeInvalid
    return Redeemed(await records.tenant(), user)
