"""`helpdesk tickets views …`."""

from typing import Annotated

import typer

from helpdesk.ticket.v1 import view_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, show
from services.cli.screens.views import view_table
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

NameArgument = Annotated[str, typer.Argument(metavar="VIEW", help="Its name or its id.")]


@app.callback()
def views(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Lists that are looked at again and again. Without a verb: show them with their counts."""
    if context.invoked_subcommand is not None:
        return
    with session(read_settings(MeshSettings), tenant, role, usually=Role.AGENT) as gateway:
        found = gateway.views.ListViews(view_service_pb2.ListViewsRequest())
        if output is Format.JSON:
            write_message(found)
        else:
            show(view_table(found.views))


@app.command("save")
def save_view(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    *,
    wanted: Annotated[str, typer.Option("--filter", help="As in `tickets list`.")] = "",
    order_by: Annotated[str, typer.Option(help="As in `tickets list`.")] = "",
    shared: Annotated[bool, typer.Option("--shared", help="For everybody of the tenant.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Save a filter and an order under a name."""
    usually = Role.ADMIN if shared else Role.AGENT
    with session(read_settings(MeshSettings), tenant, role, usually=usually) as gateway:
        view = view_service_pb2.View(name=name, filter=wanted, order_by=order_by, shared=shared)
        request = view_service_pb2.CreateViewRequest(view=view, request_id=new_id())
        saved = gateway.views.CreateView(request)
        if output is Format.JSON:
            write_message(saved)
        else:
            typer.echo(f"saved: helpdesk tickets list --view '{saved.name}'")


@app.command("delete")
def delete_view(name: NameArgument, tenant: TenantOption = None, role: RoleOption = None) -> None:
    """Delete a view; no ticket is touched."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.AGENT) as gateway:
        view = find_view(gateway, name)
        gateway.views.DeleteView(view_service_pb2.DeleteViewRequest(view_id=view.view_id))
        typer.echo(f"deleted: {view.name}")


def find_view(gateway: Gateway, name: str) -> view_service_pb2.View:
    """By name or id, the caller's own before what is shared. Raises CommandError."""
    known = gateway.views.ListViews(view_service_pb2.ListViewsRequest()).views
    wanted = name.casefold()
    found = [view for view in known if wanted in (view.name.casefold(), view.view_id)]
    if not found:
        names = ", ".join(view.name for view in known)
        raise CommandError(f"There is no view '{name}'.", hint=f"one of: {names}")
    return min(found, key=lambda view: view.shared)
