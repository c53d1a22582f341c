"""The store in memory; `test_store.py` asks it the same questions as the databases."""

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.auth.domain import (
    AccountCode,
    ApiKey,
    ApiKeyId,
    CodePurpose,
    Deletion,
    EndedSession,
    HeldRules,
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
    UserKind,
    UserState,
)
from services.auth.errors.tenants import TenantNotFound, TenantSlugTaken
from services.auth.errors.users import UserChanged, UserEmailTaken, UserNotFound
from services.auth.oauth_clients import (
    ClientSettings,
    OAuthClient,
    TenantClient,
    oauth_client_of,
)
from services.auth.ports import Account, Directory, TenantRecords
from services.auth.store.policy_lock import PolicyChanged
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import Rule, grant, membership
from tests.auth.fake_authorizations import (
    Authorizations,
    FakeAuthorizationDirectory,
    FakeAuthorizationRecords,
)
from tests.auth.fake_clients import FakeClientRecords
from tests.auth.fake_federation import FakeFederationRecords, FederationState


@dataclass
class State:
    tenants: dict[str, Tenant] = field(default_factory=dict)
    roles: dict[tuple[str, str], Role] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    refresh_tokens: dict[tuple[str, str], RefreshToken] = field(default_factory=dict)
    account_codes: dict[tuple[str, str, CodePurpose], AccountCode] = field(default_factory=dict)
    totp: dict[tuple[str, str], Totp] = field(default_factory=dict)
    recovery_codes: set[tuple[str, str, str]] = field(default_factory=set)
    api_keys: dict[tuple[str, str], ApiKey] = field(default_factory=dict)
    failures: dict[str, LoginFailures] = field(default_factory=dict)
    signing_keys: dict[str, SigningKey] = field(default_factory=dict)
    federation: FederationState = field(default_factory=FederationState)
    deletions: dict[str, Deletion] = field(default_factory=dict)
    buried: set[str] = field(default_factory=set)
    policy_version: int = 0
    rules_version: int = 0
    authorizations: Authorizations = field(default_factory=Authorizations)


@dataclass
class Transaction:
    state: State
    changed_policy: bool = False
    changed_rules: bool = False

    def change_policy(self) -> None:
        self.prohibit()
        if not self.changed_rules:
            self.state.rules_version += 1
        self.changed_rules = True

    def prohibit(self) -> None:
        if not self.changed_policy:
            self.state.policy_version += 1
        self.changed_policy = True


