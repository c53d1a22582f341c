"""What an authorization request may ask for, and how it is told that it may not."""

from dataclasses import dataclass

from services.auth.authorization import OPENID, Prompt, is_code_challenge
from services.auth.errors.oauth import OAuthRefused
from services.auth.oauth_clients import GrantType, OAuthClient
from services.auth.standard_roles import ALL_PERMISSIONS
from services.mesh.scopes import EVERYTHING, OPENID_SCOPES

_NOT_SUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
_LONGEST_MAX_AGE = 10**9


@dataclass(frozen=True, slots=True)
class AuthorizationParameters:
    """As they came; an absent one is empty."""

    client_id: str
    redirect_uri: str
    response_type: str = ""
    response_mode: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    prompt: str = ""
    max_age: str = ""
    id_token_hint: str = ""
    tenant_slug: str = ""
    repeated: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is left of the parameters once they are known to be good."""

    scope: frozenset[str]
    prompts: frozenset[Prompt]
    max_age: int | None


def check_return_address(client: OAuthClient, parameters: AuthorizationParameters) -> None:
    """Until this has passed, nothing may be sent to where the request says (RFC 9700, 4.11)."""
    if {"client_id", "redirect_uri"} & set(parameters.repeated):
        raise OAuthRefused("invalid_request", "client_id and redirect_uri must stand there once.")
    if not parameters.redirect_uri:
        raise OAuthRefused("invalid_request", "The redirect_uri is missing.")
    if not client.returns_to(parameters.redirect_uri):
        raise OAuthRefused(
            "invalid_request", "The redirect_uri is not one that this client has registered."
        )


def wanted(client: OAuthClient, parameters: AuthorizationParameters) -> Wanted:
    """Raises OAuthRefused with the first fault."""
    for name in parameters.repeated:
        raise OAuthRefused("invalid_request", f"The parameter {_shown(name)} stands there twice.")
    for name in parameters.unsupported:
        raise OAuthRefused(_NOT_SUPPORTED[name], f"The parameter {name} is not supported.")
    if not parameters.response_type:
        raise OAuthRefused("invalid_request", "The response_type is missing.")
    if parameters.response_type != "code":
        raise OAuthRefused("unsupported_response_type", "The only response_type is code.")
    if parameters.response_mode not in ("", "query"):
        raise OAuthRefused("invalid_request", "The only response_mode is query.")
    if GrantType.AUTHORIZATION_CODE not in client.grants:
        raise OAuthRefused("unauthorized_client", "This client may not ask for codes.")
    _check_marks(parameters)
    _check_challenge(parameters)
    scope = scope_of(parameters.scope, client)
    return Wanted(scope, _prompts(parameters.prompt), _max_age(parameters.max_age))


def scope_of(text: str, client: OAuthClient) -> frozenset[str]:
    """Raises OAuthRefused for anything that a token of this client cannot be good for."""
    names = text.split(" ")
    if not text or "" in names:
        raise OAuthRefused("invalid_scope", "Name the scopes, with one space between them.")
    scope = frozenset(names)
    unknown = sorted(scope - ALL_PERMISSIONS - OPENID_SCOPES - {EVERYTHING})
    if unknown:
        raise OAuthRefused("invalid_scope", f"There is no scope {_shown(unknown[0])}.")
    if "offline_access" in scope and GrantType.REFRESH_TOKEN not in client.grants:
        raise OAuthRefused("invalid_scope", "This client may not have refresh tokens.")
    return scope


def _check_marks(parameters: AuthorizationParameters) -> None:
    """RFC 6749, appendix A: what comes back to the client is visible ASCII."""
    for name, value in (("state", parameters.state), ("nonce", parameters.nonce)):
        if not (value.isascii() and value.isprintable()):
            raise OAuthRefused("invalid_request", f"The {name} holds signs that it may not hold.")


def _check_challenge(parameters: AuthorizationParameters) -> None:
    if not parameters.code_challenge:
        raise OAuthRefused("invalid_request", "The code_challenge is missing (RFC 7636).")
    # Left out it would mean `plain`, which protects nobody who can read the request.
    if parameters.code_challenge_method != "S256":
        raise OAuthRefused("invalid_request", "The code_challenge_method must be S256.")
    if not is_code_challenge(parameters.code_challenge):
        raise OAuthRefused("invalid_request", "The code_challenge is not a SHA-256 digest.")


def _prompts(text: str) -> frozenset[Prompt]:
    try:
        prompts = frozenset(map(Prompt, text.split(" "))) if text else frozenset()
    except ValueError as error:
        raise OAuthRefused("invalid_request", "The prompt holds an unknown word.") from error
    if Prompt.NONE in prompts and len(prompts) > 1:
        raise OAuthRefused("invalid_request", "The prompt none excludes all others.")
    return prompts


def _max_age(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _LONGEST_MAX_AGE:
        raise OAuthRefused("invalid_request", "The max_age is not a number of seconds.")
    return int(text)


def is_openid(scope: frozenset[str]) -> bool:
    return OPENID in scope


def _shown(name: str) -> str:
    """RFC 6749, section 5.2, lets a description hold only some signs of ASCII."""
    return "".join(sign if " " <= sign <= "~" and sign not in '"\\' else "?" for sign in name)[:64]
