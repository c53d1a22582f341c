"""`helpdesk sla …`."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from helpdesk.ticket.v1 import sla_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, write
from services.cli.session import Role, session
from services.cli.sla_file import read_policy, text_of
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)


@app.command("show")
def show_policy(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show opening hours and targets, as a file that `sla set` takes."""
    with _gateway(tenant, role) as gateway:
        policy = gateway.sla.GetSlaPolicy(sla_service_pb2.GetSlaPolicyRequest())
    if output is Format.JSON:
        write_message(policy)
    else:
        write(text_of(policy))


@app.command("set")
def set_policy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML, as `sla show` writes it.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Set opening hours and targets, in place of those before."""
    if not file.is_file():
        raise CommandError(
            f"{file} is not a file.", hint="helpdesk sla set FILE", code="FILE_NOT_FOUND"
        )
    policy = read_policy(file)
    with _gateway(tenant, role) as gateway:
        kept = gateway.sla.SetSlaPolicy(sla_service_pb2.SetSlaPolicyRequest(policy=policy))
    if output is Format.JSON:
        write_message(kept)
        return
    priorities = len(kept.targets)
    say(f"targets for {priorities} priorities, hours in {kept.calendar.time_zone}")


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)
