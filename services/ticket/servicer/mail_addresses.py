"""The RPCs of mail addresses: message in, one use case, message out."""

from helpdesk.ticket.v1 import mail_address_service_pb2, mail_address_service_pb2_grpc
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.ticket.mail.addresses import create_mail_address, delete_mail_address
from services.ticket.mail.ports import MailAddress, MailAddresses


class MailAddressServicer(mail_address_service_pb2_grpc.MailAddressServiceServicer):
    def __init__(self, addresses: MailAddresses, clock: Clock) -> None:
        self._addresses = addresses
        self._clock = clock

    async def CreateMailAddress(
        self, request: mail_address_service_pb2.CreateMailAddressRequest, context: object
    ) -> mail_address_service_pb2.MailAddress:
        asked = request.mail_address
        given = await create_mail_address(
            self._addresses, self._clock, TenantId(asked.tenant_id), asked.address, asked.queue
        )
        return _message(given)

    async def ListMailAddresses(
        self, request: mail_address_service_pb2.ListMailAddressesRequest, context: object
    ) -> mail_address_service_pb2.ListMailAddressesResponse:
        found = await self._addresses.list_all(TenantId(request.tenant_id))
        return mail_address_service_pb2.ListMailAddressesResponse(
            mail_addresses=map(_message, found)
        )

    async def DeleteMailAddress(
        self, request: mail_address_service_pb2.DeleteMailAddressRequest, context: object
    ) -> mail_address_service_pb2.DeleteMailAddressResponse:
        await delete_mail_address(self._addresses, request.address)
        return mail_address_service_pb2.DeleteMailAddressResponse()


def _message(address: MailAddress) -> mail_address_service_pb2.MailAddress:
    message = mail_address_service_pb2.MailAddress(
        tenant_id=address.tenant_id, address=address.address, queue=address.queue
    )
    message.create_time.FromDatetime(address.create_time)
    return message
