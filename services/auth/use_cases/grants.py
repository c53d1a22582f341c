"""The token endpoint: what has been granted, for tokens (RFC 6749, RFC 8628)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.auth.authorization import (
    OFFLINE_ACCESS,
    OPENID,
    AuthorizationCode,
    proves,
)
from services.auth.authorization_parameters import scope_of
from services.auth.credentials import digest_of
from services.auth.domain import ACCESS_TOKEN_LIFE
from services.auth.errors.credentials import CredentialsWrong, RefreshTokenInvalid
from services.auth.errors.oauth import OAuthRefused
from services.auth.errors.tenants import TenantNotFound, TenantSuspended
from services.auth.errors.users import UserNotFound
from services.auth.oauth_clients import GrantType, OAuthClient
from services.auth.use_cases.authorization_desk import (
    AuthorizationDesk,
    ClientProof,
    authenticate_client,
)
from services.auth.use_cases.devices import poll
from services.auth.use_cases.sessions import (
    IssuedToken,
    OpenedSession,
    Opening,
    issue,
    open_session,
    refresh,
)
from services.mesh.caller import UserId
from services.mesh.scopes import FULL_SCOPE, OPENID_SCOPES

# What the one door for sessions says of a user or tenant that may not have any.
_GONE = (CredentialsWrong, TenantSuspended, UserNotFound, TenantNotFound)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The parameters as they came; an absent one is empty."""

    grant_type: str
    client: ClientProof
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""
    device_code: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    token: IssuedToken
    id_token: str = ""


async def exchange(desk: AuthorizationDesk, request: TokenRequest) -> Granted:
    if not request.grant_type:
        raise _incomplete("grant_type")
    client = await authenticate_client(desk, request.client)
    if request.grant_type not in set(GrantType):
        raise OAuthRefused("unsupported_grant_type", "There is no such grant_type here.")
    grant_type = GrantType(request.grant_type)
    if grant_type not in client.grants:
        raise OAuthRefused("unauthorized_client", "This client may not use this grant_type.")
    return await _GRANTS[grant_type](desk, client, request)


async def _exchange_code(
    desk: AuthorizationDesk, client: OAuthClient, request: TokenRequest
) -> Granted:
    for name in ("code", "redirect_uri", "code_verifier"):
        if not getattr(request, name):
            raise _incomplete(name)
    return await _use_up(desk, client, request.code, request)


async def _exchange_device_code(
    desk: AuthorizationDesk, client: OAuthClient, request: TokenRequest
) -> Granted:
    if not request.device_code:
        raise _incomplete("device_code")
    await poll(desk.tokens, client, request.device_code)
    return await _use_up(desk, client, request.device_code, None)


async def _exchange_refresh_token(
    desk: AuthorizationDesk, client: OAuthClient, request: TokenRequest
) -> Granted:
    if not request.refresh_token:
        raise _incomplete("refresh_token")
    scope = scope_of(request.scope, client) if request.scope else None
    try:
        # OpenID Connect Core, section 12.2, leaves out the ID token: it would say nothing new.
        return Granted(await refresh(desk.tokens, request.refresh_token, client.client_id, scope))
    except (RefreshTokenInvalid, *_GONE) as error:
        raise _invalid("The refresh token is not valid.") from error


async def _exchange_client_credentials(
    desk: AuthorizationDesk, client: OAuthClient, request: TokenRequest
) -> Granted:
    if client.tenant_id is None:
        raise OAuthRefused("unauthorized_client", "This client may not act for itself.")
    scope = scope_of(request.scope, client) if request.scope else FULL_SCOPE
    if scope & OPENID_SCOPES:
        raise OAuthRefused("invalid_scope", "There is no user whom these scopes could be about.")
    now = desk.tokens.clock()
    opening = Opening(
        UserId(client.client_id), client.client_id, scope, ACCESS_TOKEN_LIFE, is_renewable=False
    )
    try:
        async with desk.tokens.store.writing(client.tenant_id) as records:
            opened = await open_session(records, opening, now)
    except _GONE as error:
        raise OAuthRefused("invalid_client", "The client could not be authenticated.") from error
    return Granted(await issue(desk.tokens, opened, now))


async def _use_up(
    desk: AuthorizationDesk, client: OAuthClient, secret: str, request: TokenRequest | None
) -> Granted:
    """Whoever shows a code has used it up: who shows it wrongly must have found it."""
    digest, now = digest_of(secret), desk.tokens.clock()
    async with desk.tokens.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_authorization_code(digest)
    if tenant_id is None:
        raise _invalid("The code is not valid.")
    opened: OpenedSession | None = None
    try:
        async with desk.tokens.store.writing(tenant_id) as records:
            code = await records.take_authorization_code(digest, now)
            if code is not None and code.use_time is not None and code.session_id is not None:
                # RFC 6749, section 4.1.2: one of the two who had it is a thief. The end of the
                # session must be kept, so the refusal is raised only after this transaction.
                await records.end_session(code.session_id, now)
            elif code is not None and _fault(code, client, request, now) is None:
                opened = await open_session(records, _opening(code, client), now)
                await records.keep_session_of_code(digest, opened.session.session_id)
    except _GONE as error:
        raise _invalid("The user may not log in any more.") from error
    if code is None or opened is None:
        raise _invalid((code and _fault(code, client, request, now)) or "The code is not valid.")
    token = await issue(desk.tokens, opened, now)
    if OPENID not in code.scope:
        return Granted(token)
    id_token = await desk.id_tokens.sign(code, opened.session.session_id, token.access.text, now)
    return Granted(token, id_token)


def _fault(
    code: AuthorizationCode, client: OAuthClient, request: TokenRequest | None, now: datetime
) -> str | None:
    if code.use_time is not None or now >= code.expire_time or code.client_id != client.client_id:
        return "The code is not valid."
    if request is None:
        return None
    if request.redirect_uri != code.redirect_uri:
        return "The redirect_uri is not the one of the authorization request."
    if not proves(request.code_verifier, code.code_challenge):
        return "The code_verifier does not match the code_challenge."
    return None


def _opening(code: AuthorizationCode, client: OAuthClient) -> Opening:
    return Opening(
        code.user_id,
        code.client_id,
        code.scope,
        is_renewable=OFFLINE_ACCESS in code.scope and GrantType.REFRESH_TOKEN in client.grants,
    )


def _incomplete(name: str) -> OAuthRefused:
    return OAuthRefused("invalid_request", f"The parameter {name} is missing.")


def _invalid(description: str) -> OAuthRefused:
    return OAuthRefused("invalid_grant", description)


_GRANTS: dict[
    GrantType, Callable[[AuthorizationDesk, OAuthClient, TokenRequest], Awaitable[Granted]]
] = {
    GrantType.AUTHORIZATION_CODE: _exchange_code,
    GrantType.REFRESH_TOKEN: _exchange_refresh_token,
    GrantType.CLIENT_CREDENTIALS: _exchange_client_credentials,
    GrantType.DEVICE_CODE: _exchange_device_code,
}
