"""OpenID Connect as the client: what providers publish, and what their tokens are worth."""

from services.auth.openid.client import HttpOpenIdClient

__all__ = ["HttpOpenIdClient"]
