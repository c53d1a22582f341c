"""One tenant's questions are never answered with what another has, and the test would notice."""

from dataclasses import replace

import pytest
from sqlalchemy import ColumnElement, func, select, true

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.session import Session
from services.mesh.tenant_guard import TenantForgotten
from services.ticket.domain import Act, Link, LinkKind, Queue, Verb, attached, commented, moved
from services.ticket.errors.tickets import TicketChanged
from services.ticket.ports.tickets import (
    AlikeQuery,
    EventQuery,
    TicketQuery,
    TicketStore,
    WeighedWord,
)
from services.ticket.store import SqlTickets, SqlTicketStore
from services.ticket.tables.tickets import EventRow, OutboxRow, Table
from tests.support.unguarded import unguarded
from tests.ticket.builders import ALEX, NOON, a_comment, an_attachment, an_opening
from tests.ticket.own_fields import a_field


async def answers_to_a_stranger(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> list[object]:
    """Asks every question in a stranger's name, about a ticket that the tenant has."""
    opening = an_opening()
    ticket = opening.ticket
    async with store.transaction(tenant_id) as tickets:
        await tickets.keep(opening)
        comment = a_comment(ticket, ALEX)
        change = commented(ticket, comment, by_customer=False)
        await tickets.keep(change)
        await tickets.add_queue(Queue("network", NOON))
        await tickets.add_field(a_field())
        file = replace(an_attachment(ticket), comment_id=comment.comment_id)
        await tickets.keep(attached(change.ticket, file, Act(ALEX, NOON)))
        await tickets.add_link(Link(ticket.ticket_id, LinkKind.BLOCKS, new_id(), NOON))
    alike = AlikeQuery((WeighedWord("noon", 1.0),), number=0, limit=9)
    answers: list[object] = []
    async with store.transaction(stranger_id) as tickets:
        answers += [
            await tickets.find(ticket.ticket_id),
            await tickets.find_by_number(ticket.number),
            await tickets.find_to_change(ticket.ticket_id),
            await tickets.list_tickets(TicketQuery(limit=9)),
            await tickets.list_comments(ticket.ticket_id, limit=9, after=None, with_internal=True),
            await tickets.list_events(EventQuery(limit=9, with_internal=True)),
            await tickets.last_seq(),
            (await tickets.count_words(["noon"])).by_word,
            await tickets.find_alike(alike),
            await tickets.last_replies([ticket.ticket_id]),
            await tickets.find_comment(ticket.ticket_id, comment.comment_id),
            await tickets.list_events(EventQuery(9, ticket_id=ticket.ticket_id, with_merged=True)),
            await tickets.list_links(ticket.ticket_id),
            await tickets.list_attachments(
                ticket.ticket_id, limit=9, after=None, with_internal=True
            ),
            await tickets.find_attachment(ticket.ticket_id, file.attachment_id, with_internal=True),
            await tickets.attachments_of_comment(comment.comment_id),
            (await tickets.attachment_usage(ticket.ticket_id)).bytes_of_tenant,
            (await tickets.attachment_usage(ticket.ticket_id)).count_of_ticket,
            await tickets.hashes_in_use([file.sha256]),
            await tickets.leads_to([ticket.ticket_id], LinkKind.BLOCKS),
            await tickets.list_queues(),
            await tickets.hold_queues(["network"], to_delete=True),
            await tickets.lock_queued(ticket.queue),
            await tickets.list_fields(),
            await tickets.find_field_to_change("text"),
        ]
    return [answer for answer in answers if answer]


async def test_a_stranger_finds_nothing(
    sql_store: SqlTicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    assert await answers_to_a_stranger(sql_store, tenant_id, stranger_id) == []


async def test_a_stranger_changes_nothing(
    sql_store: SqlTicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    opening = an_opening()
    async with sql_store.transaction(tenant_id) as tickets:
        await tickets.keep(opening)
    with pytest.raises(TicketChanged):
        async with sql_store.transaction(stranger_id) as tickets:
            await tickets.keep(moved(opening.ticket, Verb.RESOLVE, Act(ALEX, NOON)))
    async with sql_store.reading(tenant_id) as tickets:
        assert await tickets.find(opening.ticket.ticket_id) == opening.ticket


class ForgetfulTickets(SqlTickets):
    """A store whose statements lost the condition on the tenant."""

    def _own(self, table: type[Table]) -> ColumnElement[bool]:
        del table
        return true()


class ForgetfulStore(SqlTicketStore):
    def _tickets(self, session: Session, tenant_id: TenantId) -> SqlTickets:
        return ForgetfulTickets(session, tenant_id, self._rulebook)


async def test_the_test_notices_a_forgotten_condition(
    sqlite_database: Database, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    with unguarded(sqlite_database) as database:
        answers = await answers_to_a_stranger(ForgetfulStore(database), tenant_id, stranger_id)
    assert len(answers) == 25


async def test_a_forgotten_condition_is_refused(
    database: Database, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    with pytest.raises(TenantForgotten):
        await answers_to_a_stranger(ForgetfulStore(database), tenant_id, stranger_id)


async def test_row_security_holds_where_the_condition_is_forgotten(
    postgresql_database: Database, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    with unguarded(postgresql_database) as database:
        answers = await answers_to_a_stranger(ForgetfulStore(database), tenant_id, stranger_id)
    assert answers == []


async def test_every_event_is_queued_with_ids_only(database: Database, tenant_id: TenantId) -> None:
    store = SqlTicketStore(database)
    opening = an_opening()
    comment = a_comment(opening.ticket)
    async with store.transaction(tenant_id) as tickets:
        await tickets.keep(opening)
        await tickets.keep(commented(opening.ticket, comment, by_customer=True))
    async with database.tenant_reading(tenant_id) as session:
        rows = (
            await session.scalars(
                select(OutboxRow)
                .where(OutboxRow.tenant_id == tenant_id)
                .order_by(OutboxRow.outbox_id)
            )
        ).all()
        events = await session.scalar(select(func.count()).where(EventRow.tenant_id == tenant_id))
    ticket_id = opening.ticket.ticket_id
    assert [(row.kind, row.payload, row.delivered_time) for row in rows] == [
        ("OPENED", {"ticket_id": ticket_id, "seq": 1}, None),
        ("COMMENTED", {"ticket_id": ticket_id, "seq": 2, "comment_id": comment.comment_id}, None),
    ]
    assert events == len(rows)
