"""API keys: message in, one use case, message out."""

from datetime import UTC

from helpdesk.auth.v1 import api_key_service_pb2, api_key_service_pb2_grpc
from services.auth.convert import api_key_message
from services.auth.domain import ApiKeyId
from services.auth.ports import AuthStore
from services.auth.servicer.author import author
from services.auth.use_cases import api_keys
from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_KEYS = {"list": "api_keys"}


class ApiKeyServicer(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    def __init__(self, store: AuthStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def CreateApiKey(
        self, request: api_key_service_pb2.CreateApiKeyRequest, context: Context
    ) -> api_key_service_pb2.ApiKey:
        wants_end = request.HasField("expire_time")
        wish = api_keys.ApiKeyWish(
            request.display_name,
            frozenset(request.scopes),
            request.expire_time.ToDatetime(UTC) if wants_end else None,
        )
        made = await api_keys.create_api_key(self._store, self._clock, author(), wish)
        return api_key_message(made.key, made.secret)

    async def ListApiKeys(
        self, request: api_key_service_pb2.ListApiKeysRequest, context: Context
    ) -> api_key_service_pb2.ListApiKeysResponse:
        after = decode_page_token(current_tenant(), _KEYS, request.page_token) or ""
        page = await api_keys.list_api_keys(self._store, author(), request.page_size, after)
        next_page = page.next_cursor
        return api_key_service_pb2.ListApiKeysResponse(
            api_keys=map(api_key_message, page.keys),
            next_page_token=encode_page_token(current_tenant(), _KEYS, next_page)
            if next_page
            else "",
        )

    async def RevokeApiKey(
        self, request: api_key_service_pb2.RevokeApiKeyRequest, context: Context
    ) -> api_key_service_pb2.ApiKey:
        return api_key_message(
            await api_keys.revoke_api_key(
                self._store, self._clock, author(), ApiKeyId(request.api_key_id)
            )
        )
