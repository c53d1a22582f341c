"""Mails that come in by SMTP become tickets and comments, each once."""

import asyncio
from dataclasses import replace

import pytest

from services.mesh.caller import TenantId
from services.ticket.domain import Change, TicketStatus
from services.ticket.mail import filing, receiver
from services.ticket.store import SqlTickets
from tests.ticket.mail.conftest import House, give_address
from tests.ticket.mail.mails import ANNA, a_mail, send

BEN = "ben@example.com"


async def test_a_mail_becomes_a_ticket(house: House) -> None:
    assert await house.take(a_mail("Line 3 waits.", subject="Scanner offline")) == 250

    [ticket] = await house.tickets()
    assert (ticket.subject, ticket.body) == ("Scanner offline", "Line 3 waits.")
    assert ticket.requester_id == f"mail:{ANNA}"
    assert ticket.queue == "general"


async def test_an_unknown_address_is_refused(house: House, stranger_id: TenantId) -> None:
    assert await house.take(a_mail(), "nobody@acme.example") == 550
    assert await house.tickets() == []


async def test_a_mail_goes_to_the_tenant_of_its_address_alone(
    house: House, stranger_id: TenantId
) -> None:
    other = await give_address(house.database, stranger_id)
    await house.take(a_mail(), other)

    assert await house.tickets() == []
    assert len(await house.tickets(stranger_id)) == 1


async def test_the_same_mail_again_is_no_second_ticket(house: House) -> None:
    mail = a_mail()

    assert [await house.take(mail) for _ in range(3)] == [250] * 3
    assert len(await house.tickets()) == 1


async def test_the_same_mail_many_times_at_once_is_one_ticket(house: House) -> None:
    mail = a_mail()

    assert await asyncio.gather(*(house.take(mail) for _ in range(8))) == [250] * 8
    assert len(await house.tickets()) == 1


async def test_without_a_message_id_the_same_bytes_are_one_ticket(house: House) -> None:
    mail = a_mail()
    del mail["Message-ID"]

    assert [await house.take(mail) for _ in range(2)] == [250] * 2
    assert len(await house.tickets()) == 1


async def test_whoever_uses_anothers_message_id_keeps_no_mail_away(house: House) -> None:
    await house.take(a_mail(sender=BEN, message_id="<known@example.com>"))
    await house.take(a_mail(message_id="<known@example.com>"))

    assert len(await house.tickets()) == 2


async def test_nothing_is_said_to_be_taken_before_it_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = SqlTickets.keep

    async def fails(*arguments: object) -> None:
        await keep(*arguments)  # type: ignore[arg-type]
        raise OSError("the disk is full")

    mail = a_mail()
    with monkeypatch.context() as broken:
        broken.setattr(SqlTickets, "keep", fails)
        assert await house.take(mail) == 451
        assert await house.tickets() == []

    assert await house.take(mail) == 250
    assert len(await house.tickets()) == 1


async def test_an_answer_with_the_token_is_a_comment(house: House) -> None:
    await house.take(a_mail())
    [ticket] = await house.tickets()
    local, host = house.address.split("@")

    await house.take(
        a_mail("On floor 2.\n\nOn Monday, Alex wrote:\n> Where?", subject="Re: Printer"),
        f"{local}+{await house.token(ticket)}@{host}",
    )

    [comment] = await house.comments(ticket)
    assert (comment.body, comment.author_id) == ("On floor 2.", f"mail:{ANNA}")
    assert not comment.is_internal
    assert len(await house.tickets()) == 1


async def test_an_answer_that_refers_to_our_mail_is_a_comment(house: House) -> None:
    await house.take(a_mail())
    [ticket] = await house.tickets()
    ours = f"<0199.{await house.token(ticket)}@acme.example>"

    # From another address of the same person, as happens with forwarded mail.
    await house.take(a_mail("On floor 2.", sender=BEN, In_Reply_To=ours))

    [comment] = await house.comments(ticket)
    assert comment.author_id == f"mail:{BEN}"


