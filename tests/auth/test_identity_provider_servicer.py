"""The identity provider RPCs on a real server, for admins, agents and strangers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode

from helpdesk.auth.v1 import (
    auth_pb2,
    identity_provider_pb2,
    identity_provider_service_pb2,
    role_service_pb2,
    token_service_pb2,
)
from helpdesk.auth.v1.identity_provider_pb2 import IdentityProvider, RoleRule
from services.auth.standard_roles import AGENT_PERMISSIONS
from services.mesh.clock import utc_now
from services.mesh.ids import new_id
from tests.auth.foreign_tokens import CLIENT_ID
from tests.auth.running_auth import Person, RunningAuth, bearer, running_auth
from tests.auth.stub_provider import StubProvider, stub_provider
from tests.support.mesh_server import refused

SECRET = "s3cret-of-the-client"


@pytest.fixture(scope="module")
async def auth(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningAuth]:
    folder = tmp_path_factory.mktemp("auth")
    url = f"sqlite+aiosqlite:///{folder / 'auth.db'}"
    async with running_auth(folder, url, outbound_loopback=True) as auth:
        yield auth


@pytest.fixture
async def stub() -> AsyncIterator[StubProvider]:
    async with stub_provider(utc_now) as stub:
        yield stub


def a_message(issuer: str = "https://idp.example", **changes: Any) -> IdentityProvider:  # noqa: ANN401
    known: dict[str, Any] = {
        "display_name": "Acme Login",
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "role_rules": [RoleRule(claim="groups", value="support", role="agent")],
        "default_roles": ["customer"],
        "creates_users": True,
        "exchanges_tokens": True,
    }
    return IdentityProvider(**{**known, **changes})


async def create(auth: RunningAuth, person: Person, **changes: Any) -> IdentityProvider:  # noqa: ANN401
    return await auth.identity_providers.CreateIdentityProvider(
        identity_provider_service_pb2.CreateIdentityProviderRequest(
            identity_provider=a_message(**changes)
        ),
        metadata=person.metadata,
    )


def updating(
    provider: IdentityProvider,
    *paths: str,
    **changes: Any,  # noqa: ANN401
) -> identity_provider_service_pb2.UpdateIdentityProviderRequest:
    return identity_provider_service_pb2.UpdateIdentityProviderRequest(
        identity_provider=IdentityProvider(
            identity_provider_id=provider.identity_provider_id, **changes
        ),
        update_mask=FieldMask(paths=paths),
    )


def getting(
    provider_id: str,
) -> identity_provider_service_pb2.GetIdentityProviderRequest:
    return identity_provider_service_pb2.GetIdentityProviderRequest(
        identity_provider_id=provider_id
    )


def deleting(
    provider: IdentityProvider, etag: str = ""
) -> identity_provider_service_pb2.DeleteIdentityProviderRequest:
    return identity_provider_service_pb2.DeleteIdentityProviderRequest(
        identity_provider_id=provider.identity_provider_id, etag=etag
    )


def exchanging(slug: str, token: str) -> token_service_pb2.IssueTokenRequest:
    return token_service_pb2.IssueTokenRequest(
        token_exchange=token_service_pb2.TokenExchangeGrant(tenant_slug=slug, subject_token=token)
    )


async def test_an_admin_makes_a_provider_and_nobody_sees_its_secret_again(
    auth: RunningAuth,
) -> None:
    admin = await auth.admin()
    made = await create(auth, admin)
    assert made.has_client_secret
    assert made.client_secret == ""
    assert made.state == identity_provider_pb2.IDENTITY_PROVIDER_STATE_ENABLED
    assert list(made.scopes) == ["openid", "email", "profile"]
    assert made.redirect_uri.endswith(f"/oauth/external/{made.identity_provider_id}/callback")
    found = await auth.identity_providers.GetIdentityProvider(
        getting(made.identity_provider_id), metadata=admin.metadata
    )
    assert found == made
    listed = await auth.identity_providers.ListIdentityProviders(
        identity_provider_service_pb2.ListIdentityProvidersRequest(), metadata=admin.metadata
    )
    assert list(listed.identity_providers) == [made]


async def test_the_secret_is_sealed_in_the_database(auth: RunningAuth) -> None:
    await create(auth, await auth.admin())
    files = [*auth.settings.data.glob("auth.db*")]
    assert files
    for file in files:
        assert SECRET.encode() not in file.read_bytes()


async def test_the_same_request_id_makes_one_provider(auth: RunningAuth) -> None:
    admin = await auth.admin()
    request = identity_provider_service_pb2.CreateIdentityProviderRequest(
        identity_provider=a_message(), request_id=new_id()
    )
    first, second = [
        await auth.identity_providers.CreateIdentityProvider(request, metadata=admin.metadata)
        for _ in range(2)
    ]
    assert first == second


async def test_an_issuer_is_taken_once_in_a_tenant(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    await create(auth, admin)
    await create(auth, stranger)
    with refused(StatusCode.ALREADY_EXISTS, "IDENTITY_PROVIDER_ISSUER_TAKEN"):
        await create(auth, admin)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": " "}, "identity_provider.display_name"),
        ({"client_id": ""}, "identity_provider.client_id"),
        ({"issuer": ""}, "identity_provider.issuer"),
        ({"issuer": "http://idp.example"}, "identity_provider.issuer"),
        ({"issuer": "https://u:p@idp.example"}, "identity_provider.issuer"),
        ({"issuer": "https://idp.example?a"}, "identity_provider.issuer"),
        ({"default_roles": ["admin"]}, "identity_provider.default_roles"),
        ({"email_domains": ["@acme.example"]}, "identity_provider.email_domains[0]"),
        ({"email_domains": ["ACME.example"]}, "identity_provider.email_domains[0]"),
        ({"scopes": ["a b"]}, "identity_provider.scopes[0]"),
        (
            {"role_rules": [RoleRule(claim="a", role="agent")]},
            "identity_provider.role_rules[0].value",
        ),
        ({"state": 7}, "identity_provider.state"),
    ],
    ids=str,
)
async def test_a_provider_that_makes_no_sense_is_refused_field_by_field(
    auth: RunningAuth, changes: dict[str, Any], field: str
) -> None:
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
        await create(auth, await auth.admin(), **changes)
    assert list(refusals[0].violations) == [field]


async def test_only_roles_of_the_tenant_are_given(auth: RunningAuth) -> None:
    rule = RoleRule(claim="groups", value="x", role="operator")
    with refused(StatusCode.NOT_FOUND, "ROLE_NOT_FOUND"):
        await create(auth, await auth.admin(), role_rules=[rule])


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_only_admins_see_and_change_providers(auth: RunningAuth, role: str) -> None:
    admin = await auth.admin()
    colleague = await auth.colleague(admin, role)
    made = await create(auth, admin)
    stubs = auth.identity_providers
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await create(auth, colleague, issuer="https://other.example")
    calls: list[tuple[Any, Any]] = [
        (stubs.GetIdentityProvider, getting(made.identity_provider_id)),
        (
            stubs.ListIdentityProviders,
            identity_provider_service_pb2.ListIdentityProvidersRequest(),
        ),
        (stubs.UpdateIdentityProvider, updating(made, "display_name", display_name="Mine")),
        (stubs.DeleteIdentityProvider, deleting(made)),
        (
            stubs.TestIdentityProvider,
            identity_provider_service_pb2.TestIdentityProviderRequest(
                identity_provider_id=made.identity_provider_id
            ),
        ),
    ]
    for call, request in calls:
        with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call(request, metadata=colleague.metadata)


async def test_a_strangers_provider_and_no_provider_are_refused_alike(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    made = await create(auth, admin)
    stubs = auth.identity_providers
    for provider_id in (made.identity_provider_id, new_id()):
        target = IdentityProvider(identity_provider_id=provider_id)
        calls: list[tuple[Any, Any]] = [
            (stubs.GetIdentityProvider, getting(provider_id)),
            (stubs.UpdateIdentityProvider, updating(target, "display_name", display_name="Mine")),
            (stubs.DeleteIdentityProvider, deleting(target)),
            (
                stubs.TestIdentityProvider,
                identity_provider_service_pb2.TestIdentityProviderRequest(
                    identity_provider_id=provider_id
                ),
            ),
        ]
        for call, request in calls:
            with refused(StatusCode.NOT_FOUND, "IDENTITY_PROVIDER_NOT_FOUND") as refusals:
                await call(request, metadata=stranger.metadata)
            assert refusals[0].message == "There is no such identity provider."
    assert (
        await stubs.GetIdentityProvider(getting(made.identity_provider_id), metadata=admin.metadata)
        == made
    )


async def test_an_update_changes_what_its_mask_names(auth: RunningAuth) -> None:
    admin = await auth.admin()
    made = await create(auth, admin)
    changed = await auth.identity_providers.UpdateIdentityProvider(
        updating(made, "creates_users", "client_secret", display_name="ignored"),
        metadata=admin.metadata,
    )
    assert (changed.display_name, changed.creates_users) == ("Acme Login", False)
    assert not changed.has_client_secret
    assert changed.etag != made.etag
    by_values = await auth.identity_providers.UpdateIdentityProvider(
        updating(made, display_name="New name"), metadata=admin.metadata
    )
    assert (by_values.display_name, list(by_values.default_roles)) == ("New name", ["customer"])


@pytest.mark.parametrize("path", ["issuer", "tenant_id", "nonsense"])
async def test_an_update_cannot_move_a_provider_elsewhere(auth: RunningAuth, path: str) -> None:
    admin = await auth.admin()
    made = await create(auth, admin)
    with refused(StatusCode.INVALID_ARGUMENT, "IDENTITY_PROVIDER_FIELD_FIXED"):
        await auth.identity_providers.UpdateIdentityProvider(
            updating(made, path, issuer="https://evil.example"), metadata=admin.metadata
        )


async def test_a_change_that_somebody_was_faster_with_is_aborted(auth: RunningAuth) -> None:
    admin = await auth.admin()
    made = await create(auth, admin)
    request = updating(made, "display_name", display_name="Mine", etag=made.etag)
    await auth.identity_providers.UpdateIdentityProvider(request, metadata=admin.metadata)
    with refused(StatusCode.ABORTED, "IDENTITY_PROVIDER_CHANGED"):
        await auth.identity_providers.UpdateIdentityProvider(request, metadata=admin.metadata)
    with refused(StatusCode.ABORTED, "IDENTITY_PROVIDER_CHANGED"):
        await auth.identity_providers.DeleteIdentityProvider(
            deleting(made, made.etag), metadata=admin.metadata
        )
    await auth.identity_providers.DeleteIdentityProvider(deleting(made), metadata=admin.metadata)
    with refused(StatusCode.NOT_FOUND, "IDENTITY_PROVIDER_NOT_FOUND"):
        await auth.identity_providers.GetIdentityProvider(
            getting(made.identity_provider_id), metadata=admin.metadata
        )


async def test_a_test_says_in_plain_words_what_is_wrong(
    auth: RunningAuth, stub: StubProvider
) -> None:
    admin = await auth.admin()
    made = await create(auth, admin, issuer=stub.issuer)
    request = identity_provider_service_pb2.TestIdentityProviderRequest(
        identity_provider_id=made.identity_provider_id
    )
    found = await auth.identity_providers.TestIdentityProvider(request, metadata=admin.metadata)
    assert (list(found.problems), list(found.key_algorithms)) == ([], ["RS256"])
    stub.discovery = {"issuer": "https://evil.example"}
    found = await auth.identity_providers.TestIdentityProvider(request, metadata=admin.metadata)
    assert list(found.problems) == [
        "its configuration names another issuer: 'https://evil.example'"
    ]


async def test_a_foreign_token_becomes_one_of_ours_and_is_none_itself(
    auth: RunningAuth, stub: StubProvider
) -> None:
    admin = await auth.admin()
    await create(auth, admin, issuer=stub.issuer)
    foreign = stub.id_token(groups=["support"])
    identity = token_service_pb2.GetIdentityRequest()
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(identity, metadata=bearer(foreign))
    own = await auth.tokens.IssueToken(exchanging(admin.slug, foreign))
    assert own.refresh_token == ""
    who = await auth.tokens.GetIdentity(identity, metadata=bearer(own.access_token))
    assert (who.user.email, list(who.user.roles)) == ("ada@acme.example", ["agent", "customer"])
    assert who.tenant.slug == admin.slug


async def test_a_token_for_another_client_tenant_or_time_is_not_exchanged(
    auth: RunningAuth, stub: StubProvider
) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    await create(auth, admin, issuer=stub.issuer)
    now = int(utc_now().timestamp())
    for slug, token in (
        (stranger.slug, stub.id_token()),
        ("nowhere", stub.id_token()),
        (admin.slug, stub.id_token(aud="other-client")),
        (admin.slug, stub.id_token(exp=now - 40)),
        (admin.slug, stub.id_token(iss="https://evil.example")),
        (admin.slug, "x.y.z"),
    ):
        with refused(StatusCode.UNAUTHENTICATED, "EXTERNAL_TOKEN_INVALID") as refusals:
            await auth.tokens.IssueToken(exchanging(slug, token))
        assert refusals[0].message == "The identity provider's word is not believed."


async def test_a_user_without_a_verified_address_is_refused(
    auth: RunningAuth, stub: StubProvider
) -> None:
    admin = await auth.admin()
    await create(auth, admin, issuer=stub.issuer)
    with refused(StatusCode.PERMISSION_DENIED, "EXTERNAL_USER_REFUSED"):
        await auth.tokens.IssueToken(exchanging(admin.slug, stub.id_token(email_verified=False)))


async def test_the_same_on_postgresql(
    tmp_path: Any,  # noqa: ANN401
    postgresql_url: str,
    stub: StubProvider,
) -> None:
    async with running_auth(tmp_path, postgresql_url, outbound_loopback=True) as auth:
        admin = await auth.admin()
        made = await create(auth, admin, issuer=stub.issuer)
        for roles in (["support"], []):
            token = stub.id_token(groups=roles)
            own = await auth.tokens.IssueToken(exchanging(admin.slug, token))
            who = await auth.tokens.GetIdentity(
                token_service_pb2.GetIdentityRequest(), metadata=bearer(own.access_token)
            )
            assert list(who.user.roles) == (["agent"] if roles else []) + ["customer"]
        await auth.identity_providers.DeleteIdentityProvider(
            deleting(made), metadata=admin.metadata
        )
        with refused(StatusCode.UNAUTHENTICATED, "EXTERNAL_TOKEN_INVALID"):
            await auth.tokens.IssueToken(exchanging(admin.slug, stub.id_token()))


async def a_keeper(auth: RunningAuth, admin: Person) -> Person:
    """Somebody who may look after providers, and no more than an agent otherwise."""
    permissions = AGENT_PERMISSIONS | {
        "auth.identity_providers.create",
        "auth.identity_providers.update",
    }
    await auth.roles.CreateRole(
        role_service_pb2.CreateRoleRequest(
            role=auth_pb2.Role(name="keeper", description="", permissions=sorted(permissions))
        ),
        metadata=admin.metadata,
    )
    return await auth.colleague(admin, "keeper")


@pytest.mark.parametrize(
    "changes",
    [
        {"role_rules": [RoleRule(claim="groups", value="x", role="admin")]},
        {"links_users_by_email": True, "email_domains": ["example.com"]},
    ],
    ids=["a role", "anybody's account"],
)
async def test_nobody_gives_through_a_provider_what_they_lack(
    auth: RunningAuth, changes: dict[str, Any]
) -> None:
    admin = await auth.admin()
    keeper = await a_keeper(auth, admin)
    with refused(StatusCode.PERMISSION_DENIED, "ROLE_NOT_GRANTABLE") as refusals:
        await create(auth, keeper, **changes)
    assert refusals[0].metadata == {"role": "admin"}
    made = await create(auth, keeper)
    with refused(StatusCode.PERMISSION_DENIED, "ROLE_NOT_GRANTABLE"):
        await auth.identity_providers.UpdateIdentityProvider(
            updating(made, *changes, **changes), metadata=keeper.metadata
        )
    assert await auth.identity_providers.UpdateIdentityProvider(
        updating(made, *changes, **changes), metadata=admin.metadata
    )
