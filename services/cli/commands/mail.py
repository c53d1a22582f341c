"""`helpdesk mail …`; where a tenant is written to says the operator of the platform."""

from contextlib import AbstractContextManager
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import mail_address_service_pb2
from services.cli.commands import mail_templates
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.operator_login import operator_session
from services.cli.options import OutputOption
from services.cli.output import Format, say, show, without_controls
from services.cli.screens.tickets import time_text
from services.cli.tenant_lookup import find_tenant
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)
addresses = typer.Typer(no_args_is_help=True)
app.add_typer(addresses, name="addresses", help="Which tenant is written to at which address.")
app.add_typer(mail_templates.app, name="templates", help="What the tenant's mails say.")

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="Its short name or its id.")]
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="help@acme.example")]


@addresses.command("list")
def list_addresses(tenant: TenantArgument, output: OutputOption = Format.TEXT) -> None:
    """List the addresses of a tenant."""
    with _gateway() as gateway:
        tenant_id = find_tenant(gateway, tenant).tenant_id
        request = mail_address_service_pb2.ListMailAddressesRequest(tenant_id=tenant_id)
        found = gateway.mail_addresses.ListMailAddresses(request)
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Address", "Queue", "Given", box=box.SIMPLE_HEAD, pad_edge=False)
    for each in found.mail_addresses:
        words = (each.address, each.queue, time_text(each.create_time))
        table.add_row(*(Text(without_controls(word)) for word in words))
    show(table)


@addresses.command("add")
def add_address(
    tenant: TenantArgument,
    address: AddressArgument,
    *,
    queue: Annotated[str, typer.Option(help="Where its tickets wait.")] = "",
    output: OutputOption = Format.TEXT,
) -> None:
    """Let mails to an address become tickets of a tenant."""
    with _gateway() as gateway:
        given = mail_address_service_pb2.MailAddress(
            tenant_id=find_tenant(gateway, tenant).tenant_id, address=address.lower(), queue=queue
        )
        request = mail_address_service_pb2.CreateMailAddressRequest(
            mail_address=given, request_id=new_id()
        )
        made = gateway.mail_addresses.CreateMailAddress(request)
    if output is Format.JSON:
        write_message(made)
    else:
        say(f"Mails to {made.address} become tickets in {made.queue} now.")


@addresses.command("remove")
def remove_address(address: AddressArgument) -> None:
    """Refuse mails to an address from now on; tickets stay."""
    with _gateway() as gateway:
        request = mail_address_service_pb2.DeleteMailAddressRequest(address=address.lower())
        gateway.mail_addresses.DeleteMailAddress(request)
    say(f"Mails to {address.lower()} are refused now.")


def _gateway() -> AbstractContextManager[Gateway]:
    return operator_session(read_settings(MeshSettings))
