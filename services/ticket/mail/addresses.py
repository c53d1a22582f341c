"""Which tenant is written to at which address."""

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.ticket.domain import DEFAULT_QUEUE
from services.ticket.errors.mail import MailAddressExists, MailAddressNotFound
from services.ticket.mail.ports import MailAddress, MailAddresses


async def create_mail_address(
    addresses: MailAddresses, clock: Clock, tenant_id: TenantId, address: str, queue: str
) -> MailAddress:
    acts_on("mail_address", address)
    given = MailAddress(tenant_id, address, queue or DEFAULT_QUEUE, clock())
    if not await addresses.add(given):
        raise MailAddressExists(address)
    return given


async def delete_mail_address(addresses: MailAddresses, address: str) -> None:
    acts_on("mail_address", address)
    if not await addresses.remove(address):
        raise MailAddressNotFound(address)
