"""Rows of webhooks ↔ what they stand for."""

from dataclasses import asdict

from services.ticket.tables.webhooks import WebhookDeliveryRow, WebhookRow
from services.ticket.webhooks.model import Delivery, SealedSecrets, Webhook, WebhookState


def webhook_columns(webhook: Webhook) -> dict[str, object]:
    return {**asdict(webhook), "event_types": list(webhook.event_types)}


def condition_columns(webhook: Webhook) -> dict[str, object]:
    """What tries change, and nobody says."""
    return {
        "state": webhook.state,
        "failing_since": webhook.failing_since,
        "failures": webhook.failures,
        "resume_time": webhook.resume_time,
        "problem": webhook.problem,
    }


def secrets_columns(secrets: SealedSecrets) -> dict[str, object]:
    return {
        "sealed_secret": secrets.newest,
        "previous_sealed_secret": secrets.previous,
        "previous_expire_time": secrets.previous_expire_time,
    }


def webhook_from(row: WebhookRow) -> Webhook:
    return Webhook(
        webhook_id=row.webhook_id,
        url=row.url,
        event_types=tuple(row.event_types),
        description=row.description,
        include_personal_data=row.include_personal_data,
        include_internal=row.include_internal,
        create_time=row.create_time,
        state=WebhookState(row.state),
        failing_since=row.failing_since,
        failures=row.failures,
        resume_time=row.resume_time,
        problem=row.problem,
    )


def secrets_from(row: WebhookRow) -> SealedSecrets:
    return SealedSecrets(row.sealed_secret, row.previous_sealed_secret, row.previous_expire_time)


def delivery_from(row: WebhookDeliveryRow) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        webhook_id=row.webhook_id,
        event_type=row.event_type,
        create_time=row.create_time,
        begin_time=row.begin_time,
        seq=row.seq,
        ticket_id=row.ticket_id,
        about_webhook_id=row.about_webhook_id,
        tries=row.tries,
        next_time=row.next_time,
        delivered_time=row.delivered_time,
        last_time=row.last_time,
        duration_ms=row.duration_ms,
        status_code=row.status_code,
        answer=row.answer,
        problem=row.problem,
    )
