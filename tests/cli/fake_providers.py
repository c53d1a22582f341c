"""Identity providers in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc
from google.rpc import code_pb2

from helpdesk.auth.v1 import (
    identity_provider_service_pb2,
    identity_provider_service_pb2_grpc,
)
from helpdesk.auth.v1.identity_provider_pb2 import IdentityProvider
from tests.cli.refuse import refusal

Context = grpc.ServicerContext


class IdentityProviders(identity_provider_service_pb2_grpc.IdentityProviderServiceServicer):
    def __init__(self) -> None:
        self.providers: list[IdentityProvider] = []
        self.secrets: list[str] = []
        self.masks: list[list[str]] = []
        self.findings = identity_provider_service_pb2.TestIdentityProviderResponse()

    def CreateIdentityProvider(
        self,
        request: identity_provider_service_pb2.CreateIdentityProviderRequest,
        context: Context,
    ) -> IdentityProvider:
        if any(known.issuer == request.identity_provider.issuer for known in self.providers):
            context.abort_with_status(
                refusal(code_pb2.ALREADY_EXISTS, "IDENTITY_PROVIDER_ISSUER_TAKEN")
            )
        made = IdentityProvider()
        made.CopyFrom(request.identity_provider)
        self.secrets.append(made.client_secret)
        made.client_secret = ""
        made.identity_provider_id = f"provider-{len(self.providers) + 1}"
        made.etag = '"1"'
        made.redirect_uri = (
            f"https://desk.example/oauth/external/{made.identity_provider_id}/callback"
        )
        self.providers.append(made)
        return made

    def ListIdentityProviders(
        self,
        request: identity_provider_service_pb2.ListIdentityProvidersRequest,
        context: Context,
    ) -> identity_provider_service_pb2.ListIdentityProvidersResponse:
        return identity_provider_service_pb2.ListIdentityProvidersResponse(
            identity_providers=self.providers
        )

    def UpdateIdentityProvider(
        self,
        request: identity_provider_service_pb2.UpdateIdentityProviderRequest,
        context: Context,
    ) -> IdentityProvider:
        self.masks.append(list(request.update_mask.paths))
        return request.identity_provider

    def DeleteIdentityProvider(
        self,
        request: identity_provider_service_pb2.DeleteIdentityProviderRequest,
        context: Context,
    ) -> identity_provider_service_pb2.DeleteIdentityProviderResponse:
        self.providers = [
            known
            for known in self.providers
            if known.identity_provider_id != request.identity_provider_id
        ]
        return identity_provider_service_pb2.DeleteIdentityProviderResponse()

    def TestIdentityProvider(
        self,
        request: identity_provider_service_pb2.TestIdentityProviderRequest,
        context: Context,
    ) -> identity_provider_service_pb2.TestIdentityProviderResponse:
        return self.findings
