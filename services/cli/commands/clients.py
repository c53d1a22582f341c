"""`helpdesk clients …`: programs that act in a tenant, for themselves or for its users."""

from typing import Annotated

import typer

from helpdesk.auth.v1 import client_service_pb2, user_service_pb2
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write, write_json
from services.cli.screens.clients import client_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=False, invoke_without_command=True)

_PAGE = 100


@app.callback()
def clients(
    context: typer.Context,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make, list and delete clients. Without a verb: list them."""
    if context.invoked_subcommand is None:
        list_all(tenant, role, output)


@app.command("list")
def list_all(
    tenant: TenantOption = None, role: RoleOption = None, output: OutputOption = Format.TEXT
) -> None:
    """List the clients of the tenant."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        found = _clients(gateway)
    if output is Format.JSON:
        write_message(client_service_pb2.ListClientsResponse(clients=found))
    else:
        show(client_table(found))


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the client is for.")],
    *,
    holding: Annotated[
        list[str] | None, typer.Option("--role", help="A role for what it does by itself.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where its users may be sent back to with a code.")
    ] = None,
    logout_redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where they may be sent to after they have logged out.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="It can keep no secret: a web page, a desktop program.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a client. Its secret is shown now and never again."""
    request = user_service_pb2.CreateClientRequest(
        display_name=name,
        roles=holding or (),
        redirect_uris=redirect_uri or (),
        logout_redirect_uris=logout_redirect_uri or (),
        public=public,
    )
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        made = gateway.users.CreateClient(request)
    if output is Format.JSON:
        write_message(made)
        return
    write(f"client id      {made.client_id}\n")
    if made.client_secret:
        write(f"client secret  {made.client_secret}\n")
        say("keep the secret now: it is not shown again")


@app.command("delete")
def delete(
    client_id: Annotated[str, typer.Argument(help="The client's id.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Delete a client and end every session that it has opened."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        gateway.clients.DeleteClient(client_service_pb2.DeleteClientRequest(client_id=client_id))
    if output is Format.JSON:
        write_json({"clientId": client_id})
    else:
        say(f"deleted {client_id}")


def _clients(gateway: Gateway) -> list[user_service_pb2.Client]:
    found: list[user_service_pb2.Client] = []
    token = ""
    while True:
        request = client_service_pb2.ListClientsRequest(page_size=_PAGE, page_token=token)
        page = gateway.clients.ListClients(request)
        found += page.clients
        token = page.next_page_token
        if not token:
            return found
