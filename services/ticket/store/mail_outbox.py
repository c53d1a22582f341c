"""What goes out by mail: comments, and the word that a ticket has come."""

from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.ticket.domain import Attachment, Comment, TicketEvent
from services.ticket.domain.mail_senders import is_sender_id
from services.ticket.mail.ports import DueLetter, Letter, MailThread
from services.ticket.mail.templates import BUILT_IN, MailKind
from services.ticket.store.mail_templates import SqlMailTemplates
from services.ticket.store.rows import attachment_from
from services.ticket.tables.mail import MailMessageRow, MailOutboxRow, MailThreadRow
from services.ticket.tables.tickets import AttachmentRow, CommentRow, TicketRow

_MOST_REFERENCES = 10


async def queue_reply(session: AsyncSession, tenant_id: TenantId, comment: Comment) -> None:
    """Within the transaction of the comment; what only agents may read never waits to be sent."""
    if comment.is_internal or is_sender_id(comment.author_id):
        return
    due = DueLetter(
        tenant_id, MailKind.REPLY, comment.comment_id, tries=0, create_time=comment.create_time
    )
    await _queue(session, due, comment.ticket_id)


async def queue_acknowledgement(
    session: AsyncSession, tenant_id: TenantId, event: TicketEvent
) -> None:
    """Within the transaction of the entry in the log that says so."""
    due = DueLetter(
        tenant_id,
        MailKind.ACKNOWLEDGEMENT,
        event.ticket_id,
        tries=0,
        create_time=event.create_time,
    )
    await _queue(session, due, event.ticket_id)


async def _queue(session: AsyncSession, due: DueLetter, ticket_id: str) -> None:
    """Nothing is mailed to whoever did not write by mail."""
    threads = select(MailThreadRow.ticket_id).where(
        MailThreadRow.tenant_id == due.tenant_id, MailThreadRow.ticket_id == ticket_id
    )
    if await session.scalar(threads) is None:
        return
    await session.execute(
        insert(MailOutboxRow).values(
            tenant_id=due.tenant_id,
            letter_id=due.letter_id,
            kind=due.kind,
            ticket_id=ticket_id,
            create_time=due.create_time,
            next_time=due.create_time,
        )
    )


class SqlMailOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_due(self, now: datetime, limit: int) -> list[DueLetter]:
        async with self._database.system_reading() as session:
            rows = await session.scalars(
                select(MailOutboxRow)
                .where(MailOutboxRow.next_time <= now)
                .order_by(MailOutboxRow.next_time)
                .limit(limit)
            )
            return [
                DueLetter(
                    TenantId(row.tenant_id),
                    MailKind(row.kind),
                    row.letter_id,
                    row.tries,
                    row.create_time,
                    row.failure,
                )
                for row in rows
            ]

    async def claim(self, due: DueLetter, until: datetime) -> bool:
        async with self._database.tenant_transaction(due.tenant_id) as session:
            claimed = await session.scalar(
                update(MailOutboxRow)
                .where(
                    _is(due), MailOutboxRow.tries == due.tries, MailOutboxRow.next_time.is_not(None)
                )
                .values(tries=due.tries + 1, next_time=until)
                .returning(MailOutboxRow.letter_id)
                .execution_options(synchronize_session=False)
            )
            return claimed is not None

    async def find_letter(self, due: DueLetter) -> Letter | None:
        async with self._database.tenant_reading(due.tenant_id) as session:
            comment = None
            ticket_id = due.letter_id
            if due.kind is MailKind.REPLY:
                comment = await _public_comment(session, due)
                if comment is None:
                    return None
                ticket_id = comment.ticket_id
            found = await _ticket_and_thread(session, due.tenant_id, ticket_id)
            if found is None:
                return None
            ticket, thread = found
            templates = SqlMailTemplates(session, due.tenant_id)
            return Letter(
                letter_id=due.letter_id,
                number=ticket.number,
                subject=ticket.subject,
                queue=ticket.queue,
                body=comment.body if comment is not None else "",
                create_time=due.create_time,
                thread=MailThread(
                    ticket_id=thread.ticket_id,
                    token=thread.token,
                    address=thread.address,
                    requester=thread.requester,
                    requester_id=UserId(thread.requester_id),
                ),
                template=await templates.find(due.kind) or BUILT_IN[due.kind],
                references=await _references(session, due.tenant_id, ticket.ticket_id),
                files=await _files(session, due) if comment is not None else (),
            )

    async def note_delivery(self, due: DueLetter, time: datetime) -> None:
        await self._keep(due, delivered_time=time, next_time=None, failure="")

    async def put_off(self, due: DueLetter, until: datetime, problem: str) -> None:
        await self._keep(due, next_time=until, failure=problem)

    async def give_up(self, due: DueLetter, problem: str) -> None:
        await self._keep(due, next_time=None, failure=problem)

    async def _keep(self, due: DueLetter, **columns: datetime | str | None) -> None:
        async with self._database.tenant_transaction(due.tenant_id) as session:
            await session.execute(
                update(MailOutboxRow)
                .where(_is(due))
                .values(**columns)
                .execution_options(synchronize_session=False)
            )


async def _public_comment(session: AsyncSession, due: DueLetter) -> CommentRow | None:
    found: CommentRow | None = await session.scalar(
        select(CommentRow).where(
            CommentRow.tenant_id == due.tenant_id,
            CommentRow.comment_id == due.letter_id,
            CommentRow.is_internal.is_(False),
        )
    )
    return found


async def _ticket_and_thread(
    session: AsyncSession, tenant_id: TenantId, ticket_id: str
) -> tuple[TicketRow, MailThreadRow] | None:
    found = await session.execute(
        select(TicketRow, MailThreadRow)
        .join(
            MailThreadRow,
            (MailThreadRow.tenant_id == TicketRow.tenant_id)
            & (MailThreadRow.ticket_id == TicketRow.ticket_id),
        )
        .where(TicketRow.tenant_id == tenant_id, TicketRow.ticket_id == ticket_id)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row is not None else None


async def _references(
    session: AsyncSession, tenant_id: TenantId, ticket_id: str
) -> tuple[str, ...]:
    newest = await session.scalars(
        select(MailMessageRow.message_id)
        .where(MailMessageRow.tenant_id == tenant_id, MailMessageRow.ticket_id == ticket_id)
        .order_by(MailMessageRow.create_time.desc())
        .limit(_MOST_REFERENCES)
    )
    return tuple(reversed([*newest]))


async def _files(session: AsyncSession, due: DueLetter) -> tuple[Attachment, ...]:
    rows = await session.scalars(
        select(AttachmentRow)
        .where(
            AttachmentRow.tenant_id == due.tenant_id,
            AttachmentRow.comment_id == due.letter_id,
            AttachmentRow.is_internal.is_(False),
        )
        .order_by(AttachmentRow.create_time, AttachmentRow.attachment_id)
    )
    return tuple(attachment_from(row) for row in rows)


def _is(due: DueLetter) -> ColumnElement[bool]:
    return (MailOutboxRow.tenant_id == due.tenant_id) & (MailOutboxRow.letter_id == due.letter_id)