@pytest.mark.parametrize("sender", [ANNA, BEN])
@pytest.mark.parametrize("how", ["number", "reference"])
async def test_a_number_or_a_foreign_id_is_believed_of_the_requester_alone(
    house: House, sender: str, how: str
) -> None:
    await house.take(a_mail(message_id="<first@example.com>"))
    [ticket] = await house.tickets()
    answer = (
        a_mail("And?", sender=sender, subject=f"Re: Printer [#{ticket.number}]")
        if how == "number"
        else a_mail("And?", sender=sender, References="<first@example.com>")
    )

    await house.take(answer)

    assert len(await house.comments(ticket)) == (1 if sender == ANNA else 0)
    assert len(await house.tickets()) == (1 if sender == ANNA else 2)


async def test_the_control_would_let_a_stranger_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.take(a_mail())
    [ticket] = await house.tickets()
    monkeypatch.setattr(filing, "sender_id", lambda _: ticket.requester_id)

    await house.take(a_mail(sender=BEN, subject=f"[#{ticket.number}]"))

    assert len(await house.comments(ticket)) == 1


async def test_a_token_is_good_in_its_own_tenant_alone(house: House, stranger_id: TenantId) -> None:
    await house.take(a_mail())
    [ticket] = await house.tickets()
    local, host = (await give_address(house.database, stranger_id)).split("@")

    await house.take(a_mail(), f"{local}+{await house.token(ticket)}@{host}")

    assert await house.comments(ticket) == []
    assert len(await house.tickets(stranger_id)) == 1


async def test_an_answer_to_a_closed_ticket_is_a_new_one(house: House) -> None:
    await house.take(a_mail())
    [ticket] = await house.tickets()
    async with house.store.transaction(house.tenant_id) as tickets:
        after = replace(ticket, status=TicketStatus.CLOSED, revision=ticket.revision + 1)
        await tickets.keep(Change(ticket, after))

    await house.take(a_mail(subject=f"[#{ticket.number}]"))

    assert len(await house.tickets()) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example.com>"},
        {"X_Loop": "helpdesk"},
    ],
)
async def test_what_no_person_wrote_is_taken_and_left_out(
    house: House, headers: dict[str, str]
) -> None:
    assert await house.take(a_mail(**headers)) == 250
    assert await house.tickets() == []


async def test_a_bounce_is_no_ticket(house: House) -> None:
    assert await house.take(a_mail(sender="MAILER-DAEMON@example.com"), sender="") == 250
    assert await house.take(a_mail(), sender="") == 250
    assert await house.tickets() == []


async def test_a_mail_of_our_own_address_is_no_ticket(house: House) -> None:
    assert await house.take(a_mail(sender=house.address)) == 250
    assert await house.tickets() == []


async def test_a_sender_who_does_not_stop_is_put_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_MAILS_PER_HOUR", 3)

    assert [await house.take(a_mail()) for _ in range(5)] == [250, 250, 250, 451, 451]
    assert await house.take(a_mail(sender=BEN)) == 250
    assert len(await house.tickets()) == 4


async def test_what_is_too_large_is_refused_by_its_announced_size(house: House) -> None:
    assert await house.take(a_mail("x" * 70 + "\n")) == 250
    assert await house.take(a_mail(("x" * 70 + "\n") * 20_000)) == 552
    assert len(await house.tickets()) == 1


async def test_a_mail_to_many_of_a_tenants_addresses_is_one_ticket(house: House) -> None:
    other = await give_address(house.database, house.tenant_id)
    assert await send(house.receiver.port, a_mail(), [house.address, other]) == 250
    assert len(await house.tickets()) == 1
    many = [f"{house.address.replace('@', f'+{n}@')}" for n in range(receiver.MOST_RECIPIENTS)]
    assert await send(house.receiver.port, a_mail(), many) == 250
