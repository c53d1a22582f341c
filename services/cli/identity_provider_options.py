"""What the commands around identity providers read from the command line."""

import sys
from typing import Annotated

import typer

from helpdesk.auth.v1.identity_provider_pb2 import RoleRule
from services.cli.failures import CommandError

ProviderArgument = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="Its name, its issuer or its id.")
]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What to ask for besides openid; repeat it."),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="CLAIM=VALUE:ROLE", help="Who gets which role; repeat it."),
]
DefaultRoleOption = Annotated[
    list[str] | None,
    typer.Option("--default-role", help="A role that everybody gets; repeat it."),
]
DomainOption = Annotated[
    list[str] | None,
    typer.Option("--domain", help="A domain whose addresses it may vouch for; repeat it."),
]
SecretOption = Annotated[
    bool, typer.Option("--client-secret-stdin", help="Read the secret from standard input.")
]


def role_rules(texts: list[str]) -> list[RoleRule]:
    return [_role_rule(text) for text in texts]


def secret_from_input() -> str:
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise CommandError(
            "There is no client secret on standard input.",
            hint="… --client-secret-stdin < secret",
            code="INPUT_MISSING",
        )
    return secret


def _role_rule(text: str) -> RoleRule:
    # Claims may be addresses with colons, values may hold both signs; only roles are plain words.
    condition, _, role = text.rpartition(":")
    claim, equals, value = condition.partition("=")
    if not (claim and equals and value and role):
        raise CommandError(
            f"{text} is no rule.", hint="--map groups=support:agent", code="INPUT_INVALID"
        )
    return RoleRule(claim=claim, value=value, role=role)
