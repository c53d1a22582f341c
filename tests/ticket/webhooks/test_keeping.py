"""Webhooks are an admin's to keep, each tenant's its own, and no secret is told twice."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from helpdesk.ticket.v1 import webhook_service_pb2
from helpdesk.ticket.v1.webhook_service_pb2 import Webhook
from services.ticket.webhooks import keeping
from services.ticket.webhooks.event_types import EVENT_TYPES
from tests.support.mesh_server import refused
from tests.ticket.clients import People

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
REFUSED = grpc.StatusCode.FAILED_PRECONDITION
DENIED = grpc.StatusCode.PERMISSION_DENIED
MISSING = "01a211e1-b833-7a11-8d52-3f1f6f0e2f6a"
HOOK = Webhook(
    url="https://hooks.example.com/helpdesk",
    event_types=["ticket.opened", "webhook.disabled"],
    description="For the warehouse",
)


async def test_it_is_kept_and_its_secret_told_once(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    assert made.secret.startswith("whsec_")
    assert made.state == webhook_service_pb2.WEBHOOK_STATE_ENABLED
    assert (made.url, list(made.event_types)) == (HOOK.url, list(HOOK.event_types))
    assert not made.include_personal_data
    assert not made.include_internal
    shown = await people.ada.GetWebhook(webhook_id=made.webhook_id)
    [listed] = (await people.ada.ListWebhooks()).webhooks
    assert shown.secret == listed.secret == ""
    assert shown == listed

    rotated = await people.ada.RotateWebhookSecret(
        webhook_id=made.webhook_id, overlap=Duration(seconds=3600)
    )
    assert rotated.secret.startswith("whsec_")
    assert rotated.secret != made.secret
    assert rotated.HasField("previous_secret_expire_time")

    await people.ada.DeleteWebhook(webhook_id=made.webhook_id)
    with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
        await people.ada.GetWebhook(webhook_id=made.webhook_id)


async def test_a_stopped_one_is_not_told_until_it_is_enabled(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    named = {"webhook_id": made.webhook_id}
    assert (
        await people.ada.DisableWebhook(**named)
    ).state == webhook_service_pb2.WEBHOOK_STATE_DISABLED
    for call in (people.ada.TestWebhook, people.ada.ReplayWebhookDeliveries):
        with refused(REFUSED, "WEBHOOK_DISABLED"):
            await call(**named)
    await people.ada.EnableWebhook(**named)
    test = await people.ada.TestWebhook(**named)
    assert test.event_type == "webhook.test"
    assert test.state == webhook_service_pb2.WEBHOOK_DELIVERY_STATE_WAITING
    [listed] = (await people.ada.ListWebhookDeliveries(**named)).deliveries
    assert listed.delivery_id == test.delivery_id
    with refused(NOT_FOUND, "WEBHOOK_DELIVERY_NOT_FOUND"):
        await people.ada.ReplayWebhookDeliveries(**named, delivery_id=MISSING)
    assert (
        await people.ada.ReplayWebhookDeliveries(**named, delivery_id=test.delivery_id)
    ).deliveries == 1


async def test_deliveries_come_in_pages(people: People) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    named = {"webhook_id": made.webhook_id}
    sent = [(await people.ada.TestWebhook(**named)).delivery_id for _ in range(5)]
    found, token = [], ""
    while True:
        page = await people.ada.ListWebhookDeliveries(**named, page_size=2, page_token=token)
        found += [each.delivery_id for each in page.deliveries]
        token = page.next_page_token
        if not token:
            break
    assert found == sent[::-1]
    with refused(INVALID, "PAGE_TOKEN_INVALID"):
        await people.ada.ListWebhookDeliveries(**named, page_token="elsewhere")


@pytest.mark.parametrize(
    "url",
    ["", "http://hooks.example.com/", "https://10.0.0.1/", "https://hooks.example.com:8443/",
     "ftp://x", "no address", "https://a@b.example/", "https://hooks.exämple/", "https://[::1]/",
     f"https://hooks.example.com/{'x' * 2048}", "https://hooks.example.com/\0",
     "https://hooks.example.com/\r\nx: y"],
)  # fmt: skip
async def test_a_bad_address_is_refused(people: People, url: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await people.ada.CreateWebhook(webhook=Webhook(url=url))
    assert caught.value.code() is INVALID
    assert not (await people.ada.ListWebhooks()).webhooks


@pytest.mark.parametrize("event_type", ["ticket.painted", "", "TICKET.OPENED", "ticket.imported"])
async def test_an_unknown_type_is_refused(people: People, event_type: str) -> None:
    with refused(INVALID, "WEBHOOK_EVENT_TYPE_UNKNOWN") as refusals:
        await people.ada.CreateWebhook(webhook=Webhook(url=HOOK.url, event_types=[event_type]))
    assert refusals[0].metadata == {"event_type": event_type}


async def test_every_type_may_be_asked_for(people: People) -> None:
    await people.ada.CreateWebhook(webhook=Webhook(url=HOOK.url, event_types=EVENT_TYPES))


async def test_there_are_so_many_and_no_more(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_WEBHOOKS", 2)
    for _ in range(2):
        await people.ada.CreateWebhook(webhook=HOOK)
    with refused(REFUSED, "TOO_MANY_WEBHOOKS"):
        await people.ada.CreateWebhook(webhook=HOOK)
    assert len((await people.ada.ListWebhooks()).webhooks) == 2


RPCS = (
    "GetWebhook",
    "RotateWebhookSecret",
    "EnableWebhook",
    "DisableWebhook",
    "DeleteWebhook",
    "ListWebhookDeliveries",
    "ReplayWebhookDeliveries",
    "TestWebhook",
)


@pytest.mark.parametrize("rpc", RPCS)
async def test_other_tenants_and_agents_have_none_of_it(people: People, rpc: str) -> None:
    made = await people.ada.CreateWebhook(webhook=HOOK)
    named = {"webhook_id": made.webhook_id}
    with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
        await getattr(people.greta, rpc)(**named)
    with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
        await getattr(people.greta, rpc)(webhook_id=MISSING)
    with refused(NOT_FOUND, "WEBHOOK_NOT_FOUND"):
        await getattr(people.ada, rpc)(webhook_id="no id")
    for other in (people.alex, people.anna, people.nobody):
        with refused(DENIED, "PERMISSION_MISSING"):
            await getattr(other, rpc)(**named)
    assert not (await people.greta.ListWebhooks()).webhooks
    assert (await people.ada.GetWebhook(**named)).url == HOOK.url


async def test_agents_keep_and_list_none(people: People) -> None:
    for call in (people.alex.CreateWebhook(webhook=HOOK), people.alex.ListWebhooks()):
        with refused(DENIED, "PERMISSION_MISSING"):
            await call
