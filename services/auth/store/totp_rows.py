"""Authenticator apps and recovery codes."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from services.auth.domain import Totp
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import RecoveryCodeRow, TotpRow
from services.mesh.caller import UserId


class TotpRows(RowsOfTenant):
    async def put_totp(self, totp: Totp) -> None:
        await self.delete_totp(totp.user_id)
        values = {**asdict(totp), "tenant_id": self._tenant_id}
        await self._session.execute(insert(TotpRow).values(values))

    async def totp(self, user_id: UserId) -> Totp | None:
        row = await self._session.scalar(
            select(TotpRow).where(TotpRow.tenant_id == self._tenant_id, TotpRow.user_id == user_id)
        )
        if row is None:
            return None
        return Totp(
            UserId(row.user_id), row.sealed_secret, row.create_time, row.confirm_time, row.last_step
        )

    async def confirm_totp(self, user_id: UserId, now: datetime, digests: Sequence[str]) -> None:
        await self._session.execute(
            update(TotpRow)
            .where(TotpRow.tenant_id == self._tenant_id, TotpRow.user_id == user_id)
            .values(confirm_time=now)
        )
        await self._session.execute(
            insert(RecoveryCodeRow),
            [
                {"tenant_id": self._tenant_id, "user_id": user_id, "digest": digest}
                for digest in digests
            ],
        )

    async def delete_totp(self, user_id: UserId) -> None:
        for table in (RecoveryCodeRow, TotpRow):
            await self._session.execute(
                delete(table).where(table.tenant_id == self._tenant_id, table.user_id == user_id)
            )

    async def use_totp_step(self, user_id: UserId, step: int) -> bool:
        used = await self._session.scalar(
            update(TotpRow)
            .where(
                TotpRow.tenant_id == self._tenant_id,
                TotpRow.user_id == user_id,
                TotpRow.last_step < step,
            )
            .values(last_step=step)
            .returning(TotpRow.user_id)
        )
        return used is not None

    async def take_recovery_code(self, user_id: UserId, digest: str) -> bool:
        taken = await self._session.scalar(
            delete(RecoveryCodeRow)
            .where(
                RecoveryCodeRow.tenant_id == self._tenant_id,
                RecoveryCodeRow.user_id == user_id,
                RecoveryCodeRow.digest == digest,
            )
            .returning(RecoveryCodeRow.digest)
        )
        return taken is not None

    async def count_recovery_codes(self, user_id: UserId) -> int:
        counted = await self._session.scalar(
            select(func.count())
            .select_from(RecoveryCodeRow)
            .where(RecoveryCodeRow.tenant_id == self._tenant_id, RecoveryCodeRow.user_id == user_id)
        )
        return counted or 0
