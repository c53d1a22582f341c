"""What happened to the tickets of one tenant, and what the tenant counts."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import and_, select, update

from services.mesh.caller import TenantId
from services.mesh.prepared import InsertInto, Prepared, Statement
from services.mesh.session import Session
from services.ticket.domain import TicketEvent, TicketEventKind
from services.ticket.ports.tickets import EventQuery
from services.ticket.store.merges import select_merged
from services.ticket.store.own import Own
from services.ticket.store.rows import event_columns, event_from, outbox_columns
from services.ticket.tables.tickets import CounterRow, EventRow, OutboxRow, TicketRow


class SqlLog:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own
        self._reserved_seq: int | None = None

    async def list_events(self, query: EventQuery) -> list[TicketEvent]:
        statement = (
            select(EventRow)
            .where(self._own(EventRow), EventRow.seq > query.after_seq)
            .order_by(EventRow.seq)
            .limit(query.limit)
        )
        if query.ticket_id is not None and query.with_merged:
            merged = select_merged(
                self._own, query.ticket_id, of_all_requesters=query.with_internal
            )
            statement = statement.where(EventRow.ticket_id.in_(merged))
        elif query.ticket_id is not None:
            statement = statement.where(EventRow.ticket_id == query.ticket_id)
        if query.requester_id is not None:
            statement = statement.join(
                TicketRow,
                and_(
                    TicketRow.tenant_id == EventRow.tenant_id,
                    TicketRow.ticket_id == EventRow.ticket_id,
                    TicketRow.requester_id == query.requester_id,
                ),
            )
        if not query.with_internal:
            statement = statement.where(EventRow.is_internal.is_(False))
        return [event_from(row) for row in await self._session.scalars(statement)]

    async def list_all(self, ticket_id: str) -> list[TicketEvent]:
        statement = (
            select(EventRow)
            .where(self._own(EventRow), EventRow.ticket_id == ticket_id)
            .order_by(EventRow.seq)
        )
        return [event_from(row) for row in await self._session.scalars(statement)]

    async def is_imported(self, ticket_id: str) -> bool:
        is_import = EventRow.kind == TicketEventKind.IMPORTED
        own = select(EventRow.seq).where(self._own(EventRow), EventRow.ticket_id == ticket_id)
        return await self._session.scalar(own.where(is_import).limit(1)) is not None

    async def last_seq(self) -> int:
        statement = select(CounterRow.last_seq).where(self._own(CounterRow))
        return await self._session.scalar(statement) or 0

    async def last_number(self) -> int:
        statement = select(CounterRow.last_number).where(self._own(CounterRow))
        return await self._session.scalar(statement) or 0

    async def next_number(self) -> int:
        """For a ticket that is kept with an entry of the log at least, whose place comes along."""
        number, self._reserved_seq = await self._count(numbers=1, events=1)
        return number

    async def raise_number(self, number: int) -> None:
        """Lets the next number be a larger one than this."""
        await self.hold()
        await self._session.execute(
            update(CounterRow)
            .where(self._own(CounterRow), CounterRow.last_number < number)
            .values(last_number=number)
            .execution_options(synchronize_session=False)
        )

    async def hold(self) -> None:
        await self._count()

    async def keep(self, events: Sequence[TicketEvent], *, is_delivered: bool = True) -> None:
        if not events:
            return
        first_seq = await self._first_seq(len(events))
        placed = [replace(happened, seq=first_seq + i) for i, happened in enumerate(events)]
        tenant = {"tenant_id": self._tenant_id}
        await self._session.write(
            _ADD, *({**tenant, **event_columns(happened)} for happened in placed)
        )
        if not is_delivered:
            return
        await self._session.write(
            _TELL, *({**tenant, **outbox_columns(happened)} for happened in placed)
        )

    async def _first_seq(self, events: int) -> int:
        # Nobody else has counted since then: whoever counts holds the counter until the commit.
        reserved, self._reserved_seq = self._reserved_seq, None
        if reserved is not None and events == 1:
            return reserved
        _, last_seq = await self._count(events=events - (reserved is not None))
        return last_seq - events + 1

    async def _count(self, *, numbers: int = 0, events: int = 0) -> tuple[int, int]:
        [(last_number, last_seq)] = await self._session.ask(
            _COUNT, tenant_id=self._tenant_id, last_number=numbers, last_seq=events
        )
        return last_number, last_seq


def _count(insert_into: InsertInto) -> Statement:
    added = insert_into(CounterRow)
    return added.on_conflict_do_update(
        index_elements=[CounterRow.tenant_id],
        set_={
            "last_number": CounterRow.last_number + added.excluded.last_number,
            "last_seq": CounterRow.last_seq + added.excluded.last_seq,
        },
    ).returning(CounterRow.last_number, CounterRow.last_seq)


_COUNT = Prepared(_count)
_ADD = Prepared(lambda insert_into: insert_into(EventRow))
_TELL = Prepared(lambda insert_into: insert_into(OutboxRow))
