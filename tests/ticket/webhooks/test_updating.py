"""A webhook is changed in what is said of it, and tries that are under way do not undo that."""

from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.ticket.v1 import webhook_service_pb2
from helpdesk.ticket.v1.webhook_service_pb2 import Webhook
from services.ticket.store import SqlDeliveryQueue
from services.ticket.webhooks import keeping
from services.ticket.webhooks.model import Target, WebhookContent
from tests.support.mesh_server import refused
from tests.ticket.clients import People
from tests.ticket.webhooks.house import House
from tests.ticket.webhooks.receiver import Receiver
from tests.ticket.webhooks.test_keeping import HOOK, MISSING
from tests.ticket.webhooks.test_sending import MINUTE, send

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
NEW_URL = "https://elsewhere.example.com/helpdesk"


def mask(*paths: str) -> FieldMask:
    return FieldMask(paths=paths)


async def said_elsewhere(house: House, target: Target, *names: str) -> None:
    content = WebhookContent(NEW_URL, include_personal_data=True, include_internal=True)
    with house.acting():
        await keeping.update_webhook(house.desk, target.webhook.webhook_id, content, names)


async def the_target(house: House) -> Target:
    found = await SqlDeliveryQueue(house.database).list_targets(house.clock(), 1000)
    [target] = [each for each in found if each.tenant_id == house.tenant_id]
    return target


async def test_what_the_mask_names_is_changed_and_the_rest_stays(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    named = {"webhook_id": made.webhook_id}
    await people.ada.DisableWebhook(**named)
    before = await people.ada.GetWebhook(**named)

    given = Webhook(**named, url=NEW_URL, description="Not named", include_internal=True)
    changed = await people.ada.UpdateWebhook(
        webhook=given, update_mask=mask("url", "event_types", "include_internal")
    )

    expected = Webhook()
    expected.CopyFrom(before)
    expected.ClearField("event_types")
    expected.MergeFrom(Webhook(url=NEW_URL, include_internal=True))
    assert changed == expected == await people.ada.GetWebhook(**named)
    assert changed.state == webhook_service_pb2.WEBHOOK_STATE_DISABLED


async def test_without_a_mask_what_is_set_is_changed(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    changed = await people.ada.UpdateWebhook(
        webhook=Webhook(webhook_id=made.webhook_id, description="New")
    )
    assert (changed.description, changed.url) == ("New", HOOK.url)
    assert [*changed.event_types] == [*HOOK.event_types]
    whole = await people.ada.UpdateWebhook(
        webhook=Webhook(webhook_id=made.webhook_id, url=NEW_URL), update_mask=mask("*")
    )
    assert (whole.description, whole.url, [*whole.event_types]) == ("", NEW_URL, [])


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        ({"url": "https://10.0.0.1/"}, "url", "WEBHOOK_URL_REFUSED"),
        ({"url": "http://hooks.example.com/"}, "", "WEBHOOK_URL_REFUSED"),
        ({"url": ""}, "url", "WEBHOOK_URL_REFUSED"),
        ({"url": ""}, "*", "WEBHOOK_URL_REFUSED"),
        ({"event_types": ["ticket.painted"]}, "event_types", "WEBHOOK_EVENT_TYPE_UNKNOWN"),
        ({"description": "a\0"}, "description", "INVALID_REQUEST"),
        ({"description": "x" * 201}, "description", "INVALID_REQUEST"),
        ({"secret": "whsec_x"}, "secret", "FIELD_NOT_UPDATABLE"),
        ({"state": webhook_service_pb2.WEBHOOK_STATE_ENABLED}, "state", "FIELD_NOT_UPDATABLE"),
        ({}, "webhook_id", "FIELD_NOT_UPDATABLE"),
        ({}, "tenant_id", "FIELD_NOT_UPDATABLE"),
    ],
)
async def test_what_cannot_be_is_refused(
    people: People, given: dict[str, Any], path: str, reason: str
) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    webhook = Webhook(webhook_id=made.webhook_id, **given)
    with refused(INVALID, reason):
        await people.ada.UpdateWebhook(webhook=webhook, update_mask=mask(*filter(None, [path])))
    made.ClearField("secret")
    assert await people.ada.GetWebhook(webhook_id=made.webhook_id) == made


async def test_other_tenants_and_agents_change_none(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    given = Webhook(webhook_id=made.webhook_id, url=NEW_URL)
    with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
        await people.greta.UpdateWebhook(webhook=given)
    for webhook_id in (MISSING, "no id", ""):
        with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
            await people.ada.UpdateWebhook(webhook=Webhook(webhook_id=webhook_id, url=NEW_URL))
    for other in (people.alex, people.anna, people.nobody):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await other.UpdateWebhook(webhook=given)
    assert (await people.ada.GetWebhook(webhook_id=made.webhook_id)).url == HOOK.url


async def test_what_waits_goes_to_the_new_address_signed_as_before(
    house: House, receiver: Receiver
) -> None:
    webhook, _ = await house.hooked("https://gone.example.com:1/helpdesk")
    await house.open()
    assert await send(house, receiver) == 1
    failing = await house.webhook(webhook)
    assert failing.failures == 1

    with house.acting():
        content = WebhookContent(receiver.url)
        await keeping.update_webhook(house.desk, webhook.webhook_id, content, ["url"])
    assert (await house.webhook(webhook)).failures == 0
    house.clock.ahead += MINUTE

    assert await send(house, receiver) == 1
    [delivery] = await house.deliveries(webhook)
    assert delivery.delivered_time is not None


@pytest.mark.parametrize("name", ["url", "include_personal_data", "include_internal"])
async def test_nothing_more_is_posted_by_what_was_said_before(
    house: House, receiver: Receiver, name: str
) -> None:
    """The sender knows the webhook as it was when it began."""
    await house.hooked(receiver.url)
    await house.open()
    posting = house.sender(receiver.trust)
    await posting.spread()
    target = await the_target(house)
    queue, now = SqlDeliveryQueue(house.database), house.clock()

    await said_elsewhere(house, target, name)

    assert await queue.claim(target, now, now + MINUTE, 4) == []
    fresh = await the_target(house)
    assert len(await queue.claim(fresh, now, now + MINUTE, 4)) == 1


async def test_a_try_under_way_does_not_undo_what_was_said(
    house: House, receiver: Receiver
) -> None:
    await house.hooked(receiver.url)
    await house.open()
    await house.sender(receiver.trust).spread()
    target = await the_target(house)
    queue, now = SqlDeliveryQueue(house.database), house.clock()
    [delivery] = await queue.claim(target, now, now + MINUTE, 4)

    await said_elsewhere(house, target, "url")
    failed = replace(target.webhook, failures=7, failing_since=now, problem="it answered 500")
    await queue.keep(target, replace(delivery, problem="it answered 500"), failed)

    after = await house.webhook(target.webhook)
    assert (after.url, after.failures, after.problem) == (NEW_URL, 0, "")
    [kept] = await house.deliveries(after)
    assert kept.problem == "it answered 500"
