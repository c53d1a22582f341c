"""From an authorization request to a code: log in, consent, and back to the client.

Written here rather than on Authlib's grants, which fit in the wrong places. They are synchronous
and read, issue, save and delete a code in four steps that each want a transaction, where this needs
one; and what they answer is not what the RFCs ask in four cases: an authorization request without
a code challenge passes, an unknown device code and a vanished user are `invalid_request`, and a
device code of another client is `unauthorized_client`.
"""

from dataclasses import dataclass, replace

from services.auth.authorization import (
    CODE_LIFE,
    REQUEST_LIFE,
    AuthorizationCode,
    AuthorizationRequest,
    Prompt,
    SignedIn,
    asks_for_consent,
    is_answered_by,
    normal_user_code,
    with_parameters,
)
from services.auth.authorization_parameters import (
    AuthorizationParameters,
    Wanted,
    check_return_address,
    wanted,
)
from services.auth.credentials import digest_of, new_secret
from services.auth.domain import Tenant, User
from services.auth.errors.oauth import AuthorizationExpired, OAuthRefused, UserCodeUnknown
from services.auth.federation import IdentityProvider
from services.auth.oauth_clients import OAuthClient
from services.auth.use_cases.authentication import authenticate
from services.auth.use_cases.authorization_desk import AuthorizationDesk, find_client
from services.auth.use_cases.browsers import sign_in, signed_in
from services.auth.use_cases.federated_logins import login_providers
from services.mesh.audit import acting_for, acts_on


