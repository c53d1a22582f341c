"""How what was granted ends again: revocation by the client, logout by the user."""

from dataclasses import dataclass

from services.auth.authorization import SignedIn, with_parameters
from services.auth.credentials import digest_of
from services.auth.domain import SessionId
from services.auth.errors.oauth import OAuthRefused
from services.auth.oauth_clients import OAuthClient, is_same_place
from services.auth.oauth_ports import IdTokenClaims
from services.auth.use_cases.authorization import Browser
from services.auth.use_cases.authorization_desk import (
    AuthorizationDesk,
    ClientProof,
    authenticate_client,
    find_client,
)
from services.auth.use_cases.browsers import signed_in
from services.mesh.audit import acting_for, acts_on
from services.mesh.caller import TenantId
from services.mesh.errors import TokenInvalid


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """The parameters as they came; an absent one is empty."""

    id_token_hint: str = ""
    client_id: str = ""
    redirect_uri: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Nothing has ended yet where the user has to confirm it."""

    needs_confirmation: bool
    location: str


async def revoke_grant(desk: AuthorizationDesk, proof: ClientProof, token: str) -> None:
    """RFC 7009. What is no token of ours, or is dead already, is as good as revoked."""
    client = await authenticate_client(desk, proof)
    if not token:
        raise OAuthRefused("invalid_request", "The parameter token is missing.")
    if "." in token:
        await _revoke_access_token(desk, client, token)
    else:
        await _revoke_refresh_token(desk, client, token)


async def log_out_browser(
    desk: AuthorizationDesk, request: LogoutRequest, browser: Browser, *, confirmed: bool
) -> LoggedOut:
    """OpenID Connect RP-Initiated Logout 1.0."""
    claims = await _claims(desk, request)
    location = await _location(desk, request, claims)
    who = await signed_in(desk.tokens, browser.session_secret)
    # A token of the very user proves that this is no trick to log somebody else out.
    is_proven = claims is not None and (who is None or who.user.user_id == claims.user_id)
    if not (confirmed or is_proven or (who is None and claims is None)):
        return LoggedOut(needs_confirmation=True, location=location)
    if who is not None:
        await _end_browser(desk, who)
    if claims is not None and is_proven:
        await _end(desk, claims.tenant_id, claims.session_id)
    return LoggedOut(needs_confirmation=False, location=location)


async def _revoke_access_token(desk: AuthorizationDesk, client: OAuthClient, token: str) -> None:
    try:
        claims = await desk.access_tokens.verify(token)
    except TokenInvalid:
        return
    if claims.client_id != client.client_id:
        raise _of_another()
    if claims.session_id is not None:
        await _end(desk, claims.tenant_id, SessionId(claims.session_id))


async def _revoke_refresh_token(desk: AuthorizationDesk, client: OAuthClient, token: str) -> None:
    digest = digest_of(token)
    async with desk.tokens.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_refresh_token(digest)
    if tenant_id is None:
        return
    async with desk.tokens.store.writing(tenant_id) as records:
        found = await records.lock_refresh_token(digest)
        if found is None:
            return
        session = found[1]
        if session.client_id != client.client_id:
            raise _of_another()
        acting_for(tenant_id, session.user_id, session.session_id, client.client_id)
        acts_on("session", session.session_id)
        await records.end_session(session.session_id, desk.tokens.clock())


async def _claims(desk: AuthorizationDesk, request: LogoutRequest) -> IdTokenClaims | None:
    if not request.id_token_hint:
        return None
    claims = await desk.id_tokens.recognise(request.id_token_hint)
    if claims is None:
        raise OAuthRefused("invalid_request", "The id_token_hint is none of ours.")
    if request.client_id and request.client_id != claims.client_id:
        raise OAuthRefused("invalid_request", "The id_token_hint is another client's.")
    return claims


async def _location(
    desk: AuthorizationDesk, request: LogoutRequest, claims: IdTokenClaims | None
) -> str:
    if not request.redirect_uri:
        return ""
    client = await find_client(desk, claims.client_id if claims else request.client_id)
    registered = client.logout_redirect_uris if client else ()
    if not any(is_same_place(uri, request.redirect_uri) for uri in registered):
        raise OAuthRefused(
            "invalid_request",
            "The post_logout_redirect_uri is not one that this client has registered.",
        )
    return with_parameters(request.redirect_uri, (("state", request.state),))


async def _end_browser(desk: AuthorizationDesk, who: SignedIn) -> None:
    now = desk.tokens.clock()
    acting_for(who.session.tenant_id, who.user.user_id)
    acts_on("session", who.session.browser_session_id)
    async with desk.tokens.store.writing(who.session.tenant_id) as records:
        for session_id in await records.end_browser_session(who.session.browser_session_id):
            await records.end_session(session_id, now)


async def _end(desk: AuthorizationDesk, tenant_id: TenantId, session_id: SessionId) -> None:
    async with desk.tokens.store.writing(tenant_id) as records:
        session = await records.session(session_id)
        if session is not None:
            acting_for(tenant_id, session.user_id, session_id, session.client_id)
            acts_on("session", session_id)
            await records.end_session(session_id, desk.tokens.clock())


def _of_another() -> OAuthRefused:
    return OAuthRefused("invalid_grant", "The token was issued to another client.")
