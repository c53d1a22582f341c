"""Believes tokens and decides permissions for auth's own server, from auth's own database.

A role that is taken away and a session that ends count here with the next call.
"""

from collections.abc import Callable

from services.auth.domain import Policy, SessionId
from services.auth.policy_feed import PolicyFeed
from services.auth.ports import AuthStore
from services.auth.rules import difference, prohibitions_of, rules_of
from services.auth.signing import KeyRing
from services.mesh.access import Access
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.errors import TokenInvalid
from services.mesh.revocations import Revocations
from services.mesh.tokens import TokenClaims, TokenVerifier, key_id


class LocalAuthority:
    def __init__(
        self, store: AuthStore, keys: KeyRing, feed: PolicyFeed, clock: Clock, issuer: str
    ) -> None:
        self._store = store
        self._keys = keys
        self._feed = feed
        self._clock = clock
        self._verifier = TokenVerifier(issuer, keys.find_key, clock)
        self._access = Access()
        self._revocations = Revocations()
        self._loaded: Policy | None = None

    async def verify(self, token: str) -> TokenClaims:
        await self._keys.look_for(key_id(token))
        claims = self._verifier.verify(token)
        async with self._store.reading(claims.tenant_id) as records:
            session = await records.session(SessionId(claims.session_id))
            version = await records.policy_version()
        if session is None or not session.is_open(self._clock()):
            raise TokenInvalid("The session of this token has ended.")
        await self._load_policy(version)
        return claims

    def session_check(self, tenant_id: TenantId, session_id: str) -> Callable[[], None]:
        def check() -> None:
            self._access.require_current()
            if self._revocations.has_ended(tenant_id, session_id):
                raise TokenInvalid("The session of this token has ended.")

        return check

    async def run(self) -> None:
        """Follows the policy for what runs longer than a call."""
        async for policy in self._feed.listen():
            if policy is not None:
                self._take(policy)
            self._access.hear()

    async def wait_until_current(self) -> None:
        """Each call looks into the database, so there is nothing to wait for."""

    async def close(self) -> None:
        """Nothing is open."""

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.permissions(tenant_id, user_id)

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.roles(tenant_id, user_id)

    async def _load_policy(self, version: int) -> None:
        if self._loaded is None or self._loaded.version < version:
            self._take(await self._feed.current())
        self._access.hear()

    def _take(self, policy: Policy) -> None:
        known = self._loaded
        if known is not None and (known.version, known.rules_version) >= (
            policy.version,
            policy.rules_version,
        ):
            return
        self._revocations.install(frozenset(prohibitions_of(policy)))
        if known is None:
            self._access.install(policy.version, rules_of(policy))
        else:
            change = difference(known, policy)
            self._access.amend(policy.version, change.added, change.removed)
        self._loaded = policy
