"""`helpdesk ask`."""

from collections.abc import Iterable
from typing import Annotated

import typer

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2
from helpdesk.ticket.v1 import ticket_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls, write
from services.cli.refusals import from_status
from services.cli.screens import answer
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings


def ask(
    question: Annotated[str, typer.Argument(help="The question, in plain words.")],
    *,
    tenant: TenantOption = None,
    role: RoleOption = None,
    conversation: Annotated[
        str, typer.Option("--session", help="Go on with this conversation.")
    ] = "",
    hand_off: Annotated[
        bool, typer.Option("--hand-off", help="Then open a ticket with the conversation.")
    ] = False,
    output: OutputOption = Format.TEXT,
) -> None:
    """Ask the knowledge base; the answer comes with numbered citations.

    With `-o json` the whole answer is printed as one message once it is complete.
    """
    settings = read_settings(MeshSettings)
    with session(settings, tenant, role, usually=Role.CUSTOMER) as gateway:
        request = chat_service_pb2.StreamMessageRequest(
            session_id=conversation, text=question, request_id=new_id()
        )
        steps = gateway.chat.StreamMessage(request)
        message = follow(steps, is_shown=output is Format.TEXT)
        if output is Format.JSON:
            write_message(message)
        else:
            show_sources(message)
        if hand_off:
            _hand_off(gateway, message.session_id)
        elif output is Format.TEXT:
            say(f'\ngo on with: helpdesk ask --session {message.session_id} "…"', style="dim")


def follow(steps: Iterable[chat_pb2.StreamMessageResponse], *, is_shown: bool) -> chat_pb2.Message:
    """Returns the answer as the service stored it. Raises CommandError when there is none."""
    for step in steps:
        event = step.WhichOneof("event")
        if event == "delta" and is_shown:
            write(without_controls(step.delta.text))
        elif event == "done":
            if is_shown:
                write("\n")
            return step.done.message
        elif event == "error":
            if is_shown:
                write("\n")
            raise from_status(step.error)
    raise CommandError(
        "The answer was cut off.", hint="ask again; the conversation is kept", code="CUT_OFF"
    )


def show_sources(message: chat_pb2.Message) -> None:
    if message.outcome == chat_pb2.ANSWER_OUTCOME_NOT_FOUND:
        write("\n")
        show(answer.nearest_articles(message))
    elif message.citations:
        write("\n")
        show(answer.citations(message))


def _hand_off(gateway: Gateway, session_id: str) -> None:
    handed = gateway.chat.HandOffSession(
        chat_service_pb2.HandOffSessionRequest(session_id=session_id, request_id=new_id())
    )
    ticket = gateway.tickets.GetTicket(
        ticket_service_pb2.GetTicketRequest(ticket_id=handed.ticket_id)
    )
    say(f"a person takes over: ticket #{ticket.number}, helpdesk tickets show {ticket.number}")
