"""A mail becomes a ticket, or a comment on the one that it answers.

A sender can be forged, so that a mail is an answer only if it carries the token of a mail that we
sent, or names a ticket or a mail of the ticket and comes from the ticket's own requester.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from services.mesh.caller import UserId
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import (
    DEFAULT_QUEUE,
    Act,
    Attachment,
    Comment,
    Ticket,
    TicketContent,
    TicketStatus,
    commented,
    named_by,
    opened,
)
from services.ticket.domain.mail_senders import sender_id
from services.ticket.mail.files import TakenFiles, fitting, put_on, take_files
from services.ticket.mail.message import IncomingMail
from services.ticket.mail.ports import MailAddress, Mails, MailStore, MailThread
from services.ticket.mail.text import own_words
from services.ticket.ports.tickets import TicketStore, TicketWriting

MOST_MAILS_PER_HOUR = 60
_HOUR = timedelta(hours=1)
LONGEST_SUBJECT, LONGEST_BODY = 200, 20_000

_TOKEN = re.compile(r"(?:^|\.)([0-9a-f]{32})(?:@|$)")
_NUMBER = re.compile(r"\[#([0-9]{1,9})\]")


class Filed(StrEnum):
    OPENED = "opened"
    COMMENTED = "commented"
    KNOWN = "known"


class TooManyMails(Exception):
    """Of one sender within an hour; later ones may come again."""


async def file_mail(
    tickets: TicketStore,
    mails: MailStore,
    clock: Clock,
    to: MailAddress,
    mail: IncomingMail,
    *,
    tags: tuple[str, ...] = (),
    cabinet: Cabinet | None = None,
) -> Filed:
    """`tags` are what stood behind a plus in the address. Raises TooManyMails.

    Without a cabinet, files are named and not kept.
    """
    act = Act(sender_id(mail.sender), clock())
    taken = TakenFiles()
    if mail.files and await _may_write(mails, to, act):
        taken = await take_files(cabinet, to.tenant_id, mail.files)
    async with (
        tickets.transaction(to.tenant_id) as writing,
        mails.transaction(to.tenant_id) as kept,
    ):
        if not await kept.note(mail.message_id, act.actor_id, act.time):
            return Filed.KNOWN
        if await kept.count_of(act.actor_id, act.time - _HOUR) > MOST_MAILS_PER_HOUR:
            raise TooManyMails
        ticket = await _answered(writing, kept, mail, act.actor_id, tags)
        on_it = ticket.ticket_id if ticket is not None else ""
        fit = await fitting(writing, cabinet, to.tenant_id, on_it, taken)
        if ticket is not None:
            ticket, files = await put_on(writing, ticket, fit, act)
            body = _body(own_words(mail.text), fit.left_out)
            await _comment(writing, ticket, body, act, files)
        else:
            body = _body(mail.text, fit.left_out)
            ticket = await _open(writing, kept, to, replace(mail, text=body), act)
            await put_on(writing, ticket, fit, act)
        await kept.file(mail.message_id, act.actor_id, ticket.ticket_id)
        return Filed.OPENED if ticket.revision == 1 else Filed.COMMENTED


async def _may_write(mails: MailStore, to: MailAddress, act: Act) -> bool:
    """Whether it is worth the while to write down what the sender has sent."""
    async with mails.transaction(to.tenant_id) as kept:
        return await kept.count_of(act.actor_id, act.time - _HOUR) < MOST_MAILS_PER_HOUR


async def _answered(
    writing: TicketWriting,
    kept: Mails,
    mail: IncomingMail,
    author_id: UserId,
    tags: tuple[str, ...],
) -> Ticket | None:
    """A closed ticket is not answered: the mail opens a new one."""
    tokens = {found[1] for text in (*tags, *mail.references) for found in _TOKEN.finditer(text)}
    thread = await kept.thread_by_token(tokens)
    ticket = await writing.find(thread.ticket_id) if thread else None
    if ticket is None:
        ticket = await _named(writing, kept, mail)
        if ticket is None or ticket.requester_id != author_id:
            return None
    if ticket.merged_into_id is not None:
        ticket = await writing.find(ticket.merged_into_id)
    ticket = await writing.find_to_change(ticket.ticket_id) if ticket else None
    return None if ticket is None or ticket.status is TicketStatus.CLOSED else ticket


async def _named(writing: TicketWriting, kept: Mails, mail: IncomingMail) -> Ticket | None:
    """By what anybody may write: a mail of the ticket, or its number in the subject."""
    ticket_id = await kept.ticket_of_mail(mail.references)
    if ticket_id is not None:
        return await writing.find(ticket_id)
    number = _NUMBER.search(mail.subject)
    return await writing.find_by_number(int(number[1])) if number else None


async def _comment(
    writing: TicketWriting, ticket: Ticket, body: str, act: Act, files: Sequence[Attachment]
) -> None:
    comment = Comment(
        comment_id=new_id(),
        ticket_id=ticket.ticket_id,
        author_id=act.actor_id,
        body=body,
        is_internal=False,
        create_time=act.time,
    )
    named = named_by(comment, files)
    await writing.keep(commented(ticket, comment, by_customer=True, attachments=named))


async def _open(
    writing: TicketWriting, kept: Mails, to: MailAddress, mail: IncomingMail, act: Act
) -> Ticket:
    # The queue may have been deleted since; the mail is not lost for it.
    is_there = to.queue in await writing.hold_queues([to.queue], to_delete=False)
    content = TicketContent(
        subject=_shortened(mail.subject, LONGEST_SUBJECT) or "(no subject)",
        body=mail.text,
        queue=to.queue if is_there else DEFAULT_QUEUE,
    )
    change = opened(new_id(), await writing.next_number(), content, act, None)
    await writing.keep(change)
    if content.queue == DEFAULT_QUEUE:
        await writing.await_triage(change.ticket)
    thread = MailThread(
        ticket_id=change.ticket.ticket_id,
        token=secrets.token_hex(16),
        address=to.address,
        requester=mail.sender,
        requester_id=act.actor_id,
    )
    await kept.add_thread(thread)
    return change.ticket


def _body(text: str, left_out: Sequence[str]) -> str:
    shown = left_out[:20]
    more = f" and {len(left_out) - len(shown)} more" if len(left_out) > len(shown) else ""
    note = f"\n\n[left out: {', '.join(shown)}{more}]" if shown else ""
    return (_shortened(text, LONGEST_BODY - len(note)) or "(no text)") + note


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 4]} […]"
