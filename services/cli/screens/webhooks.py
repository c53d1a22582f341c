"""Webhooks and their deliveries, for people."""

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from helpdesk.ticket.v1 import webhook_service_pb2
from services.cli.output import without_controls
from services.cli.screens.tickets import time_text

_LONGEST = 60


def webhook_table(webhooks: Sequence[webhook_service_pb2.Webhook]) -> RenderableType:
    table = Table("Webhook", "State", "Address", "For", box=box.SIMPLE_HEAD, pad_edge=False)
    for webhook in webhooks:
        table.add_row(
            webhook.webhook_id, _state(webhook), _text(webhook.url), _text(webhook.description)
        )
    return table


def webhook_facts(webhook: webhook_service_pb2.Webhook) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    wants = ", ".join(webhook.event_types) or "all of tickets"
    parts = {
        "what people wrote": webhook.include_personal_data,
        "what only agents see": webhook.include_internal,
    }
    facts = {
        "Webhook": webhook.webhook_id,
        "Address": webhook.url,
        "For": webhook.description,
        "State": _state(webhook),
        "Wants": wants,
        "With": ", ".join(name for name, is_in in parts.items() if is_in),
        "Made": time_text(webhook.create_time),
    }
    if webhook.HasField("previous_secret_expire_time"):
        facts["Old secret until"] = time_text(webhook.previous_secret_expire_time)
    if webhook.HasField("failing_since"):
        facts["Failing since"] = time_text(webhook.failing_since)
    if webhook.problem:
        facts["Problem"] = webhook.problem
    for name, value in facts.items():
        table.add_row(name, _text(value))
    return table


def delivery_table(deliveries: Sequence[webhook_service_pb2.WebhookDelivery]) -> RenderableType:
    columns = ("Delivery", "Type", "State", "Tries", "Last", "Status", "Took", "What came")
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for each in deliveries:
        is_tried = each.HasField("last_try_time")
        table.add_row(
            each.delivery_id,
            each.event_type,
            _delivery_state(each),
            str(each.tries),
            time_text(each.last_try_time) if is_tried else "",
            str(each.status_code or ""),
            f"{each.last_try_duration.ToMilliseconds()} ms" if is_tried else "",
            _text(" ".join((each.problem or each.answer).split())[:_LONGEST]),
        )
    return table


def _state(webhook: webhook_service_pb2.Webhook) -> str:
    name = webhook_service_pb2.WebhookState.Name(webhook.state)
    return name.removeprefix("WEBHOOK_STATE_").lower()


def _delivery_state(delivery: webhook_service_pb2.WebhookDelivery) -> str:
    name = webhook_service_pb2.WebhookDeliveryState.Name(delivery.state)
    return name.removeprefix("WEBHOOK_DELIVERY_STATE_").lower().replace("_", " ")


def _text(text: str) -> Text:
    return Text(without_controls(text))
