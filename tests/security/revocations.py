"""Takes something away, and asks each service how long it still allows what that allowed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from helpdesk.auth.v1 import api_key_service_pb2, token_service_pb2, user_service_pb2
from tests.security.kinds import a_missing_id
from tests.security.mutation import Change, changed_tree
from tests.security.progress import Progress
from tests.security.requests import a_request
from tests.security.rpcs import rpc
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import House, Person, Stage, patiently, running_stage

FIGURE = Figure("reads allowed 1 s after a revocation", "0 of 2,000", 2_000)
TRIALS = {Scale.FULL: 2_000, Scale.SHORT: 24}
_AT_ONCE = {Scale.FULL: 48, Scale.SHORT: 8}
_LIMIT_SECONDS = 1.0
_PAUSE_SECONDS = 0.04
_PATIENCE_SECONDS = 10.0

# Of each service, a question that its roles allow an agent, answered OK or NOT_FOUND.
_ASKED = {
    "auth": "GetIdentity",
    "ticket": "ListTickets",
    "search": "ListDocuments",
    "chat": "GetSession",
}
_ALLOWED = ("OK", "NOT_FOUND")

FORGETTING_SESSIONS = Change(
    "services/mesh/authority.py",
    "        self._check_session(claims.tenant_id, claims.session_id)\n        return claims\n",
    "        return claims\n",
)


@dataclass(frozen=True)
class Revocation:
    """One way to take access away: what is given first, and how it is taken."""

    what: str
    give: Callable[[Stage, House, Person], Awaitable["Held"]]


@dataclass(frozen=True)
class Held:
    token: str
    take: Callable[[], Awaitable[None]]
    give_back: Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """A new session needs nothing back."""


async def _a_session(stage: Stage, house: House, person: Person) -> Held:
    issued = await stage.login(person)

    async def take() -> None:
        request = token_service_pb2.RevokeTokenRequest(refresh_token=issued.refresh_token)
        answer = await patiently(lambda: stage.grpc_door.call("", rpc("RevokeToken"), request))
        assert answer.code == "OK", answer

    return Held(issued.access_token, take, _nothing)


async def _the_roles(stage: Stage, house: House, person: Person) -> Held:
    async def set_roles(*roles: str) -> None:
        request = user_service_pb2.SetUserRolesRequest(user_id=person.user_id, roles=roles)
        await stage.must(house["admin"], "SetUserRoles", request)

    return Held(await stage.token(person), set_roles, lambda: set_roles("agent"))


async def _the_account(stage: Stage, house: House, person: Person) -> Held:
    issued = await stage.login(person)

    async def take() -> None:
        request = user_service_pb2.DisableUserRequest(user_id=person.user_id)
        await stage.must(house["admin"], "DisableUser", request)

    async def give_back() -> None:
        request = user_service_pb2.EnableUserRequest(user_id=person.user_id)
        await stage.must(house["admin"], "EnableUser", request)
        # The session that this held has ended with all others.
        person.token_ends = 0.0

    return Held(issued.access_token, take, give_back)


async def _an_api_key(stage: Stage, house: House, person: Person) -> Held:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="A program",
        scopes=sorted(rpc(name).policy.permission for name in _ASKED.values()),
    )
    key = await stage.must(person, "CreateApiKey", wish)
    assert isinstance(key, api_key_service_pb2.ApiKey)
    grant = token_service_pb2.ApiKeyGrant(api_key=key.secret)
    issued = await stage.issue_token(token_service_pb2.IssueTokenRequest(api_key=grant))

    async def take() -> None:
        revoke = api_key_service_pb2.RevokeApiKeyRequest(api_key_id=key.api_key_id)
        await stage.must(house["admin"], "RevokeApiKey", revoke)

    return Held(issued.access_token, take, _nothing)


REVOCATIONS: Sequence[Revocation] = (
    Revocation("session ended", _a_session),
    Revocation("roles taken away", _the_roles),
    Revocation("user disabled", _the_account),
    Revocation("API key revoked", _an_api_key),
)


async def run(scale: Scale, seed: int) -> Outcome:
    async with running_stage() as stage:
        outcome = await revoke_and_read(stage, scale, seed)
    with changed_tree(FORGETTING_SESSIONS) as tree:
        async with running_stage(tree=tree) as stage:
            found = await revoke_and_read(stage, Scale.SHORT, seed)
    control = Control("the question whether the session has ended", caught=bool(found.failures))
    return Outcome(outcome.count, outcome.failures, control, outcome.details)


async def revoke_and_read(stage: Stage, scale: Scale, seed: int) -> Outcome:
    at_once, trials = _AT_ONCE[scale], TRIALS[scale]
    house = await stage.build_house({f"agent {number}": "agent" for number in range(at_once)})
    order = [REVOCATIONS[number % len(REVOCATIONS)] for number in range(trials)]
    Random(seed).shuffle(order)
    waiting = iter(order)
    progress = Progress("revocations", trials)
    failures: list[str] = []
    delays: dict[tuple[str, str], list[float]] = {}

    async def work(person: Person) -> None:
        # One revocation at a time for each person: the next needs what this one took.
        for revocation in waiting:
            held = await revocation.give(stage, house, person)
            await _until_allowed(stage, held.token)
            await held.take()
            found = await _delays(stage, held.token, time.perf_counter())
            for service, seconds in found.items():
                delays.setdefault((revocation.what, service), []).append(seconds)
                if seconds > _LIMIT_SECONDS:
                    failures.append(f"{revocation.what}: {service} allowed after {seconds:.2f} s")
            await held.give_back()
            progress.step()

    agents = [person for name, person in house.people.items() if name != "admin"]
    await asyncio.gather(*map(work, agents))
    return Outcome(trials, failures, Control("", caught=True), list(_distribution(delays)))


async def _until_allowed(stage: Stage, token: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for service in _ASKED:
        while not await _is_allowed(stage, token, service):
            assert time.monotonic() < deadline, f"{service} does not allow what was given"
            await asyncio.sleep(_PAUSE_SECONDS)


async def _delays(stage: Stage, token: str, taken_at: float) -> Mapping[str, float]:
    """How long after the answer the last read began that each service allowed."""

    async def last_allowed(service: str) -> float:
        last = 0.0
        while True:
            begun = time.perf_counter() - taken_at
            if await _is_allowed(stage, token, service):
                last = max(begun, 1e-6)
                if begun > 2 * _LIMIT_SECONDS:
                    return last
            elif begun > _LIMIT_SECONDS:
                return last
            else:
                # Refused once is not refused for good; the read after the limit decides.
                await asyncio.sleep(max(_PAUSE_SECONDS, _LIMIT_SECONDS - begun))
                continue
            await asyncio.sleep(_PAUSE_SECONDS)

    seconds = await asyncio.gather(*map(last_allowed, _ASKED))
    return dict(zip(_ASKED, seconds, strict=True))


async def _is_allowed(stage: Stage, token: str, service: str) -> bool:
    asked = rpc(_ASKED[service])
    request = a_request(asked, {"session_id": a_missing_id()})
    return (await stage.grpc_door.call(token, asked, request)).code in _ALLOWED


def _distribution(delays: Mapping[tuple[str, str], Sequence[float]]) -> Iterator[str]:
    yield "milliseconds from the answer to the last read that was allowed; 0 is none at all"
    for (what, service), seconds in sorted(delays.items()):
        ordered = sorted(seconds)

        def at(share: float, ordered: Sequence[float] = ordered) -> str:
            return f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000:5.0f}"

        yield (
            f"{what:<18} {service:<7} n {len(ordered):>5}  p50 {at(0.5)}  p95 {at(0.95)}  "
            f"p99 {at(0.99)}  max {at(1.0)}"
        )


SECTION = Section("revocations", FIGURE, run)
