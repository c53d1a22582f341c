"""The SQL of golden sets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.search.golden_sets import GoldenQuestion, GoldenSet
from services.search.tables import GoldenQuestionRow, GoldenSetRow


class SqlGoldenSetStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlGoldenSets"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlGoldenSets(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlGoldenSets"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlGoldenSets(session, tenant_id)


class SqlGoldenSets:
    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def put(
        self, name: str, questions: Sequence[GoldenQuestion], new_id: str, now: datetime
    ) -> GoldenSet:
        own = {"tenant_id": self._tenant_id, "name": name}
        new = {"golden_set_id": new_id, "question_count": len(questions), "update_time": now}
        is_postgresql = self._session.get_bind().dialect.name == "postgresql"
        if_absent = (
            postgresql_insert(GoldenSetRow).values(**own, **new).on_conflict_do_nothing()
            if is_postgresql
            else sqlite_insert(GoldenSetRow).values(**own, **new).on_conflict_do_nothing()
        )
        await self._session.execute(if_absent)
        # Two puts at once would otherwise leave the questions of both.
        locked = select(GoldenSetRow.golden_set_id).filter_by(**own).with_for_update()
        golden_set_id = (await self._session.execute(locked)).scalar_one()
        known = {"tenant_id": self._tenant_id, "golden_set_id": golden_set_id}
        await self._session.execute(
            update(GoldenSetRow)
            .filter_by(**known)
            .values(question_count=len(questions), update_time=now)
        )
        await self._session.execute(delete(GoldenQuestionRow).filter_by(**known))
        rows = [
            {
                **known,
                "position": position,
                "text": question.text,
                "source_uris": sorted(question.source_uris),
            }
            for position, question in enumerate(questions)
        ]
        await self._session.execute(insert(GoldenQuestionRow), rows)
        return GoldenSet(golden_set_id, name, questions, len(questions), now)

    async def find(self, golden_set_id: str) -> GoldenSet | None:
        known = {"tenant_id": self._tenant_id, "golden_set_id": golden_set_id}
        row = await self._session.scalar(select(GoldenSetRow).filter_by(**known))
        if row is None:
            return None
        columns = select(GoldenQuestionRow.text, GoldenQuestionRow.source_uris)
        rows = await self._session.execute(
            columns.filter_by(**known).order_by(GoldenQuestionRow.position)
        )
        return _golden_set_from(
            row, [GoldenQuestion(text, frozenset(source_uris)) for text, source_uris in rows]
        )

    async def list_all(self, *, limit: int, after: str) -> list[GoldenSet]:
        rows = await self._session.scalars(
            select(GoldenSetRow)
            .where(GoldenSetRow.tenant_id == self._tenant_id, GoldenSetRow.name > after)
            .order_by(GoldenSetRow.name)
            .limit(limit)
        )
        return [_golden_set_from(row, ()) for row in rows]

    async def remove(self, golden_set_id: str) -> bool:
        known = {"tenant_id": self._tenant_id, "golden_set_id": golden_set_id}
        await self._session.execute(delete(GoldenQuestionRow).filter_by(**known))
        gone = await self._session.execute(
            delete(GoldenSetRow).filter_by(**known).returning(GoldenSetRow.golden_set_id)
        )
        return gone.scalar_one_or_none() is not None


def _golden_set_from(row: GoldenSetRow, questions: Sequence[GoldenQuestion]) -> GoldenSet:
    return GoldenSet(row.golden_set_id, row.name, questions, row.question_count, row.update_time)
