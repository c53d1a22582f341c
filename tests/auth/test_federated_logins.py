"""Logging in through an identity provider, and whom that lets in."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import SESSION_LIFE, Role, Tenant, User, UserState
from services.auth.errors.identity_providers import (
    ExternalTokenInvalid,
    ExternalUserRefused,
    FederatedLoginInvalid,
    IdentityProviderNotFound,
)
from services.auth.errors.roles import RoleInUse
from services.auth.errors.tenants import TenantSuspended
from services.auth.federation import (
    EXTERNAL_SESSION_LIFE,
    LOGIN_LIFE,
    IdentityProvider,
    IdentityProviderId,
    RoleRule,
)
from services.auth.federation_ports import AuthorizationAnswer
from services.auth.ports import TenantRecords
from services.auth.use_cases.external_users import let_in
from services.auth.use_cases.federated_logins import (
    ReturnedBrowser,
    complete_federated_login,
    login_providers,
    start_federated_login,
)
from services.auth.use_cases.federation_desk import FederationDesk
from services.auth.use_cases.granting import Author
from services.auth.use_cases.roles import create_role, delete_role
from services.auth.use_cases.sessions import Opening, open_session
from services.auth.use_cases.tenant_states import suspend_tenant
from services.auth.use_cases.token_exchange import exchange_token
from services.mesh.errors import NotFound
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk
from tests.auth.federation_builders import (
    PUBLIC_URL,
    SEALER,
    FakeOpenId,
    a_federation_desk,
    a_provider,
    an_external_user,
    keep_provider,
)
from tests.auth.foreign_tokens import ISSUER

BROWSER = "the-browser's-secret"


@pytest.fixture
def openid() -> FakeOpenId:
    return FakeOpenId()


@pytest.fixture
def federation(desk: Desk, openid: FakeOpenId) -> FederationDesk:
    return a_federation_desk(desk, openid)


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def provider(desk: Desk, tenant: Tenant) -> IdentityProvider:
    provider = a_provider(tenant, has_client_secret=True)
    sealed = SEALER.seal("s3cret", tenant.tenant_id, provider.secret_purpose)
    return await keep_provider(desk.store, provider, sealed)


async def itself(records: TenantRecords, user: User) -> User:
    return user


async def go_out(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> ReturnedBrowser:
    """As far as the provider's answer to the browser."""
    await start_federated_login(
        federation, "acme", provider.identity_provider_id, BROWSER, "the-target"
    )
    _, secrets, _ = openid.asked[-1]
    answer = AuthorizationAnswer("the-code", ISSUER)
    return ReturnedBrowser(provider.identity_provider_id, secrets.state, answer, BROWSER)


