"""The codes by which users choose their passwords."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select

from services.auth.domain import AccountCode
from services.auth.store.rows import account_code_from
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import AccountCodeRow
from services.mesh.caller import UserId


class AccountCodeRows(RowsOfTenant):
    async def put_account_code(self, code: AccountCode) -> None:
        await self._session.execute(
            delete(AccountCodeRow).where(
                AccountCodeRow.tenant_id == self._tenant_id,
                AccountCodeRow.user_id == code.user_id,
                AccountCodeRow.purpose == code.purpose.value,
            )
        )
        values = {**asdict(code), "purpose": code.purpose.value, "tenant_id": self._tenant_id}
        await self._session.execute(insert(AccountCodeRow).values(values))

    async def account_code(self, digest: str) -> AccountCode | None:
        row = await self._session.scalar(
            select(AccountCodeRow).where(
                AccountCodeRow.tenant_id == self._tenant_id, AccountCodeRow.digest == digest
            )
        )
        return account_code_from(row) if row else None

    async def take_account_code(self, digest: str) -> AccountCode | None:
        taken = await self._session.scalar(
            delete(AccountCodeRow)
            .where(AccountCodeRow.tenant_id == self._tenant_id, AccountCodeRow.digest == digest)
            .returning(AccountCodeRow)
        )
        return account_code_from(taken) if taken else None

    async def delete_account_codes(self, user_id: UserId) -> None:
        await self._session.execute(
            delete(AccountCodeRow).where(
                AccountCodeRow.tenant_id == self._tenant_id, AccountCodeRow.user_id == user_id
            )
        )
