"""Tenants, as their operator sees them."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.auth.v1 import auth_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text

_STATE_COLOURS = {"active": "green", "suspended": "yellow", "deleting": "red"}
HOLDERS = ("chat", "search", "ticket")
"""The services that have to purge what they hold of a tenant."""


def tenant_table(tenants: Sequence[auth_pb2.Tenant]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Tenant", "Name", "State", "Made", "Id"):
        table.add_column(column)
    for tenant in tenants:
        table.add_row(
            tenant.slug,
            Text(without_controls(tenant.display_name)),
            state_text(tenant),
            time_text(tenant.create_time),
            Text(tenant.tenant_id, style="dim"),
        )
    return table


def tenant_page(tenant: auth_pb2.Tenant) -> RenderableType:
    head = Text(f"{tenant.slug} ", style="bold cyan")
    head.append(without_controls(tenant.display_name), style="bold")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("State", state_text(tenant))
    if tenant.state == auth_pb2.TENANT_STATE_DELETING:
        facts.add_row("Deleted", Text(progress_words(tenant)))
    facts.add_row("Made", time_text(tenant.create_time))
    facts.add_row("Id", Text(tenant.tenant_id, style="dim"))
    return Group(head, facts)


def state_text(tenant: auth_pb2.Tenant) -> Text:
    word = auth_pb2.TenantState.Name(tenant.state).removeprefix("TENANT_STATE_").lower()
    return Text(word, style=_STATE_COLOURS.get(word, ""))


def progress_words(tenant: auth_pb2.Tenant) -> str:
    """How far the deletion is: `ticket is empty; waiting for chat, search`."""
    done = [name for name in HOLDERS if name in tenant.purged_services]
    waiting = [name for name in HOLDERS if name not in done] or ["auth"]
    empty = f"{', '.join(done)} {'is' if len(done) == 1 else 'are'} empty; " if done else ""
    return f"{empty}waiting for {', '.join(waiting)}"
