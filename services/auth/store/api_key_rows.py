"""API keys, by the digest of what their holders have."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update

from services.auth.domain import ApiKey, ApiKeyId
from services.auth.store.rows import api_key_from
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import ApiKeyRow
from services.mesh.caller import UserId
from services.mesh.scopes import scope_text


class ApiKeyRows(RowsOfTenant):
    async def add_api_key(self, key: ApiKey) -> None:
        values = {**asdict(key), "scope": scope_text(key.scope), "tenant_id": self._tenant_id}
        await self._session.execute(insert(ApiKeyRow).values(values))

    async def api_keys(self, user_id: UserId | None, after: str, limit: int) -> list[ApiKey]:
        question = (
            select(ApiKeyRow)
            .where(ApiKeyRow.tenant_id == self._tenant_id, ApiKeyRow.api_key_id > after)
            .order_by(ApiKeyRow.api_key_id)
            .limit(limit)
        )
        if user_id is not None:
            question = question.where(ApiKeyRow.user_id == user_id)
        return [api_key_from(row) for row in await self._session.scalars(question)]

    async def lock_api_key(self, api_key_id: ApiKeyId) -> ApiKey | None:
        row = await self._session.scalar(
            select(ApiKeyRow)
            .where(ApiKeyRow.tenant_id == self._tenant_id, ApiKeyRow.api_key_id == api_key_id)
            .with_for_update()
        )
        return api_key_from(row) if row else None

    async def revoke_api_key(self, api_key_id: ApiKeyId, now: datetime) -> None:
        await self._session.execute(
            update(ApiKeyRow)
            .where(ApiKeyRow.tenant_id == self._tenant_id, ApiKeyRow.api_key_id == api_key_id)
            .values(revoke_time=now)
        )
