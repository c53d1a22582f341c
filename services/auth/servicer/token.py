"""Tokens and signing keys: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    token_service_pb2,
    token_service_pb2_grpc,
)
from services.auth.convert import (
    identity_message,
    key_set_message,
    token_message,
)
from services.auth.signing import KeyRing
from services.auth.use_cases import api_keys, sessions, tokens
from services.auth.use_cases.federation_desk import FederationDesk
from services.auth.use_cases.token_desk import TokenDesk
from services.auth.use_cases.token_exchange import exchange_token
from services.mesh.caller import current_tenant, current_user
from services.mesh.interceptors.chain import Context


class TokenServicer(token_service_pb2_grpc.TokenServiceServicer):
    def __init__(self, desk: TokenDesk, keys: KeyRing, federation: FederationDesk) -> None:
        self._desk = desk
        self._federation = federation
        self._keys = keys

    async def IssueToken(
        self, request: token_service_pb2.IssueTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        if request.HasField("client_credentials"):
            client = request.client_credentials
            return token_message(
                await tokens.log_in_client(self._desk, client.client_id, client.client_secret)
            )
        if request.HasField("token_exchange"):
            foreign = request.token_exchange
            return token_message(
                await exchange_token(self._federation, foreign.tenant_slug, foreign.subject_token)
            )
        if request.HasField("api_key"):
            key = request.api_key.api_key
            return token_message(await api_keys.log_in_with_api_key(self._desk, key))
        person = request.password
        return token_message(
            await tokens.log_in(
                self._desk,
                person.tenant_slug,
                person.email,
                person.password,
                person.one_time_code,
            )
        )

    async def RefreshToken(
        self, request: token_service_pb2.RefreshTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        return token_message(await sessions.refresh(self._desk, request.refresh_token))

    async def RevokeToken(
        self, request: token_service_pb2.RevokeTokenRequest, context: Context
    ) -> token_service_pb2.RevokeTokenResponse:
        await sessions.revoke(self._desk, request.refresh_token)
        return token_service_pb2.RevokeTokenResponse()

    async def GetSigningKeys(
        self, request: token_service_pb2.GetSigningKeysRequest, context: Context
    ) -> token_service_pb2.JsonWebKeySet:
        return key_set_message(await self._keys.public_keys())

    async def GetIdentity(
        self, request: token_service_pb2.GetIdentityRequest, context: Context
    ) -> token_service_pb2.Identity:
        return identity_message(
            await tokens.get_identity(self._desk.store, current_tenant(), current_user())
        )
