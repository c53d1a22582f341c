"""Identity providers: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    identity_provider_pb2,
    identity_provider_service_pb2,
    identity_provider_service_pb2_grpc,
)
from services.auth.convert_identity_provider import (
    changed_identity_provider,
    diagnosis_message,
    fields_to_update,
    identity_provider_message,
    new_identity_provider,
)
from services.auth.federation import IdentityProvider, IdentityProviderId
from services.auth.use_cases import identity_providers
from services.auth.use_cases.federation_desk import FederationDesk
from services.mesh.caller import current_caller, current_tenant
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_PROVIDERS = {"list": "identity_providers"}


class IdentityProviderServicer(identity_provider_service_pb2_grpc.IdentityProviderServiceServicer):
    def __init__(self, desk: FederationDesk) -> None:
        self._desk = desk

    async def CreateIdentityProvider(
        self,
        request: identity_provider_service_pb2.CreateIdentityProviderRequest,
        context: Context,
    ) -> identity_provider_pb2.IdentityProvider:
        message = request.identity_provider
        provider = new_identity_provider(current_tenant(), message, self._desk.tokens.clock)
        return self._message(
            await identity_providers.create_identity_provider(
                self._desk, provider, message.client_secret, current_caller().permissions
            )
        )

    async def GetIdentityProvider(
        self, request: identity_provider_service_pb2.GetIdentityProviderRequest, context: Context
    ) -> identity_provider_pb2.IdentityProvider:
        return self._message(
            await identity_providers.get_identity_provider(
                self._desk, current_tenant(), IdentityProviderId(request.identity_provider_id)
            )
        )

    async def ListIdentityProviders(
        self, request: identity_provider_service_pb2.ListIdentityProvidersRequest, context: Context
    ) -> identity_provider_service_pb2.ListIdentityProvidersResponse:
        after = decode_page_token(current_tenant(), _PROVIDERS, request.page_token) or ""
        page = await identity_providers.list_identity_providers(
            self._desk, current_tenant(), request.page_size, after
        )
        next_page = page.next_cursor
        return identity_provider_service_pb2.ListIdentityProvidersResponse(
            identity_providers=map(self._message, page.providers),
            next_page_token=encode_page_token(current_tenant(), _PROVIDERS, next_page)
            if next_page
            else "",
        )

    async def UpdateIdentityProvider(
        self,
        request: identity_provider_service_pb2.UpdateIdentityProviderRequest,
        context: Context,
    ) -> identity_provider_pb2.IdentityProvider:
        message = request.identity_provider
        fields = fields_to_update(request.update_mask.paths, message)
        return self._message(
            await identity_providers.update_identity_provider(
                self._desk,
                current_tenant(),
                IdentityProviderId(message.identity_provider_id),
                lambda before: changed_identity_provider(before, message, fields),
                client_secret=message.client_secret if "client_secret" in fields else None,
                etag=message.etag,
                permissions=current_caller().permissions,
            )
        )

    async def DeleteIdentityProvider(
        self,
        request: identity_provider_service_pb2.DeleteIdentityProviderRequest,
        context: Context,
    ) -> identity_provider_service_pb2.DeleteIdentityProviderResponse:
        await identity_providers.delete_identity_provider(
            self._desk,
            current_tenant(),
            IdentityProviderId(request.identity_provider_id),
            request.etag,
        )
        return identity_provider_service_pb2.DeleteIdentityProviderResponse()

    async def TestIdentityProvider(
        self, request: identity_provider_service_pb2.TestIdentityProviderRequest, context: Context
    ) -> identity_provider_service_pb2.TestIdentityProviderResponse:
        return diagnosis_message(
            await identity_providers.diagnose_identity_provider(
                self._desk, current_tenant(), IdentityProviderId(request.identity_provider_id)
            )
        )

    def _message(self, provider: IdentityProvider) -> identity_provider_pb2.IdentityProvider:
        redirect_uri = self._desk.redirect_uri(provider.identity_provider_id)
        return identity_provider_message(provider, redirect_uri)
