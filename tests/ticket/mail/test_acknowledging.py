"""Whoever wrote by mail is told once that the ticket has come, and machines are not answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from helpdesk.ticket.v1.mail_template_service_pb2 import (
    MAIL_KIND_ACKNOWLEDGEMENT,
    MAIL_KIND_REPLY,
    MailTemplate,
)
from services.mesh.caller import acting_as
from services.mesh.clock import utc_now
from services.ticket.domain import Ticket, TicketContent
from services.ticket.mail.automatic import is_automatic
from services.ticket.routing.effects import acknowledged
from services.ticket.use_cases import ticketing
from tests.support.mesh_server import refused
from tests.ticket.builders import an_agent
from tests.ticket.clients import People
from tests.ticket.mail.conftest import House
from tests.ticket.mail.mails import ANNA, a_mail
from tests.ticket.mail.sending import Desk, answering


@pytest.fixture
async def desk(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    async with answering(house, tmp_path) as desk:
        yield desk


async def acknowledge(desk: Desk, ticket: Ticket) -> None:
    async with desk.house.store.transaction(desk.house.tenant_id) as tickets:
        await tickets.keep(acknowledged(ticket, utc_now()))


async def test_the_sender_is_told_once(desk: Desk) -> None:
    ticket = await desk.opened(subject="Printer", message_id="<first@example.com>")
    await acknowledge(desk, ticket)

    await desk.courier.send_due()
    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["To"] == ANNA
    assert mail["Subject"] == f"Re: Printer [#{ticket.number}]"
    assert f"Its number is #{ticket.number}." in mail.get_content()
    assert mail["In-Reply-To"] == "<first@example.com>"
    [row] = await desk.waiting()
    assert row.delivered_time is not None


async def test_no_machine_answers_it_and_none_of_ours_does(desk: Desk) -> None:
    """A reply is a person's, and says nothing of the kind."""
    ticket = await desk.opened(subject="Printer")
    await acknowledge(desk, ticket)
    await desk.write(ticket, "Which floor?")

    await desk.courier.send_due()

    by_kind = {"Its number is" in mail.get_content(): mail for mail in desk.peer.mails()}
    assert by_kind[True]["Auto-Submitted"] == "auto-replied"
    assert by_kind[False]["Auto-Submitted"] is None
    assert is_automatic(lambda name: by_kind[True].get(name, ""))


async def test_an_answer_to_it_comes_to_the_ticket(desk: Desk) -> None:
    ticket = await desk.opened(subject="Printer")
    await acknowledge(desk, ticket)
    await desk.courier.send_due()
    [mail] = desk.peer.mails()

    reply = a_mail("It is on floor two.", subject=mail["Subject"], In_Reply_To=mail["Message-ID"])
    await desk.house.take(reply, mail["Reply-To"])

    assert len(await desk.house.tickets()) == 1
    assert [each.body for each in await desk.house.comments(ticket)] == ["It is on floor two."]


async def test_a_tenant_says_what_it_says(desk: Desk, people: People) -> None:
    template = MailTemplate(
        kind=MAIL_KIND_ACKNOWLEDGEMENT,
        subject="Acme has {{ticket.number}}",
        body="Hello {{requester.address}}, {{ticket.queue}} has it.",
    )
    kept = await people.ada.SetMailTemplate(mail_template=template)
    listed = (await people.ada.ListMailTemplates()).mail_templates
    assert [each.kind for each in listed] == [MAIL_KIND_REPLY, MAIL_KIND_ACKNOWLEDGEMENT]
    assert listed[1] == kept
    ticket = await desk.opened(subject="Printer")
    await acknowledge(desk, ticket)

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["Subject"] == f"Acme has #{ticket.number} [#{ticket.number}]"
    assert mail.get_content().strip() == f"Hello {ANNA}, general has it."


async def test_who_did_not_write_by_mail_gets_none(desk: Desk) -> None:
    with acting_as(an_agent(tenant_id=desk.house.tenant_id)):
        content = TicketContent("No Wi-Fi", "It is gone.")
        ticket = await ticketing.open_ticket(desk.house.store, utc_now, content)
    await acknowledge(desk, ticket)

    assert await desk.waiting() == []


async def test_one_that_cannot_be_mailed_is_told_to_the_agents(desk: Desk) -> None:
    ticket = await desk.opened(subject="Printer")
    await acknowledge(desk, ticket)
    desk.peer.answers = ["550 No such person"]

    await desk.courier.send_due()

    [note] = await desk.house.comments(ticket)
    assert note.is_internal
    assert note.body == "That the ticket has come could not be mailed (the relay answered 550)."


async def test_it_quotes_nothing_and_a_refusal_says_which_variable_there_is_not(
    people: People,
) -> None:
    template = MailTemplate(
        kind=MAIL_KIND_ACKNOWLEDGEMENT, subject="It is here", body="Hi {{reply.text}}"
    )
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "VARIABLE_UNKNOWN") as refusals:
        await people.ada.SetMailTemplate(mail_template=template)
    told = refusals[0].violations["mail_template.body"]
    assert told.startswith("there is no variable 'reply.text', but ticket.number, ")
