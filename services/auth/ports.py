"""What auth asks of the world. The docstrings are promises, which fakes keep as well."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.auth.domain import (
    AccountCode,
    ApiKey,
    ApiKeyId,
    Deletion,
    Holder,
    LoginFailures,
    Policy,
    RefreshToken,
    Role,
    Session,
    SessionId,
    SigningKey,
    Tenant,
    TenantState,
    Totp,
    User,
)
from services.auth.federation_ports import FederationRecords
from services.auth.oauth_ports import AuthorizationDirectory, AuthorizationRecords, ClientRecords
from services.mesh.caller import TenantId, UserId


@dataclass(frozen=True, slots=True)
class Account:
    """A user together with the hash of what proves it."""

    user: User
    secret_hash: str


class TenantRecords(FederationRecords, AuthorizationRecords, ClientRecords, Protocol):
    """The rows of one tenant within one transaction; other tenants' rows do not exist here."""

    async def tenant(self) -> Tenant:
        """Raises TenantNotFound."""

    async def hold_tenant(self, *, alone: bool = False) -> Tenant:
        """The tenant, whose state nobody else changes until the transaction ends.

        To be asked first of all; alone by whoever wants to change it. Raises TenantNotFound.
        """

    async def set_state(self, state: TenantState) -> None:
        """Changes the policy: a tenant that is not active has no rules."""

    async def lock_policy(self) -> None:
        """Makes the policy's version grow by one in this transaction, however often it is asked.

        Until the transaction ends nobody else changes the policy, so versions become visible in
        their order and what is read after this call stays true. Each method below that changes the
        policy asks for it itself.
        """

    async def policy_version(self) -> int:
        """Grows with each change of the policy, which is one for all tenants."""

    async def add_roles(self, roles: Sequence[Role]) -> None:
        """Adds the roles; one that exists gets this description and exactly these permissions."""

    async def roles(self) -> list[Role]:
        """By name."""

    async def is_held(self, role: str) -> bool:
        """Whether any user or client holds the role."""

    async def delete_role(self, name: str) -> None:
        """Changes the policy. Nobody may hold the role."""

    async def add_user(self, user: User, secret_hash: str) -> None:
        """Changes the policy. Raises UserEmailTaken. The roles must exist."""

    async def user(self, user_id: UserId) -> User:
        """Raises UserNotFound."""

    async def users(self, after: tuple[str, str], limit: int) -> list[User]:
        """By e-mail address, then id, from behind this pair."""

    async def set_roles(self, user_id: UserId, roles: Sequence[str]) -> None:
        """Changes the policy and the user's revision. Raises UserNotFound."""

    async def people_with_role(self, role: str) -> frozenset[UserId]:
        """Those who can log in. Clients are not people."""

    async def person(self, email: str) -> Account | None:
        """The person with this address in its normal spelling."""

    async def client(self, client_id: str) -> Account | None:
        """The client with this id."""

    async def update_user(self, user: User) -> None:
        """Keeps all but the roles. Raises UserEmailTaken, and UserChanged unless what is kept has
        the revision before this one's."""

    async def put_account_code(self, code: AccountCode) -> None:
        """In the place of the user's code of the same purpose, if there is one."""

    async def account_code(self, digest: str) -> AccountCode | None:
        """As long as nobody has taken it."""

    async def take_account_code(self, digest: str) -> AccountCode | None:
        """Only the first to ask gets it."""

    async def delete_account_codes(self, user_id: UserId) -> None:
        """Of every purpose."""

    async def add_api_key(self, key: ApiKey) -> None:
        """Adds a key."""

    async def api_keys(self, user_id: UserId | None, after: str, limit: int) -> list[ApiKey]:
        """Of one user or of all, by id, from behind this one."""

    async def lock_api_key(self, api_key_id: ApiKeyId) -> ApiKey | None:
        """As it is now; until the transaction ends nobody else opens a session by it."""

    async def revoke_api_key(self, api_key_id: ApiKeyId, now: datetime) -> None:
        """It is over from this moment on."""

    async def put_totp(self, totp: Totp) -> None:
        """In the place of the user's one before, if there is one."""

    async def totp(self, user_id: UserId) -> Totp | None:
        """The user's authenticator app, whether confirmed or not."""

    async def confirm_totp(self, user_id: UserId, now: datetime, digests: Sequence[str]) -> None:
        """From now on, with these recovery codes."""

    async def delete_totp(self, user_id: UserId) -> None:
        """With its recovery codes."""

    async def use_totp_step(self, user_id: UserId, step: int) -> bool:
        """Says no to a step that is not behind the last one that was used."""

    async def take_recovery_code(self, user_id: UserId, digest: str) -> bool:
        """Only the first to ask gets it."""

    async def count_recovery_codes(self, user_id: UserId) -> int:
        """Those that nobody has used."""

    async def set_secret_hash(self, user_id: UserId, secret_hash: str) -> None:
        """Replaces the hash of a user's secret."""

    async def add_session(self, session: Session) -> None:
        """Opens a session."""

    async def session(self, session_id: SessionId) -> Session | None:
        """As it is now."""

    async def lock_refresh_token(self, digest: str) -> tuple[RefreshToken, Session] | None:
        """The token and its session; until the transaction ends nobody else changes either."""

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """Adds a link to a session's chain."""

    async def mark_used(self, digest: str, now: datetime) -> None:
        """The refresh token has been exchanged."""

    async def end_session(self, session_id: SessionId, now: datetime) -> None:
        """Changes the policy, as do the next three, when it ends any: its tokens are prohibited.

        Keeps the first end when there was one. To be asked before anything else that changes the
        policy, so that all transactions take sessions first and the policy second.
        """

    async def end_sessions_of_user(
        self, user_id: UserId, now: datetime, but: SessionId | None = None
    ) -> None:
        """All of them, but for this one, whoever opened them; and their logins in browsers."""

    async def end_sessions_of_client(self, client_id: str, now: datetime) -> None:
        """All that this client opened, whoever for."""

    async def end_sessions_of_tenant(self, now: datetime) -> None:
        """All of them."""


