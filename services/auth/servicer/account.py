"""One's own password: message in, one use case, message out."""

from helpdesk.auth.v1 import account_service_pb2, account_service_pb2_grpc
from services.auth.domain import SessionId
from services.auth.servicer.author import author
from services.auth.use_cases import own_password
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.caller import current_caller
from services.mesh.interceptors.chain import Context


class AccountServicer(account_service_pb2_grpc.AccountServiceServicer):
    def __init__(self, desk: TokenDesk) -> None:
        self._desk = desk

    async def ChangePassword(
        self, request: account_service_pb2.ChangePasswordRequest, context: Context
    ) -> account_service_pb2.ChangePasswordResponse:
        session_id = SessionId(current_caller().session_id or "")
        await own_password.change_password(
            self._desk, author(), session_id, request.old_password, request.new_password
        )
        return account_service_pb2.ChangePasswordResponse()

    async def AcceptInvitation(
        self, request: account_service_pb2.AcceptInvitationRequest, context: Context
    ) -> account_service_pb2.AcceptInvitationResponse:
        redeemed = await own_password.accept_invitation(self._desk, request.code, request.password)
        return account_service_pb2.AcceptInvitationResponse(
            tenant_slug=redeemed.tenant.slug, email=redeemed.user.email
        )

    async def ResetPassword(
        self, request: account_service_pb2.ResetPasswordRequest, context: Context
    ) -> account_service_pb2.ResetPasswordResponse:
        redeemed = await own_password.reset_password(self._desk, request.code, request.password)
        return account_service_pb2.ResetPasswordResponse(
            tenant_slug=redeemed.tenant.slug, email=redeemed.user.email
        )
