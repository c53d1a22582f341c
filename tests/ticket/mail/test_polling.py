"""Mails in a real mailbox become tickets, each once, whatever happens to either side."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.mesh.caller import TenantId
from services.mesh.clock import utc_now
from services.mesh.metrics.families import text_of
from services.ticket.mail import filing, intake, looking
from services.ticket.mail.filing import file_mail
from services.ticket.mail.mailboxes import Mailbox
from services.ticket.mail.message import MOST_RECIPIENTS, read_mail
from services.ticket.mail.polling import Poller
from services.ticket.metrics import mailbox_metrics
from services.ticket.store import SqlMailboxPlaces, SqlMailStore
from tests.support.scraping import samples
from tests.ticket.mail.conftest import House, give_address, intake_of
from tests.ticket.mail.mails import ANNA, a_mail
from tests.ticket.mail.real_servers import PASSWORD, Dovecot


@dataclass
class Postbox:
    """The mailbox of an address, named after it, and somebody who looks into it."""

    house: House
    dovecot: Dovecot
    password_file: Path
    ahead: timedelta = field(default_factory=timedelta)

    def poller(self, **mailbox: object) -> Poller:
        return Poller(
            self.mailbox(**mailbox),
            intake_of(self.house.database),
            SqlMailboxPlaces(self.house.database),
            self._clock,
            poll_seconds=30,
            most_bytes=100_000,
        )

    def mailbox(self, **changed: object) -> Mailbox:
        named: dict[str, object] = {
            "address": self.house.address,
            "host": "127.0.0.1",
            "port": self.dovecot.imap_port,
            "security": "none",
            "user": self.house.address,
            "password_file": self.password_file,
        }
        return Mailbox.model_validate({**named, **changed})

    def put(self, mail: EmailMessage | bytes) -> None:
        self.dovecot.deliver(mail, self.house.address)

    def mails(self, folder: str = "INBOX", which: str = "ALL") -> list[EmailMessage]:
        return self.dovecot.mails(self.house.address, folder, which)

    @property
    def maildir(self) -> Path:
        return self.dovecot.folder / "mail" / self.house.address

    def _clock(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def postbox(house: House, dovecot: Dovecot, tmp_path: Path) -> Postbox:
    password_file = tmp_path / "password"
    password_file.write_text(f"{PASSWORD}\n")
    return Postbox(house, dovecot, password_file)


async def test_a_mail_in_the_mailbox_becomes_a_ticket_and_is_marked_as_seen(
    postbox: Postbox, stranger_id: TenantId
) -> None:
    postbox.put(a_mail("Line 3 waits.", subject="Scanner"))
    poller = postbox.poller()

    await poller.look()
    await poller.look()

    [ticket] = await postbox.house.tickets()
    assert (ticket.subject, ticket.body) == ("Scanner", "Line 3 waits.")
    assert ticket.requester_id == f"mail:{ANNA}"
    assert len(postbox.mails(which="SEEN")) == 1
    assert await postbox.house.tickets(stranger_id) == []


async def test_it_is_moved_where_the_operator_wants_that(postbox: Postbox) -> None:
    postbox.put(a_mail())

    await postbox.poller(filed_folder="Filed here").look()

    assert len(await postbox.house.tickets()) == 1
    assert postbox.mails() == []
    assert len(postbox.mails('"Filed here"')) == 1


async def test_what_others_read_before_us_is_filed_all_the_same(postbox: Postbox) -> None:
    poller = postbox.poller()
    await poller.look()
    postbox.put(a_mail())
    with postbox.dovecot.logged_in(postbox.house.address) as connection:
        connection.store("1", "+FLAGS", r"(\Seen)")

    await poller.look()

    assert len(await postbox.house.tickets()) == 1


async def test_at_first_only_what_nobody_has_seen_is_filed(postbox: Postbox) -> None:
    postbox.put(a_mail("Old."))
    with postbox.dovecot.logged_in(postbox.house.address) as connection:
        connection.store("1", "+FLAGS", r"(\Seen)")
    postbox.put(a_mail("New."))

    await postbox.poller().look()

    assert [ticket.body for ticket in await postbox.house.tickets()] == ["New."]


async def test_what_is_marked_as_unread_later_is_no_second_ticket(postbox: Postbox) -> None:
    poller = postbox.poller()
    mail = a_mail()
    del mail["Message-ID"]
    postbox.put(mail)
    await poller.look()
    with postbox.dovecot.logged_in(postbox.house.address) as connection:
        connection.store("1", "-FLAGS", r"(\Seen)")

    await poller.look()

    assert len(await postbox.house.tickets()) == 1


async def test_by_smtp_and_in_the_mailbox_it_is_the_same_mail(postbox: Postbox) -> None:
    mail = a_mail()
    await postbox.house.take(mail)
    postbox.put(mail)

    await postbox.poller().look()

    assert len(await postbox.house.tickets()) == 1


async def test_a_tag_in_the_header_names_the_ticket(postbox: Postbox) -> None:
    postbox.put(a_mail())
    poller = postbox.poller()
    await poller.look()
    [ticket] = await postbox.house.tickets()
    local, host = postbox.house.address.split("@")
    answer = a_mail("On floor 2.", sender="ben@example.com")
    answer.replace_header("To", f"{local}+{await postbox.house.token(ticket)}@{host}")
    postbox.put(answer)

    await poller.look()

    assert [each.body for each in await postbox.house.comments(ticket)] == ["On floor 2."]


async def test_several_who_look_at_once_file_each_once(postbox: Postbox) -> None:
    for _ in range(5):
        postbox.put(a_mail())

    await asyncio.gather(*(postbox.poller(filed_folder="Archive").look() for _ in range(3)))
    await postbox.poller(filed_folder="Archive").look()

    assert len(await postbox.house.tickets()) == 5
    assert postbox.mails() == []


async def test_with_new_uids_nothing_is_lost_and_nothing_is_doubled(postbox: Postbox) -> None:
    poller = postbox.poller()
    for number in range(3):
        postbox.put(a_mail(f"{number}"))
    await poller.look()
    postbox.put(a_mail("Read elsewhere."))
    with postbox.dovecot.logged_in(postbox.house.address) as connection:
        before = connection.response("UIDVALIDITY")[1]
        connection.store("4", "+FLAGS", r"(\Seen)")
    for file in (*postbox.maildir.glob("dovecot.index*"), postbox.maildir / "dovecot-uidlist"):
        file.unlink()
    with postbox.dovecot.logged_in(postbox.house.address) as connection:
        assert connection.response("UIDVALIDITY")[1] != before

    await poller.look()
    await poller.look()

    bodies = [ticket.body for ticket in await postbox.house.tickets()]
    assert sorted(bodies) == ["0", "1", "2", "Read elsewhere."]


async def test_robots_are_marked_as_seen_and_left_out(postbox: Postbox) -> None:
    postbox.put(a_mail(Auto_Submitted="auto-replied"))

    await postbox.poller().look()

    assert await postbox.house.tickets() == []
    assert postbox.mails(which="UNSEEN") == []


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"From: nobody\r\nSubject: Hello\r\n\r\nText", "no sender can be read"),
        (b"From: a@example.com\r\n\r\n" + b"x\r\n" * 50_000, "it is too large"),
    ],
    ids=["no sender", "too large"],
)
async def test_what_cannot_be_filed_is_set_aside_and_named(
    postbox: Postbox, raw: bytes, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    postbox.put(raw)
    postbox.put(a_mail("Well."))
    poller = postbox.poller()

    await poller.look()

    assert [ticket.body for ticket in await postbox.house.tickets()] == ["Well."]
    assert len(postbox.mails("Unreadable")) == 1
    assert len(postbox.mails()) == 1
    assert poller.health.set_aside == 1
    told = capsys.readouterr().out
    assert problem in told
    assert "a mail is set aside" in told


async def test_what_fails_is_tried_again_and_then_set_aside(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*arguments: object, **more: object) -> object:
        if any(getattr(each, "subject", "") == "Poison" for each in arguments):
            raise LookupError("a bug of ours")
        return await file_mail(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "file_mail", fails)
    postbox.put(a_mail(subject="Poison"))
    postbox.put(a_mail())
    poller = postbox.poller()

    await poller.look()
    assert (poller.health.waiting, len(await postbox.house.tickets())) == (1, 1)
    for _ in range(looking.MOST_TRIES):
        postbox.ahead += timedelta(hours=1)
        await poller.look()

    assert (poller.health.waiting, poller.health.set_aside) == (0, 1)
    assert [mail["Subject"] for mail in postbox.mails("Unreadable")] == ["Poison"]


async def test_a_mail_that_could_be_filed_later_is(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*arguments: object, **more: object) -> object:
        raise LookupError("a bug of ours")

    postbox.put(a_mail())
    with monkeypatch.context() as broken:
        broken.setattr(intake, "file_mail", fails)
        await postbox.poller().look()
    postbox.ahead += timedelta(minutes=1)

    # A process of its own, which has nothing in its memory.
    await postbox.poller().look()

    assert len(await postbox.house.tickets()) == 1
    assert postbox.mails(which="UNSEEN") == []


async def test_a_mail_that_the_server_cannot_read_holds_up_no_other(postbox: Postbox) -> None:
    poller = postbox.poller()
    await poller.look()
    postbox.put(a_mail("Broken."))
    [file] = (postbox.maildir / "new").iterdir()
    postbox.put(a_mail("Well."))
    file.chmod(0)
    with postbox.dovecot.logged_in(postbox.house.address):
        pass

    for _ in range(looking.MOST_TRIES + 1):
        await poller.look()
        postbox.ahead += timedelta(hours=1)

    assert [ticket.body for ticket in await postbox.house.tickets()] == ["Well."]
    assert poller.health.set_aside == 1
    assert len(list((postbox.maildir / ".Unreadable").glob("*/*.*"))) >= 1


async def test_a_sender_who_does_not_stop_holds_up_no_other(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MOST_MAILS_PER_HOUR", 1)
    for sender in (ANNA, ANNA, "ben@example.com"):
        postbox.put(a_mail(sender=sender))
    poller = postbox.poller()

    await poller.look()
    assert (len(await postbox.house.tickets()), poller.health.waiting) == (2, 1)
    monkeypatch.setattr(filing, "MOST_MAILS_PER_HOUR", 60)
    postbox.ahead += timedelta(minutes=15)
    await poller.look()

    assert (len(await postbox.house.tickets()), poller.health.waiting) == (3, 0)


async def test_a_server_that_is_away_is_asked_less_often_and_told_of(
    postbox: Postbox, capsys: pytest.CaptureFixture[str]
) -> None:
    poller = postbox.poller(port=1)
    pauses = []
    for _ in range(3):
        await poller.look()
        pauses.append(poller.pause_seconds)

    assert pauses == [60, 120, 240]
    assert "a mailbox could not be looked into" in capsys.readouterr().out
    told = samples(text_of(await mailbox_metrics([poller], utc_now)()))
    label = f'{{mailbox="{postbox.house.address}"}}'
    assert told[f"helpdesk_ticket_mailbox_failures{label}"] == 3
    assert told[f"helpdesk_ticket_mailbox_last_look_seconds{label}"] == -1


async def test_once_it_is_back_all_is_filed(postbox: Postbox) -> None:
    postbox.put(a_mail())
    poller = postbox.poller()
    postbox.dovecot.stop()
    await poller.look()
    assert poller.health.failures == 1
    postbox.dovecot.start()

    await poller.look()

    assert (poller.health.failures, poller.pause_seconds) == (0, 30)
    assert len(await postbox.house.tickets()) == 1


async def test_a_wrong_password_is_a_problem_and_is_not_told(
    postbox: Postbox, capsys: pytest.CaptureFixture[str]
) -> None:
    postbox.password_file.write_text("another one")
    poller = postbox.poller()

    await poller.look()

    assert poller.health.problem == "the login was refused"
    assert "another one" not in capsys.readouterr().out


async def test_without_a_tenant_nothing_is_touched(postbox: Postbox) -> None:
    postbox.put(a_mail())
    poller = postbox.poller(address="nobody@acme.example")

    await poller.look()

    assert poller.health.problem == "its address is no tenant's"
    assert len(postbox.mails(which="UNSEEN")) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_is_asked_for(postbox: Postbox, security: str) -> None:
    postbox.put(a_mail())
    port = postbox.dovecot.imaps_port if security == "tls" else postbox.dovecot.imap_port
    distrusting = postbox.poller(security=security, port=port)

    await distrusting.look()
    assert "CERTIFICATE" in distrusting.health.problem
    assert await postbox.house.tickets() == []

    trust = postbox.dovecot.certificate
    await postbox.poller(security=security, port=port, ca_file=trust).look()
    assert len(await postbox.house.tickets()) == 1


async def test_a_bounce_is_known_by_the_return_path_of_the_mailbox(postbox: Postbox) -> None:
    # Dovecot writes down that nobody sent it.
    postbox.dovecot.deliver(a_mail(), postbox.house.address, sender="")

    await postbox.poller().look()

    assert await postbox.house.tickets() == []
    assert postbox.mails(which="UNSEEN") == []


async def test_a_forged_tag_opens_no_ticket_of_another_tenant(
    postbox: Postbox, stranger_id: TenantId
) -> None:
    house = postbox.house
    foreign = await give_address(house.database, stranger_id)
    await house.take(a_mail("Theirs."), foreign)
    [theirs] = await house.tickets(stranger_id)
    async with SqlMailStore(house.database).transaction(stranger_id) as mails:
        thread = await mails.thread_of(theirs.ticket_id)
    assert thread is not None
    # With a token that is good there, at every address that could be read.
    for address in (foreign, house.address):
        local, host = address.split("@")
        forged = a_mail("Mine.", sender="eve@example.net")
        forged.replace_header("To", f"{local}+{thread.token}@{host}")
        forged["Delivered-To"] = f"{local}+{thread.token}@{host}"
        forged["X-Original-To"] = foreign
        postbox.put(forged)

    await postbox.poller().look()

    assert [ticket.body for ticket in await house.tickets()] == ["Mine.", "Mine."]
    async with house.store.reading(stranger_id) as reading:
        comments = await reading.list_comments(
            theirs.ticket_id, limit=10, after=None, with_internal=True
        )
    assert comments == []


@pytest.mark.parametrize(
    "headers",
    [
        b"Delivered-To: " + b"a@b.example, " * 300_000 + b"\r\n",
        b"To: " + b"(" * 50_000 + b"\r\n",
        b"To: =?utf-8?b?////?=\r\n" * 5_000,
        b"Cc: \xff\xfe <\x00@\r\n",
    ],
    ids=["many", "nested", "often", "bytes"],
)
def test_recipients_that_are_made_to_break_are_read_as_far_as_it_goes(headers: bytes) -> None:
    read = read_mail(b"From: eve@example.net\r\n" + headers + b"\r\nText")

    assert read.sender == "eve@example.net"
    assert len(read.recipients) <= MOST_RECIPIENTS
