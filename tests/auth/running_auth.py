"""Auth as it runs: a real server with its own authority, and people who log in to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import grpc

from helpdesk.auth.v1 import (
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    auth_pb2,
    identity_provider_service_pb2_grpc,
    policy_service_pb2_grpc,
    role_service_pb2_grpc,
    signing_key_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    totp_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from services.auth.passwords import Argon2Passwords
from services.auth.server import NAME, SERVICES, Auth, build
from services.auth.settings import AuthSettings
from services.auth.standard_roles import OPERATOR_EMAIL, PLATFORM_SLUG
from services.mesh.certificates import ensure_certificates
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.server import MeshServer
from tests.auth.builders import PASSWORD
from tests.support.mesh_server import plain_channel

OPERATOR_PASSWORD = "operator's password"
Metadata = tuple[tuple[str, str], ...]

_numbers = count(1)


@dataclass(frozen=True)
class Person:
    slug: str
    user: auth_pb2.User
    metadata: Metadata
    refresh_token: str


@dataclass(frozen=True)
class RunningAuth:
    auth: Auth
    settings: AuthSettings
    port: int
    channel: grpc.aio.Channel

    @property
    def tenants(self) -> "tenant_service_pb2_grpc.TenantServiceAsyncStub":
        return tenant_service_pb2_grpc.TenantServiceStub(self.channel)

    @property
    def users(self) -> "user_service_pb2_grpc.UserServiceAsyncStub":
        return user_service_pb2_grpc.UserServiceStub(self.channel)

    @property
    def tokens(self) -> "token_service_pb2_grpc.TokenServiceAsyncStub":
        return token_service_pb2_grpc.TokenServiceStub(self.channel)

    @property
    def account(self) -> "account_service_pb2_grpc.AccountServiceAsyncStub":
        return self.account_for(self.channel)

    @property
    def roles(self) -> "role_service_pb2_grpc.RoleServiceAsyncStub":
        return role_service_pb2_grpc.RoleServiceStub(self.channel)

    @property
    def signing_keys(self) -> "signing_key_service_pb2_grpc.SigningKeyServiceAsyncStub":
        return signing_key_service_pb2_grpc.SigningKeyServiceStub(self.channel)

    @property
    def totp(self) -> "totp_service_pb2_grpc.TotpServiceAsyncStub":
        return totp_service_pb2_grpc.TotpServiceStub(self.channel)

    @property
    def api_keys(self) -> "api_key_service_pb2_grpc.ApiKeyServiceAsyncStub":
        return api_key_service_pb2_grpc.ApiKeyServiceStub(self.channel)

    def account_for(
        self, channel: grpc.aio.Channel
    ) -> "account_service_pb2_grpc.AccountServiceAsyncStub":
        return account_service_pb2_grpc.AccountServiceStub(channel)

    @property
    def identity_providers(
        self,
    ) -> "identity_provider_service_pb2_grpc.IdentityProviderServiceAsyncStub":
        return identity_provider_service_pb2_grpc.IdentityProviderServiceStub(self.channel)

    def policy_for(
        self, channel: grpc.aio.Channel
    ) -> "policy_service_pb2_grpc.PolicyServiceAsyncStub":
        return policy_service_pb2_grpc.PolicyServiceStub(channel)

    def channel_of(self, service: str) -> grpc.aio.Channel:
        return plain_channel(self.settings.certificate_folder(service), NAME, self.port)

    async def log_in(self, slug: str, email: str, password: str = PASSWORD) -> Person:
        token = await self.tokens.IssueToken(password_grant(slug, email, password))
        metadata = bearer(token.access_token)
        identity = await self.tokens.GetIdentity(
            token_service_pb2.GetIdentityRequest(), metadata=metadata
        )
        return Person(slug, identity.user, metadata, token.refresh_token)

    async def operator(self) -> Person:
        return await self.log_in(PLATFORM_SLUG, OPERATOR_EMAIL, OPERATOR_PASSWORD)

    async def admin(self) -> Person:
        """The first admin of a new tenant."""
        slug = a_slug()
        operator = await self.operator()
        await self.tenants.CreateTenant(new_tenant(slug), metadata=operator.metadata)
        return await self.log_in(slug, "ada@example.com")

    async def colleague(self, admin: Person, role: str) -> Person:
        email = f"{role}-{next(_numbers)}@example.com"
        await self.users.CreateUser(new_user(email, role), metadata=admin.metadata)
        return await self.log_in(admin.slug, email)


def a_slug() -> str:
    return f"tenant-{next(_numbers)}"


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


def password_grant(
    slug: str, email: str, password: str = PASSWORD
) -> token_service_pb2.IssueTokenRequest:
    return token_service_pb2.IssueTokenRequest(
        password=token_service_pb2.PasswordGrant(tenant_slug=slug, email=email, password=password)
    )


def new_tenant(slug: str, password: str = PASSWORD) -> tenant_service_pb2.CreateTenantRequest:
    return tenant_service_pb2.CreateTenantRequest(
        tenant=auth_pb2.Tenant(slug=slug, display_name="Acme"),
        admin=auth_pb2.User(email="ada@example.com", display_name="Ada"),
        admin_password=password,
    )


def new_user(
    email: str, *roles: str, password: str = PASSWORD, request_id: str = ""
) -> user_service_pb2.CreateUserRequest:
    return user_service_pb2.CreateUserRequest(
        user=auth_pb2.User(email=email, display_name="Bob", roles=roles),
        password=password,
        request_id=request_id,
    )


@asynccontextmanager
async def running_auth(
    folder: Path, database_url: AnyAddress, **more: object
) -> AsyncIterator[RunningAuth]:
    settings = AuthSettings.model_validate(
        {"data": folder, "operator_password": OPERATOR_PASSWORD, **more}
    )
    ensure_certificates(settings.certificates_folder)
    database = Database(database_url)
    auth = await build(settings, database, Argon2Passwords(memory_kib=64, passes=1), utc_now)
    server = MeshServer(
        name=NAME,
        settings=settings,
        register=auth.register,
        services=SERVICES,
        authority=auth.authority,
        database=database,
        background=[auth.feed.run, auth.burials.run],
        around=auth.around(),
        port=0,
    )
    port = await server.start()
    channel = plain_channel(settings.certificate_folder("gateway"), NAME, port)
    try:
        yield RunningAuth(auth, settings, port, channel)
    finally:
        await channel.close()
        await server.stop(None)
        await database.close()
