"""The one door for passwords: whoever gets through has proved who they are, and nothing more."""

from services.auth.credentials import account_name
from services.auth.domain import User, UserState, after_failed_login, normal_email
from services.auth.errors import CredentialsWrong, LoginThrottled
from services.auth.ports import Account
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, bookkeeping


async def authenticate(
    desk: TokenDesk, tenant_slug: str, email: str, password: str, one_time_code: str = ""
) -> User:
    """Raises CredentialsWrong whichever part is wrong, and takes as long for each."""
    del one_time_code  # Nobody has a second factor yet.
    return await check_password(desk, tenant_slug, email, password)


async def check_password(desk: TokenDesk, tenant_slug: str, email: str, password: str) -> User:
    """Without a one-time code; raises CredentialsWrong and LoginThrottled as a login would."""
    address = normal_email(email)
    account = account_name(tenant_slug, address)
    async with desk.turns.turn(account):
        person = await _find_person(desk, tenant_slug, address, account)
        can_log_in = person is not None and person.user.state is UserState.ACTIVE
        known_hash = person.secret_hash if person and can_log_in else None
        is_right = await desk.passwords.matches(password, known_hash)
        if person is None or not is_right:
            await _count_failure(desk, account)
            raise CredentialsWrong
        await _forget_failures(desk, account)
        await _renew_outdated_hash(desk, person, password)
        return person.user


async def _find_person(
    desk: TokenDesk, tenant_slug: str, address: str, account: str
) -> Account | None:
    async with desk.store.reading_directory() as directory:
        failures = await directory.login_failures(account)
        wait = failures.remaining_wait(desk.clock()) if failures else None
        if wait:
            raise LoginThrottled(wait)
        tenant = await directory.tenant_with_slug(tenant_slug)
        person = await directory.records(tenant.tenant_id).person(address) if tenant else None
    if tenant is not None:
        acting_for(tenant.tenant_id, person.user.user_id if person else "")
    return person


async def _count_failure(desk: TokenDesk, account: str) -> None:
    with bookkeeping():
        async with desk.store.directory() as directory:
            before = await directory.login_failures(account)
            await directory.keep_login_failures(account, after_failed_login(before, desk.clock()))


async def _forget_failures(desk: TokenDesk, account: str) -> None:
    with bookkeeping():
        async with desk.store.directory() as directory:
            await directory.forget_login_failures(account)


async def _renew_outdated_hash(desk: TokenDesk, person: Account, password: str) -> None:
    if not desk.passwords.is_outdated(person.secret_hash):
        return
    better_hash = await desk.passwords.hash(password)
    with bookkeeping():
        async with desk.store.writing(person.user.tenant_id) as records:
            await records.set_secret_hash(person.user.user_id, better_hash)
