"""The clients of one tenant in memory."""

from collections.abc import Sequence

from services.auth.domain import User, UserKind
from services.auth.errors.oauth import ClientNotFound
from services.auth.oauth_clients import ClientSettings, TenantClient
from services.mesh.caller import TenantId, UserId
from tests.auth.fake_authorizations import Authorizations


class FakeClientRecords:
    _known: Authorizations
    _tenant_id: TenantId

    def _users(self) -> Sequence[User]:
        raise NotImplementedError

    async def tenant_client(self, client_id: UserId) -> TenantClient:
        for client in self._tenant_clients():
            if client.user.user_id == client_id:
                return client
        raise ClientNotFound(client_id)

    async def tenant_clients(self, after: str, limit: int) -> list[TenantClient]:
        found = sorted(self._tenant_clients(), key=lambda client: client.user.user_id)
        return [client for client in found if client.user.user_id > after][:limit]

    async def put_client_settings(self, client_id: UserId, settings: ClientSettings) -> None:
        self._known.settings[self._tenant_id, client_id] = settings

    def _tenant_clients(self) -> list[TenantClient]:
        nothing = ClientSettings()
        found = [
            TenantClient(user, self._known.settings.get((self._tenant_id, user.user_id), nothing))
            for user in self._users()
            if user.kind is UserKind.CLIENT
        ]
        return [client for client in found if client.settings.delete_time is None]
