"""What agents answer reaches whoever wrote by mail, and what they write to one another does not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId, acting_as
from services.mesh.clock import utc_now
from services.ticket.domain import Comment, TicketContent
from services.ticket.mail.courier import GIVE_UP_AFTER, Courier
from services.ticket.settings import TicketSettings
from services.ticket.store import SqlMailOutbox, comments, mail_outbox
from services.ticket.use_cases import ticketing
from tests.ticket.builders import an_agent
from tests.ticket.mail.conftest import House
from tests.ticket.mail.mails import ANNA, a_mail
from tests.ticket.mail.peer import HANG_UP
from tests.ticket.mail.sending import Desk, answering


@pytest.fixture
async def desk(house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    async with answering(house, tmp_path) as desk:
        yield desk


async def test_an_answer_goes_there_and_back(desk: Desk) -> None:
    ticket = await desk.opened(subject="Printer", message_id="<first@example.com>")
    comment = await desk.write(ticket, "Which floor is it on?")

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["To"] == ANNA
    assert mail["From"] == desk.house.address
    assert mail["Subject"] == f"Re: Printer [#{ticket.number}]"
    assert mail["In-Reply-To"] == mail["References"] == "<first@example.com>"
    assert mail["Message-ID"].startswith(f"<{comment.comment_id}.")
    assert mail.get_content().strip() == "Which floor is it on?"

    # As a mail program answers it.
    reply = a_mail("The second.", subject=mail["Subject"], In_Reply_To=mail["Message-ID"])
    await desk.house.take(reply, mail["Reply-To"])

    assert [each.body for each in await desk.house.comments(ticket)] == [
        "Which floor is it on?",
        "The second.",
    ]
    assert len(await desk.house.tickets()) == 1
    # What the customer writes is not sent to the customer.
    assert await desk.courier.send_due() == 0


async def test_an_internal_note_never_leaves(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "She is a difficult one.", is_internal=True)

    assert await desk.courier.send_due() == 0
    assert await desk.waiting() == []
    assert desk.peer.tried == []


async def test_an_internal_note_in_the_outbox_is_not_sent_either(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first wall is down, which is also its control: the note waits to be sent."""
    queue = mail_outbox.queue_reply

    async def queues_all(session: AsyncSession, tenant_id: TenantId, comment: Comment) -> None:
        await queue(session, tenant_id, replace(comment, is_internal=False))

    monkeypatch.setattr(comments, "queue_reply", queues_all)
    ticket = await desk.opened()
    await desk.write(ticket, "She is a difficult one.", is_internal=True)

    assert await desk.courier.send_due() == 1
    assert [row.failure for row in await desk.waiting()] == ["there is nothing to send"]
    assert desk.peer.tried == []


async def test_a_ticket_that_did_not_come_by_mail_sends_none(desk: Desk) -> None:
    with acting_as(an_agent(tenant_id=desk.house.tenant_id)):
        ticket = await ticketing.open_ticket(
            desk.house.store, utc_now, TicketContent("No Wi-Fi", "It is gone.")
        )
    await desk.write(ticket, "Any news?")

    assert await desk.waiting() == []


