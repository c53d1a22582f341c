"""One's own authenticator app: message in, one use case, message out."""

from helpdesk.auth.v1 import totp_service_pb2, totp_service_pb2_grpc
from services.auth.servicer.author import author
from services.auth.use_cases import own_totp
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.interceptors.chain import Context


class TotpServicer(totp_service_pb2_grpc.TotpServiceServicer):
    def __init__(self, desk: TokenDesk) -> None:
        self._desk = desk

    async def GetTotp(
        self, request: totp_service_pb2.GetTotpRequest, context: Context
    ) -> totp_service_pb2.Totp:
        state = await own_totp.get_totp(self._desk.store, author())
        return totp_service_pb2.Totp(
            is_enrolled=state.is_enrolled, recovery_codes_left=state.recovery_codes_left
        )

    async def EnrolTotp(
        self, request: totp_service_pb2.EnrolTotpRequest, context: Context
    ) -> totp_service_pb2.EnrolTotpResponse:
        made = await own_totp.enrol_totp(self._desk, author(), request.password)
        return totp_service_pb2.EnrolTotpResponse(secret=made.secret, uri=made.uri)

    async def ConfirmTotp(
        self, request: totp_service_pb2.ConfirmTotpRequest, context: Context
    ) -> totp_service_pb2.ConfirmTotpResponse:
        codes = await own_totp.confirm_totp(self._desk, author(), request.code)
        return totp_service_pb2.ConfirmTotpResponse(recovery_codes=codes)

    async def DisableTotp(
        self, request: totp_service_pb2.DisableTotpRequest, context: Context
    ) -> totp_service_pb2.DisableTotpResponse:
        await own_totp.disable_totp(self._desk, author(), request.code)
        return totp_service_pb2.DisableTotpResponse()
