"""Identity providers, and what a test of one has found."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.auth.v1 import identity_provider_service_pb2
from helpdesk.auth.v1.identity_provider_pb2 import (
    IDENTITY_PROVIDER_STATE_DISABLED,
    IdentityProvider,
)
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text


def provider_table(providers: Sequence[IdentityProvider]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Name", "Issuer", "State", "Roles", "Changed"):
        table.add_column(column)
    for provider in providers:
        roles = {*provider.default_roles, *(rule.role for rule in provider.role_rules)}
        table.add_row(
            _text(provider.display_name),
            _text(provider.issuer),
            _state(provider),
            _text(", ".join(sorted(roles)) or "-"),
            time_text(provider.update_time),
        )
    return table


def provider_page(provider: IdentityProvider) -> RenderableType:
    head = Text(without_controls(provider.display_name), style="bold cyan")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Issuer", _text(provider.issuer))
    facts.add_row("State", _state(provider))
    facts.add_row("Client", _text(provider.client_id))
    facts.add_row("Secret", _text("kept, not shown" if provider.has_client_secret else "none"))
    facts.add_row("Asks for", _text(" ".join(provider.scopes)))
    facts.add_row("Everybody is", _text(", ".join(provider.default_roles) or "-"))
    for rule in provider.role_rules:
        facts.add_row("Maps", _text(f"{rule.claim} = {rule.value} to {rule.role}"))
    facts.add_row("Domains", _text(", ".join(provider.email_domains) or "any"))
    facts.add_row("New users", _text("are made" if provider.creates_users else "are refused"))
    links = "are linked by address" if provider.links_users_by_email else "are not touched"
    facts.add_row("Known users", _text(links))
    exchange = "exchanged for ours" if provider.exchanges_tokens else "not exchanged"
    facts.add_row("Its tokens", _text(f"are {exchange}"))
    facts.add_row("Redirect URI", _text(provider.redirect_uri))
    facts.add_row("Id", Text(provider.identity_provider_id, style="dim"))
    return Group(head, facts)


def findings(
    found: identity_provider_service_pb2.TestIdentityProviderResponse,
) -> RenderableType:
    lines = [Text(f"✗ {without_controls(problem)}", style="red") for problem in found.problems]
    if found.authorization_endpoint:
        lines.append(_text(f"users log in at {found.authorization_endpoint}"))
    if found.key_algorithms:
        lines.append(_text(f"its keys sign with {', '.join(found.key_algorithms)}"))
    if not found.problems:
        lines.append(Text("✓ it can be used", style="green"))
    return Group(*lines)


def _state(provider: IdentityProvider) -> Text:
    if provider.state == IDENTITY_PROVIDER_STATE_DISABLED:
        return Text("disabled", style="dim")
    return Text("enabled", style="green")


def _text(text: str) -> Text:
    return Text(without_controls(text))
