"""Which requests a route or a rule is about."""

import re

from services.gateway.config import Config
from services.gateway.contract import Binding

# What programs ask of the bridge, also from other origins; the first match counts.
BRIDGE_MATCHES: tuple[Config, ...] = (
    {"path": "/openapi.json"},
    {"path": "/.well-known/openid-configuration"},
    {"path": "/oauth/token"},
    {"path": "/oauth/revoke"},
    {"path": "/oauth/userinfo"},
)
# What people see: no script from elsewhere has any business there.
PAGE_MATCHES: tuple[Config, ...] = (
    {"path": "/"},
    {"path_separated_prefix": "/docs"},
    {"path_separated_prefix": "/oauth"},
    {"path_separated_prefix": "/account"},
)

SIGNING_KEYS_PATH = "/.well-known/jwks.json"
_VARIABLE = re.compile(r"\{[^}]+\}")


def path_match(template: str) -> Config:
    """Matches what a template stands for; a variable is one segment: `/v1/tickets/{ticket_id}`."""
    literals = _VARIABLE.split(template)
    if len(literals) == 1:
        return {"path": template}
    return {"safe_regex": {"regex": "[^/]+".join(re.escape(literal) for literal in literals)}}


def binding_match(binding: Binding) -> Config:
    verb = {"name": ":method", "string_match": {"exact": binding.verb}}
    return {**path_match(binding.path), "headers": [verb]}
