"""What a password must not be (OWASP ASVS 5.0, section 6.2); everything else is allowed.

No rule asks for kinds of characters, and none forbids any: length is what counts.
"""

import re
from collections.abc import Callable, Iterable

SHORTEST_PASSWORD = 8
PRODUCT = "helpdesk"

# Shorter words are part of too many others.
_SHORTEST_CONTEXT_WORD = 3
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def context_words(tenant_slug: str, email: str) -> tuple[str, ...]:
    """What whoever guesses at this user would try first, the longest first."""
    address = email.casefold()
    names = (PRODUCT, tenant_slug.casefold(), address.partition("@")[0])
    words = {address, *names}.union(*(_BETWEEN_WORDS.split(name) for name in names))
    return tuple(
        sorted((word for word in words if len(word) >= _SHORTEST_CONTEXT_WORD), key=_longest_first)
    )


def password_weakness(
    password: str, context: Iterable[str], is_common: Callable[[str], bool]
) -> str | None:
    """Says what is wrong with a password, or None."""
    if len(password) < SHORTEST_PASSWORD:
        return f"has fewer than {SHORTEST_PASSWORD} characters"
    if is_common(password):
        return "is one of the passwords that are guessed first"
    rest = password.casefold()
    for word in context:
        rest = rest.replace(word, "")
    if len(rest) == len(password.casefold()):
        return None
    if len(rest) < SHORTEST_PASSWORD or is_common(rest):
        return (
            "is too short, or one of the passwords that are guessed first, without the name of "
            "the tenant, of the user, or of the product in it"
        )
    return None


def _longest_first(word: str) -> tuple[int, str]:
    return -len(word), word
