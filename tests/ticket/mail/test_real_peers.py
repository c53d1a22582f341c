"""The whole way of a mail with servers that others wrote: Exim in between, Dovecot behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.clock import utc_now
from services.mesh.ids import new_id
from services.ticket.domain import Comment, Ticket
from services.ticket.mail import intake
from services.ticket.mail.courier import Courier
from services.ticket.mail.relay import SmtpRelay
from services.ticket.store import SqlMailOutbox
from services.ticket.use_cases import ticketing
from tests.ticket.builders import an_agent
from tests.ticket.mail.conftest import House, give_address, receiving
from tests.ticket.mail.mails import a_mail
from tests.ticket.mail.real_servers import Dovecot, Exim, running_exim

T = TypeVar("T")


@pytest.fixture(params=["smtp", "lmtp"])
async def exim(
    request: pytest.FixtureRequest, house: House, dovecot: Dovecot
) -> AsyncIterator[Exim]:
    async with receiving(house.database, request.param) as receiver:
        with running_exim(
            protocol=request.param, helpdesk_port=receiver.port, lmtp_port=dovecot.lmtp_port
        ) as exim:
            yield exim


async def test_a_customers_mail_becomes_a_ticket_and_the_answer_arrives_in_their_mailbox(
    house: House, exim: Exim, dovecot: Dovecot
) -> None:
    customer = f"anna-{new_id()[-12:]}@example.com"
    mail = a_mail("Line 3 waits.", subject="Scanner offline", sender=customer)
    await asyncio.to_thread(exim.send, mail, [house.address], sender=customer)
    [ticket] = await tickets_of(house, 1)
    assert (ticket.subject, ticket.body) == ("Scanner offline", "Line 3 waits.")

    await write(house, ticket, "He is a difficult one.", is_internal=True)
    await write(house, ticket, "Please switch it off and on. Grüße!")
    assert await courier(house, exim).send_due() == 1

    [answer] = await asyncio.to_thread(dovecot.wait_for_mails, customer)
    assert answer["In-Reply-To"] == answer["References"] == mail["Message-ID"]
    assert answer["Subject"] == f"Re: Scanner offline [#{ticket.number}]"
    assert (answer["From"], answer["To"]) == (house.address, customer)
    assert answer.get_content().strip() == "Please switch it off and on. Grüße!"

    # The customer answers as a mail program does, and is answered again.
    reply = a_mail("It works.", subject=answer["Subject"], sender=customer)
    reply["In-Reply-To"] = answer["Message-ID"]
    reply["References"] = f"{answer['References']} {answer['Message-ID']}"
    await asyncio.to_thread(exim.send, reply, [answer["Reply-To"]], sender=customer)
    comments = await comments_of(house, ticket, 3)
    assert comments[-1].body == "It works."
    assert len(await house.tickets()) == 1

    await write(house, ticket, "Good.")
    await courier(house, exim).send_due()
    mails = await asyncio.to_thread(dovecot.wait_for_mails, customer, 2)
    assert mails[1]["In-Reply-To"] == reply["Message-ID"]
    assert mails[1]["References"].split() == [mail["Message-ID"], reply["Message-ID"]]
    assert not any("difficult" in each.as_string() for each in mails)


async def test_what_is_put_off_comes_again_and_what_is_refused_does_not(
    house: House, exim: Exim, stranger_id: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await give_address(house.database, stranger_id)
    tries = 0
    file_mail = vars(intake)["file_mail"]

    async def fails_twice(*arguments: object, **more: object) -> object:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise OSError("the disk is full")
        return await file_mail(*arguments, **more)

    monkeypatch.setattr(intake, "file_mail", fails_twice)
    recipients = [house.address, "nobody@acme.example", other]

    await asyncio.to_thread(exim.send, a_mail(), recipients, sender="anna@example.com")

    assert len(await tickets_of(house, 1)) == 1
    await logged(exim, f"> {other}")
    await logged(exim, f"> {house.address}")
    assert len(await house.tickets(stranger_id)) == 1
    assert len(await house.tickets()) == 1
    assert "** nobody@acme.example" in exim.log()


async def test_after_mails_that_are_made_to_break_others_still_arrive(
    house: House, exim: Exim
) -> None:
    sender = "eve@example.net"
    head = b"From: eve@example.net\r\nSubject: Boom\r\n"
    mixed = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    for bomb in (
        head + mixed + b"--b\r\n\r\nx\r\n" * 20_000,
        head + b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(2_000)),
        head + b"X-A: b\r\n" * 3_000 + b"\r\nText",
        head + b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
        head + b"From: anna@example.com\r\nMessage-ID: <a>\r\nMessage-ID: <b>\r\n\r\nText",
    ):
        await asyncio.to_thread(exim.send, bomb, [house.address], sender=sender)
    await asyncio.to_thread(exim.send, a_mail("Well."), [house.address], sender=sender)

    bodies = [ticket.body for ticket in await tickets_of(house, 6)]

    assert "Well." in bodies
    assert {ticket.requester_id for ticket in await house.tickets()} == {
        "mail:eve@example.net",
        "mail:anna@example.com",
    }


async def test_the_bounce_of_our_answer_is_no_ticket(house: House, exim: Exim) -> None:
    # Exim takes the answer, cannot deliver it, and tells the sender: us.
    await house.take(a_mail(sender="gone@nowhere.example"))
    [ticket] = await house.tickets()
    await write(house, ticket, "Which floor?")
    relay = courier(house, exim)

    await relay.send_due()
    await logged(exim, f"=> {house.address}")

    assert len(await house.tickets()) == 1
    assert [comment.body for comment in await house.comments(ticket)] == ["Which floor?"]


def courier(house: House, exim: Exim) -> Courier:
    relay = SmtpRelay("127.0.0.1", exim.smtp_port, "none")
    return Courier(SqlMailOutbox(house.database), house.store, relay, utc_now)


async def write(house: House, ticket: Ticket, body: str, *, is_internal: bool = False) -> None:
    with acting_as(an_agent(tenant_id=house.tenant_id)):
        await ticketing.add_comment(
            house.store, utc_now, ticket.ticket_id, body, is_internal=is_internal
        )


async def logged(exim: Exim, words: str) -> None:
    await waited_for(lambda log: words in log, partial(asyncio.to_thread, exim.log))


async def tickets_of(house: House, count: int) -> list[Ticket]:
    return await waited_for(lambda found: len(found) >= count, house.tickets)


async def comments_of(house: House, ticket: Ticket, count: int) -> list[Comment]:
    return await waited_for(lambda found: len(found) >= count, partial(house.comments, ticket))


async def waited_for(holds: Callable[[T], bool], find: Callable[[], Awaitable[T]]) -> T:
    async with asyncio.timeout(60):
        while not holds(found := await find()):  # noqa: ASYNC110 - Exim tells nobody
            await asyncio.sleep(0.05)
    return found