async def log_in(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> User:
    browser = await go_out(federation, provider, openid)
    user, _ = await complete_federated_login(federation, browser, itself)
    return user


async def change(desk: Desk, provider: IdentityProvider, **changes: object) -> IdentityProvider:
    async with desk.store.writing(provider.tenant_id) as records:
        before = await records.identity_provider(provider.identity_provider_id)
        after = replace(before, revision=before.revision + 1, **changes)  # type: ignore[arg-type]
        sealed = await records.sealed_client_secret(provider.identity_provider_id)
        await records.replace_identity_provider(after, sealed)
    return after


async def test_a_browser_is_sent_out_with_secrets_of_its_own(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    started = await start_federated_login(
        federation, "acme", provider.identity_provider_id, BROWSER, "the-target"
    )
    assert started.display_name == "Acme Login"
    [(client, secrets, redirect_uri)] = openid.asked
    assert started.authorization_url == f"{ISSUER}/authorize?state={secrets.state}"
    assert (client.client_secret, client.scopes) == ("s3cret", ("openid", "email"))
    assert redirect_uri == f"{PUBLIC_URL}/oauth/external/{provider.identity_provider_id}/callback"
    assert len({secrets.state, secrets.nonce, secrets.code_verifier}) == 3
    kept = repr(desk.store.state.federation.logins)
    for secret in (secrets.state, secrets.nonce, secrets.code_verifier, BROWSER, "the-target"):
        assert secret not in kept


async def test_a_new_user_is_made_with_mapped_roles_and_without_a_password(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    openid.user = an_external_user(groups=["support"])
    browser = await go_out(federation, provider, openid)
    user, target = await complete_federated_login(federation, browser, itself)
    assert (user.email, user.display_name, user.roles) == (
        "ada@acme.example",
        "Ada",
        ("agent", "customer"),
    )
    assert target == "the-target"
    async with desk.store.reading(user.tenant_id) as records:
        account = await records.person(user.email)
    assert account is not None
    for guess in ("", "nobody has this password", PASSWORD):
        assert not await desk.passwords.matches(guess, account.secret_hash)


async def test_the_same_subject_is_the_same_user_whatever_the_address_says(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> None:
    user = await log_in(federation, provider, openid)
    openid.user = an_external_user(email="new@acme.example")
    assert (await log_in(federation, provider, openid)).user_id == user.user_id
    openid.user = an_external_user(email=None, email_verified=None)
    assert (await log_in(federation, provider, openid)).user_id == user.user_id


async def test_roles_come_and_go_with_the_claims_of_each_login(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    await keep_user(desk.store, a_user(await _tenant(desk), "root@acme.example", ("admin",)))
    openid.user = an_external_user(groups=["it", "support"])
    assert (await log_in(federation, provider, openid)).roles == ("admin", "agent", "customer")
    openid.user = an_external_user(groups=["support"])
    assert (await log_in(federation, provider, openid)).roles == ("agent", "customer")
    openid.user = an_external_user()
    user = await log_in(federation, provider, openid)
    assert user.roles == ("customer",)
    async with desk.store.reading(user.tenant_id) as records:
        assert (await records.user(user.user_id)).roles == ("customer",)


async def test_the_policy_changes_only_when_roles_do(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    await log_in(federation, provider, openid)
    version = desk.store.state.policy_version
    await log_in(federation, provider, openid)
    assert desk.store.state.policy_version == version


async def test_a_rule_that_the_admin_removes_takes_its_role_along(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    openid.user = an_external_user(groups=["support"])
    await log_in(federation, provider, openid)
    provider = await change(desk, provider, role_rules=(RoleRule("groups", "it", "admin"),))
    assert (await log_in(federation, provider, openid)).roles == ("customer",)


async def test_the_last_admin_is_not_demoted_and_does_not_get_in(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    openid.user = an_external_user(groups=["it"])
    user = await log_in(federation, provider, openid)
    openid.user = an_external_user()
    with pytest.raises(ExternalUserRefused) as caught:
        await log_in(federation, provider, openid)
    assert caught.value.rule == "last admin"
    async with desk.store.reading(user.tenant_id) as records:
        assert await records.people_with_role("admin") == {user.user_id}


@pytest.mark.parametrize(
    ("settings", "claims", "rule"),
    [
        ({"creates_users": False}, {}, "no such user"),
        ({}, {"email_verified": False}, "address not vouched for"),
        ({}, {"email_verified": "true"}, "address not vouched for"),
        ({}, {"email": None}, "address not vouched for"),
        ({}, {"email": "ada@evil.example"}, "address not vouched for"),
    ],
    ids=str,
)
async def test_a_stranger_is_refused(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    settings: dict[str, object],
    claims: dict[str, object],
    rule: str,
) -> None:
    provider = await change(desk, provider, **settings)
    openid.user = an_external_user(**claims)
    with pytest.raises(ExternalUserRefused) as caught:
        await log_in(federation, provider, openid)
    assert caught.value.rule == rule
    assert rule not in caught.value.message
    assert desk.store.state.accounts == {}


@pytest.fixture
async def ada(desk: Desk, tenant: Tenant) -> User:
    """Somebody who has had a password here all along."""
    return await keep_user(desk.store, a_user(tenant, "ada@acme.example", ("admin",)))


@pytest.mark.parametrize(
    "settings",
    [{}, {"links_users_by_email": True, "email_domains": ("other.example",)},
     {"links_users_by_email": True, "email_domains": ()}],
    ids=str,
)  # fmt: skip
async def test_an_account_with_a_password_is_not_taken_over(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    ada: User,
    settings: dict[str, object],
) -> None:
    provider = await change(desk, provider, **settings)
    with pytest.raises(ExternalUserRefused):
        await log_in(federation, provider, openid)
    assert desk.store.state.federation.identities == {}
    assert len(desk.store.state.accounts) == 1


async def test_it_is_linked_when_the_admin_allows_that_for_the_addresses_domain(
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    ada: User,
) -> None:
    """The control of the test above."""
    provider = await change(desk, provider, links_users_by_email=True, creates_users=False)
    openid.user = an_external_user(groups=["it"])
    assert (await log_in(federation, provider, openid)).user_id == ada.user_id


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}], ids=str)
async def test_an_unverified_address_links_nothing(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    ada: User,
    claims: dict[str, object],
) -> None:
    provider = await change(desk, provider, links_users_by_email=True)
    openid.user = an_external_user(**claims)
    with pytest.raises(ExternalUserRefused):
        await log_in(federation, provider, openid)
    assert desk.store.state.federation.identities == {}


@pytest.mark.parametrize("is_first_login", [True, False])
async def test_a_disabled_user_stays_out(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    ada: User,
    is_first_login: bool,
) -> None:
    provider = await change(desk, provider, links_users_by_email=True)
    openid.user = an_external_user(groups=["it"])
    if not is_first_login:
        await log_in(federation, provider, openid)
    async with desk.store.writing(ada.tenant_id) as records:
        user = await records.user(ada.user_id)
        disabled = replace(user, disable_time=desk.clock(), revision=user.revision + 1)
        await records.update_user(disabled)
    with pytest.raises(ExternalUserRefused) as caught:
        await log_in(federation, provider, openid)
    assert caught.value.rule == "user disabled"
    with pytest.raises(ExternalUserRefused):
        await exchange_token(federation, "acme", f"{ISSUER} good")


async def test_an_invited_user_accepts_by_coming_through_the_provider(
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    tenant: Tenant,
) -> None:
    provider = await change(desk, provider, links_users_by_email=True)
    invited = replace(a_user(tenant, "ada@acme.example"), is_invited=True)
    await keep_user(desk.store, invited)
    user = await log_in(federation, provider, openid)
    assert (user.user_id, user.state) == (invited.user_id, UserState.ACTIVE)
    assert await exchange_token(federation, "acme", f"{ISSUER} good")


async def test_an_address_that_goes_to_the_next_person_does_not_hand_the_user_over(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    provider = await change(desk, provider, links_users_by_email=True)
    await log_in(federation, provider, openid)
    openid.user = an_external_user("subject-2")
    with pytest.raises(ExternalUserRefused) as caught:
        await log_in(federation, provider, openid)
    assert caught.value.rule == "user tied to another subject"


async def test_another_providers_subject_of_the_same_name_is_somebody_else(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    await log_in(federation, provider, openid)
    tenant = await _tenant(desk)
    other = await keep_provider(desk.store, a_provider(tenant, issuer="https://other.example"))
    openid.user = replace(an_external_user(), issuer="https://other.example")
    with pytest.raises(ExternalUserRefused) as caught:
        await log_in(federation, other, openid)
    assert caught.value.rule == "address taken"


async def test_a_login_is_completed_once(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> None:
    browser = await go_out(federation, provider, openid)
    await complete_federated_login(federation, browser, itself)
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, browser, itself)
    assert len(openid.redeemed) == 1


async def test_of_many_at_once_one_completes(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> None:
    browser = await go_out(federation, provider, openid)
    tries = [complete_federated_login(federation, browser, itself) for _ in range(10)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, FederatedLoginInvalid) for outcome in outcomes) == 9


async def test_what_failed_once_cannot_be_tried_again(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId
) -> None:
    browser = await go_out(federation, provider, openid)
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, replace(browser, browser_secret="x"), itself)
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, browser, itself)
    assert openid.redeemed == []


@pytest.mark.parametrize(
    "change",
    [
        {"browser_secret": "another browser's"},
        {"browser_secret": ""},
        {"state": "made-up"},
        {"state": ""},
        {"identity_provider_id": IdentityProviderId("another")},
    ],
    ids=str,
)
async def test_an_answer_that_is_not_this_browsers_and_this_providers_is_refused(
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    change: dict[str, str],
) -> None:
    browser = await go_out(federation, provider, openid)
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, replace(browser, **change), itself)  # type: ignore[arg-type]
    assert openid.redeemed == []


@pytest.mark.parametrize(
    ("wait", "is_over"), [(LOGIN_LIFE, True), (LOGIN_LIFE - timedelta(seconds=1), False)], ids=str
)
async def test_a_login_is_over_after_ten_minutes(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    wait: timedelta,
    is_over: bool,
) -> None:
    browser = await go_out(federation, provider, openid)
    desk.clock.advance(wait)
    if not is_over:
        assert await complete_federated_login(federation, browser, itself)
        return
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, browser, itself)


async def test_a_provider_that_is_switched_off_meanwhile_lets_nobody_in(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    browser = await go_out(federation, provider, openid)
    await change(desk, provider, is_enabled=False)
    with pytest.raises(FederatedLoginInvalid):
        await complete_federated_login(federation, browser, itself)
    assert openid.redeemed == []


async def test_another_tenants_provider_and_no_provider_are_refused_alike(
    federation: FederationDesk, provider: IdentityProvider, desk: Desk
) -> None:
    await keep_tenant(desk.store, "globex")
    disabled = await keep_provider(
        desk.store, a_provider(await _tenant(desk), issuer="https://off.example", is_enabled=False)
    )
    for slug, provider_id in (
        ("globex", provider.identity_provider_id),
        ("nowhere", provider.identity_provider_id),
        ("acme", IdentityProviderId("missing")),
        ("acme", disabled.identity_provider_id),
    ):
        with pytest.raises(IdentityProviderNotFound) as caught:
            await start_federated_login(federation, slug, provider_id, BROWSER, "")
        assert str(caught.value) == str(IdentityProviderNotFound())


async def test_the_login_page_learns_of_providers_in_use_only(
    federation: FederationDesk, provider: IdentityProvider, desk: Desk
) -> None:
    tenant = await _tenant(desk)
    await keep_provider(
        desk.store, a_provider(tenant, issuer="https://off.example", is_enabled=False)
    )
    assert await login_providers(federation.tokens, "acme") == [provider]
    assert await login_providers(federation.tokens, "nowhere") == []


async def test_what_fails_at_the_end_leaves_nothing_behind(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    """The door for sessions refuses last; the user it refuses must not have been made."""

    async def refuse(records: TenantRecords, user: User) -> User:
        raise NotFound("closed")

    browser = await go_out(federation, provider, openid)
    with pytest.raises(NotFound):
        await complete_federated_login(federation, browser, refuse)
    assert desk.store.state.accounts == {}
    assert desk.store.state.federation.identities == {}


async def suspend(desk: Desk) -> None:
    tenant = await _tenant(desk)
    await suspend_tenant(desk.store, desk.clock, tenant.tenant_id)


async def test_a_suspended_tenant_lets_nobody_in_and_makes_nobody(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    browser = await go_out(federation, provider, openid)
    await suspend(desk)
    with pytest.raises(TenantSuspended):
        await complete_federated_login(federation, browser, itself)
    with pytest.raises(TenantSuspended):
        await exchange_token(federation, "acme", f"{ISSUER} good")
    with pytest.raises(IdentityProviderNotFound):
        await go_out(federation, provider, openid)
    assert await login_providers(federation.tokens, "acme") == []
    assert desk.store.state.accounts == {}


async def test_one_person_in_two_windows_is_one_user(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    first = await go_out(federation, provider, openid)
    second = await go_out(federation, provider, openid)
    both = await asyncio.gather(
        *(complete_federated_login(federation, browser, itself) for browser in (first, second))
    )
    assert both[0][0].user_id == both[1][0].user_id
    assert len(desk.store.state.accounts) == 1


async def test_whoever_comes_from_a_provider_comes_again_within_half_a_day(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    user = await log_in(federation, provider, openid)
    at_home = await keep_user(desk.store, a_user(await _tenant(desk), "bob@acme.example"))
    async with desk.store.writing(user.tenant_id) as records:
        external = await open_session(records, Opening(user.user_id), desk.clock())
        own = await open_session(records, Opening(at_home.user_id), desk.clock())
    assert external.session.expire_time == desk.clock() + EXTERNAL_SESSION_LIFE
    assert own.session.expire_time == desk.clock() + SESSION_LIFE


async def test_a_role_that_a_provider_gives_is_not_deleted(
    federation: FederationDesk, provider: IdentityProvider, desk: Desk
) -> None:
    tenant = await _tenant(desk)
    admin = await keep_user(desk.store, a_user(tenant, "root@acme.example", ("admin",)))
    author = Author(tenant.tenant_id, admin.user_id)
    await create_role(desk.store, author, Role("auditor", "", frozenset()))
    await change(desk, provider, role_rules=(RoleRule("groups", "x", "auditor"),))
    with pytest.raises(RoleInUse):
        await delete_role(desk.store, author, "auditor")
    await change(desk, provider, role_rules=())
    await delete_role(desk.store, author, "auditor")


async def test_a_token_is_exchanged_for_a_short_one_of_our_own(
    federation: FederationDesk, provider: IdentityProvider, openid: FakeOpenId, desk: Desk
) -> None:
    openid.user = an_external_user(groups=["support"])
    issued = await exchange_token(federation, "acme", f"{ISSUER} good")
    assert issued.refresh_token == ""
    [session] = desk.store.state.sessions.values()
    assert session.expire_time == issued.access.expire_time
    assert issued.opened.user.roles == ("agent", "customer")


@pytest.mark.parametrize(
    ("settings", "slug", "token"),
    [
        ({"exchanges_tokens": False}, "acme", f"{ISSUER} good"),
        ({"is_enabled": False}, "acme", f"{ISSUER} good"),
        ({}, "nowhere", f"{ISSUER} good"),
        ({}, "acme", "https://other.example good"),
        ({}, "acme", f"{ISSUER} bad"),
    ],
    ids=str,
)
async def test_no_reason_for_refusing_a_token_is_told_from_another(
    *,
    federation: FederationDesk,
    provider: IdentityProvider,
    desk: Desk,
    settings: dict[str, object],
    slug: str,
    token: str,
) -> None:
    await change(desk, provider, **settings)
    with pytest.raises(ExternalTokenInvalid) as caught:
        await exchange_token(federation, slug, token)
    assert str(caught.value) == str(ExternalTokenInvalid())
    assert desk.store.state.sessions == {}


async def test_a_user_hash_is_made_before_the_transaction_and_only_for_the_first_login(
    federation: FederationDesk,
    provider: IdentityProvider,
    openid: FakeOpenId,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await log_in(federation, provider, openid)

    async def never(password: str) -> str:
        raise AssertionError("a known user needs no hash")

    monkeypatch.setattr(desk.passwords, "hash", never)
    assert await let_in(desk.tokens, provider, openid.user, itself)


async def _tenant(desk: Desk) -> Tenant:
    async with desk.store.reading_directory() as directory:
        tenant = await directory.tenant_with_slug("acme")
    assert tenant is not None
    return tenant
