"""Hostile tokens and flipped bits, at the gateway and at each service's own port."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import grpc.aio

from tests.security.hostile_tokens import (
    FIVE,
    Mint,
    b64,
    hostile_tokens,
    plain_recipe_accepts,
    unb64,
)
from tests.security.http import HttpClient, HttpRequest
from tests.security.minting import mint_for
from tests.security.progress import Progress
from tests.security.rpcs import rpc
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import SERVICES, Stage, running_stage

FIGURE = Figure("hostile tokens, at Envoy and each service", "0 accepted", 100_000)
FLIPS = {Scale.FULL: 100_000, Scale.SHORT: 300}

REFUSED = "refused"
ACCEPTED = "ACCEPTED"
_FLIPS_OF_ONE_TOKEN = 2_000
_AT_ONCE = 12
_CALL_SECONDS = 30
# Of each service, an RPC that needs a token and no field.
_ASKED = {
    "auth": "GetIdentity",
    "ticket": "ListTickets",
    "search": "ListDocuments",
    "chat": "CreateSession",
}


@dataclass(frozen=True)
class Verdict:
    outcome: str
    by: str = ""
    """Who refused it: Envoy itself, or a service."""


class Gateway:
    name = "gateway"

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def judge(self, token: str) -> Verdict:
        headers = [("authorization", f"Bearer {token}")]
        answer = await self._client.send(HttpRequest("GET", "/v1/tickets", b""), headers)
        if answer.status == 200:
            return Verdict(ACCEPTED)
        if answer.status != 401:
            return Verdict(f"HTTP {answer.status}")
        # Only the gateway's own refusals carry Envoy's word for the cause.
        return Verdict(REFUSED, "Envoy" if b'"detail"' in answer.body else "ticket")


class Service:
    def __init__(self, name: str, channel: grpc.aio.Channel) -> None:
        self.name = name
        self._call: Any = channel.unary_unary(rpc(_ASKED[name]).path)

    async def judge(self, token: str) -> Verdict:
        metadata = (("authorization", f"Bearer {token}"),)
        try:
            await self._call(b"", metadata=metadata, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                return Verdict(REFUSED, self.name)
            return Verdict(error.code().name)
        return Verdict(ACCEPTED)


Point = Gateway | Service


def points_of(stage: Stage) -> list[Point]:
    services = [Service(name, stage.service_channels[name]) for name in SERVICES]
    return [Gateway(stage.rest), *services]


async def run(scale: Scale, seed: int) -> Outcome:
    async with running_stage() as stage:
        return await attack(stage, scale, seed)


async def attack(stage: Stage, scale: Scale, seed: int) -> Outcome:
    house = await stage.build_house({})
    mint = await mint_for(stage, house["admin"])
    points = points_of(stage)
    forms = hostile_tokens(mint)
    accepted = [name for name in FIVE if plain_recipe_accepts(mint, forms[name])]
    failures, details = await _good_and_bad(points, mint, forms)
    failures += await _flips(points, mint, FLIPS[scale], Random(seed))
    others = await _secrets_that_are_no_tokens(stage, house.slug)
    for name, secret in others.items():
        failures += _wrong(name, await _judge(points, secret), REFUSED)
    control = Control("strictness, as in PyJWT's plain recipe", caught=accepted == list(FIVE))
    count = FLIPS[scale] + len(forms) + len(others)
    return Outcome(count, failures, control, details)


async def _good_and_bad(
    points: list[Point], mint: Mint, forms: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    failures = _wrong("a good token", await _judge(points, mint.token()), ACCEPTED)
    early = mint.payload(nbf=mint.now() + 29)
    failures += _wrong("nbf 29 s ahead", await _judge(points, mint.token(None, early)), ACCEPTED)
    by = Counter[str]()
    lines = []
    for name, token in forms.items():
        verdicts = await _judge(points, token)
        failures += _wrong(name, verdicts, REFUSED)
        by[verdicts["gateway"].by] += 1
        lines.append(f"{name:<34} {_told(verdicts)}")
    told = ", ".join(f"{count} by {name}" for name, count in by.most_common())
    summary = f"{len(forms)} forms at {len(points)} points; through the gateway refused {told}"
    return failures, [summary, *lines]


async def _flips(points: list[Point], mint: Mint, count: int, random: Random) -> list[str]:
    """Each flipped token at every point; a batch is over long before its token ends."""
    failures: list[str] = []
    progress = Progress("flipped bits at each point", count * len(points))
    for first in range(0, count, _FLIPS_OF_ONE_TOKEN):
        good = mint.token()
        failures += _wrong("a token before its flips", await _judge(points, good), ACCEPTED)
        batch = [flipped(good, random) for _ in range(min(_FLIPS_OF_ONE_TOKEN, count - first))]

        async def work(point: Point, share: list[str]) -> list[str]:
            found = []
            for token in share:
                verdict = await point.judge(token)
                progress.step()
                if verdict.outcome != REFUSED:
                    found.append(f"{verdict.outcome} at {point.name}: {token}")
            return found

        shares = [(point, batch[one::_AT_ONCE]) for point in points for one in range(_AT_ONCE)]
        for found in await asyncio.gather(*(work(*share) for share in shares)):
            failures += found
        failures += _wrong("a token after its flips", await _judge(points, good), ACCEPTED)
    return failures


def flipped(token: str, random: Random) -> str:
    """One bit of what a segment says, or of how it is written, where that stays printable."""
    if random.random() < 0.5:
        parts = token.split(".")
        which = random.randrange(3)
        content = bytearray(unb64(parts[which]))
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        parts[which] = b64(bytes(content))
        return ".".join(parts)
    while True:
        place, bit = random.randrange(len(token)), 1 << random.randrange(7)
        sign = chr(ord(token[place]) ^ bit)
        if sign.isprintable() and sign != " ":
            return token[:place] + sign + token[place + 1 :]


async def _secrets_that_are_no_tokens(stage: Stage, slug: str) -> dict[str, str]:
    admin = next(iter((await stage.build_house({})).people.values()))
    issued = await stage.login(admin)
    return {
        "a refresh token": issued.refresh_token,
        "a password": admin.password.replace(" ", "-"),
        "the tenant": slug,
    }


def _told(verdicts: Mapping[str, Verdict]) -> str:
    if all(verdict.outcome == REFUSED for verdict in verdicts.values()):
        return f"refused everywhere, at the gateway by {verdicts['gateway'].by}"
    return ", ".join(f"{verdict.outcome} at {point}" for point, verdict in verdicts.items())


async def _judge(points: list[Point], token: str) -> dict[str, Verdict]:
    return {point.name: await point.judge(token) for point in points}


def _wrong(name: str, verdicts: Mapping[str, Verdict], wanted: str) -> list[str]:
    return [
        f"{name}: {verdict.outcome} at {point}, wanted {wanted}"
        for point, verdict in verdicts.items()
        if verdict.outcome != wanted
    ]


SECTION = Section("tokens", FIGURE, run)
