"""How a tenant's administrators say what its mails say."""

from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.caller import UserId, current_tenant
from services.mesh.clock import Clock
from services.ticket.domain import DEFAULT_QUEUE
from services.ticket.mail.letter import Wording, wording_of
from services.ticket.mail.ports import Letter, MailStore, MailTemplateStore, MailThread
from services.ticket.mail.templates import BUILT_IN, MailKind, MailTemplate, require_template
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.ticketing import get_ticket


@dataclass(frozen=True)
class WordingDesk:
    """Where templates, and what they are filled in with, are kept."""

    templates: MailTemplateStore
    tickets: TicketStore
    mails: MailStore
    clock: Clock


async def list_templates(desk: WordingDesk) -> list[MailTemplate]:
    """Of each kind the one by which mails go out."""
    async with desk.templates.reading(current_tenant()) as templates:
        return [await templates.find(kind) or BUILT_IN[kind] for kind in MailKind]


async def set_template(desk: WordingDesk, given: MailTemplate) -> MailTemplate:
    acts_on("mail_template", given.kind)
    require_template(given)
    template = replace(given, update_time=desk.clock())
    async with desk.templates.transaction(current_tenant()) as templates:
        await templates.put(template)
    return template


async def reset_template(desk: WordingDesk, kind: MailKind) -> MailTemplate:
    acts_on("mail_template", kind)
    async with desk.templates.transaction(current_tenant()) as templates:
        await templates.remove(kind)
    return BUILT_IN[kind]


async def preview_template(desk: WordingDesk, given: MailTemplate, ticket_id: str) -> Wording:
    """What has no value at the ticket, or without one, is made up."""
    require_template(given)
    letter = Letter(
        letter_id="",
        number=12,
        subject="The printer is out",
        queue=DEFAULT_QUEUE,
        body="This is what the agent has written.",
        create_time=desk.clock(),
        thread=MailThread("", "", "", "anna@example.com", UserId("")),
        template=given,
    )
    if not ticket_id:
        return wording_of(letter)
    ticket = await get_ticket(desk.tickets, ticket_id)
    async with desk.mails.transaction(current_tenant()) as mails:
        thread = await mails.thread_of(ticket.ticket_id) or letter.thread
    return wording_of(
        replace(
            letter,
            number=ticket.number,
            subject=ticket.subject,
            queue=ticket.queue,
            thread=thread,
        )
    )
