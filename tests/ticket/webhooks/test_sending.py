"""What happens to tickets is posted at least once, signed, and to nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from google.protobuf import json_format

from helpdesk.ticket.v1 import ticket_pb2
from helpdesk.ticket.v1.webhook_service_pb2 import WebhookMessage
from services.ticket.domain import Act
from services.ticket.domain.imports import History, Origin, imported
from services.ticket.domain.mail_senders import sender_id
from services.ticket.webhooks import keeping, message, sender
from services.ticket.webhooks.event_types import DISABLED, TEST
from services.ticket.webhooks.model import (
    DISABLE_AFTER,
    GIVE_UP_AFTER,
    KEPT_FOR,
    WebhookState,
    wish_of,
)
from services.ticket.webhooks.ports import Period
from services.ticket.webhooks.signing import signed_headers
from tests.support.web_server import reply
from tests.ticket.builders import ALEX, an_opening
from tests.ticket.webhooks.house import House
from tests.ticket.webhooks.receiver import HANG, Receiver, is_signed, receiving

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def send(house: House, receiver: Receiver, seconds: float = 5) -> int:
    posting = house.sender(receiver.trust, seconds=seconds)
    await posting.spread()
    return await posting.send_due()


def test_it_is_signed_as_the_specification_says() -> None:
    """Its own example."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


async def test_what_happens_is_posted_and_signed(house: House, receiver: Receiver) -> None:
    webhook, secret = await house.hooked(receiver.url)
    ticket = await house.open()

    assert await send(house, receiver) == 1
    assert await send(house, receiver) == 0

    [request] = receiver.requests
    assert (request.verb, request.path) == ("POST", "/told?by=helpdesk")
    assert request.headers["host"] == f"ticket.helpdesk.internal:{receiver.server.port}"
    assert is_signed(request, secret)
    assert not is_signed(request, "whsec_AAAA")
    told = json_format.Parse(request.body, WebhookMessage())
    assert told.type == "ticket.opened"
    assert told.timestamp.ToDatetime(UTC) == ticket.create_time
    assert told.data.event.ticket_id == ticket.ticket_id
    assert told.data.event.status == ticket_pb2.TICKET_STATUS_NEW
    assert told.data.ticket_number == ticket.number
    [delivery] = await house.deliveries(webhook)
    assert (delivery.delivery_id, delivery.status_code) == (receiver.ids[0], 200)
    assert (delivery.answer, delivery.tries) == ("thanks", 1)
    assert delivery.delivered_time is not None


async def test_of_people_only_what_was_asked_for(house: House, receiver: Receiver) -> None:
    await house.hooked(receiver.url)
    ticket = await house.open("A secret of Anna")
    await house.write(ticket, "Her words.")
    await send(house, receiver)
    assert len(receiver.requests) == 2
    said = b"".join(each.body for each in receiver.requests)
    assert b"Anna" not in said
    assert b"It is out" not in said
    assert b"Her words" not in said

    await house.clear()
    receiver.requests.clear()
    await house.hooked(receiver.url, personal_data=True)
    ticket = await house.open("A secret of Anna")
    await house.write(ticket, "Her words.")
    await send(house, receiver)
    told = {each["type"]: each["data"] for each in receiver.told()}
    assert told["ticket.opened"]["event"]["changes"]["subject"] == "A secret of Anna"
    assert told["ticket.commented"]["comment"]["body"] == "Her words."


async def test_an_id_that_is_an_address_is_nobody_elses_business(
    house: House, receiver: Receiver
) -> None:
    await house.hooked(receiver.url)
    requester = sender_id("anna@example.com")
    async with house.store.transaction(house.tenant_id) as tickets:
        opening = an_opening(requester_id=requester, time=house.clock())
        await tickets.keep(opening)
    await send(house, receiver)
    [request] = receiver.requests
    assert b"anna@example.com" not in request.body
    assert b"actorId" not in request.body


@pytest.mark.parametrize("is_asked_for", [False, True])
async def test_internal_comments_only_where_they_were_asked_for(
    house: House, receiver: Receiver, is_asked_for: bool
) -> None:
    await house.hooked(receiver.url, personal_data=True, internal=is_asked_for)
    ticket = await house.open()
    await house.write(ticket, "She is a difficult one.", is_internal=True)
    await send(house, receiver)
    said = b"".join(each.body for each in receiver.requests)
    assert (b"difficult" in said) is is_asked_for


