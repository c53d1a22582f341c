"""Ends sessions in every way there is and watches how long their tokens are still believed."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.auth.v1 import token_service_pb2
from services.auth.domain import OWN_CLIENT, SessionId
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import utc_now
from services.mesh.tokens import TokenClaims
from tests.auth.believers import Believer
from tests.auth.running_auth import Person, RunningAuth

LIMIT_SECONDS = 1.0
WAYS = ("logout", "session", "user", "client", "tenant")


@dataclass
class Revoked:
    count: int
    seed: int
    allowed_too_long: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.count} revocations, seed {self.seed}: {len(self.allowed_too_long)} still "
            f"believed after {LIMIT_SECONDS:.0f} s, the slowest took "
            f"{self.slowest_seconds * 1000:.0f} ms"
        )


async def revoke_often(
    auth: RunningAuth, services: Sequence[Believer], people: Sequence[Person], count: int, seed: int
) -> Revoked:
    """Each time: log in, be let in everywhere, be logged out, and try everywhere again."""
    dice = random.Random(seed)  # noqa: S311 - for tests that can be repeated
    revoked = Revoked(count, seed)
    for _ in range(count):
        known = dice.choice(people)
        person = await auth.log_in(known.slug, known.user.email)
        for service in services:
            assert await service.lets_in(person.metadata), service.name
        way = dice.choice(WAYS)
        await _end(auth, person, way)
        answered = time.monotonic()
        still_in = await _watch(services, person, answered + LIMIT_SECONDS)
        revoked.allowed_too_long += [f"{name} after {way}" for name in still_in]
        revoked.slowest_seconds = max(revoked.slowest_seconds, time.monotonic() - answered)
    return revoked


async def _end(auth: RunningAuth, person: Person, way: str) -> None:
    claims = await claims_of(auth, person)
    if way == "logout":
        await auth.tokens.RevokeToken(
            token_service_pb2.RevokeTokenRequest(refresh_token=person.refresh_token)
        )
        return
    now = utc_now()
    async with auth.auth.store.writing(TenantId(claims.tenant_id)) as records:
        match way:
            case "session":
                await records.end_session(SessionId(claims.session_id), now)
            case "user":
                await records.end_sessions_of_user(UserId(claims.user_id), now)
            case "client":
                await records.end_sessions_of_client(OWN_CLIENT, now)
            case _:
                await records.end_sessions_of_tenant(now)


async def claims_of(auth: RunningAuth, person: Person) -> TokenClaims:
    token = person.metadata[0][1].removeprefix("Bearer ")
    return await auth.auth.authority.verify(token)


async def _watch(services: Sequence[Believer], person: Person, until: float) -> list[str]:
    """The services that still let in when the time is up."""
    waiting = list(services)
    while waiting:
        waiting = [service for service in waiting if await service.lets_in(person.metadata)]
        if waiting and time.monotonic() > until:
            break
        await asyncio.sleep(0)
    return [service.name for service in waiting]
