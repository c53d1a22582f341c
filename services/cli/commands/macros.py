"""`helpdesk macros …`."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from helpdesk.ticket.v1 import macro_service_pb2
from services.cli.commands.ticket_calls import open_gateway
from services.cli.macro_file import read_actions, text_of
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls, write
from services.cli.own_fields import list_fields
from services.cli.screens.tickets import time_text
from services.cli.session import Role

app = typer.Typer(no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="MACRO", help="The macro's name.")]


@app.command("list")
def list_macros(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List what is done to tickets again and again."""
    with open_gateway(tenant, role) as gateway:
        found = gateway.macros.ListMacros(macro_service_pb2.ListMacrosRequest())
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Macro", "Actions", "Changed", box=box.SIMPLE_HEAD, pad_edge=False)
    for macro in found.macros:
        table.add_row(macro.name, str(len(macro.actions)), time_text(macro.update_time))
    show(table)


@app.command("show")
def show_macro(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show what a macro does, as a file that `macros set` takes."""
    with open_gateway(tenant, role) as gateway:
        macro = gateway.macros.GetMacro(macro_service_pb2.GetMacroRequest(name=name))
    if output is Format.JSON:
        write_message(macro)
    else:
        write(without_controls(text_of(macro)))


@app.command("set")
def set_macro(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML, as `macros show` writes it.")],
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Keep a macro, in place of the one of its name."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        actions = read_actions(file, list_fields(gateway))
        kept = gateway.macros.PutMacro(
            macro_service_pb2.PutMacroRequest(
                macro=macro_service_pb2.Macro(name=name, actions=actions)
            )
        )
    if output is Format.JSON:
        write_message(kept)
    else:
        say(f"The macro {name} is kept.")


@app.command("delete")
def delete_macro(
    name: NameArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
) -> None:
    """Delete a macro."""
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        gateway.macros.DeleteMacro(macro_service_pb2.DeleteMacroRequest(name=name))
    say("The macro is gone.")
