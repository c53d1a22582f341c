"""Names that try to become a line of policy, a pattern or a statement once they are stored."""

from collections.abc import Iterator
from random import Random

_SEPARATORS = (", ", ",", "\n", "\r\n", "\t", "; ", "\u2028", "\x1f", "\\n", '", "', " , ", "|")
_FORMS = (
    "{user}{s}{role}{s}{tenant}",
    "x{s}g{s}{user}{s}{role}{s}{tenant}",
    "x{s}p{s}{role}{s}{tenant}{s}{permission}",
    "g{s}{user}{s}{role}{s}{tenant}",
    "{role}",
    "{user}",
    "{role}{s}{tenant}",
    '"{user}"{s}"{role}"{s}"{tenant}"',
    "{user}'{s}'{role}'); --",
    "# {user}{s}{role}",
    "*{s}{role}",
    "regexMatch(r.sub, '.*'){s}{role}",
    '{{"user_id":"{user}","role":"{role}","tenant_id":"{tenant}"}}',
    "{role}\u200b",
    "\u202e{role}",
    "{tenant}{s}*{s}*",
)


def hostile_names(random: Random, tenant: str, user: str, permission: str) -> Iterator[str]:
    while True:
        yield random.choice(_FORMS).format(
            s=random.choice(_SEPARATORS),
            user=random.choice((user, f"u:{user}", "mallory")),
            role=random.choice(("admin", "r:admin", "operator", "r:operator", "agent")),
            tenant=random.choice((tenant, f"t:{tenant}", "platform")),
            permission=permission,
        )
