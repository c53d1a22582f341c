"""What is posted: the entry of the log, and of people only what the webhook asked for."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.options.v1 import policy_pb2
from helpdesk.ticket.v1 import webhook_service_pb2
from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.ticket.convert.tickets import comment_message, event_message
from services.ticket.domain.mail_senders import is_sender_id
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION
from services.ticket.webhooks.model import Delivery, Webhook
from services.ticket.webhooks.ports import Happened

# Of the tenant's own making, so that nobody knows what they hold.
_OWN_FIELDS = "fields"


def body_of(
    delivery: Delivery, webhook: Webhook, tenant_id: TenantId, happened: Happened | None
) -> bytes:
    """The same bytes on every try, for what it tells of never changes."""
    message = webhook_service_pb2.WebhookMessage(
        type=delivery.event_type, timestamp=_timestamp(delivery.create_time)
    )
    if happened is None:
        message.data.webhook_id = delivery.about_webhook_id
    else:
        message.data.CopyFrom(_data(happened, webhook, tenant_id))
    if not webhook.include_personal_data:
        _leave_people_out(message)
    return json_format.MessageToJson(message, indent=None, ensure_ascii=False).encode()


def _data(
    happened: Happened, webhook: Webhook, tenant_id: TenantId
) -> webhook_service_pb2.WebhookData:
    seeing = {HANDLE_PERMISSION} if webhook.include_internal else set[str]()
    with acting_as(Caller("ticket", tenant_id, permissions=frozenset(seeing))):
        data = webhook_service_pb2.WebhookData(
            event=event_message(happened.event), ticket_number=happened.ticket_number
        )
    comment = happened.comment
    if comment is not None and (webhook.include_internal or not comment.is_internal):
        data.comment.CopyFrom(comment_message(comment))
    return data


def _leave_people_out(message: Message) -> None:
    """All that the contract calls personal, and the ids that are addresses."""
    for field, value in message.ListFields():
        is_personal = field.GetOptions().Extensions[policy_pb2.personal_data]
        if is_personal or field.name == _OWN_FIELDS or _holds_an_address(value):
            message.ClearField(field.name)
        elif field.message_type is not None and not field.is_repeated:
            _leave_people_out(value)


def _holds_an_address(value: object) -> bool:
    texts = [value] if isinstance(value, str) else value if isinstance(value, Sequence) else ()
    return any(isinstance(text, str) and is_sender_id(UserId(text)) for text in texts)


def _timestamp(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
