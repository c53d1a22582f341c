"""`helpdesk fields …`."""

from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from rich import box
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import field_pb2, field_service_pb2
from services.cli.commands.ticket_calls import open_gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.session import Role
from services.mesh.ids import new_id

app = typer.Typer(no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="As `due_date`.")]
OptionsOption = Annotated[
    list[str] | None, typer.Option("--option", help="What can be chosen; repeat it.")
]


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CHOICE = "choice"
    MULTI_CHOICE = "multi-choice"

    @property
    def number(self) -> field_pb2.TicketFieldType.ValueType:
        return field_pb2.TicketFieldType.Value(f"TICKET_FIELD_TYPE_{self.name}")


@app.command("list")
def list_fields(
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """List the fields that tickets have beside the usual ones."""
    with open_gateway(tenant, role) as gateway:
        found = gateway.fields.ListFields(field_service_pb2.ListFieldsRequest())
    if output is Format.JSON:
        write_message(found)
        return
    table = Table("Key", "Label", "Type", "For", "Options", "", box=box.SIMPLE_HEAD, pad_edge=False)
    for field in found.fields:
        marks = ["required"] * field.required + ["retired"] * field.retired
        table.add_row(
            field.key,
            Text(without_controls(field.label)),
            field_pb2.TicketFieldType.Name(field.field_type)
            .removeprefix("TICKET_FIELD_TYPE_")
            .lower(),
            "customers" if field.for_customers else "agents",
            Text(without_controls("; ".join(field.options))),
            ", ".join(marks),
        )
    show(table)


@app.command("create")
def create_field(
    key: KeyArgument,
    label: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    field_type: Annotated[
        FieldType, typer.Option("--type", help="What it holds; it stays.")
    ] = FieldType.TEXT,
    option: OptionsOption = None,
    required: Annotated[
        bool, typer.Option("--required", help="No ticket is resolved without a value.")
    ] = False,
    for_customers: Annotated[
        bool, typer.Option("--for-customers", help="Customers see and set it, too; it stays.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Make a field."""
    field = field_pb2.TicketField(
        key=key,
        label=label,
        field_type=field_type.number,
        options=option or [],
        required=required,
        for_customers=for_customers,
    )
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = field_service_pb2.CreateFieldRequest(field=field, request_id=new_id())
        made = gateway.fields.CreateField(request)
    _say(made, f"Tickets can have {key} now.", output)


@app.command("update")
def update_field(
    key: KeyArgument,
    *,
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    option: OptionsOption = None,
    required: Annotated[
        bool | None,
        typer.Option("--required/--optional", help="Whether a ticket is resolved without it."),
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change a field; options that are left out can no longer be chosen."""
    field = field_pb2.TicketField(key=key, label=label, options=option or [])
    paths = ["label"] * bool(label) + ["options"] * bool(option)
    if required is not None:
        field.required = required
        paths.append("required")
    _update(field, paths, tenant, role, output)


@app.command("retire")
def retire_field(
    key: KeyArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Let nobody set a field any more; tickets keep what they have."""
    field = field_pb2.TicketField(key=key, retired=True)
    _update(field, ["retired"], tenant, role, output)


@app.command("restore")
def restore_field(
    key: KeyArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Let a retired field be set again."""
    _update(field_pb2.TicketField(key=key), ["retired"], tenant, role, output)


def _update(
    field: field_pb2.TicketField,
    paths: list[str],
    tenant: str | None,
    role: Role | None,
    output: Format,
) -> None:
    with open_gateway(tenant, role, usually=Role.ADMIN) as gateway:
        request = field_service_pb2.UpdateFieldRequest(
            field=field, update_mask=FieldMask(paths=paths)
        )
        changed = gateway.fields.UpdateField(request)
    _say(changed, f"The field {field.key} is changed.", output)


def _say(field: field_pb2.TicketField, words: str, output: Format) -> None:
    if output is Format.JSON:
        write_message(field)
    else:
        say(words)
