"""What mail keeps: addresses of all tenants, and the mails and threads of one."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, insert, select, update

from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.mail.ports import MailAddress, MailThread
from services.ticket.store.own import upsert
from services.ticket.tables.mail import MailAddressRow, MailMessageRow, MailThreadRow


class SqlMailAddresses:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, address: str) -> MailAddress | None:
        async with self._database.system_reading() as session:
            row = await session.scalar(
                select(MailAddressRow).where(MailAddressRow.address == address)
            )
            return _address_from(row) if row is not None else None

    async def add(self, address: MailAddress) -> bool:
        async with self._database.system_transaction() as session:
            added = await session.scalar(
                upsert(session, MailAddressRow)
                .values(
                    tenant_id=address.tenant_id,
                    address=address.address,
                    queue=address.queue,
                    create_time=address.create_time,
                )
                .on_conflict_do_nothing()
                .returning(MailAddressRow.address)
            )
            return added is not None

    async def list_all(self, tenant_id: TenantId) -> list[MailAddress]:
        async with self._database.system_reading() as session:
            rows = await session.scalars(
                select(MailAddressRow)
                .where(MailAddressRow.tenant_id == tenant_id)
                .order_by(MailAddressRow.address)
            )
            return [_address_from(row) for row in rows]

    async def remove(self, address: str) -> bool:
        async with self._database.system_transaction() as session:
            removed = await session.scalar(
                delete(MailAddressRow)
                .where(MailAddressRow.address == address)
                .returning(MailAddressRow.address)
                .execution_options(synchronize_session=False)
            )
            return removed is not None


class SqlMailStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlMails"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlMails(session, tenant_id)


class SqlMails:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def note(self, message_id: str, sender_id: UserId, time: datetime) -> bool:
        noted = await self._session.scalar(
            upsert(self._session, MailMessageRow)
            .values(
                tenant_id=self._tenant_id,
                message_hash=_hash(message_id),
                sender_id=sender_id,
                message_id=message_id,
                create_time=time,
            )
            .on_conflict_do_nothing()
            .returning(MailMessageRow.message_hash)
        )
        return noted is not None

    async def file(self, message_id: str, sender_id: UserId, ticket_id: str) -> None:
        await self._session.execute(
            update(MailMessageRow)
            .where(
                MailMessageRow.tenant_id == self._tenant_id,
                MailMessageRow.message_hash == _hash(message_id),
                MailMessageRow.sender_id == sender_id,
            )
            .values(ticket_id=ticket_id)
            .execution_options(synchronize_session=False)
        )

    async def count_of(self, sender_id: UserId, since: datetime) -> int:
        counted = select(func.count()).where(
            MailMessageRow.tenant_id == self._tenant_id,
            MailMessageRow.sender_id == sender_id,
            MailMessageRow.create_time > since,
        )
        return await self._session.scalar(counted) or 0

    async def add_thread(self, thread: MailThread) -> None:
        await self._session.execute(
            insert(MailThreadRow).values(
                tenant_id=self._tenant_id,
                ticket_id=thread.ticket_id,
                token=thread.token,
                address=thread.address,
                requester=thread.requester,
                requester_id=thread.requester_id,
            )
        )

    async def thread_by_token(self, tokens: Collection[str]) -> MailThread | None:
        row = await self._session.scalar(
            select(MailThreadRow)
            .where(MailThreadRow.tenant_id == self._tenant_id, MailThreadRow.token.in_(tokens))
            .limit(1)
        )
        return _thread_from(row) if row is not None else None

    async def thread_of(self, ticket_id: str) -> MailThread | None:
        row = await self._session.scalar(
            select(MailThreadRow).where(
                MailThreadRow.tenant_id == self._tenant_id, MailThreadRow.ticket_id == ticket_id
            )
        )
        return _thread_from(row) if row is not None else None

    async def ticket_of_mail(self, message_ids: Collection[str]) -> str | None:
        return await self._session.scalar(
            select(MailMessageRow.ticket_id)
            .where(
                MailMessageRow.tenant_id == self._tenant_id,
                MailMessageRow.message_hash.in_([_hash(each) for each in message_ids]),
                MailMessageRow.ticket_id != "",
            )
            .order_by(MailMessageRow.create_time.desc())
            .limit(1)
        )


def _hash(message_id: str) -> str:
    return sha256(message_id.encode()).hexdigest()


def _address_from(row: MailAddressRow) -> MailAddress:
    return MailAddress(TenantId(row.tenant_id), row.address, row.queue, row.create_time)


def _thread_from(row: MailThreadRow) -> MailThread:
    return MailThread(
        row.ticket_id, row.token, row.address, row.requester, UserId(row.requester_id)
    )
