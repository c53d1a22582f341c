"""Secrets that auth makes itself: 256 random bits each.

Such a secret cannot be guessed, so one round of SHA-256 protects it as well as a slow hash would,
and a call with a wrong one costs next to nothing. People's passwords are another matter.
"""

import hashlib
import hmac
import secrets


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, digest: str) -> bool:
    return hmac.compare_digest(digest_of(secret), digest)


def account_name(tenant_slug: str, email: str) -> str:
    """Names a login without keeping what was typed: people type passwords into the wrong field."""
    return digest_of(f"{tenant_slug}\n{email}")


def address_name(client_address: str) -> str:
    """Names whence logins come, in the same manner."""
    return digest_of(f"address\n{client_address}")
