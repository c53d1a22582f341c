"""The OpenID provider: message in, one use case, message out."""

from helpdesk.auth.v1 import authorization_service_pb2 as messages
from helpdesk.auth.v1 import authorization_service_pb2_grpc
from services.auth import authorization_convert as convert
from services.auth.use_cases import authorization, devices, grant_endings, grants, user_info
from services.auth.use_cases.authorization_desk import AuthorizationDesk
from services.mesh.interceptors.chain import Context


class AuthorizationServicer(authorization_service_pb2_grpc.AuthorizationServiceServicer):
    def __init__(self, desk: AuthorizationDesk) -> None:
        self._desk = desk

    async def BeginAuthorization(
        self, request: messages.BeginAuthorizationRequest, context: Context
    ) -> messages.AuthorizationStep:
        return convert.step_message(
            await authorization.begin(
                self._desk, convert.parameters(request), convert.browser(request.browser)
            )
        )

    async def BeginDeviceApproval(
        self, request: messages.BeginDeviceApprovalRequest, context: Context
    ) -> messages.AuthorizationStep:
        return convert.step_message(
            await authorization.begin_device_approval(
                self._desk, request.user_code, convert.browser(request.browser)
            )
        )

    async def InspectAuthorization(
        self, request: messages.InspectAuthorizationRequest, context: Context
    ) -> messages.AuthorizationStep:
        return convert.step_message(
            await authorization.inspect(
                self._desk,
                request.request_secret,
                convert.browser(request.browser),
                request.tenant_slug,
            )
        )

    async def LogInBrowser(
        self, request: messages.LogInBrowserRequest, context: Context
    ) -> messages.AuthorizationStep:
        return convert.step_message(
            await authorization.log_in_browser(
                self._desk,
                request.request_secret,
                convert.browser(request.browser),
                convert.credentials(request),
            )
        )

    async def DecideAuthorization(
        self, request: messages.DecideAuthorizationRequest, context: Context
    ) -> messages.AuthorizationStep:
        return convert.step_message(
            await authorization.decide(
                self._desk,
                request.request_secret,
                convert.browser(request.browser),
                approved=request.approved,
            )
        )

    async def ExchangeGrant(
        self, request: messages.ExchangeGrantRequest, context: Context
    ) -> messages.TokenSet:
        return convert.token_set_message(
            await grants.exchange(self._desk, convert.token_request(request))
        )

    async def StartDeviceAuthorization(
        self, request: messages.StartDeviceAuthorizationRequest, context: Context
    ) -> messages.DeviceAuthorization:
        return convert.device_message(
            await devices.start_device(
                self._desk, convert.client_proof(request.client), request.scope
            )
        )

    async def RevokeGrant(
        self, request: messages.RevokeGrantRequest, context: Context
    ) -> messages.RevokeGrantResponse:
        await grant_endings.revoke_grant(
            self._desk, convert.client_proof(request.client), request.token
        )
        return messages.RevokeGrantResponse()

    async def GetUserInfo(
        self, request: messages.GetUserInfoRequest, context: Context
    ) -> messages.UserInfo:
        return convert.user_info_message(
            await user_info.get_user_info(self._desk, request.access_token)
        )

    async def LogOutBrowser(
        self, request: messages.LogOutBrowserRequest, context: Context
    ) -> messages.LogOutBrowserResponse:
        return convert.logged_out_message(
            await grant_endings.log_out_browser(
                self._desk,
                convert.logout_request(request),
                convert.browser(request.browser),
                confirmed=request.confirmed,
            )
        )
