"""How far each mailbox was read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.mail.mailbox_ports import Place, WaitingMail
from services.ticket.store.own import upsert
from services.ticket.tables.mail import MailboxRow, MailboxWaitingRow

_AT_ONCE = 500


class SqlMailboxPlaces:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tenant_id: TenantId, mailbox: str) -> Place | None:
        async with self._database.tenant_reading(tenant_id) as session:
            row = await session.scalar(
                select(MailboxRow).where(
                    MailboxRow.tenant_id == tenant_id, MailboxRow.mailbox == mailbox
                )
            )
            if row is None:
                return None
            return Place(tenant_id, mailbox, row.uid_validity, row.last_uid, row.look_time)

    async def begin(self, place: Place, waiting: Sequence[int]) -> None:
        values = {
            "uid_validity": place.uid_validity,
            "last_uid": place.last_uid,
            "look_time": place.look_time,
        }
        key = {"tenant_id": place.tenant_id, "mailbox": place.mailbox}
        async with self._database.tenant_transaction(place.tenant_id) as session:
            await session.execute(
                upsert(session, MailboxRow)
                .values(**key, **values)
                .on_conflict_do_update(index_elements=["tenant_id", "mailbox"], set_=values)
            )
            await session.execute(
                delete(MailboxWaitingRow).where(
                    MailboxWaitingRow.tenant_id == place.tenant_id,
                    MailboxWaitingRow.mailbox == place.mailbox,
                )
            )
            rows = [
                {
                    **key,
                    "uid_validity": place.uid_validity,
                    "uid": uid,
                    "next_time": place.look_time,
                }
                for uid in waiting
            ]
            for start in range(0, len(rows), _AT_ONCE):
                await session.execute(insert(MailboxWaitingRow), rows[start : start + _AT_ONCE])

    async def list_due(self, place: Place, now: datetime, limit: int) -> list[WaitingMail]:
        async with self._database.tenant_reading(place.tenant_id) as session:
            rows = await session.scalars(
                select(MailboxWaitingRow)
                .where(_waits(place), MailboxWaitingRow.next_time <= now)
                .order_by(MailboxWaitingRow.uid)
                .limit(limit)
            )
            return [WaitingMail(row.uid, row.tries) for row in rows]

    async def count_waiting(self, place: Place) -> int:
        async with self._database.tenant_reading(place.tenant_id) as session:
            counted = select(func.count()).select_from(MailboxWaitingRow).where(_waits(place))
            return await session.scalar(counted) or 0

    async def settle(self, place: Place, uid: int) -> None:
        async with self._database.tenant_transaction(place.tenant_id) as session:
            await session.execute(
                delete(MailboxWaitingRow)
                .where(_waits(place), MailboxWaitingRow.uid == uid)
                .execution_options(synchronize_session=False)
            )
            await _advance(session, place, uid)

    async def put_off(self, place: Place, mail: WaitingMail, until: datetime, problem: str) -> None:
        values = {"tries": mail.tries, "next_time": until, "problem": problem}
        async with self._database.tenant_transaction(place.tenant_id) as session:
            await session.execute(
                upsert(session, MailboxWaitingRow)
                .values(
                    tenant_id=place.tenant_id,
                    mailbox=place.mailbox,
                    uid_validity=place.uid_validity,
                    uid=mail.uid,
                    **values,
                )
                .on_conflict_do_update(
                    index_elements=["tenant_id", "mailbox", "uid_validity", "uid"], set_=values
                )
            )
            await _advance(session, place, mail.uid)

    async def note_look(self, place: Place, time: datetime) -> None:
        async with self._database.tenant_transaction(place.tenant_id) as session:
            await session.execute(
                update(MailboxRow)
                .where(_is(place))
                .values(look_time=time)
                .execution_options(synchronize_session=False)
            )


async def _advance(session: AsyncSession, place: Place, uid: int) -> None:
    await session.execute(
        update(MailboxRow)
        .where(_is(place), MailboxRow.last_uid < uid)
        .values(last_uid=uid)
        .execution_options(synchronize_session=False)
    )


def _is(place: Place) -> ColumnElement[bool]:
    return (
        (MailboxRow.tenant_id == place.tenant_id)
        & (MailboxRow.mailbox == place.mailbox)
        & (MailboxRow.uid_validity == place.uid_validity)
    )


def _waits(place: Place) -> ColumnElement[bool]:
    return (
        (MailboxWaitingRow.tenant_id == place.tenant_id)
        & (MailboxWaitingRow.mailbox == place.mailbox)
        & (MailboxWaitingRow.uid_validity == place.uid_validity)
    )
