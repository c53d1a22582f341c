"""Messages of webhooks ← domain."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import webhook_service_pb2
from services.ticket.webhooks.model import Delivery, SealedSecrets, Webhook


def webhook_message(
    webhook: Webhook, secrets: SealedSecrets | None = None, secret: str = ""
) -> webhook_service_pb2.Webhook:
    return webhook_service_pb2.Webhook(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        event_types=webhook.event_types,
        description=webhook.description,
        include_personal_data=webhook.include_personal_data,
        include_internal=webhook.include_internal,
        state=webhook_service_pb2.WebhookState.Value(f"WEBHOOK_STATE_{webhook.state}"),
        create_time=_timestamp(webhook.create_time),
        secret=secret,
        previous_secret_expire_time=_timestamp(secrets.previous_expire_time if secrets else None),
        failing_since=_timestamp(webhook.failing_since),
        problem=webhook.problem,
    )


def delivery_message(delivery: Delivery) -> webhook_service_pb2.WebhookDelivery:
    message = webhook_service_pb2.WebhookDelivery(
        delivery_id=delivery.delivery_id,
        event_type=delivery.event_type,
        seq=delivery.seq,
        ticket_id=delivery.ticket_id,
        state=_state(delivery),
        create_time=_timestamp(delivery.create_time),
        tries=delivery.tries,
        last_try_time=_timestamp(delivery.last_time),
        next_try_time=_timestamp(delivery.next_time),
        status_code=delivery.status_code,
        answer=delivery.answer,
        problem=delivery.problem,
    )
    if delivery.last_time is not None:
        duration = Duration()
        duration.FromTimedelta(timedelta(milliseconds=delivery.duration_ms))
        message.last_try_duration.CopyFrom(duration)
    return message


def _state(delivery: Delivery) -> webhook_service_pb2.WebhookDeliveryState.ValueType:
    if delivery.next_time is not None:
        return webhook_service_pb2.WEBHOOK_DELIVERY_STATE_WAITING
    if delivery.delivered_time is not None:
        return webhook_service_pb2.WEBHOOK_DELIVERY_STATE_DELIVERED
    return webhook_service_pb2.WEBHOOK_DELIVERY_STATE_GIVEN_UP


def _timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
