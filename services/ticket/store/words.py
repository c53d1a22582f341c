"""The words of one tenant's tickets: kept with each ticket, and asked for tickets that share them.

They are rows, and not in the full-text index of either database: such an index counts how rare a
word is over all tenants at once, and has no condition on the tenant that could be looked into.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, and_, case, delete, func, select

from services.mesh.caller import TenantId
from services.mesh.prepared import InsertInto, Prepared, Statement
from services.mesh.session import Session
from services.ticket.domain import Ticket
from services.ticket.filter.query import Expression, HasWord, leaves
from services.ticket.ports.tickets import AlikeQuery
from services.ticket.store.own import Own
from services.ticket.tables.tickets import TicketRow, WordCountRow, WordRow
from services.ticket.words import weights_of

# For so many, going through the tickets in their order finds a page of them as soon.
MOST_NAMED = 2000
# Who writes two letters and a star means the usual words.
MOST_ENDINGS = 100


class SqlWords:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def counts(self, words: Collection[str]) -> dict[str, int]:
        """In how many tickets each word stands."""
        rows = await self._session.execute(
            select(WordCountRow.word, WordCountRow.tickets).where(
                self._own(WordCountRow), WordCountRow.word.in_(words), WordCountRow.tickets > 0
            )
        )
        return {row.word: row.tickets for row in rows}

    async def wanted(self, expression: Expression) -> dict[HasWord, Mapping[str, int]]:
        """For each word that is looked for, those of which a ticket may have any.

        With each, in how many tickets it stands.
        """
        sought = {leaf for leaf in leaves(expression) if isinstance(leaf, HasWord)}
        whole = {one.word for one in sought if not one.is_prefix}
        counts = await self.counts(whole) if whole else {}
        return {
            one: await self._beginning_with(one.word)
            if one.is_prefix
            else {one.word: counts.get(one.word, 0)}
            for one in sought
        }

    async def numbers_of(self, required: Sequence[Mapping[str, int]]) -> list[int] | None:
        """Of the tickets that may have one word of each group, looked up by the rarest group.

        None when they are too many to be named one by one.
        """
        if not required:
            return None
        rarest = min(required, key=lambda group: sum(group.values()))
        if sum(rarest.values()) > MOST_NAMED:
            return None
        numbers = select(WordRow.number).where(self._own(WordRow), WordRow.word.in_(rarest))
        return [*await self._session.scalars(numbers.distinct())]

    async def find_alike(self, query: AlikeQuery) -> dict[int, float]:
        """By number, the best first, what the words weigh in a ticket."""
        if not query.words:
            return {}
        rows = await self._session.execute(self._select_alike(query))
        return {row.number: float(row.weight) for row in rows}

    async def shared(
        self, numbers: Collection[int], query: AlikeQuery
    ) -> Mapping[int, Collection[str]]:
        rows = await self._session.execute(
            select(WordRow.number, WordRow.word).where(
                self._own(WordRow),
                WordRow.word.in_([each.word for each in query.words]),
                WordRow.number.in_(numbers),
            )
        )
        shared: defaultdict[int, list[str]] = defaultdict(list)
        for row in rows:
            shared[row.number].append(row.word)
        return shared

    async def keep(self, before: Ticket | None, ticket: Ticket) -> None:
        old = weights_of(before.subject, before.body) if before is not None else {}
        new = weights_of(ticket.subject, ticket.body)
        if new == old:
            return
        await self._replace(ticket.number, old, new)
        await self._count(new.keys() - old.keys(), old.keys() - new.keys())

    async def _beginning_with(self, beginning: str) -> dict[str, int]:
        """The words of the tenant's tickets, the commonest first and MOST_ENDINGS at most."""
        # Every word that begins so lies between, in the order of code points.
        rows = await self._session.execute(
            select(WordCountRow.word, WordCountRow.tickets)
            .where(
                self._own(WordCountRow),
                WordCountRow.word >= beginning,
                WordCountRow.word < f"{beginning}\U0010ffff",
                WordCountRow.tickets > 0,
            )
            .order_by(WordCountRow.tickets.desc(), WordCountRow.word)
            .limit(MOST_ENDINGS)
        )
        return {row.word: row.tickets for row in rows}

    async def _replace(self, number: int, old: Collection[str], new: Mapping[str, int]) -> None:
        if old:
            await self._session.execute(
                delete(WordRow)
                .where(self._own(WordRow), WordRow.word.in_(old), WordRow.number == number)
                .execution_options(synchronize_session=False)
            )
        if new:
            named = {"tenant_id": self._tenant_id, "number": number}
            rows = [{**named, "word": word, "weight": weight} for word, weight in new.items()]
            await self._session.write(_ADD, *rows)

    async def _count(self, added: Collection[str], removed: Collection[str]) -> None:
        changes = [(word, 1) for word in added] + [(word, -1) for word in removed]
        await self._session.write(
            _COUNT,
            *(
                {"tenant_id": self._tenant_id, "word": word, "tickets": change}
                for word, change in sorted(changes)
            ),
        )

    def _select_alike(self, query: AlikeQuery) -> Select[int, float]:
        *others, last = query.words
        rarity = case(
            *((WordRow.word == each.word, each.rarity) for each in others), else_=last.rarity
        )
        weight = func.sum(WordRow.weight * (rarity if others else last.rarity)).label("weight")
        statement = (
            select(WordRow.number, weight)
            .where(
                self._own(WordRow),
                WordRow.word.in_([each.word for each in query.words]),
                WordRow.number != query.number,
            )
            .group_by(WordRow.number)
            .order_by(weight.desc(), WordRow.number.desc())
            .limit(query.limit)
        )
        if query.requester_id is None:
            return statement
        return statement.join(
            TicketRow,
            and_(
                TicketRow.tenant_id == WordRow.tenant_id,
                TicketRow.number == WordRow.number,
                TicketRow.requester_id == query.requester_id,
            ),
        )


def _count(insert_into: InsertInto) -> Statement:
    added = insert_into(WordCountRow)
    return added.on_conflict_do_update(
        index_elements=[WordCountRow.tenant_id, WordCountRow.word],
        set_={"tickets": WordCountRow.tickets + added.excluded.tickets},
    )


_ADD = Prepared(lambda insert_into: insert_into(WordRow))
_COUNT = Prepared(_count)
