"""Messages of the OpenID provider to values and back."""

from google.protobuf.duration_pb2 import Duration

from helpdesk.auth.v1 import authorization_service_pb2 as messages
from services.auth.authorization import BROWSER_SESSION_LIFE
from services.auth.authorization_parameters import AuthorizationParameters
from services.auth.domain import ACCESS_TOKEN_LIFE
from services.auth.oauth_clients import origin_of
from services.auth.use_cases.authorization import (
    Browser,
    ConsentNeeded,
    Credentials,
    DeviceDecided,
    LoginNeeded,
    Redirect,
    Step,
)
from services.auth.use_cases.authorization_desk import ClientProof
from services.auth.use_cases.devices import StartedDevice
from services.auth.use_cases.grant_endings import LoggedOut, LogoutRequest
from services.auth.use_cases.grants import Granted, TokenRequest
from services.auth.use_cases.user_info import UserInfo
from services.mesh.scopes import scope_text


def parameters(request: messages.BeginAuthorizationRequest) -> AuthorizationParameters:
    return AuthorizationParameters(
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        response_type=request.response_type,
        response_mode=request.response_mode,
        scope=request.scope,
        state=request.state,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        code_challenge_method=request.code_challenge_method,
        prompt=request.prompt,
        max_age=request.max_age,
        id_token_hint=request.id_token_hint,
        tenant_slug=request.tenant_slug,
        repeated=tuple(request.repeated_parameters),
        unsupported=tuple(request.unsupported_parameters),
    )


def browser(message: messages.Browser) -> Browser:
    return Browser(message.browser_secret, message.session_secret)


def credentials(request: messages.LogInBrowserRequest) -> Credentials:
    return Credentials(request.tenant_slug, request.email, request.password, request.one_time_code)


def client_proof(message: messages.ClientCredentials) -> ClientProof:
    return ClientProof(message.client_id, message.client_secret)


def token_request(request: messages.ExchangeGrantRequest) -> TokenRequest:
    return TokenRequest(
        grant_type=request.grant_type,
        client=client_proof(request.client),
        code=request.code,
        redirect_uri=request.redirect_uri,
        code_verifier=request.code_verifier,
        refresh_token=request.refresh_token,
        device_code=request.device_code,
        scope=request.scope,
    )


def logout_request(request: messages.LogOutBrowserRequest) -> LogoutRequest:
    return LogoutRequest(
        request.id_token_hint,
        request.client_id,
        request.post_logout_redirect_uri,
        request.state,
    )


def step_message(step: Step) -> messages.AuthorizationStep:
    message = messages.AuthorizationStep(session_secret=step.session_secret)
    if step.session_secret:
        message.session_life.FromTimedelta(BROWSER_SESSION_LIFE)
    match step.next:
        case LoginNeeded() as login:
            message.login.CopyFrom(_login_page(login))
        case ConsentNeeded() as consent:
            message.consent.CopyFrom(_consent_page(consent))
        case Redirect(location):
            message.location = location
        case DeviceDecided(client, approved):
            message.device.approved = approved
            message.device.client_name = client.display_name
    return message


def token_set_message(granted: Granted) -> messages.TokenSet:
    token = granted.token
    life = Duration()
    life.FromTimedelta(ACCESS_TOKEN_LIFE)
    return messages.TokenSet(
        access_token=token.access.text,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        expires_in=life,
        refresh_token=token.refresh_token,
        scope=scope_text(token.opened.scope),
        id_token=granted.id_token,
    )


def device_message(started: StartedDevice) -> messages.DeviceAuthorization:
    life, interval = Duration(), Duration()
    life.FromTimedelta(started.life)
    interval.FromTimedelta(started.interval)
    return messages.DeviceAuthorization(
        device_code=started.device_code,
        user_code=started.user_code,
        expires_in=life,
        interval=interval,
    )


def user_info_message(info: UserInfo) -> messages.UserInfo:
    return messages.UserInfo(
        sub=info.user_id, name=info.name, tenant_slug=info.tenant_slug, email=info.email
    )


def logged_out_message(logged_out: LoggedOut) -> messages.LogOutBrowserResponse:
    return messages.LogOutBrowserResponse(
        needs_confirmation=logged_out.needs_confirmation,
        location="" if logged_out.needs_confirmation else logged_out.location,
        return_origin=_origin(logged_out.location),
    )


def _login_page(login: LoginNeeded) -> messages.LoginPage:
    return messages.LoginPage(
        request_secret=login.request_secret,
        client_name=login.client.display_name,
        tenant_slug=login.tenant_slug,
        tenant_is_fixed=login.client.tenant_id is not None,
        return_origin=_origin(login.redirect_uri),
        login_providers=[
            messages.LoginProvider(
                identity_provider_id=provider.identity_provider_id,
                display_name=provider.display_name,
            )
            for provider in login.providers
        ],
    )


def _consent_page(consent: ConsentNeeded) -> messages.ConsentPage:
    return messages.ConsentPage(
        request_secret=consent.request_secret,
        client_name=consent.client.display_name,
        scopes=sorted(consent.request.scope),
        user_name=consent.signed_in.user.display_name,
        tenant_name=consent.signed_in.tenant.display_name,
        return_origin=_origin(consent.request.redirect_uri),
        for_device=bool(consent.request.device_digest),
    )


def _origin(uri: str) -> str:
    return origin_of(uri) if uri else ""