async def test_a_relay_that_is_busy_is_asked_again_later(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    desk.peer.answers = ["451 Later", "451 Later"]

    assert await desk.courier.send_due() == 1
    assert await desk.courier.send_due() == 0
    desk.clock.ahead += timedelta(minutes=1)
    assert await desk.courier.send_due() == 1
    desk.clock.ahead += timedelta(minutes=1)
    assert await desk.courier.send_due() == 0
    desk.clock.ahead += timedelta(minutes=1)
    assert await desk.courier.send_due() == 1

    assert len(desk.peer.tried) == 3
    assert len(desk.peer.mails()) == 1
    assert [row.next_time for row in await desk.waiting()] == [None]


async def test_a_relay_that_is_away_is_asked_again_later(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    port, desk.peer.port = desk.peer.port, 1
    await desk.another_courier().send_due()
    desk.peer.port = port
    desk.clock.ahead += timedelta(minutes=5)

    await desk.courier.send_due()

    assert len(desk.peer.mails()) == 1


async def test_a_letter_that_is_refused_is_given_up(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    desk.peer.answers = ["550 No such person"]

    await desk.courier.send_due()
    desk.clock.ahead += timedelta(days=1)

    assert await desk.courier.send_due() == 0
    [row] = await desk.waiting()
    assert (row.delivered_time, row.failure) == (None, "the relay answered 550")
    note = (await desk.house.comments(ticket))[-1]
    assert note.is_internal
    assert "could not be mailed (the relay answered 550)" in note.body


async def test_a_letter_that_nobody_takes_is_given_up_after_days(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    desk.peer.answers = ["451 Later"]
    await desk.courier.send_due()
    desk.clock.ahead += GIVE_UP_AFTER

    await desk.courier.send_due()

    assert await desk.courier.send_due() == 0
    assert desk.peer.mails() == []
    assert (await desk.house.comments(ticket))[-1].is_internal


async def test_what_is_sent_twice_is_known_by_its_id(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    # Taken, but we never hear of it.
    desk.peer.answers = [HANG_UP]

    await desk.courier.send_due()
    desk.clock.ahead += timedelta(minutes=5)
    await desk.courier.send_due()

    first, second = desk.peer.mails()
    assert first["Message-ID"] == second["Message-ID"]


async def test_couriers_that_come_at_once_send_it_once(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")

    await asyncio.gather(*(desk.another_courier().send_due() for _ in range(4)))

    assert len(desk.peer.mails()) == 1


async def test_a_comment_that_is_not_kept_is_not_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await desk.opened()

    def fails(*arguments: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ticketing, "acts_on", fails)
        with pytest.raises(OSError, match="full"):
            await desk.write(ticket, "Which floor?")

    assert await desk.waiting() == []


@pytest.mark.parametrize(
    "subject",
    ["Hi =?utf-8?q?=0D=0ABcc:_eve=40example.net?=", "Hi =?utf-8?q?=0A=0Abody?=", "Grüße " * 60],
)
async def test_a_subject_cannot_add_headers(desk: Desk, subject: str) -> None:
    raw = f"From: {ANNA}\r\nSubject: {subject}\r\nMessage-ID: <a b\tc>\r\n\r\nText"
    await desk.house.take(raw.encode())
    [ticket] = await desk.house.tickets()
    await desk.write(ticket, "Yes\r\n.\r\nMAIL FROM:<eve@example.net>\r\n")

    await desk.courier.send_due()

    [mail] = desk.peer.mails()
    assert mail["Bcc"] is None
    assert set(mail.keys()) <= {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Loop", "MIME-Version"),
        *("X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding"),
        *("X-Peer", "X-MailFrom", "X-RcptTo"),
    }
    assert "MAIL FROM" in mail.get_content()
    assert str(mail["Subject"]).endswith(f"[#{ticket.number}]")


async def test_nothing_goes_out_in_the_clear_where_tls_is_asked_for(desk: Desk) -> None:
    ticket = await desk.opened()
    await desk.write(ticket, "Which floor?")
    relay = replace(desk.peer.relay, security="starttls")
    outbox = SqlMailOutbox(desk.house.database)

    await Courier(outbox, desk.house.store, relay, desk.clock).send_due()

    assert desk.peer.tried == []
    assert [row.failure for row in await desk.waiting()] == ["SMTPException"]


def test_a_password_is_never_sent_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="RELAY_SECURITY") as refusal:
        TicketSettings(
            ticket_smtp_relay="mail.example.com:25",
            ticket_smtp_relay_security="none",
            ticket_smtp_relay_password=SecretStr("a secret"),
        )

    assert "a secret" not in str(refusal.value)
    assert TicketSettings(ticket_smtp_relay="mail.example.com:587").relay_address == (
        "mail.example.com",
        587,
    )
