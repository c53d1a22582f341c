"""What admins do with webhooks. Each verb is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from services.mesh.audit import acts_on
from services.mesh.caller import TenantId, current_tenant
from services.mesh.clock import Clock
from services.mesh.ids import is_id, new_id
from services.mesh.outbound import OutboundRefused, OutboundRules, require_outward
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.mesh.sealed import Sealer
from services.ticket.errors.tickets import FieldNotUpdatable
from services.ticket.errors.webhooks import (
    TooManyWebhooks,
    WebhookDeliveryNotFound,
    WebhookDisabled,
    WebhookEventTypeUnknown,
    WebhookNotFound,
    WebhookUrlRefused,
)
from services.ticket.use_cases.content_checks import require_text
from services.ticket.webhooks.event_types import EVENT_TYPES, TEST
from services.ticket.webhooks.model import (
    MOST_WEBHOOKS,
    Delivery,
    SealedSecrets,
    Webhook,
    WebhookContent,
    WebhookState,
    working,
)
from services.ticket.webhooks.ports import Period, Webhooks, WebhookStore
from services.ticket.webhooks.signing import new_secret

USUAL_OVERLAP = timedelta(days=1)

_UPDATABLE = [field.name for field in fields(WebhookContent)]

Found = tuple[Webhook, SealedSecrets]


@dataclass(frozen=True)
class WebhookDesk:
    """`rules` are the operator's: whether webhooks may be anywhere but on the open internet."""

    store: WebhookStore
    sealer: Sealer
    rules: OutboundRules
    clock: Clock


async def create_webhook(
    desk: WebhookDesk,
    url: str,
    event_types: Sequence[str],
    description: str,
    *,
    include_personal_data: bool,
    include_internal: bool,
) -> tuple[Webhook, str]:
    """Returns the secret as well, which nobody is told again."""
    _require_url(desk.rules, url)
    _require_event_types(event_types)
    require_text("webhook.description", description)
    webhook = Webhook(
        webhook_id=new_id(),
        url=url,
        event_types=tuple(event_types),
        description=description,
        include_personal_data=include_personal_data,
        include_internal=include_internal,
        create_time=desk.clock(),
    )
    secret = new_secret()
    sealed = seal(desk.sealer, secret, current_tenant(), webhook.webhook_id)
    async with desk.store.transaction(current_tenant()) as webhooks:
        await webhooks.add(webhook, SealedSecrets(sealed))
        if len(await webhooks.list_all()) > MOST_WEBHOOKS:
            raise TooManyWebhooks(MOST_WEBHOOKS)
        acts_on("webhook", webhook.webhook_id)
    return webhook, secret


async def list_webhooks(desk: WebhookDesk) -> list[Found]:
    async with desk.store.reading(current_tenant()) as webhooks:
        return await webhooks.list_all()


async def get_webhook(desk: WebhookDesk, webhook_id: str) -> Found:
    async with desk.store.reading(current_tenant()) as webhooks:
        return await _find(webhooks, webhook_id)


async def update_webhook(
    desk: WebhookDesk, webhook_id: str, content: WebhookContent, paths: Sequence[str]
) -> Found:
    """Where the address is another one, what failed before counts no more."""
    names = _names(content, paths)
    if "url" in names:
        _require_url(desk.rules, content.url)
    if "event_types" in names:
        _require_event_types(content.event_types)
    require_text("webhook.description", content.description)
    async with desk.store.transaction(current_tenant()) as webhooks:
        before, secrets = await _find_to_change(webhooks, webhook_id)
        after = replace(before, **{name: getattr(content, name) for name in names})
        if after.url != before.url:
            after = working(after)
        await webhooks.put(after, secrets)
        return after, secrets


async def rotate_secret(
    desk: WebhookDesk, webhook_id: str, overlap: timedelta
) -> tuple[Webhook, SealedSecrets, str]:
    secret = new_secret()
    async with desk.store.transaction(current_tenant()) as webhooks:
        webhook, secrets = await _find_to_change(webhooks, webhook_id)
        sealed = seal(desk.sealer, secret, current_tenant(), webhook_id)
        rotated = SealedSecrets(sealed, secrets.newest, desk.clock() + overlap)
        await webhooks.put(webhook, rotated)
        return webhook, rotated, secret


async def enable_webhook(desk: WebhookDesk, webhook_id: str) -> Found:
    """What failed before counts no more."""
    return await _put_state(desk, webhook_id, WebhookState.ENABLED)