@dataclass(frozen=True, slots=True)
class Browser:
    """The secrets in its cookies: its own, and that of whoever is logged in."""

    secret: str
    session_secret: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody has typed."""

    tenant_slug: str
    email: str
    password: str
    one_time_code: str = ""


@dataclass(frozen=True, slots=True)
class LoginNeeded:
    request_secret: str
    client: OAuthClient
    tenant_slug: str
    redirect_uri: str
    providers: tuple[IdentityProvider, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    request_secret: str
    client: OAuthClient
    request: AuthorizationRequest
    signed_in: SignedIn


@dataclass(frozen=True, slots=True)
class Redirect:
    location: str


@dataclass(frozen=True, slots=True)
class DeviceDecided:
    client: OAuthClient
    approved: bool


Next = LoginNeeded | ConsentNeeded | Redirect | DeviceDecided


@dataclass(frozen=True, slots=True)
class Step:
    """What the browser sees next, and its new secret if somebody has just logged in."""

    next: Next
    session_secret: str = ""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    secret: str
    request: AuthorizationRequest
    client: OAuthClient
    is_waiting: bool = True


async def begin(
    desk: AuthorizationDesk, parameters: AuthorizationParameters, browser: Browser
) -> Step:
    client = await find_client(desk, parameters.client_id)
    if client is None:
        raise OAuthRefused("invalid_request", "There is no such client.")
    check_return_address(client, parameters)
    try:
        asked = wanted(client, parameters)
        under_way = _new_request(desk, client, browser, _request(desk, parameters, asked))
        who = await signed_in(desk.tokens, browser.session_secret)
        await _check_hint(desk, parameters.id_token_hint, who, asked)
        following = await _next(desk, under_way, who)
        if Prompt.NONE in asked.prompts and not isinstance(following, Redirect):
            raise _would_have_to_ask(following)
    except OAuthRefused as refusal:
        return Step(_refusal(desk, parameters.redirect_uri, parameters.state, refusal))
    if not isinstance(following, Redirect):
        await _keep(desk, under_way.request)
    return Step(following)


async def begin_device_approval(desk: AuthorizationDesk, user_code: str, browser: Browser) -> Step:
    async with desk.tokens.store.reading_directory() as directory:
        device = await directory.device_with_user_code(digest_of(normal_user_code(user_code)))
    now = desk.tokens.clock()
    if device is None or now >= device.expire_time or device.decision is not None:
        raise UserCodeUnknown
    client = await find_client(desk, device.client_id)
    if client is None:
        raise UserCodeUnknown
    request = AuthorizationRequest(
        digest="",
        browser_digest="",
        client_id=client.client_id,
        redirect_uri="",
        scope=device.scope,
        state="",
        nonce="",
        code_challenge="",
        prompts=frozenset(),
        max_age=None,
        tenant_slug="",
        device_digest=device.digest,
        create_time=now,
        expire_time=device.expire_time,
    )
    under_way = _new_request(desk, client, browser, request)
    await _keep(desk, under_way.request)
    who = await signed_in(desk.tokens, browser.session_secret)
    # Nothing is granted here without a question, for a device always asks.
    return Step(await _next(desk, under_way, who))


async def inspect(
    desk: AuthorizationDesk, request_secret: str, browser: Browser, typed_slug: str = ""
) -> Step:
    """The login page is that of the tenant that was typed, where the client leaves a choice."""
    under_way = await _find(desk, request_secret, browser)
    who = await signed_in(desk.tokens, browser.session_secret)
    return Step(await _next(desk, under_way, who, typed_slug))


async def let_browser_in(
    desk: AuthorizationDesk, request_secret: str, browser: Browser, user: User
) -> Step:
    """For a user who has proved at an identity provider who they are."""
    under_way = await _find(desk, request_secret, browser)
    who, secret = await sign_in(desk.tokens, user)
    return Step(await _next(desk, under_way, who), secret)


async def log_in_browser(
    desk: AuthorizationDesk, request_secret: str, browser: Browser, credentials: Credentials
) -> Step:
    under_way = await _find(desk, request_secret, browser)
    tenant = await _tenant_of(desk, under_way.client)
    user = await authenticate(
        desk.tokens,
        # A tenant's client lets nobody in from elsewhere, whatever the form says.
        tenant.slug if tenant else credentials.tenant_slug,
        credentials.email,
        credentials.password,
        credentials.one_time_code,
    )
    who, secret = await sign_in(desk.tokens, user)
    return Step(await _next(desk, under_way, who), secret)


async def decide(
    desk: AuthorizationDesk, request_secret: str, browser: Browser, *, approved: bool
) -> Step:
    under_way = await _find(desk, request_secret, browser)
    request, client = under_way.request, under_way.client
    who = await signed_in(desk.tokens, browser.session_secret)
    if who is None or not is_answered_by(request, client, who, desk.tokens.clock()):
        return Step(await _next(desk, under_way, who))
    acting_for(who.session.tenant_id, who.user.user_id, client_id=client.client_id)
    acts_on("client", client.client_id)
    if approved:
        return Step(await _grant(desk, under_way, who, has_consented=True))
    async with desk.tokens.store.directory() as directory:
        if not await directory.take_authorization_request(request.digest):
            raise AuthorizationExpired
        if request.device_digest:
            await directory.decide_device(request.device_digest, approved=False)
    if request.device_digest:
        return Step(DeviceDecided(client, approved=False))
    refusal = OAuthRefused("access_denied", "The user has refused.")
    return Step(_refusal(desk, request.redirect_uri, request.state, refusal))


async def _next(
    desk: AuthorizationDesk, under_way: _UnderWay, who: SignedIn | None, typed_slug: str = ""
) -> Next:
    request, client = under_way.request, under_way.client
    if who is None or not is_answered_by(request, client, who, desk.tokens.clock()):
        tenant = await _tenant_of(desk, client)
        slug = tenant.slug if tenant else typed_slug or request.tenant_slug
        providers = await login_providers(desk.tokens, slug) if slug else ()
        return LoginNeeded(under_way.secret, client, slug, request.redirect_uri, tuple(providers))
    async with desk.tokens.store.reading(who.session.tenant_id) as records:
        granted = await records.granted_scope(who.user.user_id, client.client_id)
    if asks_for_consent(request, client, granted):
        return ConsentNeeded(under_way.secret, client, request, who)
    return await _grant(desk, under_way, who, has_consented=False)


async def _grant(
    desk: AuthorizationDesk, under_way: _UnderWay, who: SignedIn, *, has_consented: bool
) -> Next:
    request, client, now = under_way.request, under_way.client, desk.tokens.clock()
    secret = new_secret()
    code = AuthorizationCode(
        tenant_id=who.session.tenant_id,
        digest=request.device_digest or digest_of(secret),
        client_id=client.client_id,
        user_id=who.user.user_id,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        auth_time=who.session.auth_time,
        browser_session_id=who.session.browser_session_id,
        issue_time=now,
        expire_time=request.expire_time if request.device_digest else now + CODE_LIFE,
    )
    async with desk.tokens.store.directory() as directory:
        # One request leads to one code, however often the page is sent.
        was_kept = await directory.take_authorization_request(request.digest)
        if under_way.is_waiting and not was_kept:
            raise AuthorizationExpired
        if request.device_digest and not await directory.decide_device(
            request.device_digest, approved=True
        ):
            raise AuthorizationExpired
        records = directory.records(who.session.tenant_id)
        await records.add_authorization_code(code)
        if has_consented and not request.device_digest:
            before = await records.granted_scope(who.user.user_id, client.client_id)
            await records.keep_granted_scope(
                who.user.user_id, client.client_id, before | request.scope, now
            )
    if request.device_digest:
        return DeviceDecided(client, approved=True)
    # RFC 9207: `iss` tells a client of several providers which one of them has answered.
    answer = (("code", secret), ("state", request.state), ("iss", desk.issuer))
    return Redirect(with_parameters(request.redirect_uri, answer))


def _request(
    desk: AuthorizationDesk, parameters: AuthorizationParameters, asked: Wanted
) -> AuthorizationRequest:
    now = desk.tokens.clock()
    return AuthorizationRequest(
        digest="",
        browser_digest="",
        client_id=parameters.client_id,
        redirect_uri=parameters.redirect_uri,
        scope=asked.scope,
        state=parameters.state,
        nonce=parameters.nonce,
        code_challenge=parameters.code_challenge,
        prompts=asked.prompts,
        max_age=asked.max_age,
        tenant_slug=parameters.tenant_slug,
        device_digest="",
        create_time=now,
        expire_time=now + REQUEST_LIFE,
    )


def _new_request(
    desk: AuthorizationDesk, client: OAuthClient, browser: Browser, request: AuthorizationRequest
) -> _UnderWay:
    secret = new_secret()
    kept = replace(request, digest=digest_of(secret), browser_digest=digest_of(browser.secret))
    return _UnderWay(secret, kept, client, is_waiting=False)


async def _keep(desk: AuthorizationDesk, request: AuthorizationRequest) -> None:
    async with desk.tokens.store.directory() as directory:
        await directory.add_authorization_request(request)


async def _find(desk: AuthorizationDesk, request_secret: str, browser: Browser) -> _UnderWay:
    """Only for the browser that began: a page sent by anybody else is worth nothing."""
    async with desk.tokens.store.reading_directory() as directory:
        request = await directory.authorization_request(digest_of(request_secret))
    if (
        request is None
        or request.browser_digest != digest_of(browser.secret)
        or desk.tokens.clock() >= request.expire_time
    ):
        raise AuthorizationExpired
    client = await find_client(desk, request.client_id)
    if client is None:
        raise AuthorizationExpired
    return _UnderWay(request_secret, request, client)


async def _tenant_of(desk: AuthorizationDesk, client: OAuthClient) -> Tenant | None:
    if client.tenant_id is None:
        return None
    async with desk.tokens.store.reading_directory() as directory:
        return await directory.tenant(client.tenant_id)


async def _check_hint(
    desk: AuthorizationDesk, hint: str, who: SignedIn | None, asked: Wanted
) -> None:
    """OpenID Connect Core, section 3.1.2.1: another user than the client takes them for."""
    if not hint:
        return
    claims = await desk.id_tokens.recognise(hint)
    if claims is None:
        raise OAuthRefused("invalid_request", "The id_token_hint is none of ours.")
    if Prompt.NONE in asked.prompts and (who is None or who.user.user_id != claims.user_id):
        raise OAuthRefused("login_required", "Another user is logged in, or none.")


def _would_have_to_ask(following: Next) -> OAuthRefused:
    if isinstance(following, LoginNeeded):
        return OAuthRefused("login_required", "The user has to log in.")
    return OAuthRefused("consent_required", "The user has to consent.")


def _refusal(
    desk: AuthorizationDesk, redirect_uri: str, state: str, refusal: OAuthRefused
) -> Redirect:
    answer = (
        ("error", refusal.error),
        ("error_description", refusal.message),
        ("state", state),
        ("iss", desk.issuer),
    )
    return Redirect(with_parameters(redirect_uri, answer))
