"""Mails that come in by LMTP: each recipient has an answer of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage

import pytest

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.mail import filing, intake
from services.ticket.mail.filing import Filed, file_mail
from services.ticket.mail.message import IncomingMail, read_mail
from services.ticket.mail.ports import MailAddress
from services.ticket.store import SqlMailAddresses
from tests.ticket.mail.conftest import House, give_address, receiving
from tests.ticket.mail.mails import ANNA, a_mail


class LmtpPeer:
    """A mail server that delivers: it says all at once, and then reads what it was told."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def deliver(
        self, mail: EmailMessage | bytes, to: Sequence[str], *, sender: str = ANNA
    ) -> tuple[list[int], list[int]]:
        """Returns the answers to the recipients, and those to the mail."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes().replace(b"\n", b"\r\n")
        return await self.say(
            [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{each}>" for each in to), "DATA"], raw
        )

    async def say(self, commands: Sequence[str], raw: bytes) -> tuple[list[int], list[int]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await _answer(reader)
            writer.write("".join(f"{each}\r\n" for each in ("LHLO peer", *commands)).encode())
            assert await _answer(reader) == 250
            answers = [await _answer(reader) for _ in commands]
            if answers[-1] != 354:
                return answers[1:-1], []
            writer.write(raw + b"\r\n.\r\nNOOP\r\nQUIT\r\n")
            finals = []
            async with asyncio.timeout(20):
                while (answer := await _answer(reader)) != 221:
                    finals.append(answer)
        finally:
            writer.close()
        # The last one is NOOP's.
        return answers[1:-1], finals[:-1]


async def _answer(reader: asyncio.StreamReader) -> int:
    line = await reader.readline()
    while line[3:4] == b"-":
        line = await reader.readline()
    return int(line[:3])


@pytest.fixture
async def peer(database: Database) -> AsyncIterator[LmtpPeer]:
    async with receiving(database, "lmtp") as receiver:
        yield LmtpPeer(receiver.port)


async def test_each_recipient_has_an_answer(
    house: House, peer: LmtpPeer, stranger_id: TenantId
) -> None:
    other = await give_address(house.database, stranger_id)

    recipients, finals = await peer.deliver(
        a_mail("Line 3 waits."), [house.address, "nobody@acme.example", other]
    )

    assert (recipients, finals) == ([250, 550, 250], [250, 250])
    assert [ticket.body for ticket in await house.tickets()] == ["Line 3 waits."]
    assert len(await house.tickets(stranger_id)) == 1


async def test_what_fails_for_one_tenant_is_kept_for_the_other(
    house: House, peer: LmtpPeer, stranger_id: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await give_address(house.database, stranger_id)
    mail = a_mail()

    async def fails(*arguments: object, **more: object) -> Filed:
        to = next(each for each in arguments if isinstance(each, MailAddress))
        if to.tenant_id == stranger_id:
            raise OSError("the disk is full")
        return await file_mail(*arguments, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(intake, "file_mail", fails)
        assert (await peer.deliver(mail, [house.address, other]))[1] == [250, 451]
        assert await house.tickets(stranger_id) == []

    # A mail server comes again for those alone that were put off.
    assert (await peer.deliver(mail, [other]))[1] == [250]
    assert len(await house.tickets(stranger_id)) == 1
    assert len(await house.tickets()) == 1


async def test_two_addresses_of_a_tenant_are_one_ticket_and_two_answers(
    house: House, peer: LmtpPeer
) -> None:
    other = await give_address(house.database, house.tenant_id)

    assert (await peer.deliver(a_mail(), [house.address, other]))[1] == [250, 250]
    assert len(await house.tickets()) == 1


async def test_by_smtp_or_lmtp_it_is_the_same_mail(house: House, peer: LmtpPeer) -> None:
    mail = a_mail()
    await house.take(mail)

    assert (await peer.deliver(mail, [house.address]))[1] == [250]
    assert len(await house.tickets()) == 1


async def test_an_answer_with_the_token_is_a_comment(house: House, peer: LmtpPeer) -> None:
    await peer.deliver(a_mail(), [house.address])
    [ticket] = await house.tickets()
    local, host = house.address.split("@")

    await peer.deliver(a_mail("Floor 2."), [f"{local}+{await house.token(ticket)}@{host}"])

    assert [comment.body for comment in await house.comments(ticket)] == ["Floor 2."]


async def test_a_bounce_is_taken_and_left_out(house: House, peer: LmtpPeer) -> None:
    assert (await peer.deliver(a_mail(), [house.address] * 2, sender=""))[1] == [250, 250]
    assert await house.tickets() == []


async def test_an_address_that_goes_while_the_mail_comes_is_refused(
    house: House, peer: LmtpPeer, stranger_id: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = await give_address(house.database, stranger_id)

    async def take_away() -> None:
        await SqlMailAddresses(house.database).remove(going)

    loop = asyncio.get_running_loop()

    def reads(raw: bytes) -> IncomingMail:
        asyncio.run_coroutine_threadsafe(take_away(), loop).result(20)
        return read_mail(raw)

    monkeypatch.setattr(intake, "read_mail", reads)

    assert (await peer.deliver(a_mail(), [house.address, going]))[1] == [250, 550]


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"x" * 70 + b"\r\n", 552), (b"x" * 200_000, 500)],
    ids=["too large", "a line too long"],
)
async def test_a_mail_that_is_refused_is_refused_for_each(
    house: House, peer: LmtpPeer, raw: bytes, code: int
) -> None:
    other = await give_address(house.database, house.tenant_id)
    many = raw * 20_000 if code == 552 else raw

    assert (await peer.deliver(b"From: a@b\r\n\r\n" + many, [house.address, other]))[1] == [
        code,
        code,
    ]
    assert await house.tickets() == []


async def test_too_many_mails_are_put_off_for_each(
    house: House, peer: LmtpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_MAILS_PER_HOUR", 1)
    await peer.deliver(a_mail(), [house.address])

    assert (await peer.deliver(a_mail(), [house.address] * 2))[1] == [451, 451]


@pytest.mark.parametrize("commands", [["DATA"], ["MAIL FROM:<a@example.com>", "DATA"]])
async def test_a_mail_to_nobody_is_not_taken(peer: LmtpPeer, commands: list[str]) -> None:
    assert (await peer.say(commands, b""))[1] == []


async def test_no_smtp_is_spoken_here(peer: LmtpPeer) -> None:
    assert await peer.say(["NOOP", "EHLO peer", "HELO peer", "NOOP"], b"") == ([500, 500], [])