async def disable_webhook(desk: WebhookDesk, webhook_id: str) -> Found:
    return await _put_state(desk, webhook_id, WebhookState.DISABLED)


async def delete_webhook(desk: WebhookDesk, webhook_id: str) -> None:
    async with desk.store.transaction(current_tenant()) as webhooks:
        await _find_to_change(webhooks, webhook_id)
        await webhooks.remove(webhook_id)


async def list_deliveries(
    desk: WebhookDesk, webhook_id: str, size: int, token: str
) -> tuple[list[Delivery], str]:
    arguments = {"webhook_id": webhook_id}
    before_id = decode_page_token(current_tenant(), arguments, token)
    limit = page_size(size)
    async with desk.store.reading(current_tenant()) as webhooks:
        await _find(webhooks, webhook_id)
        found = await webhooks.list_deliveries(webhook_id, limit=limit + 1, before_id=before_id)
    if len(found) <= limit:
        return found, ""
    position = found[limit - 1].delivery_id
    return found[:limit], encode_page_token(current_tenant(), arguments, position)


async def replay_deliveries(
    desk: WebhookDesk,
    webhook_id: str,
    delivery_id: str,
    period: Period,
    *,
    include_delivered: bool,
) -> int:
    """Of one delivery, or of all in the period that were not delivered."""
    async with desk.store.transaction(current_tenant()) as webhooks:
        await _find_enabled(webhooks, webhook_id)
        if not delivery_id:
            return await webhooks.replay_all(
                webhook_id, period, desk.clock(), include_delivered=include_delivered
            )
        if not await webhooks.replay(webhook_id, delivery_id, desk.clock()):
            raise WebhookDeliveryNotFound(delivery_id)
        return 1


async def send_test(desk: WebhookDesk, webhook_id: str) -> Delivery:
    now = desk.clock()
    delivery = Delivery(
        delivery_id=new_id(),
        webhook_id=webhook_id,
        event_type=TEST,
        about_webhook_id=webhook_id,
        create_time=now,
        begin_time=now,
        next_time=now,
    )
    async with desk.store.transaction(current_tenant()) as webhooks:
        await _find_enabled(webhooks, webhook_id)
        await webhooks.add_delivery(delivery)
    return delivery


def seal(sealer: Sealer, secret: str, tenant_id: TenantId, webhook_id: str) -> str:
    return sealer.seal(secret, tenant_id, _purpose(webhook_id))


def opened(sealer: Sealer, sealed: str, tenant_id: TenantId, webhook_id: str) -> str:
    return sealer.open(sealed, tenant_id, _purpose(webhook_id))


def _purpose(webhook_id: str) -> str:
    return f"webhook {webhook_id}"


def _require_url(rules: OutboundRules, url: str) -> None:
    try:
        require_outward(url, rules)
    except OutboundRefused as error:
        raise WebhookUrlRefused(error.problem) from error


def _require_event_types(event_types: Sequence[str]) -> None:
    for event_type in event_types:
        if event_type not in EVENT_TYPES:
            raise WebhookEventTypeUnknown(event_type, EVENT_TYPES)


def _names(content: WebhookContent, paths: Sequence[str]) -> Sequence[str]:
    """Raises FieldNotUpdatable."""
    if not paths:
        return [name for name in _UPDATABLE if getattr(content, name)]
    if "*" in paths:
        return _UPDATABLE
    for path in paths:
        if path not in _UPDATABLE:
            raise FieldNotUpdatable(path)
    return paths


async def _put_state(desk: WebhookDesk, webhook_id: str, state: WebhookState) -> Found:
    async with desk.store.transaction(current_tenant()) as webhooks:
        webhook, secrets = await _find_to_change(webhooks, webhook_id)
        changed = working(replace(webhook, state=state))
        await webhooks.put(changed, secrets)
        return changed, secrets


async def _find_enabled(webhooks: Webhooks, webhook_id: str) -> Webhook:
    webhook, _ = await _find_to_change(webhooks, webhook_id)
    if webhook.state is not WebhookState.ENABLED:
        raise WebhookDisabled(webhook_id)
    return webhook


async def _find(webhooks: Webhooks, webhook_id: str) -> Found:
    found = await webhooks.find(webhook_id) if is_id(webhook_id) else None
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found


async def _find_to_change(webhooks: Webhooks, webhook_id: str) -> Found:
    found = await webhooks.find_to_change(webhook_id) if is_id(webhook_id) else None
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found
