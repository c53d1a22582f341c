"""The token RPCs on a real server."""

from datetime import timedelta

import jwt
import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import token_service_pb2, token_service_pb2_grpc, user_service_pb2
from services.auth.domain import ACCESS_TOKEN_LIFE, FREE_LOGIN_FAILURES
from services.mesh.authority import public_key
from services.mesh.clock import utc_now
from services.mesh.tokens import TOKEN_TYPE, TokenVerifier
from tests.auth.builders import PASSWORD
from tests.auth.running_auth import Person, RunningAuth, a_slug, bearer, password_grant
from tests.support.mesh_server import refused

WHO = token_service_pb2.GetIdentityRequest()


def refreshing(token: str) -> token_service_pb2.RefreshTokenRequest:
    return token_service_pb2.RefreshTokenRequest(refresh_token=token)


def revoking(token: str) -> token_service_pb2.RevokeTokenRequest:
    return token_service_pb2.RevokeTokenRequest(refresh_token=token)


def client_grant(client_id: str, secret: str) -> token_service_pb2.IssueTokenRequest:
    return token_service_pb2.IssueTokenRequest(
        client_credentials=token_service_pb2.ClientCredentialsGrant(
            client_id=client_id, client_secret=secret
        )
    )


async def older(auth: RunningAuth, token: str, age: timedelta) -> str:
    """The same token as if it had been signed that long ago by today's key."""
    claims = jwt.decode(token, options={"verify_signature": False})
    for name in ("iat", "nbf", "exp"):
        claims[name] -= int(age.total_seconds())
    return await auth.auth.keys.sign_claims(claims, TOKEN_TYPE, utc_now())


async def make_client(auth: RunningAuth, admin: Person) -> user_service_pb2.Client:
    return await auth.users.CreateClient(
        user_service_pb2.CreateClientRequest(display_name="Robot", roles=["agent"]),
        metadata=admin.metadata,
    )


async def test_a_password_gives_a_token_that_the_published_keys_verify(auth: RunningAuth) -> None:
    admin = await auth.admin()
    token = await auth.tokens.IssueToken(password_grant(admin.slug, "ADA@example.com"))
    keys = await auth.tokens.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
    find_key = {key.kid: public_key(key) for key in keys.keys}.get
    claims = TokenVerifier(auth.settings.issuer, find_key).verify(token.access_token)
    assert claims.user_id == admin.user.user_id
    assert claims.roles == {"admin"}
    assert token.token_type == "Bearer"
    assert token.refresh_token
    remaining = token.expire_time.ToDatetime(utc_now().tzinfo) - utc_now()
    assert timedelta() < remaining <= ACCESS_TOKEN_LIFE


@pytest.mark.parametrize(
    ("is_known", "email", "password"),
    [
        (True, "ada@example.com", "wrong horse"),
        (True, "eve@example.com", PASSWORD),
        (False, "ada@example.com", PASSWORD),
    ],
)
async def test_wrong_credentials_are_refused_alike(
    auth: RunningAuth, is_known: bool, email: str, password: str
) -> None:
    slug = (await auth.admin()).slug if is_known else a_slug()
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG") as refusals:
        await auth.tokens.IssueToken(password_grant(slug, email, password))
    assert refusals[0].domain == "helpdesk.auth"
    assert refusals[0].metadata == {}
    assert refusals[0].message == "These credentials do not belong together."


async def test_another_tenants_user_cannot_log_in_here(auth: RunningAuth) -> None:
    here, there = await auth.admin(), await auth.admin()
    stranger = await auth.colleague(there, "agent")
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(password_grant(here.slug, stranger.user.email))


async def test_guessing_is_throttled_and_told_how_long(auth: RunningAuth) -> None:
    slug = (await auth.admin()).slug
    for _ in range(FREE_LOGIN_FAILURES):
        with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
            await auth.tokens.IssueToken(password_grant(slug, "ada@example.com", "wrong horse"))
    with refused(StatusCode.RESOURCE_EXHAUSTED, "LOGIN_THROTTLED") as refusals:
        await auth.tokens.IssueToken(password_grant(slug, "ada@example.com"))
    assert refusals[0].retry_after is not None
    assert timedelta() < refusals[0].retry_after <= timedelta(seconds=1)


