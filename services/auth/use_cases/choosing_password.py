"""Turns a password that somebody has chosen into a hash, if it is fit to be one."""

from services.auth.errors.credentials import PasswordRefused
from services.auth.password_rules import context_words, password_weakness
from services.auth.ports import Passwords


async def hash_of(
    passwords: Passwords, password: str, *, field: str, tenant_slug: str, email: str
) -> str:
    """Raises PasswordRefused, which names the field of the request."""
    context = context_words(tenant_slug, email)
    weakness = password_weakness(password, context, passwords.is_common)
    if weakness is not None:
        raise PasswordRefused(field, weakness)
    return await passwords.hash(password)
