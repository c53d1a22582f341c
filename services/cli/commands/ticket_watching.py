"""`helpdesk tickets watch` and `at`, and a word to whoever answers what another answers."""

import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated

import grpc
import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from services.cli import ticket_lookup
from services.cli.commands.ticket_calls import TicketArgument, open_gateway
from services.cli.gateway import Gateway
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, write
from services.cli.people import names_of_users, own_id
from services.cli.screens.watching import event_text, name_of, presence_text

app = typer.Typer()

_SECONDS_BEFORE_RESUMING = 1.0
_COME_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED)
_ANSWERING = ticket_pb2.TICKET_ACTIVITY_ANSWERING

Step = ticket_service_pb2.WatchTicketsResponse


class Activity(StrEnum):
    VIEWING = "viewing"
    ANSWERING = "answering"
    GONE = "gone"

    @property
    def number(self) -> ticket_pb2.TicketActivity.ValueType:
        return ticket_pb2.TicketActivity.ValueType(([*Activity].index(self) + 1) % 3)


@app.command("watch")
def watch(
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKET]", help="One ticket; all, if left out.")
    ] = "",
    *,
    after: Annotated[int, typer.Option(help="Begin behind this place of the log.")] = 0,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Tell what happens to tickets and who is at them, until you stop it."""
    with open_gateway(tenant, role) as gateway:
        names = names_of_users(gateway)

        @cache
        def number_of(ticket_id: str) -> str:
            return f"#{ticket_lookup.find_ticket(gateway, ticket_id).number}"

        for step in steps(gateway, ticket, after):
            if output is Format.JSON:
                # A line each, for whoever reads on while it goes on.
                write(f"{_line(step)}\n")
            elif step.HasField("ticket_event"):
                event = step.ticket_event
                show(event_text(event, number_of(event.ticket_id), names), soft_wrap=True)
            elif step.HasField("presence"):
                presence = step.presence
                show(presence_text(presence, number_of(presence.ticket_id), names), soft_wrap=True)


def steps(
    gateway: Gateway, ticket: str, after: int, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Step]:
    """Takes the stream up again where it ended or broke, without end."""
    while True:
        request = ticket_service_pb2.WatchTicketsRequest(
            after_seq=after, ticket_id=ticket, with_presences=True
        )
        try:
            for step in gateway.tickets.WatchTickets(request):
                after = step.seq or after
                if step.HasField("error"):
                    say(f"The stream failed: {step.error.message}", style="yellow")
                elif not step.HasField("heartbeat"):
                    yield step
        except grpc.RpcError as error:
            if error.code() not in _COME_AGAIN:
                raise
            say("The connection broke; it is taken up again.", style="yellow")
        sleep(_SECONDS_BEFORE_RESUMING)


@app.command("at")
def set_presence(
    ticket: TicketArgument,
    activity: Annotated[Activity, typer.Argument(help="What you do there.")] = Activity.VIEWING,
    *,
    seconds: Annotated[int, typer.Option(min=1, max=300, help="For so long.")] = 60,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say that you are at a ticket, and see who else is."""
    with open_gateway(tenant, role) as gateway:
        request = ticket_service_pb2.SetPresenceRequest(
            ticket_id=ticket_lookup.ticket_id(gateway, ticket),
            activity=activity.number,
            seconds=seconds,
        )
        told = gateway.tickets.SetPresence(request)
        if output is Format.JSON:
            write(f"{_line(told)}\n")
            return
        names = names_of_users(gateway)
        for other in told.others:
            show(presence_text(other, f"#{ticket.removeprefix('#')}", names))


def warn_of_others(gateway: Gateway, ticket_id: str) -> None:
    """Whoever may not ask, as customers, is not told."""
    try:
        found = gateway.tickets.ListPresences(
            ticket_service_pb2.ListPresencesRequest(ticket_id=ticket_id)
        )
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
            raise
        return
    me = own_id(gateway)
    answering = [
        each.user_id
        for each in found.presences
        if each.activity == _ANSWERING and each.user_id != me
    ]
    if answering:
        names = names_of_users(gateway)
        who = ", ".join(name_of(user_id, names) for user_id in answering)
        say(f"Also writing an answer to this ticket: {who}", style="yellow")


def _line(message: Message) -> str:
    return MessageToJson(message, indent=None, ensure_ascii=False)