async def test_a_request_without_a_grant_is_refused(auth: RunningAuth) -> None:
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await auth.tokens.IssueToken(token_service_pb2.IssueTokenRequest())


async def test_a_client_logs_in_with_its_secret(auth: RunningAuth) -> None:
    admin = await auth.admin()
    client = await make_client(auth, admin)
    token = await auth.tokens.IssueToken(client_grant(client.client_id, client.client_secret))
    assert token.refresh_token == ""
    identity = await auth.tokens.GetIdentity(WHO, metadata=bearer(token.access_token))
    assert identity.user.user_id == client.client_id
    assert identity.user.email == ""
    assert identity.tenant.slug == admin.slug
    assert "ticket.tickets.assign" in identity.permissions


async def test_a_clients_wrong_secret_is_refused(auth: RunningAuth) -> None:
    client = await make_client(auth, await auth.admin())
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(client_grant(client.client_id, "wrong"))


async def test_a_refresh_token_gives_a_new_pair(auth: RunningAuth) -> None:
    admin = await auth.admin()
    token = await auth.tokens.RefreshToken(refreshing(admin.refresh_token))
    assert token.refresh_token not in ("", admin.refresh_token)
    identity = await auth.tokens.GetIdentity(WHO, metadata=bearer(token.access_token))
    assert identity.user == admin.user


async def test_a_used_refresh_token_kills_its_whole_family_at_once(auth: RunningAuth) -> None:
    admin = await auth.admin()
    thiefs = await auth.tokens.RefreshToken(refreshing(admin.refresh_token))
    await auth.tokens.GetIdentity(WHO, metadata=bearer(thiefs.access_token))
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(refreshing(admin.refresh_token))
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(refreshing(thiefs.refresh_token))
    for metadata in (admin.metadata, bearer(thiefs.access_token)):
        with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
            await auth.tokens.GetIdentity(WHO, metadata=metadata)


async def test_an_unknown_refresh_token_is_refused(auth: RunningAuth) -> None:
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(refreshing("made up"))


async def test_a_revoked_session_is_over_for_all_its_tokens(auth: RunningAuth) -> None:
    admin = await auth.admin()
    await auth.tokens.RevokeToken(revoking(admin.refresh_token))
    with refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID"):
        await auth.tokens.RefreshToken(refreshing(admin.refresh_token))
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(WHO, metadata=admin.metadata)


async def test_revoking_is_no_error_twice_or_for_an_unknown_token(auth: RunningAuth) -> None:
    admin = await auth.admin()
    for token in (admin.refresh_token, admin.refresh_token, "made up"):
        await auth.tokens.RevokeToken(revoking(token))


async def test_revoking_one_session_leaves_the_others(auth: RunningAuth) -> None:
    admin = await auth.admin()
    other = await auth.log_in(admin.slug, admin.user.email)
    await auth.tokens.RevokeToken(revoking(admin.refresh_token))
    assert await auth.tokens.GetIdentity(WHO, metadata=other.metadata)


async def test_the_signing_keys_are_public_and_hold_no_private_part(auth: RunningAuth) -> None:
    keys = await auth.tokens.GetSigningKeys(token_service_pb2.GetSigningKeysRequest())
    [key] = keys.keys
    assert (key.kty, key.use, key.alg, key.crv) == ("EC", "sig", "ES256", "P-256")
    assert {field.name for field, _ in key.ListFields()} == {
        "kty",
        "use",
        "alg",
        "kid",
        "crv",
        "x",
        "y",
    }


async def test_an_identity_needs_a_token(auth: RunningAuth) -> None:
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"):
        await auth.tokens.GetIdentity(WHO)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(WHO, metadata=bearer("made.up.token"))


async def test_an_expired_token_is_refused(auth: RunningAuth) -> None:
    admin = await auth.admin()
    fresh = admin.metadata[0][1].removeprefix("Bearer ")
    stale = await older(auth, fresh, ACCESS_TOKEN_LIFE)
    assert await auth.tokens.GetIdentity(WHO, metadata=bearer(fresh))
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(WHO, metadata=bearer(stale))


async def test_only_the_gateway_may_ask_for_tokens(auth: RunningAuth) -> None:
    async with auth.channel_of("chat") as channel:
        with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            await token_service_pb2_grpc.TokenServiceStub(channel).IssueToken(
                password_grant("acme", "ada@example.com")
            )
