"""What a token is good for (RFC 9068): all that its user may do, or only the named part of it."""

import re
from collections.abc import Iterable

EVERYTHING = "helpdesk"
FULL_SCOPE = frozenset({EVERYTHING})

# Of OpenID Connect: they say what a client may learn of the user and permit nothing.
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
MAX_SCOPE_LENGTH = 4096

_PERMISSION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+){1,3}\Z")


def parse_scope(text: str) -> frozenset[str]:
    """Raises ValueError for anything but distinct known names with one space between them."""
    if len(text) > MAX_SCOPE_LENGTH:
        raise ValueError("the scope is too long")
    names = text.split(" ")
    scope = frozenset(names)
    if len(scope) != len(names) or not all(map(is_scope_name, names)):
        raise ValueError("the scope is malformed")
    return scope


def scope_text(scope: Iterable[str]) -> str:
    return " ".join(sorted(scope))


def is_scope_name(name: str) -> bool:
    return name == EVERYTHING or name in OPENID_SCOPES or _PERMISSION.match(name) is not None


def within_scope(permissions: frozenset[str], scope: frozenset[str]) -> frozenset[str]:
    """The permissions that a token of this scope carries; never one that the user lacks."""
    return permissions if EVERYTHING in scope else permissions & scope
