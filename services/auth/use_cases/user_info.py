"""What a client may learn of the user (OpenID Connect Core, section 5.3)."""

from dataclasses import dataclass

from services.auth.authorization import OPENID
from services.auth.errors.oauth import OAuthRefused
from services.auth.use_cases.authorization_desk import AuthorizationDesk
from services.mesh.caller import UserId


@dataclass(frozen=True, slots=True)
class UserInfo:
    """What the scope does not cover is empty."""

    user_id: UserId
    name: str = ""
    tenant_slug: str = ""
    email: str = ""


async def get_user_info(desk: AuthorizationDesk, access_token: str) -> UserInfo:
    """Raises TokenInvalid."""
    claims = await desk.access_tokens.verify(access_token)
    if OPENID not in claims.scope:
        raise OAuthRefused("insufficient_scope", "The token was not issued for openid.")
    async with desk.tokens.store.reading(claims.tenant_id) as records:
        user = await records.user(claims.user_id)
        tenant = await records.tenant()
    has_profile = "profile" in claims.scope
    return UserInfo(
        user.user_id,
        user.display_name if has_profile else "",
        tenant.slug if has_profile else "",
        user.email if "email" in claims.scope else "",
    )
