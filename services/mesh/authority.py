"""What a server needs in order to believe tokens and decide; and how to have it from auth."""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
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
    purge_service_pb2,
    purge_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
)
from services.mesh.access import STALE_AFTER_SECONDS, Access
from services.mesh.caller import TenantId, UserId
from services.mesh.channel import connect
from services.mesh.clock import Clock, utc_now
from services.mesh.errors import MeshError, PolicyUnavailable, TokenInvalid
from services.mesh.ids import new_id
from services.mesh.policy import PolicyRefused, Rule, sound_change, sound_policy
from services.mesh.policy_messages import rules_of
from services.mesh.revocations import Revocations
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

    def session_check(self, tenant_id: TenantId, session_id: str) -> Callable[[], None]:
        """For what runs longer than a call: asks again whether the session goes on.

        What is returned raises Unauthenticated when it has ended, Unavailable when unsure.
        """


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
        self._purges = purge_service_pb2_grpc.PurgeServiceStub(self._channel)
        self._access = access or Access()
        self._policy_sum = 0
        self._parts: list[Rule] = []
        self._revocations = Revocations()
        self._clock = clock
        self._verifier = TokenVerifier(settings.issuer, self._find_key, clock)
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._keys_fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._verified: OrderedDict[str, TokenClaims] = OrderedDict()
        self._loaded = asyncio.Event()
        self._changed = asyncio.Condition()
        self._pause = _FIRST_PAUSE
        self._confirming: asyncio.Task[None] | None = None

    async def verify(self, token: str) -> TokenClaims:
        known = self._verified.get(token)
        claims = await self._read(token) if known is None else known
        if self._clock() >= claims.expires_at:
            raise TokenInvalid("The access token is not valid.")
        self._check_session(claims.tenant_id, claims.session_id)
        return claims

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.permissions(tenant_id, user_id)

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        return self._access.roles(tenant_id, user_id)

    def session_check(self, tenant_id: TenantId, session_id: str) -> Callable[[], None]:
        gaps = self._access.gaps

        def check() -> None:
            self._access.require_current()
            if self._access.gaps != gaps:
                # An ending that fell into the gap would be unknown here by now.
                raise PolicyUnavailable("The access policy was not available for a while.")
            self._check_session(tenant_id, session_id)

        return check

    async def wait_until_current(self) -> None:
        await self._loaded.wait()

    async def next_deletions(self, known: frozenset[TenantId]) -> frozenset[TenantId]:
        """The tenants that are being deleted, once they are others than these."""
        await self._loaded.wait()
        async with self._changed:
            await self._changed.wait_for(lambda: self._revocations.deleted_tenants != known)
        return self._revocations.deleted_tenants

    async def confirm_purge(self, tenant_id: TenantId) -> None:
        await self._purges.ConfirmPurge(purge_service_pb2.ConfirmPurgeRequest(tenant_id=tenant_id))

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

    async def _read(self, token: str) -> TokenClaims:
        if key_id(token) not in self._keys:
            await self._fetch_keys()
        claims = self._verifier.verify(token)
        self._verified[token] = claims
        if len(self._verified) > _VERIFIED_TOKENS:
            self._verified.popitem(last=False)
        return claims

    def _check_session(self, tenant_id: str, session_id: str) -> None:
        if self._revocations.has_ended(tenant_id, session_id):
            raise TokenInvalid("The session of this token has ended.")

    def _find_key(self, name: str) -> EllipticCurvePublicKey | None:
        return self._keys.get(name)

    async def _follow(self) -> None:
        watch_id = new_id()
        self._parts.clear()
        confirmed = 0
        stream = self._policy.WatchPolicy(policy_service_pb2.WatchPolicyRequest(watch_id=watch_id))
        async with aclosing(cast("_PolicyEvents", stream)) as events:
            while True:
                # A connection can stay open and silent for ever; the policy may not.
                async with asyncio.timeout(STALE_AFTER_SECONDS):
                    event = await anext(events, None)
                if event is None or not await self._take(event):
                    return
                if self._access.version != confirmed:
                    confirmed = self._access.version
                    # Beside the stream: the next event may be a revocation, too.
                    self._confirming = asyncio.create_task(self._confirm(watch_id))
                self._pause = _FIRST_PAUSE

    async def _confirm(self, watch_id: str) -> None:
        request = policy_service_pb2.ConfirmPolicyRequest(
            watch_id=watch_id, version=self._access.version
        )
        try:
            await self._policy.ConfirmPolicy(request)
        except MeshError as error:
            log.warning("a policy could not be confirmed", error=error.reason)

    async def _take(self, event: policy_service_pb2.PolicyEvent) -> bool:
        """Whether the stream is still good."""
        if event.WhichOneof("event") == "heartbeat":
            if event.heartbeat.version != self._access.version:
                return False
            self._access.hear()
        elif event.WhichOneof("event") == "snapshot":
            await self._collect(event.snapshot)
        elif event.WhichOneof("event") == "change" and not self._amend(event.change):
            return False
        async with self._changed:
            self._changed.notify_all()
        return True

    async def _collect(self, snapshot: policy_service_pb2.PolicySnapshot) -> None:
        self._parts += rules_of(snapshot.rules)
        if snapshot.is_partial:
            return
        rules, self._parts = self._parts, []
        # A large policy takes long enough to check that other calls would notice.
        policy = await asyncio.to_thread(sound_policy, snapshot.version, snapshot.digest, rules)
        self._policy_sum = policy.total
        self._revocations.install(policy.prohibitions)
        self._access.install(policy.version, policy.allowing)
        self._loaded.set()

    def _amend(self, change: policy_service_pb2.PolicyChange) -> bool:
        if change.base_version != self._access.version:
            return False
        sound = sound_change(
            self._policy_sum,
            change.version,
            change.digest,
            rules_of(change.added),
            rules_of(change.removed),
        )
        self._policy_sum = sound.total
        self._revocations.install(sound.after(self._revocations.prohibitions))
        self._access.amend(sound.version, sound.added, sound.removed)
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


def public_key(key: token_service_pb2.JsonWebKey) -> EllipticCurvePublicKey:
    if (key.kty, key.crv, key.alg) != ("EC", "P-256", "ES256"):
        raise PolicyRefused("a signing key is of an unknown kind")
    x, y = (int.from_bytes(urlsafe_b64decode(part + "==")) for part in (key.x, key.y))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
