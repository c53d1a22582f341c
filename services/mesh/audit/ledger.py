"""Adds records to the chains. Each is written behind its chain's head, which serves as the lock."""

from sqlalchemy import MetaData, bindparam, select, update

from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.record import FIRST_PREVIOUS_MAC, Content, Record, as_values, linked
from services.mesh.audit.tables import audit_tables
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.prepared import Prepared
from services.mesh.session import Session

# The chain of the calls of which no tenant was known. No tenant's id looks like this.
NOBODY = TenantId("-")

_tables = audit_tables(MetaData())
_records, _heads = _tables.records, _tables.heads
_own_head = _heads.c.tenant_id == bindparam("own")

_BEGIN = Prepared(lambda insert_into: insert_into(_heads).on_conflict_do_nothing())
_MOVE_ON = Prepared(
    lambda _: (
        update(_heads)
        .where(_own_head)
        .values(seq=_heads.c.seq + 1)
        .returning(_heads.c.seq, _heads.c.mac)
    )
)
_ADD = Prepared(lambda insert_into: insert_into(_records))
_TIE = Prepared(lambda _: update(_heads).where(_own_head).values(mac=bindparam("last_mac")))


class Ledger:
    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._keys = keys

    async def append(self, tenant_id: TenantId, content: Content) -> Record:
        """Joins the transaction that is open, so that both are kept or neither."""
        async with self._database.tenant_transaction(tenant_id) as session:
            seq, previous_mac = await self._next(session, tenant_id)
            record = linked(tenant_id, seq, previous_mac, content, self._keys.signing())
            await session.write(_ADD, as_values(record))
            await session.write(_TIE, {"own": tenant_id, "last_mac": record.mac})
            return record

    async def heads(self) -> list[tuple[str, int, str]]:
        """Tenant, number and MAC of the last record of every chain."""
        async with self._database.system_reading() as session:
            found = await session.execute(select(_heads.c.tenant_id, _heads.c.seq, _heads.c.mac))
            return [(tenant_id, seq, mac) for tenant_id, seq, mac in found]

    async def _next(self, session: Session, tenant_id: TenantId) -> tuple[int, str]:
        # Whoever else writes to this chain waits here until this transaction has ended.
        heads = await session.ask(_MOVE_ON, own=tenant_id)
        if not heads:
            first = {"tenant_id": tenant_id, "seq": 0, "mac": FIRST_PREVIOUS_MAC}
            await session.write(_BEGIN, first)
            heads = await session.ask(_MOVE_ON, own=tenant_id)
        [(seq, mac)] = heads
        return seq, mac
