"""Believes tokens and decides permissions for auth's own server, from auth's own database.

A role that is taken away and a session that ends count here with the next call.
"""

from services.auth.domain import Policy, SessionId
from services.auth.policy_feed import PolicyFeed
from services.auth.ports import AuthStore
from services.auth.rules import rules_of
from services.auth.signing import KeyRing
from services.mesh.access import Access, policy_digest
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.errors import TokenInvalid
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
        self._loaded: Policy | None = None

    async def verify(self, token: str) -> TokenClaims:
        await self._keys.look_for(key_id(token))
        claims = self._verifier.verify(token)
        async with self._store.reading(claims.tenant_id) as records:
            session = await records.session(SessionId(claims.session_id or ""))
            version = await records.policy_version()
        if session is None or not session.is_open(self._clock()):
            raise TokenInvalid("The session of this token has ended.")
        await self._load_policy(version)
        return claims

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.permissions(tenant_id, user_id)

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.roles(tenant_id, user_id)

    async def _load_policy(self, version: int) -> None:
        if self._loaded is None or self._loaded.version < version:
            policy = await self._feed.current()
            rules = rules_of(policy)
            self._access.load(policy.version, policy_digest(rules), rules)
            self._loaded = policy
        self._access.hear()