class FakeTenantRecords(FakeFederationRecords, FakeClientRecords, FakeAuthorizationRecords):
    def __init__(self, transaction: Transaction, tenant_id: TenantId) -> None:
        super().__init__(transaction.state.authorizations, tenant_id)
        self._transaction = transaction
        self._state = transaction.state
        self._tenant_id = tenant_id
        self._federation = self._state.federation

    async def tenant(self) -> Tenant:
        if self._tenant_id not in self._state.tenants:
            raise TenantNotFound(self._tenant_id)
        return self._state.tenants[self._tenant_id]

    async def hold_tenant(self, *, alone: bool = False) -> Tenant:
        del alone
        return await self.tenant()

    async def set_state(self, state: TenantState) -> None:
        self._transaction.change_policy()
        known = self._state.tenants[self._tenant_id]
        self._state.tenants[self._tenant_id] = replace(known, state=state)

    async def lock_policy(self) -> None:
        self._transaction.change_policy()

    async def policy_version(self) -> int:
        return self._state.policy_version

    async def add_roles(self, roles: Sequence[Role]) -> None:
        self._transaction.change_policy()
        for role in roles:
            self._state.roles[self._tenant_id, role.name] = role

    async def roles(self) -> list[Role]:
        return [
            role
            for (tenant_id, _), role in sorted(self._state.roles.items())
            if tenant_id == self._tenant_id
        ]

    async def is_held(self, role: str) -> bool:
        return any(role in user.roles for user in self._users())

    async def delete_role(self, name: str) -> None:
        self._transaction.change_policy()
        self._state.roles.pop((self._tenant_id, name), None)

    async def add_user(self, user: User, secret_hash: str) -> None:
        self._transaction.change_policy()
        if user.kind is UserKind.PERSON and await self.person(user.email) is not None:
            raise UserEmailTaken
        self._state.accounts[self._tenant_id, user.user_id] = Account(user, secret_hash)

    async def user(self, user_id: UserId) -> User:
        return self._account(user_id).user

    async def users(self, after: tuple[str, str], limit: int) -> list[User]:
        users = sorted(self._users(), key=lambda user: (user.email, user.user_id))
        return [user for user in users if (user.email, user.user_id) > after][:limit]

    async def set_roles(self, user_id: UserId, roles: Sequence[str]) -> None:
        self._transaction.change_policy()
        account = self._account(user_id)
        self._state.accounts[self._tenant_id, user_id] = replace(
            account, user=account.user.holding(roles)
        )

    async def people_with_role(self, role: str) -> frozenset[UserId]:
        return frozenset(
            user.user_id
            for user in self._users()
            if user.kind is UserKind.PERSON
            and user.state is UserState.ACTIVE
            and role in user.roles
        )

    async def update_user(self, user: User) -> None:
        namesake = await self.person(user.email) if user.kind is UserKind.PERSON else None
        if namesake is not None and namesake.user.user_id != user.user_id:
            raise UserEmailTaken
        account = self._account(user.user_id)
        if account.user.revision != user.revision - 1:
            raise UserChanged
        kept = replace(user, roles=account.user.roles)
        self._state.accounts[self._tenant_id, user.user_id] = replace(account, user=kept)

    async def add_api_key(self, key: ApiKey) -> None:
        self._state.api_keys[self._tenant_id, key.api_key_id] = key

    async def api_keys(self, user_id: UserId | None, after: str, limit: int) -> list[ApiKey]:
        return [
            key
            for (tenant_id, api_key_id), key in sorted(self._state.api_keys.items())
            if tenant_id == self._tenant_id
            and api_key_id > after
            and user_id in (None, key.user_id)
        ][:limit]

    async def lock_api_key(self, api_key_id: ApiKeyId) -> ApiKey | None:
        return self._state.api_keys.get((self._tenant_id, api_key_id))

    async def revoke_api_key(self, api_key_id: ApiKeyId, now: datetime) -> None:
        key = self._state.api_keys[self._tenant_id, api_key_id]
        self._state.api_keys[self._tenant_id, api_key_id] = replace(key, revoke_time=now)

    async def put_totp(self, totp: Totp) -> None:
        await self.delete_totp(totp.user_id)
        self._state.totp[self._tenant_id, totp.user_id] = totp

    async def totp(self, user_id: UserId) -> Totp | None:
        return self._state.totp.get((self._tenant_id, user_id))

    async def confirm_totp(self, user_id: UserId, now: datetime, digests: Sequence[str]) -> None:
        totp = self._state.totp[self._tenant_id, user_id]
        self._state.totp[self._tenant_id, user_id] = replace(totp, confirm_time=now)
        self._state.recovery_codes |= {(self._tenant_id, user_id, digest) for digest in digests}

    async def delete_totp(self, user_id: UserId) -> None:
        self._state.totp.pop((self._tenant_id, user_id), None)
        self._state.recovery_codes = {
            code for code in self._state.recovery_codes if code[:2] != (self._tenant_id, user_id)
        }

    async def use_totp_step(self, user_id: UserId, step: int) -> bool:
        totp = self._state.totp.get((self._tenant_id, user_id))
        if totp is None or totp.last_step >= step:
            return False
        self._state.totp[self._tenant_id, user_id] = replace(totp, last_step=step)
        return True

    async def take_recovery_code(self, user_id: UserId, digest: str) -> bool:
        code = (self._tenant_id, user_id, digest)
        if code not in self._state.recovery_codes:
            return False
        self._state.recovery_codes.remove(code)
        return True

    async def count_recovery_codes(self, user_id: UserId) -> int:
        return sum(code[:2] == (self._tenant_id, user_id) for code in self._state.recovery_codes)

    async def put_account_code(self, code: AccountCode) -> None:
        self._state.account_codes[self._tenant_id, code.user_id, code.purpose] = code

    async def account_code(self, digest: str) -> AccountCode | None:
        for (tenant_id, _, _), code in self._state.account_codes.items():
            if tenant_id == self._tenant_id and code.digest == digest:
                return code
        return None

    async def take_account_code(self, digest: str) -> AccountCode | None:
        code = await self.account_code(digest)
        if code is not None:
            del self._state.account_codes[self._tenant_id, code.user_id, code.purpose]
        return code

    async def delete_account_codes(self, user_id: UserId) -> None:
        for purpose in CodePurpose:
            self._state.account_codes.pop((self._tenant_id, user_id, purpose), None)

    async def person(self, email: str) -> Account | None:
        for user in self._users():
            if user.kind is UserKind.PERSON and user.email == email:
                return self._account(user.user_id)
        return None

    async def client(self, client_id: str) -> Account | None:
        account = self._state.accounts.get((self._tenant_id, client_id))
        return account if account and account.user.kind is UserKind.CLIENT else None

    async def set_secret_hash(self, user_id: UserId, secret_hash: str) -> None:
        account = self._account(user_id)
        self._state.accounts[self._tenant_id, user_id] = replace(account, secret_hash=secret_hash)

    async def add_session(self, session: Session) -> None:
        self._state.sessions[self._tenant_id, session.session_id] = session

    async def session(self, session_id: SessionId) -> Session | None:
        return self._state.sessions.get((self._tenant_id, session_id))

    async def lock_refresh_token(self, digest: str) -> tuple[RefreshToken, Session] | None:
        token = self._state.refresh_tokens.get((self._tenant_id, digest))
        if token is None:
            return None
        return token, self._state.sessions[self._tenant_id, token.session_id]

    async def add_refresh_token(self, token: RefreshToken) -> None:
        self._state.refresh_tokens[self._tenant_id, token.digest] = token

    async def mark_used(self, digest: str, now: datetime) -> None:
        token = self._state.refresh_tokens[self._tenant_id, digest]
        self._state.refresh_tokens[self._tenant_id, digest] = replace(token, use_time=now)

    async def end_session(self, session_id: SessionId, now: datetime) -> None:
        self._end(now, lambda session: session.session_id == session_id)

    async def end_sessions_of_user(
        self, user_id: UserId, now: datetime, but: SessionId | None = None
    ) -> None:
        self._end(now, lambda session: session.user_id == user_id and session.session_id != but)
        self.forget_browsers(user_id)

    async def end_sessions_of_client(self, client_id: str, now: datetime) -> None:
        self._end(now, lambda session: session.client_id == client_id)

    async def end_sessions_of_tenant(self, now: datetime) -> None:
        self._end(now, lambda _: True)
        self.forget_browsers()

    def _end(self, now: datetime, is_meant: Callable[[Session], bool]) -> None:
        for key, session in self._state.sessions.items():
            if key[0] == self._tenant_id and session.end_time is None and is_meant(session):
                self._state.sessions[key] = replace(session, end_time=now)
                self._transaction.prohibit()

    def _users(self) -> list[User]:
        return [
            account.user
            for (tenant_id, _), account in self._state.accounts.items()
            if tenant_id == self._tenant_id
        ]

    def _account(self, user_id: UserId) -> Account:
        account = self._state.accounts.get((self._tenant_id, user_id))
        if account is None:
            raise UserNotFound(user_id)
        return account


