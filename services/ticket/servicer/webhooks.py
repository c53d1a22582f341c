"""The RPCs of webhooks."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import webhook_service_pb2, webhook_service_pb2_grpc
from services.ticket.convert.webhooks import delivery_message, webhook_message
from services.ticket.webhooks import keeping
from services.ticket.webhooks.keeping import USUAL_OVERLAP, WebhookDesk
from services.ticket.webhooks.model import WebhookContent
from services.ticket.webhooks.ports import Period


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    def __init__(self, desk: WebhookDesk) -> None:
        self._desk = desk

    async def CreateWebhook(
        self, request: webhook_service_pb2.CreateWebhookRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        given = request.webhook
        webhook, secret = await keeping.create_webhook(
            self._desk,
            given.url,
            given.event_types,
            given.description,
            include_personal_data=given.include_personal_data,
            include_internal=given.include_internal,
        )
        return webhook_message(webhook, secret=secret)

    async def ListWebhooks(
        self, request: webhook_service_pb2.ListWebhooksRequest, context: object
    ) -> webhook_service_pb2.ListWebhooksResponse:
        found = await keeping.list_webhooks(self._desk)
        return webhook_service_pb2.ListWebhooksResponse(
            webhooks=[webhook_message(*each) for each in found]
        )

    async def GetWebhook(
        self, request: webhook_service_pb2.GetWebhookRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        return webhook_message(*await keeping.get_webhook(self._desk, request.webhook_id))

    async def UpdateWebhook(
        self, request: webhook_service_pb2.UpdateWebhookRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        given = request.webhook
        content = WebhookContent(
            given.url,
            tuple(given.event_types),
            given.description,
            given.include_personal_data,
            given.include_internal,
        )
        changed = await keeping.update_webhook(
            self._desk, given.webhook_id, content, request.update_mask.paths
        )
        return webhook_message(*changed)

    async def RotateWebhookSecret(
        self, request: webhook_service_pb2.RotateWebhookSecretRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        overlap = request.overlap.ToTimedelta() if request.HasField("overlap") else USUAL_OVERLAP
        rotated = await keeping.rotate_secret(self._desk, request.webhook_id, overlap)
        return webhook_message(*rotated)

    async def EnableWebhook(
        self, request: webhook_service_pb2.EnableWebhookRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        return webhook_message(*await keeping.enable_webhook(self._desk, request.webhook_id))

    async def DisableWebhook(
        self, request: webhook_service_pb2.DisableWebhookRequest, context: object
    ) -> webhook_service_pb2.Webhook:
        return webhook_message(*await keeping.disable_webhook(self._desk, request.webhook_id))

    async def DeleteWebhook(
        self, request: webhook_service_pb2.DeleteWebhookRequest, context: object
    ) -> webhook_service_pb2.DeleteWebhookResponse:
        await keeping.delete_webhook(self._desk, request.webhook_id)
        return webhook_service_pb2.DeleteWebhookResponse()

    async def ListWebhookDeliveries(
        self, request: webhook_service_pb2.ListWebhookDeliveriesRequest, context: object
    ) -> webhook_service_pb2.ListWebhookDeliveriesResponse:
        found, token = await keeping.list_deliveries(
            self._desk, request.webhook_id, request.page_size, request.page_token
        )
        return webhook_service_pb2.ListWebhookDeliveriesResponse(
            deliveries=map(delivery_message, found), next_page_token=token
        )

    async def ReplayWebhookDeliveries(
        self, request: webhook_service_pb2.ReplayWebhookDeliveriesRequest, context: object
    ) -> webhook_service_pb2.ReplayWebhookDeliveriesResponse:
        period = Period(
            _time(request.from_time) if request.HasField("from_time") else None,
            _time(request.until_time) if request.HasField("until_time") else None,
        )
        count = await keeping.replay_deliveries(
            self._desk,
            request.webhook_id,
            request.delivery_id,
            period,
            include_delivered=request.include_delivered,
        )
        return webhook_service_pb2.ReplayWebhookDeliveriesResponse(deliveries=count)

    async def TestWebhook(
        self, request: webhook_service_pb2.TestWebhookRequest, context: object
    ) -> webhook_service_pb2.WebhookDelivery:
        return delivery_message(await keeping.send_test(self._desk, request.webhook_id))


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
