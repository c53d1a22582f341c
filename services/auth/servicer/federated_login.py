"""Logins through identity providers: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    authorization_service_pb2,
    federated_login_service_pb2,
    federated_login_service_pb2_grpc,
)
from services.auth import authorization_convert as convert
from services.auth.federation import IdentityProviderId
from services.auth.federation_ports import AuthorizationAnswer
from services.auth.use_cases import external_doors
from services.auth.use_cases.external_doors import ExternalDoor
from services.auth.use_cases.federated_logins import ReturnedBrowser
from services.mesh.interceptors.chain import Context


class FederatedLoginServicer(federated_login_service_pb2_grpc.FederatedLoginServiceServicer):
    def __init__(self, door: ExternalDoor) -> None:
        self._door = door

    async def StartFederatedLogin(
        self, request: federated_login_service_pb2.StartFederatedLoginRequest, context: Context
    ) -> federated_login_service_pb2.StartFederatedLoginResponse:
        started = await external_doors.go_out(
            self._door,
            request.request_secret,
            convert.browser(request.browser),
            request.tenant_slug,
            IdentityProviderId(request.identity_provider_id),
        )
        return federated_login_service_pb2.StartFederatedLoginResponse(
            authorization_url=started.authorization_url, display_name=started.display_name
        )

    async def CompleteFederatedLogin(
        self, request: federated_login_service_pb2.CompleteFederatedLoginRequest, context: Context
    ) -> authorization_service_pb2.AuthorizationStep:
        returned = ReturnedBrowser(
            IdentityProviderId(request.identity_provider_id),
            request.state,
            AuthorizationAnswer(request.code, request.issuer or None),
            request.browser.browser_secret,
        )
        return convert.step_message(
            await external_doors.come_back(self._door, convert.browser(request.browser), returned)
        )