class Directory(AuthorizationDirectory, Protocol):
    """Rows that belong to no tenant, or that are needed before the tenant is known."""

    def records(self, tenant_id: TenantId) -> TenantRecords:
        """One tenant's rows in the same transaction."""

    async def add_tenant(self, tenant: Tenant) -> None:
        """Raises TenantSlugTaken."""

    async def tenant(self, tenant_id: TenantId) -> Tenant:
        """Raises TenantNotFound."""

    async def tenant_with_slug(self, slug: str) -> Tenant | None:
        """The slug's tenant."""

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        """By slug, from behind this one."""

    async def tenant_of_client(self, client_id: str) -> TenantId | None:
        """Where a client lives."""

    async def tenant_of_refresh_token(self, digest: str) -> TenantId | None:
        """Where a refresh token was issued."""

    async def api_key_with_digest(self, digest: str) -> ApiKey | None:
        """In whichever tenant."""

    async def tenant_of_account_code(self, digest: str) -> TenantId | None:
        """Where a code was made."""

    async def tenant_of_federated_login(self, state_digest: str) -> TenantId | None:
        """Where a login through an identity provider began."""

    async def login_failures(self, account: str) -> LoginFailures | None:
        """Under this account name, an opaque digest."""

    async def keep_login_failures(self, account: str, failures: LoginFailures) -> None:
        """Replaces what was known."""

    async def forget_login_failures(self, account: str) -> None:
        """As if none had happened."""

    async def signing_keys(self) -> list[SigningKey]:
        """Newest first."""

    async def lock_signing_keys(self) -> None:
        """Until the transaction ends nobody else changes the keys that are there."""

    async def retire_signing_key(self, key_id: str, retire_time: datetime) -> None:
        """It signs until then."""

    async def delete_signing_keys(self, retired_before: datetime) -> None:
        """Those that were retired before this time."""

    async def add_signing_key(self, key: SigningKey) -> None:
        """Adds a key."""

    async def add_deletion(self, tenant_id: TenantId, now: datetime) -> None:
        """Changes the policy: it names the tenant from now on, until it is buried."""

    async def deletion(self, tenant_id: TenantId) -> Deletion | None:
        """How far it is; None also when the tenant is buried."""

    async def deletions(self) -> list[Deletion]:
        """Those that are under way."""

    async def confirm_purge(self, tenant_id: TenantId, service: str, now: datetime) -> None:
        """Idempotent; of a tenant that is not being deleted, nothing is kept."""

    async def bury(self, tenant_id: TenantId, now: datetime) -> None:
        """Deletes every row of the tenant; its id and the times of its end remain.

        Changes the policy. Idempotent.
        """

    async def policy_version(self) -> int:
        """Grows with each change of the policy and never shrinks."""

    async def policy(
        self,
        ended_since: datetime,
        known: Policy | None = None,
        *,
        keep_rules: bool = False,
        touched: Mapping[int, frozenset[Holder]] | None = None,
    ) -> Policy:
        """All rules with their version, and the sessions that have ended since.

        What allows is read anew only when it has changed since the `known` policy, or never for
        `keep_rules`; and only of those whose rules each version since then has `touched`, where
        all these versions are known. Raises PolicyAltered when it is not what was written through
        this store.
        """

    async def seal_policy(self, *, is_trusted: bool) -> None:
        """Seals rules that are sound or trusted with the newest key. Changes the policy."""

    async def delete_federated_logins(self, before: datetime) -> int:
        """Deletes those that were over before this time, and says how many."""

    async def delete_expired(self, sessions_before: datetime, failures_before: datetime) -> int:
        """Deletes what expired, or last failed, before these times, and says how many rows."""


