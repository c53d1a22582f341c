"""What a server needs in order to believe tokens and decide; and how to have it from auth."""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Protocol, cast, runtime_checkable

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
)
from services.mesh.access import (
    STALE_AFTER_SECONDS,
    Access,
    PolicyRefused,
    Rule,
    SoundPolicy,
    grant,
    membership,
    sound_policy,
)
from services.mesh.caller import TenantId, UserId
from services.mesh.channel import connect
from services.mesh.clock import Clock, utc_now
from services.mesh.errors import MeshError, TokenInvalid
from services.mesh.settings import MeshSettings
from services.mesh.tokens import TokenClaims, TokenVerifier, key_id

log = structlog.get_logger()

_PolicyEvents = AsyncGenerator[policy_service_pb2.PolicyEvent, None]
_VERIFIED_TOKENS = 4096
_SECONDS_BETWEEN_KEY_FETCHES = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class Authority(Protocol):
    async def verify(self, token: str) -> TokenClaims:
        """Raises Unauthenticated for a token that is not to be believed."""

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """Everything the policy grants the user in the tenant. Raises Unavailable when unsure."""

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """The roles that the policy gives the user now. Raises Unavailable when unsure."""


@runtime_checkable
class KeepsCurrent(Protocol):
    """An authority that has to be kept running beside the server."""

    async def run(self) -> None:
        """Runs until cancelled."""

    async def wait_until_current(self) -> None:
        """Returns once it can decide."""

    async def close(self) -> None:
        """Called once, after the last call."""


class RemoteAuthority:
    """Keys and policy from the auth service; decides by itself between two words from there."""

    def __init__(
        self,
        settings: MeshSettings,
        *,
        caller_service: str,
        access: Access | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._channel = connect(settings, caller_service=caller_service, peer="auth")
        self._tokens = token_service_pb2_grpc.TokenServiceStub(self._channel)
        self._policy = policy_service_pb2_grpc.PolicyServiceStub(self._channel)
        self._access = access or Access()
        self._clock = clock
        self._verifier = TokenVerifier(settings.issuer, self._find_key, clock)
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._keys_fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._verified: OrderedDict[str, TokenClaims] = OrderedDict()
        self._loaded = asyncio.Event()
        self._pause = _FIRST_PAUSE

    async def verify(self, token: str) -> TokenClaims:
        known = self._verified.get(token)
        if known is not None:
            if self._clock() >= known.expires_at:
                raise TokenInvalid("The access token is not valid.")
            return known
        if key_id(token) not in self._keys:
            await self._fetch_keys()
        claims = self._verifier.verify(token)
        self._verified[token] = claims
        if len(self._verified) > _VERIFIED_TOKENS:
            self._verified.popitem(last=False)
        return claims

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.permissions(tenant_id, user_id)

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.roles(tenant_id, user_id)

    async def wait_until_current(self) -> None:
        await self._loaded.wait()

    async def run(self) -> None:
        """Follows the policy stream, and comes back to it with growing pauses when it breaks."""
        while True:
            try:
                await self._fetch_keys()
                await self._follow()
            except (MeshError, PolicyRefused, TimeoutError) as error:
                log.warning("the policy stream broke", error=type(error).__name__)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def close(self) -> None:
        await self._channel.close()

    def _find_key(self, name: str) -> EllipticCurvePublicKey | None:
        return self._keys.get(name)

    async def _follow(self) -> None:
        stream = self._policy.WatchPolicy(policy_service_pb2.WatchPolicyRequest())
        async with aclosing(cast("_PolicyEvents", stream)) as events:
            while True:
                # A connection can stay open and silent for ever; the policy may not.
                async with asyncio.timeout(STALE_AFTER_SECONDS):
                    event = await anext(events, None)
                if event is None or not await self._take(event):
                    return
                self._pause = _FIRST_PAUSE

    async def _take(self, event: policy_service_pb2.PolicyEvent) -> bool:
        """Whether the stream is still good."""
        if event.WhichOneof("event") == "heartbeat":
            if event.heartbeat.version != self._access.version:
                return False
            self._access.hear()
        elif event.WhichOneof("event") == "snapshot":
            snapshot = event.snapshot
            # A large policy takes long enough to check that other calls would notice.
            self._access.install(await asyncio.to_thread(_checked, snapshot))
            self._loaded.set()
        return True

    async def _fetch_keys(self) -> None:
        async with self._fetching:
            # Tokens with made-up key names must not make us ask auth once for each.
            if time.monotonic() - self._keys_fetched_at < _SECONDS_BETWEEN_KEY_FETCHES:
                return
            answer = await self._tokens.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
            self._keys_fetched_at = time.monotonic()
            keys = {key.kid: public_key(key) for key in answer.keys}
            if keys.keys() != self._keys.keys():
                # A withdrawn key takes its tokens with it.
                self._verified.clear()
            self._keys = keys


def _checked(snapshot: policy_service_pb2.PolicySnapshot) -> SoundPolicy:
    return sound_policy(snapshot.version, snapshot.digest, rules_of(snapshot.rules))


def rules_of(rules: Iterable[policy_service_pb2.PolicyRule]) -> list[Rule]:
    """Raises PolicyRefused for a kind of rule that we do not know: it might be a prohibition."""
    known = []
    for rule in rules:
        match rule.WhichOneof("rule"):
            case "grant":
                known.append(grant(rule.tenant_id, rule.grant.role, rule.grant.permission))
            case "membership":
                member = rule.membership
                known.append(membership(rule.tenant_id, member.user_id, member.role))
            case _:
                raise PolicyRefused("a rule of the policy is of an unknown kind")
    return known


def public_key(key: token_service_pb2.JsonWebKey) -> EllipticCurvePublicKey:
    if (key.kty, key.crv, key.alg) != ("EC", "P-256", "ES256"):
        raise PolicyRefused("a signing key is of an unknown kind")
    x, y = (int.from_bytes(urlsafe_b64decode(part + "==")) for part in (key.x, key.y))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