async def test_an_internal_comment_in_the_queue_is_not_posted_either(
    house: House, receiver: Receiver
) -> None:
    """The first wall is down: it was asked for when the comment was written, and is no more."""
    webhook, _ = await house.hooked(receiver.url, personal_data=True, internal=True)
    ticket = await house.open()
    await house.write(ticket, "She is a difficult one.", is_internal=True)
    await house.sender(receiver.trust).spread()
    async with house.desk.store.transaction(house.tenant_id) as webhooks:
        found = await webhooks.find_to_change(webhook.webhook_id)
        assert found is not None
        await webhooks.put(replace(found[0], include_internal=False), found[1])
    await send(house, receiver)
    assert len(receiver.requests) == 1
    assert b"difficult" not in receiver.requests[0].body


async def test_only_what_is_wanted_and_only_from_then_on(house: House, receiver: Receiver) -> None:
    earlier = await house.open()
    await house.hooked(receiver.url, "ticket.commented")
    await house.write(earlier, "And now?")
    await house.open()
    await send(house, receiver)
    assert [each["type"] for each in receiver.told()] == ["ticket.commented"]


async def test_nothing_is_posted_of_what_was_not_committed(
    house: House, receiver: Receiver
) -> None:
    await house.hooked(receiver.url)

    async def open_and_fail() -> None:
        async with house.store.transaction(house.tenant_id) as tickets:
            await tickets.keep(an_opening(time=house.clock()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await open_and_fail()
    assert await send(house, receiver) == 0


async def test_nothing_is_posted_of_what_an_import_brings(house: House, receiver: Receiver) -> None:
    await house.hooked(receiver.url, internal=True)
    opening = an_opening(number=77, time=house.clock())
    origin = Origin("elsewhere", "77")
    past = imported(History(opening.ticket, (), opening.events), Act(ALEX, house.clock()), origin)
    async with house.store.transaction(house.tenant_id) as tickets:
        await tickets.keep_history(past)
    await house.open()
    await send(house, receiver)
    assert [each["type"] for each in receiver.told()] == ["ticket.opened"]
    assert receiver.told()[0]["data"]["ticketNumber"] != "77"


async def test_other_tenants_hear_nothing(
    house: House, neighbour: House, receiver: Receiver
) -> None:
    webhook, secret = await neighbour.hooked(receiver.url)
    await house.open()
    assert await send(house, receiver) == 0
    assert await neighbour.deliveries(webhook) == []
    await neighbour.open()
    assert await send(house, receiver) == 1
    assert is_signed(receiver.requests[0], secret)


MISBEHAVIOUR = {
    "error": reply(b"no", "500 Oops"),
    "unknown": reply(b"", "404 Not Found"),
    "hang": HANG,
    "close": b"",
    "nonsense": b"HTTP/9 what\r\n\r\n",
    "redirect": reply(b"", "302 Found", location="https://127.0.0.1/inside"),
    "half": b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc",
}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_what_is_not_taken_is_posted_again_with_the_same_id(
    house: House, receiver: Receiver, how: str
) -> None:
    webhook, secret = await house.hooked(receiver.url)
    receiver.answers = [MISBEHAVIOUR[how]]
    await house.open()

    assert await send(house, receiver, seconds=1) == 1
    assert await send(house, receiver) == 0
    [delivery] = await house.deliveries(webhook)
    assert delivery.next_time is not None
    assert delivery.problem
    failing = await house.webhook(webhook)
    assert (failing.failures, failing.problem) == (1, delivery.problem)

    house.clock.ahead += MINUTE
    assert await send(house, receiver) == 1
    assert len(set(receiver.ids)) == 1
    assert len(receiver.requests) == 2
    assert receiver.requests[0].body == receiver.requests[1].body
    assert all(is_signed(request, secret) for request in receiver.requests)
    [delivery] = await house.deliveries(webhook)
    assert (delivery.delivered_time is not None, delivery.tries) == (True, 2)
    assert (await house.webhook(webhook)).failing_since is None


async def test_of_a_long_answer_only_the_beginning_is_read(
    house: House, receiver: Receiver
) -> None:
    webhook, _ = await house.hooked(receiver.url)
    receiver.answers = [reply(b"\x00\x1b[31m" + b"x" * 5_000_000)]
    await house.open()
    await send(house, receiver)
    [delivery] = await house.deliveries(webhook)
    assert delivery.delivered_time is not None
    assert len(delivery.answer) <= sender.FIRST_BYTES
    assert delivery.answer.startswith("[31mxxx")


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_receiver_may_say_when(house: House, receiver: Receiver, form: str) -> None:
    await house.hooked(receiver.url)
    later = house.clock() + 2 * HOUR
    wish = "7200" if form == "seconds" else format_datetime(later, usegmt=True)
    receiver.answers = [reply(b"", "429 Too Many Requests", retry_after=wish)]
    await house.open()
    await send(house, receiver)
    house.clock.ahead += HOUR + 50 * MINUTE
    assert await send(house, receiver) == 0
    house.clock.ahead += 15 * MINUTE
    assert await send(house, receiver) == 1


@pytest.mark.parametrize("wish", ["", "soon", "-5", "1e9", "Mon, 99 Foo", "٣"])
def test_a_wish_that_says_nothing_is_none(wish: str) -> None:
    assert wish_of(wish, datetime.now(UTC)) == timedelta()


@pytest.mark.parametrize("wish", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_waits_for_longer_than_a_day(wish: str) -> None:
    assert wish_of(wish, datetime.now(UTC)) == DAY


async def test_pauses_grow_until_it_is_given_up_and_a_replay_begins_anew(
    house: House, receiver: Receiver
) -> None:
    webhook, _ = await house.hooked(receiver.url)
    receiver.answers = [reply(b"", "503 Away")] * 100
    await house.open()
    pauses = []
    while True:
        await send(house, receiver)
        [delivery] = await house.deliveries(webhook)
        if delivery.next_time is None:
            break
        assert delivery.last_time is not None
        pauses.append(delivery.next_time - delivery.last_time)
        house.clock.ahead += max(pauses[-1], HOUR)
    assert 10 < len(pauses) < 60
    assert pauses[0] < timedelta(seconds=15)
    assert timedelta(hours=4) < max(pauses) < timedelta(hours=8)
    assert delivery.last_time is not None
    assert delivery.last_time - delivery.begin_time >= GIVE_UP_AFTER

    receiver.answers.clear()
    house.clock.ahead += HOUR
    with house.acting():
        await keeping.replay_deliveries(
            house.desk, webhook.webhook_id, delivery.delivery_id, Period(), include_delivered=False
        )
    assert await send(house, receiver) == 1
    assert set(receiver.ids) == {delivery.delivery_id}


async def test_a_receiver_that_is_away_for_days_is_stopped_and_others_hear_of_it(
    house: House, receiver: Receiver, tmp_path: Path
) -> None:
    dead, _ = await house.hooked("https://127.0.0.1:1/nobody", "ticket.opened")
    watching, _ = await house.hooked(receiver.url, DISABLED)
    silent, _ = await house.hooked(receiver.url, "ticket.closed")
    await house.open()
    await send(house, receiver)
    house.clock.ahead += DISABLE_AFTER + DAY
    await send(house, receiver)

    stopped = await house.webhook(dead)
    assert stopped.state is WebhookState.FAILED
    assert "cannot be reached" in stopped.problem
    await send(house, receiver)
    [told] = receiver.told()
    assert (told["type"], told["data"]) == (DISABLED, {"webhookId": dead.webhook_id})
    assert await house.deliveries(silent) == []
    assert len(await house.deliveries(watching)) == 1

    # What happens meanwhile is kept, and goes out when it is replayed.
    await house.open()
    assert await send(house, receiver) == 0
    held = (await house.deliveries(dead))[0]
    assert (held.tries, held.next_time) == (0, None)
    with house.acting():
        await keeping.enable_webhook(house.desk, dead.webhook_id)
        assert (
            await keeping.replay_deliveries(
                house.desk,
                dead.webhook_id,
                "",
                Period(from_time=held.create_time),
                include_delivered=False,
            )
            == 1
        )


async def test_a_receiver_that_says_it_is_gone_is_believed(
    house: House, receiver: Receiver
) -> None:
    webhook, _ = await house.hooked(receiver.url)
    receiver.answers = [reply(b"", "410 Gone")]
    await house.open()
    await send(house, receiver)
    assert (await house.webhook(webhook)).state is WebhookState.FAILED


async def test_a_dead_receiver_is_asked_with_one_message_and_not_with_all(
    house: House, receiver: Receiver
) -> None:
    webhook, _ = await house.hooked(receiver.url)
    for _ in range(12):
        await house.open()
    receiver.answers = [reply(b"", "500 Oops")] * 6
    assert await send(house, receiver) == sender.AT_ONCE
    house.clock.ahead += MINUTE
    assert await send(house, receiver) == 1
    house.clock.ahead += HOUR
    assert await send(house, receiver) == 1
    house.clock.ahead += HOUR
    await send(house, receiver)
    assert len(set(receiver.ids)) == 12
    assert all(each.delivered_time for each in await house.deliveries(webhook))


async def test_one_tenants_hanging_receiver_holds_up_nobody_else(
    house: House, neighbour: House, receiver: Receiver, tmp_path: Path
) -> None:
    async with receiving(tmp_path) as hanging:
        hanging.answers = [HANG] * 4
        await house.hooked(hanging.url)
        await neighbour.hooked(receiver.url)
        for _ in range(4):
            await house.open()
        await neighbour.open()
        posting = house.sender(receiver.trust, seconds=60)
        await posting.spread()
        tasks = await posting.start_due()
        assert len(tasks) == 2
        await until(lambda: len(receiver.requests) == 1 and len(hanging.requests) == 4)
        await until(lambda: sum(not task.done() for task in tasks) == 1)
        # While they hang, more goes out; and the one that hangs is not asked again.
        await neighbour.open()
        await posting.spread()
        await posting.send_due()
        assert (len(receiver.requests), len(hanging.requests)) == (2, 4)
        hanging.released.set()
        await asyncio.gather(*tasks)


async def test_two_processes_post_each_message_once(house: House, receiver: Receiver) -> None:
    await house.hooked(receiver.url)
    for _ in range(10):
        await house.open()
    both = [house.sender(receiver.trust), house.sender(receiver.trust)]
    await asyncio.gather(*(each.spread() for each in both))
    await asyncio.gather(*(each.send_due() for each in both))
    assert len(receiver.ids) == len(set(receiver.ids)) == 10


async def test_both_secrets_sign_while_they_overlap(house: House, receiver: Receiver) -> None:
    webhook, old = await house.hooked(receiver.url)
    with house.acting():
        _, _, new = await keeping.rotate_secret(house.desk, webhook.webhook_id, HOUR)
    await house.open()
    await send(house, receiver)
    house.clock.ahead += 2 * HOUR
    await house.open()
    await send(house, receiver)
    first, second = receiver.requests
    assert (is_signed(first, old), is_signed(first, new)) == (True, True)
    assert (is_signed(second, old), is_signed(second, new)) == (False, True)


async def test_secrets_are_not_in_the_database(house: House, receiver: Receiver) -> None:
    webhook, secret = await house.hooked(receiver.url)
    with house.acting():
        _, secrets = await keeping.get_webhook(house.desk, webhook.webhook_id)
    assert secret.removeprefix("whsec_") not in secrets.newest
    assert len({(await house.hooked(receiver.url))[1] for _ in range(3)} | {secret}) == 4


async def test_a_test_speaks_of_no_ticket(house: House, receiver: Receiver) -> None:
    webhook, secret = await house.hooked(receiver.url, "ticket.closed")
    with house.acting():
        await keeping.send_test(house.desk, webhook.webhook_id)
    await send(house, receiver)
    [told] = receiver.told()
    assert (told["type"], told["data"]) == (TEST, {"webhookId": webhook.webhook_id})
    assert is_signed(receiver.requests[0], secret)


async def test_a_period_is_replayed_with_the_same_ids(house: House, receiver: Receiver) -> None:
    webhook, _ = await house.hooked(receiver.url)
    await house.open()
    await send(house, receiver)
    house.clock.ahead += HOUR
    await house.open()
    await send(house, receiver)
    first, second = receiver.ids

    def replay(period: Period, *, include_delivered: bool) -> Awaitable[int]:
        return keeping.replay_deliveries(
            house.desk, webhook.webhook_id, "", period, include_delivered=include_delivered
        )

    between = house.clock() - MINUTE
    with house.acting():
        assert await replay(Period(), include_delivered=False) == 0
        assert await replay(Period(until_time=between), include_delivered=True) == 1
        assert await replay(Period(from_time=between), include_delivered=True) == 1
        # They wait already.
        assert await replay(Period(), include_delivered=True) == 0
    await send(house, receiver)
    assert sorted(receiver.ids) == sorted([first, second] * 2)


async def test_old_deliveries_are_forgotten(house: House, receiver: Receiver) -> None:
    webhook, _ = await house.hooked(receiver.url)
    await house.open()
    await send(house, receiver)
    await house.sender()._queue.prune(house.clock() - KEPT_FOR)
    assert len(await house.deliveries(webhook)) == 1
    await house.sender()._queue.prune(house.clock() + MINUTE)
    assert await house.deliveries(webhook) == []


async def test_without_the_care_for_people_the_test_above_would_be_red(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what a webhook did not ask for is there to be told."""
    monkeypatch.setattr(message, "_leave_people_out", lambda _: None)
    await house.hooked(receiver.url)
    await house.open("A secret of Anna")
    await send(house, receiver)
    assert b"Anna" in receiver.requests[0].body


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - the server is another's and has no event of ours
            await asyncio.sleep(0.01)
