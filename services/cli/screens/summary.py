"""Where everything is, who can log in, and what to type next."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.cli.output import show
from services.cli.profiles import Login, Profiles
from services.cli.session import Role
from services.cli.supervisor.state import RunState
from services.mesh.settings import REPOSITORY

_QUESTION = "I forgot my password. How do I reset it?"


def show_summary(state: RunState, profiles: Profiles, title: str) -> None:
    show(_panel(state, profiles, title))
    tenant = _a_tenant(profiles)
    lines = _commands(state, tenant) if tenant else [Text("helpdesk login --tenant TENANT")]
    # Commands are for pasting, so they must not be broken into lines.
    show(*lines, soft_wrap=True)


def _panel(state: RunState, profiles: Profiles, title: str) -> RenderableType:
    parts: list[RenderableType] = [_addresses(state)]
    logins = _logins(profiles)
    if logins.row_count:
        parts += [Text(), logins]
    return Panel(
        Group(*parts),
        title=f"Helpdesk: {title}",
        title_align="left",
        border_style="green",
        expand=False,
        padding=(1, 2),
    )


def summary_fields(state: RunState, profiles: Profiles) -> dict[str, object]:
    """The same for programs."""
    return {
        "addresses": state.addresses,
        "certificateAuthority": state.certificate_authority,
        "logins": [
            {"tenant": slug, "role": role, "email": login.email, "password": login.password}
            for slug, role, login in _demo_logins(profiles)
        ],
    }


def program(name: str) -> str:
    """How to call a program of this installation from here, on any shell."""
    path = Path(sys.executable).parent / name
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _addresses(state: RunState) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("REST, gRPC", Text(state.addresses["http"], style="cyan"), "this machine only")
    table.add_row("with TLS", Text(state.addresses["https"], style="cyan"))
    table.add_row("docs", Text(state.addresses["docs"], style="cyan"))
    table.add_row("health", Text(state.addresses["health"], style="cyan"))
    return table


def _logins(profiles: Profiles) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Tenant", "Role", "E-mail", "Password"):
        table.add_column(column, no_wrap=True)
    for slug, role, login in _demo_logins(profiles):
        table.add_row(slug, role, login.email, login.password)
    return table


def _demo_logins(profiles: Profiles) -> Iterator[tuple[str, str, Login]]:
    for slug, profile in sorted(profiles.by_tenant.items()):
        for role in Role:
            login = profile.logins.get(role.value)
            if login is not None and login.password:
                yield slug, role.value, login


def _a_tenant(profiles: Profiles) -> str:
    seeded = sorted(slug for slug, profile in profiles.by_tenant.items() if profile.is_seeded)
    return seeded[0] if seeded else ""


def _commands(state: RunState, tenant: str) -> list[RenderableType]:
    helpdesk = program("helpdesk")
    data = os.environ.get("HELPDESK_DATA")
    if data:
        helpdesk = f"HELPDESK_DATA={Path(data).absolute()} {helpdesk}"
    token = f'-H "Authorization: Bearer $({helpdesk} token --tenant {tenant})"'
    body = '{"text": "' + _QUESTION + '"}'
    schema = _from_here(REPOSITORY / "gen" / "descriptors" / "helpdesk.binpb")
    authority = _from_here(Path(state.certificate_authority))
    lines = (
        ("Ask", f'{helpdesk} ask --tenant {tenant} "{_QUESTION}"'),
        (
            "Open a ticket",
            f'{helpdesk} tickets create --tenant {tenant} --subject "Help" --body "…"',
        ),
        (
            "Over REST",
            f"curl -s {token} -H 'Content-Type: application/json' -d '{body}' "
            f"{state.addresses['http']}/v1/messages",
        ),
        (
            "Over gRPC",
            f"{program('buf')} curl --schema {schema} --protocol grpc --cacert {authority} "
            f"{token} -d '{body}' "
            f"{state.addresses['https']}/helpdesk.chat.v1.ChatService/SendMessage",
        ),
    )
    parts: list[RenderableType] = []
    for what, command in lines:
        parts += [Text(f"\n{what}", style="bold"), Text(f"  {command}")]
    return [*parts, Text()]


def _from_here(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
