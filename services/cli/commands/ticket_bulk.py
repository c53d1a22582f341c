"""`helpdesk tickets bulk`."""

from enum import StrEnum
from typing import Annotated

import typer

from helpdesk.ticket.v1 import bulk_service_pb2, ticket_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import open_gateway
from services.cli.failures import CommandError
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say
from services.cli.own_fields import values_of
from services.cli.people import user_id_of

app = typer.Typer()


class Step(StrEnum):
    PEND = "pend"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"

    @property
    def number(self) -> bulk_service_pb2.TicketStep.ValueType:
        return bulk_service_pb2.TicketStep.Value(f"TICKET_STEP_{self.name}")


@app.command("bulk")
def bulk(
    tickets: Annotated[list[str], typer.Argument(metavar="TICKET…", help="Numbers or ids.")],
    *,
    step: Annotated[Step | None, typer.Option(help="Move them all.")] = None,
    to: Annotated[
        str, typer.Option(help="Give them all to an e-mail address, `me`, or `nobody`.")
    ] = "",
    macro: Annotated[str, typer.Option(help="Apply a macro to each.")] = "",
    queue: Annotated[str, typer.Option(help="Put them all into a queue.")] = "",
    priority: Annotated[
        ticket_lookup.Priority | None, typer.Option(help="Give them all a priority.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Set one of `helpdesk fields`, KEY=VALUE; repeat it.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Do one thing to many tickets; what is refused for one holds up none of the others."""
    if [bool(step), bool(to), bool(macro), bool(queue or priority or field)].count(True) != 1:
        raise CommandError(
            "It must be one thing that is done.", hint="helpdesk tickets bulk 1 2 --step resolve"
        )
    request = bulk_service_pb2.BulkUpdateTicketsRequest(ticket_ids=tickets)
    with open_gateway(tenant, role) as gateway:
        if step:
            request.step = step.number
        elif macro:
            request.macro.name = macro
        elif to:
            request.assignment.assignee_id = user_id_of(gateway, to)
            request.assignment.SetInParent()
        else:
            request.content.queue = queue
            for key, value in values_of(gateway, field or []).items():
                request.content.fields[key].CopyFrom(value)
            if priority:
                request.content.priority = priority.number
        done = gateway.bulk.BulkUpdateTickets(request)
    if output is Format.JSON:
        write_message(done)
    else:
        for result in done.results:
            say(f"{result.ticket_id}: {_outcome(result)}")


def _outcome(result: bulk_service_pb2.BulkTicketResult) -> str:
    if result.HasField("error"):
        return str(result.error.message)
    status = ticket_pb2.TicketStatus.Name(result.ticket.status)
    return status.removeprefix("TICKET_STATUS_").lower()