class FakeDirectory(FakeAuthorizationDirectory):
    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction.state.authorizations)
        self._transaction = transaction
        self._state = transaction.state

    def records(self, tenant_id: TenantId) -> FakeTenantRecords:
        return FakeTenantRecords(self._transaction, tenant_id)

    async def oauth_client(self, client_id: str) -> OAuthClient | None:
        kept = await super().oauth_client(client_id)
        tenant_id = None if kept else await self.tenant_of_client(client_id)
        if tenant_id is None:
            return kept
        account = self._state.accounts[tenant_id, client_id]
        settings = self._state.authorizations.settings.get((tenant_id, client_id))
        client = TenantClient(account.user, settings or ClientSettings())
        return oauth_client_of(client, account.secret_hash)

    async def add_tenant(self, tenant: Tenant) -> None:
        self._transaction.change_policy()
        if await self.tenant_with_slug(tenant.slug) is not None:
            raise TenantSlugTaken(tenant.slug)
        self._state.tenants[tenant.tenant_id] = tenant

    async def tenant(self, tenant_id: TenantId) -> Tenant:
        return await self.records(tenant_id).tenant()

    async def tenant_with_slug(self, slug: str) -> Tenant | None:
        return next((known for known in self._state.tenants.values() if known.slug == slug), None)

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        tenants = sorted(self._state.tenants.values(), key=lambda tenant: tenant.slug)
        return [tenant for tenant in tenants if tenant.slug > after][:limit]

    async def tenant_of_client(self, client_id: str) -> TenantId | None:
        for account in self._state.accounts.values():
            if account.user.kind is UserKind.CLIENT and account.user.user_id == client_id:
                return account.user.tenant_id
        return None

    async def tenant_of_refresh_token(self, digest: str) -> TenantId | None:
        for tenant_id, known in self._state.refresh_tokens:
            if known == digest:
                return TenantId(tenant_id)
        return None

    async def api_key_with_digest(self, digest: str) -> ApiKey | None:
        keys = self._state.api_keys.values()
        return next((key for key in keys if key.digest == digest), None)

    async def tenant_of_account_code(self, digest: str) -> TenantId | None:
        for (tenant_id, _, _), code in self._state.account_codes.items():
            if code.digest == digest:
                return TenantId(tenant_id)
        return None

    async def tenant_of_federated_login(self, state_digest: str) -> TenantId | None:
        logins = self._state.federation.logins
        return next((TenantId(tenant) for tenant, known in logins if known == state_digest), None)

    async def delete_federated_logins(self, before: datetime) -> int:
        logins = self._state.federation.logins
        over = [key for key, login in logins.items() if login.expire_time < before]
        for key in over:
            del logins[key]
        return len(over)

    async def login_failures(self, account: str) -> LoginFailures | None:
        return self._state.failures.get(account)

    async def keep_login_failures(self, account: str, failures: LoginFailures) -> None:
        self._state.failures[account] = failures

    async def forget_login_failures(self, account: str) -> None:
        self._state.failures.pop(account, None)

    async def signing_keys(self) -> list[SigningKey]:
        return sorted(
            self._state.signing_keys.values(),
            key=lambda key: (key.create_time, key.key_id),
            reverse=True,
        )

    async def lock_signing_keys(self) -> None:
        pass

    async def retire_signing_key(self, key_id: str, retire_time: datetime) -> None:
        key = self._state.signing_keys[key_id]
        self._state.signing_keys[key_id] = replace(key, retire_time=retire_time)

    async def delete_signing_keys(self, retired_before: datetime) -> None:
        self._state.signing_keys = {
            key_id: key
            for key_id, key in self._state.signing_keys.items()
            if key.retire_time is None or key.retire_time >= retired_before
        }

    async def add_signing_key(self, key: SigningKey) -> None:
        self._state.signing_keys[key.key_id] = key

    async def policy_version(self) -> int:
        return self._state.policy_version

    async def seal_policy(self, *, is_trusted: bool) -> None:
        """Nobody else can reach what this store holds."""

    async def policy(
        self,
        ended_since: datetime,
        known: Policy | None = None,
        *,
        keep_rules: bool = False,
        touched: Mapping[int, frozenset[Holder]] | None = None,
    ) -> Policy:
        del known, keep_rules, touched
        rules: defaultdict[Holder, set[Rule]] = defaultdict(set)
        for (tenant_id, _), role in self._state.roles.items():
            rules[Holder(TenantId(tenant_id))] |= {
                grant(tenant_id, role.name, permission) for permission in role.permissions
            }
        for user in (account.user for account in self._state.accounts.values()):
            rules[Holder(user.tenant_id, user.user_id)] |= {
                membership(user.tenant_id, user.user_id, role) for role in user.roles
            }
        return Policy(
            self._state.policy_version,
            self._state.rules_version,
            {
                holder: HeldRules(frozenset(held), self._counts(holder))
                for holder, held in rules.items()
            },
            frozenset(
                EndedSession(session.tenant_id, session.session_id)
                for session in self._state.sessions.values()
                if session.end_time is not None and session.end_time >= ended_since
            ),
            frozenset(map(TenantId, self._state.deletions)),
        )

    def _counts(self, holder: Holder) -> bool:
        if self._state.tenants[holder.tenant_id].state is not TenantState.ACTIVE:
            return False
        if holder.user_id is None:
            return True
        return self._state.accounts[holder.tenant_id, holder.user_id].user.disable_time is None

    async def add_deletion(self, tenant_id: TenantId, now: datetime) -> None:
        self._transaction.prohibit()
        self._state.deletions.setdefault(tenant_id, Deletion(tenant_id, now))

    async def deletion(self, tenant_id: TenantId) -> Deletion | None:
        return self._state.deletions.get(tenant_id)

    async def deletions(self) -> list[Deletion]:
        return sorted(self._state.deletions.values(), key=lambda one: one.delete_time)

    async def confirm_purge(self, tenant_id: TenantId, service: str, now: datetime) -> None:
        del now
        known = self._state.deletions.get(tenant_id)
        if known is not None:
            confirmed = known.purged_services | {service}
            self._state.deletions[tenant_id] = replace(known, purged_services=confirmed)

    async def bury(self, tenant_id: TenantId, now: datetime) -> None:
        del now
        self._transaction.change_policy()
        self._state.deletions.pop(tenant_id, None)
        self._state.tenants.pop(tenant_id, None)
        self._state.buried.add(tenant_id)
        for rows in (
            self._state.roles,
            self._state.accounts,
            self._state.sessions,
            self._state.refresh_tokens,
        ):
            for key in [key for key in rows if key[0] == tenant_id]:
                del rows[key]

    async def delete_expired(self, sessions_before: datetime, failures_before: datetime) -> int:
        old_sessions = {
            key
            for key, session in self._state.sessions.items()
            if session.expire_time < sessions_before
            or (session.end_time is not None and session.end_time < sessions_before)
        }
        old_failures = {
            key
            for key, failures in self._state.failures.items()
            if failures.last_time < failures_before
        }
        old_codes = {
            key
            for key, code in self._state.account_codes.items()
            if code.expire_time < sessions_before
        }
        for code_key in old_codes:
            del self._state.account_codes[code_key]
        for key in old_sessions:
            del self._state.sessions[key]
        for account in old_failures:
            del self._state.failures[account]
        self._state.refresh_tokens = {
            (tenant_id, digest): token
            for (tenant_id, digest), token in self._state.refresh_tokens.items()
            if (tenant_id, token.session_id) in self._state.sessions
        }
        return len(old_sessions) + len(old_failures) + len(old_codes)


class FakeAuthStore:
    def __init__(self, policy_changed: PolicyChanged = lambda _: None) -> None:
        self.state = State()
        self._policy_changed = policy_changed
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def writing(self, tenant_id: TenantId) -> AsyncIterator[TenantRecords]:
        async with self._transaction() as transaction:
            yield FakeTenantRecords(transaction, tenant_id)

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[TenantRecords]:
        yield FakeTenantRecords(Transaction(copy.deepcopy(self.state)), tenant_id)

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Directory]:
        async with self._transaction() as transaction:
            yield FakeDirectory(transaction)

    @asynccontextmanager
    async def burial(self, tenant_id: TenantId) -> AsyncIterator[Directory]:
        del tenant_id
        async with self.directory() as directory:
            yield directory

    @asynccontextmanager
    async def reading_directory(self) -> AsyncIterator[Directory]:
        yield FakeDirectory(Transaction(copy.deepcopy(self.state)))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._one_at_a_time:
            transaction = Transaction(copy.deepcopy(self.state))
            yield transaction
            self.state = transaction.state
        if transaction.changed_policy:
            # It never says whose rules, so all are read anew.
            self._policy_changed(None)
