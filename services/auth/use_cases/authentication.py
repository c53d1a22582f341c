"""The one door for passwords: whoever gets through has proved who they are, and nothing more."""

from collections.abc import Awaitable, Callable

from services.auth.credentials import account_name, address_name
from services.auth.domain import (
    FREE_ADDRESS_FAILURES,
    FREE_LOGIN_FAILURES,
    Totp,
    User,
    UserState,
    after_failed_login,
    normal_email,
)
from services.auth.errors.credentials import CredentialsWrong, LoginThrottled, OneTimeCodeRequired
from services.auth.ports import Account, Directory
from services.auth.use_cases.one_time_codes import use_code
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, bookkeeping
from services.mesh.client_address import client_address

SecondFactor = Callable[[User], Awaitable[bool]]


async def authenticate(
    desk: TokenDesk, tenant_slug: str, email: str, password: str, one_time_code: str = ""
) -> User:
    """Raises CredentialsWrong whichever part is wrong, and takes as long for each.

    Only who knows the password learns that a code is needed: OneTimeCodeRequired.
    """

    async def is_code_right(user: User) -> bool:
        async with desk.store.reading(user.tenant_id) as records:
            totp = await records.totp(user.user_id)
        if totp is None or totp.confirm_time is None:
            return True
        if not one_time_code:
            raise OneTimeCodeRequired
        return await use_code(desk, user, totp, one_time_code)

    return await _authenticate(desk, tenant_slug, email, password, is_code_right)


async def check_password(desk: TokenDesk, tenant_slug: str, email: str, password: str) -> User:
    """Without a one-time code; raises CredentialsWrong and LoginThrottled as a login would."""

    async def no_second_factor(_: User) -> bool:
        return True

    return await _authenticate(desk, tenant_slug, email, password, no_second_factor)


async def check_code(
    desk: TokenDesk, tenant_slug: str, user: User, totp: Totp, one_time_code: str
) -> None:
    """Without a password; raises CredentialsWrong and LoginThrottled as a login would."""
    account = account_name(tenant_slug, user.email)
    async with desk.turns.turn(account):
        async with desk.store.reading_directory() as directory:
            await _refuse_who_must_wait(desk, directory, account)
        if not await use_code(desk, user, totp, one_time_code):
            await _count_failure(desk, account)
            raise CredentialsWrong


async def _authenticate(
    desk: TokenDesk, tenant_slug: str, email: str, password: str, second_factor: SecondFactor
) -> User:
    address = normal_email(email)
    account = account_name(tenant_slug, address)
    async with desk.turns.turn(account):
        person = await _find_person(desk, tenant_slug, address, account)
        can_log_in = person is not None and person.user.state is UserState.ACTIVE
        known_hash = person.secret_hash if person and can_log_in else None
        is_right = await desk.passwords.matches(password, known_hash)
        if person is None or not is_right or not await second_factor(person.user):
            await _count_failure(desk, account)
            raise CredentialsWrong
        await _forget_failures(desk, account)
        await _renew_outdated_hash(desk, person, password)
        return person.user


async def _find_person(
    desk: TokenDesk, tenant_slug: str, address: str, account: str
) -> Account | None:
    async with desk.store.reading_directory() as directory:
        await _refuse_who_must_wait(desk, directory, account)
        tenant = await directory.tenant_with_slug(tenant_slug)
        person = await directory.records(tenant.tenant_id).person(address) if tenant else None
    if tenant is not None:
        acting_for(tenant.tenant_id, person.user.user_id if person else "")
    return person


async def _refuse_who_must_wait(desk: TokenDesk, directory: Directory, account: str) -> None:
    for name in _counted(account):
        failures = await directory.login_failures(name)
        wait = failures.remaining_wait(desk.clock()) if failures else None
        if wait:
            raise LoginThrottled(wait)


async def _count_failure(desk: TokenDesk, account: str) -> None:
    with bookkeeping():
        async with desk.store.directory() as directory:
            for name, free in _counted(account).items():
                before = await directory.login_failures(name)
                failures = after_failed_login(before, desk.clock(), free)
                await directory.keep_login_failures(name, failures)


def _counted(account: str) -> dict[str, int]:
    """Where failures are counted, and how many are free: an address may be a whole company's."""
    address = client_address()
    names = {account: FREE_LOGIN_FAILURES}
    return {**names, address_name(address): FREE_ADDRESS_FAILURES} if address else names


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
