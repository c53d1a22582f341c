"""When the clocks of one tenant's tickets turn, and the turns that its log holds."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from services.mesh.caller import TenantId
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.ticket.domain import Change, Ticket, TicketEvent, TicketStatus
from services.ticket.ports.sla import DueTicket
from services.ticket.sla.clocks import ClockTimes, open_clocks
from services.ticket.sla.history import history_of
from services.ticket.sla.watch import Watch, event_of_turn
from services.ticket.store.log import SqlLog
from services.ticket.store.own import Own, upsert
from services.ticket.store.sla_rows import watch_from, watch_json
from services.ticket.store.sla_rules import SlaRulebook
from services.ticket.tables.tickets import SlaDueRow

_WATCH = Prepared(
    lambda _: select(SlaDueRow.watch).where(
        SlaDueRow.tenant_id == bindparam("own"), SlaDueRow.ticket_id == bindparam("watched")
    )
)


class SqlSlaDue:
    def __init__(
        self,
        session: Session,
        tenant_id: TenantId,
        own: Own,
        log: SqlLog,
        rulebook: SlaRulebook,
    ) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own
        self._log = log
        self._rulebook = rulebook
        # Of tickets that this transaction has changed, which nobody else changes before its end.
        self._known: dict[str, Watch | None] = {}

    def foresee(self) -> None:
        """The rules of a ticket are asked for next."""
        self._rulebook.foresee(self._session, self._tenant_id)

    def begin(self, ticket: Ticket) -> None:
        """Nothing is kept of the ticket, which is new."""
        self._known[ticket.ticket_id] = None

    async def clocks(self, ticket_ids: Collection[str]) -> dict[str, tuple[ClockTimes, ...]]:
        if len(ticket_ids) == 1:
            [ticket_id] = ticket_ids
            watch = await self._watch(ticket_id)
            return {ticket_id: watch.clocks} if watch is not None else {}
        rows = await self._session.execute(
            select(SlaDueRow.ticket_id, SlaDueRow.watch).where(
                self._own(SlaDueRow), SlaDueRow.ticket_id.in_(ticket_ids)
            )
        )
        return {row.ticket_id: watch_from(row.watch).clocks for row in rows}

    async def turned_before(self, changes: Sequence[Change]) -> list[TicketEvent]:
        """Returns what nobody has told yet and was so before the changes; takes it as told."""
        events: list[TicketEvent] = []
        for change in changes:
            if change.before is None or not change.events:
                continue
            watch = await self._watch(change.before.ticket_id)
            if watch is None:
                continue
            turns = watch.turns(before=change.events[0].create_time)
            if turns:
                await self._log.hold()
                await self._put(change.before.ticket_id, watch.having_told(turns))
            events += [event_of_turn(change.before, turn, not_before=turn.time) for turn in turns]
        return events

    async def follow(self, ticket: Ticket, now: datetime) -> None:
        """Brings the watch up to date with the log, and the log with the clocks."""
        rules = await self._rulebook.rules_of(self._session, self._tenant_id)
        if rules is None:
            return
        if ticket.status is TicketStatus.CLOSED or not rules.policy.targets:
            await self._forget(ticket.ticket_id)
            return
        watch = await self._watch(ticket.ticket_id) or Watch()
        events = await self._log.list_all(ticket.ticket_id)
        history = history_of(ticket, events)
        clocks = open_clocks(rules.policy, rules.open_time, history)
        watch = watch.following(clocks, history, now)
        turns = watch.turns(before=now)
        last_time = events[-1].create_time if events else now
        await self._log.keep([event_of_turn(ticket, turn, not_before=last_time) for turn in turns])
        await self._put(ticket.ticket_id, watch.having_told(turns))

    async def claim(self, due: DueTicket) -> bool:
        """Whoever changes the row first has it; others wait for them and find it changed."""
        # Everybody who writes such rows holds the log first, or two could wait for each other.
        await self._log.hold()
        claimed = await self._session.execute(
            update(SlaDueRow)
            .where(
                self._own(SlaDueRow),
                SlaDueRow.ticket_id == due.ticket_id,
                SlaDueRow.next_time == due.next_time,
            )
            .values(next_time=None)
            .returning(SlaDueRow.ticket_id)
            .execution_options(synchronize_session=False)
        )
        return claimed.one_or_none() is not None

    async def _watch(self, ticket_id: str) -> Watch | None:
        if ticket_id in self._known:
            return self._known[ticket_id]
        found = await self._session.ask(_WATCH, own=self._tenant_id, watched=ticket_id)
        return watch_from(found[0][0]) if found else None

    async def _put(self, ticket_id: str, watch: Watch) -> None:
        self._known[ticket_id] = watch
        columns = {"next_time": watch.next_time, "watch": watch_json(watch)}
        await self._session.execute(
            upsert(self._session, SlaDueRow)
            .values(tenant_id=self._tenant_id, ticket_id=ticket_id, **columns)
            .on_conflict_do_update(
                index_elements=[SlaDueRow.tenant_id, SlaDueRow.ticket_id], set_=columns
            )
        )

    async def _forget(self, ticket_id: str) -> None:
        self._known[ticket_id] = None
        await self._session.execute(
            delete(SlaDueRow)
            .where(self._own(SlaDueRow), SlaDueRow.ticket_id == ticket_id)
            .execution_options(synchronize_session=False)
        )
