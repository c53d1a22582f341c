"""Makes each part of auth once and hands it to the next."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc

from helpdesk.auth.v1 import (
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    authorization_service_pb2_grpc,
    client_service_pb2_grpc,
    federated_login_service_pb2_grpc,
    identity_provider_service_pb2_grpc,
    policy_service_pb2_grpc,
    purge_service_pb2_grpc,
    role_service_pb2_grpc,
    signing_key_service_pb2_grpc,
    tenant_service_pb2_grpc,
    token_service_pb2_grpc,
    totp_service_pb2_grpc,
    user_service_pb2_grpc,
)
from services.auth.account_links import AccountLinks
from services.auth.authenticators import SealedAuthenticators
from services.auth.authority import LocalAuthority
from services.auth.burials import Burials
from services.auth.domain import RulesTouched
from services.auth.first_seal import seal_policy
from services.auth.id_tokens import SignedIdTokens
from services.auth.oauth_clients import OAuthClient, command_line_client, web_client
from services.auth.openid import HttpOpenIdClient
from services.auth.operator_secret import ChosenSecret, SecretInFile
from services.auth.passwords import Argon2Passwords
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_news import PolicyNews
from services.auth.policy_seal import PolicySeal
from services.auth.policy_watchers import PolicyWatchers
from services.auth.ports import OperatorSecret, Passwords
from services.auth.servicer import (
    AccountServicer,
    ApiKeyServicer,
    AuthorizationServicer,
    ClientServicer,
    FederatedLoginServicer,
    IdentityProviderServicer,
    PolicyServicer,
    PurgeServicer,
    RoleServicer,
    SigningKeyServicer,
    TenantServicer,
    TokenServicer,
    TotpServicer,
    UserServicer,
)
from services.auth.settings import AuthSettings
from services.auth.settling import note_change, settling
from services.auth.signing import KeyRing, make_signing_key
from services.auth.store import SqlAuthStore
from services.auth.use_cases.authorization_desk import AuthorizationDesk
from services.auth.use_cases.external_doors import ExternalDoor
from services.auth.use_cases.federation_desk import FederationDesk
from services.auth.use_cases.login_turns import LoginTurns
from services.auth.use_cases.platform import (
    delete_expired,
    ensure_platform,
    ensure_signing_key,
    update_standard_roles,
)
from services.auth.use_cases.signing_keys import KeyRotation, rotate_signing_keys
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.clock import Clock, utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.interceptors.chain import Interceptor
from services.mesh.outbound import Outbound, OutboundRules
from services.mesh.sealed import Sealer, sealing_keys
from services.mesh.server import serve

NAME = "auth"
MIGRATIONS = Path(__file__).parent / "migrations"
SERVICES = services_of(NAME)

_SECONDS_BETWEEN_CLEANINGS = 600.0


@dataclass(frozen=True)
class Auth:
    """The parts that face the outside."""

    store: SqlAuthStore
    feed: PolicyFeed
    keys: KeyRing
    authority: LocalAuthority
    tenants: TenantServicer
    users: UserServicer
    tokens: TokenServicer
    account: AccountServicer
    totp: TotpServicer
    identity_providers: IdentityProviderServicer
    federated_logins: FederatedLoginServicer
    roles: RoleServicer
    api_keys: ApiKeyServicer
    signing_keys: SigningKeyServicer
    rotation: KeyRotation
    longest_key_use: timedelta
    watchers: PolicyWatchers
    policy: PolicyServicer
    purge: PurgeServicer
    burials: Burials
    authorization: AuthorizationServicer
    clients: ClientServicer
    clock: Clock

    def register(self, server: grpc.aio.Server) -> None:
        tenant_service_pb2_grpc.add_TenantServiceServicer_to_server(self.tenants, server)
        user_service_pb2_grpc.add_UserServiceServicer_to_server(self.users, server)
        token_service_pb2_grpc.add_TokenServiceServicer_to_server(self.tokens, server)
        account_service_pb2_grpc.add_AccountServiceServicer_to_server(self.account, server)
        totp_service_pb2_grpc.add_TotpServiceServicer_to_server(self.totp, server)
        role_service_pb2_grpc.add_RoleServiceServicer_to_server(self.roles, server)
        api_key_service_pb2_grpc.add_ApiKeyServiceServicer_to_server(self.api_keys, server)
        signing_key_service_pb2_grpc.add_SigningKeyServiceServicer_to_server(
            self.signing_keys, server
        )
        policy_service_pb2_grpc.add_PolicyServiceServicer_to_server(self.policy, server)
        purge_service_pb2_grpc.add_PurgeServiceServicer_to_server(self.purge, server)
        identity_provider_service_pb2_grpc.add_IdentityProviderServiceServicer_to_server(
            self.identity_providers, server
        )
        federated_login_service_pb2_grpc.add_FederatedLoginServiceServicer_to_server(
            self.federated_logins, server
        )
        client_service_pb2_grpc.add_ClientServiceServicer_to_server(self.clients, server)
        authorization_service_pb2_grpc.add_AuthorizationServiceServicer_to_server(
            self.authorization, server
        )

    def around(self) -> list[Interceptor]:
        async def version() -> int:
            return (await self.feed.current()).version

        return [settling(version, self.watchers)]

    async def clean_up(self) -> None:
        while True:
            await delete_expired(self.store, self.clock)
            await rotate_signing_keys(self.rotation, self.longest_key_use)
            await asyncio.sleep(_SECONDS_BETWEEN_CLEANINGS)


async def run(settings: AuthSettings) -> None:
    # The database holds the signing keys: nobody else on this machine may look at it.
    settings.service_folder(NAME).mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database_address(NAME))
    try:
        auth = await build(settings, database, Argon2Passwords(), utc_now)
        await serve(
            name=NAME,
            settings=settings,
            register=auth.register,
            services=SERVICES,
            authority=auth.authority,
            database=database,
            background=[auth.feed.run, auth.burials.run, auth.clean_up],
            around=auth.around(),
        )
    finally:
        await database.close()


async def build(
    settings: AuthSettings, database: Database, passwords: Passwords, clock: Clock
) -> Auth:
    """All parts over a database that is brought up to date first."""
    await database.migrate(MIGRATIONS)
    news = PolicyNews()

    def policy_changed(touched: RulesTouched | None) -> None:
        news.tell(touched)
        note_change()

    seal_keys = sealing_keys(
        settings.sealing_keys or settings.service_folder(NAME) / "sealing-keys"
    )
    store = SqlAuthStore(database, policy_changed, PolicySeal(seal_keys))
    await seal_policy(store, settings.service_folder(NAME), is_trusted=settings.reseal_policy)
    await ensure_platform(store, passwords, clock, operator_secret(settings))
    await ensure_signing_key(store, clock, make_signing_key)
    await update_standard_roles(store)
    keys = KeyRing(store, clock, settings.issuer)
    rotation = KeyRotation(store, clock, make_signing_key, keys.forget)
    burials = Burials(store, clock)
    feed, watchers = PolicyFeed(store, news, clock=clock), PolicyWatchers()
    sealer = Sealer(seal_keys)
    authenticators = SealedAuthenticators(sealer)
    desk = TokenDesk(store, passwords, keys, clock, LoginTurns(), authenticators)
    federation = federation_desk(settings, desk, sealer)
    authority = LocalAuthority(store, keys, feed, clock, settings.issuer)
    authorization = AuthorizationDesk(
        tokens=desk,
        id_tokens=SignedIdTokens(keys, settings.issuer),
        access_tokens=authority,
        own_clients=own_clients(settings),
        issuer=settings.issuer,
    )
    return Auth(
        store=store,
        feed=feed,
        keys=keys,
        authority=authority,
        tenants=TenantServicer(store, passwords, clock),
        users=UserServicer(store, passwords, clock, AccountLinks(settings.issuer)),
        account=AccountServicer(desk),
        totp=TotpServicer(desk),
        tokens=TokenServicer(desk, keys, federation),
        identity_providers=IdentityProviderServicer(federation),
        roles=RoleServicer(store),
        api_keys=ApiKeyServicer(store, clock),
        signing_keys=SigningKeyServicer(rotation),
        rotation=rotation,
        longest_key_use=timedelta(days=settings.signing_key_days),
        watchers=watchers,
        policy=PolicyServicer(feed, watchers),
        purge=PurgeServicer(store, clock, burials),
        burials=burials,
        federated_logins=FederatedLoginServicer(ExternalDoor(authorization, federation)),
        clients=ClientServicer(store, clock),
        authorization=AuthorizationServicer(authorization),
        clock=clock,
    )


def federation_desk(settings: AuthSettings, desk: TokenDesk, sealer: Sealer) -> FederationDesk:
    rules = OutboundRules(settings.outbound_networks, settings.outbound_loopback)
    openid = HttpOpenIdClient(Outbound(rules), rules, desk.clock)
    return FederationDesk(desk, openid, sealer, settings.issuer)


def own_clients(settings: AuthSettings) -> tuple[OAuthClient, ...]:
    web = web_client(settings.web_redirect_uris, settings.web_logout_redirect_uris)
    return (command_line_client(), web)


def operator_secret(settings: AuthSettings) -> OperatorSecret:
    if settings.operator_password is not None:
        return ChosenSecret(settings.operator_password.get_secret_value())
    return SecretInFile(settings.service_folder(NAME) / "operator-password")
