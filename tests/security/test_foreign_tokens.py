"""Tokens of an identity provider that the tenant trusts: exchanged at auth, believed by nobody."""

import time
from collections.abc import Iterator

import pytest

from helpdesk.auth.v1 import (
    identity_provider_service_pb2,
    identity_provider_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
)
from helpdesk.auth.v1.identity_provider_pb2 import IdentityProvider
from tests.auth.foreign_tokens import ForeignKey, a_key, good_claims, signed
from tests.auth.running_auth import bearer
from tests.identity_provider.process import (
    CLIENT_ID,
    CLIENT_SECRET,
    ExternalProvider,
    external_provider,
)
from tests.security.minting import mint_for
from tests.security.stage import House, Stage
from tests.security.tokens import ACCEPTED, REFUSED, Verdict, points_of


@pytest.fixture(scope="module")
def external() -> Iterator[ExternalProvider]:
    with external_provider() as external:
        yield external


async def trust(stage: Stage, house: House, external: ExternalProvider) -> None:
    stub = identity_provider_service_pb2_grpc.IdentityProviderServiceStub(stage.channel)
    await stub.CreateIdentityProvider(
        identity_provider_service_pb2.CreateIdentityProviderRequest(
            identity_provider=IdentityProvider(
                display_name="Company",
                issuer=external.issuer,
                client_id=CLIENT_ID,
                client_secret=CLIENT_SECRET,
                default_roles=["agent"],
                creates_users=True,
                exchanges_tokens=True,
            )
        ),
        metadata=bearer(await stage.token(house["admin"])),
    )


async def verdicts(stage: Stage, token: str) -> dict[str, Verdict]:
    return {point.name: await point.judge(token) for point in points_of(stage)}


async def outcomes(stage: Stage, token: str) -> set[str]:
    return {verdict.outcome for verdict in (await verdicts(stage, token)).values()}


async def test_a_foreign_token_is_refused_at_every_door_and_its_exchange_is_not(
    stage: Stage, external: ExternalProvider
) -> None:
    house = await stage.build_house({})
    await trust(stage, house, external)
    foreign = external.id_token("ada")
    assert await outcomes(stage, foreign) == {REFUSED}

    tokens = token_service_pb2_grpc.TokenServiceStub(stage.channel)
    grant = token_service_pb2.TokenExchangeGrant(tenant_slug=house.slug, subject_token=foreign)
    own = await tokens.IssueToken(token_service_pb2.IssueTokenRequest(token_exchange=grant))
    assert own.refresh_token == ""
    # The user is new: the services hear of the roles within a second.
    deadline = time.monotonic() + 10
    while await outcomes(stage, own.access_token) != {ACCEPTED}:
        assert time.monotonic() < deadline


async def test_a_foreign_key_gets_nowhere_with_our_own_claims(
    stage: Stage, external: ExternalProvider
) -> None:
    house = await stage.build_house({})
    await trust(stage, house, external)
    mint = await mint_for(stage, house["admin"])
    ours = dict(mint.payload())
    assert await outcomes(stage, mint.token()) == {ACCEPTED}
    es256 = a_key("ES256", "foreign")
    under_our_name = ForeignKey("ES256", mint.key_id, es256.private)
    issuer = {"iss": external.issuer}
    for name, token in {
        "our claims, their key": signed(ours, es256, typ="at+jwt"),
        "our claims, their key under our key's name": signed(ours, under_our_name, typ="at+jwt"),
        "our claims, their algorithm": signed(ours, a_key("RS256", mint.key_id), typ="at+jwt"),
        "our key, their issuer": mint.token(None, mint.payload(**issuer)),
        "their issuer's claims, our form": signed(
            {**good_claims(), **issuer}, under_our_name, typ="at+jwt"
        ),
        "their token, with our header": _with_header(external.id_token("ada"), mint.token()),
    }.items():
        assert await outcomes(stage, token) == {REFUSED}, name


async def test_a_token_of_ours_cannot_be_exchanged(
    stage: Stage, external: ExternalProvider
) -> None:
    house = await stage.build_house({})
    await trust(stage, house, external)
    tokens = token_service_pb2_grpc.TokenServiceStub(stage.channel)
    own = await stage.token(house["admin"])
    grant = token_service_pb2.TokenExchangeGrant(tenant_slug=house.slug, subject_token=own)
    with pytest.raises(Exception, match="not believed"):
        await tokens.IssueToken(token_service_pb2.IssueTokenRequest(token_exchange=grant))


def _with_header(token: str, other: str) -> str:
    return ".".join([other.split(".", maxsplit=1)[0], *token.split(".")[1:]])
