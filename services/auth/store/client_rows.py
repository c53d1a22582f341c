"""What clients may do beyond logging in by themselves. A client is a user, too."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select

from services.auth.domain import UserKind
from services.auth.errors.oauth import ClientNotFound
from services.auth.oauth_clients import ClientSettings, TenantClient
from services.auth.oauth_tables import OAuthClientRow
from services.auth.store.user_rows import UserRows
from services.auth.tables import UserRow
from services.mesh.caller import UserId


class ClientRows(UserRows):
    async def tenant_client(self, client_id: UserId) -> TenantClient:
        found = await self._session.execute(self._clients(UserRow.user_id == client_id))
        clients = await self._tenant_clients([(user, own) for user, own in found])
        if not clients:
            raise ClientNotFound(client_id)
        return clients[0]

    async def tenant_clients(self, after: str, limit: int) -> list[TenantClient]:
        found = await self._session.execute(
            self._clients(UserRow.user_id > after).order_by(UserRow.user_id).limit(limit)
        )
        return await self._tenant_clients([(user, own) for user, own in found])

    async def put_client_settings(self, client_id: UserId, settings: ClientSettings) -> None:
        await self._session.merge(
            OAuthClientRow(
                tenant_id=self._tenant_id,
                client_id=client_id,
                is_public=settings.is_public,
                redirect_uris="\n".join(settings.redirect_uris),
                logout_redirect_uris="\n".join(settings.logout_redirect_uris),
                delete_time=settings.delete_time,
            )
        )
        await self._session.flush()

    def _clients(self, condition: ColumnElement[bool]) -> Select[UserRow, OAuthClientRow]:
        return (
            select(UserRow, OAuthClientRow)
            .outerjoin(
                OAuthClientRow,
                (OAuthClientRow.tenant_id == UserRow.tenant_id)
                & (OAuthClientRow.client_id == UserRow.user_id),
            )
            .where(
                UserRow.tenant_id == self._tenant_id,
                UserRow.kind == UserKind.CLIENT.value,
                OAuthClientRow.delete_time.is_(None),
                condition,
            )
        )

    async def _tenant_clients(
        self, rows: Sequence[tuple[UserRow, OAuthClientRow | None]]
    ) -> list[TenantClient]:
        users = await self._users([user for user, _ in rows])
        return [
            TenantClient(user, settings_from(own))
            for user, (_, own) in zip(users, rows, strict=True)
        ]


def settings_from(row: OAuthClientRow | None) -> ClientSettings:
    if row is None:
        return ClientSettings()
    return ClientSettings(
        row.is_public,
        tuple(row.redirect_uris.split()),
        tuple(row.logout_redirect_uris.split()),
        row.delete_time,
    )