class AuthStore(Protocol):
    """Each context is one transaction: leaving it commits, an exception in it undoes all."""

    def writing(self, tenant_id: TenantId) -> AbstractAsyncContextManager[TenantRecords]:
        """For one tenant."""

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[TenantRecords]:
        """For one tenant; nothing may be changed."""

    def directory(self) -> AbstractAsyncContextManager[Directory]:
        """For what belongs to no tenant."""

    def burial(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Directory]:
        """For the last that is ever done to a tenant; waits for whoever still writes to it."""

    def reading_directory(self) -> AbstractAsyncContextManager[Directory]:
        """For what belongs to no tenant; nothing may be changed."""


class Passwords(Protocol):
    """Slow hashes for what people think up."""

    async def hash(self, password: str) -> str:
        """With a fresh salt."""

    async def matches(self, password: str, secret_hash: str | None) -> bool:
        """Takes as long without a hash, or with an empty one, as with one, and then says no."""

    def is_common(self, password: str) -> bool:
        """Whether it is among the passwords that are guessed first, in whatever case."""

    def is_outdated(self, secret_hash: str) -> bool:
        """Whether the hash was made with weaker settings than today's."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str
    expire_time: datetime


class TokenSigner(Protocol):
    """Makes access tokens."""

    async def sign(
        self, user: User, session: Session, scope: frozenset[str], now: datetime
    ) -> AccessToken:
        """For one user in one session, with the newest key; the scope may be less than its."""


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """The one time that the secret of an app is at hand."""

    secret: str
    uri: str
    sealed_secret: str


class Authenticators(Protocol):
    """The codes of authenticator apps. Their secrets are sealed with a key that no database has."""

    def enrol(self, user: User, tenant_slug: str) -> NewAuthenticator:
        """A new secret, for this user only."""

    def step_of(self, totp: Totp, user: User, code: str, now: datetime) -> int | None:
        """The step that the code belongs to, if it is this one or one of its neighbours."""


class OperatorSecret(Protocol):
    """The place of the operator's first password."""

    def obtain(self) -> str:
        """The chosen password, or one that stays readable there before this returns."""
