"""Posts what is new in the log of tickets, until it is taken.

A message may be posted twice, when the process ends between the receiver's word and our note of
it, or when the word is lost; its `webhook-id` is the same then, so that receivers know it again.
"""

import asyncio
import re
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.errors import MeshError, StorageUnavailable
from services.mesh.outbound import Outbound, OutboundRefused
from services.mesh.sealed import Sealer
from services.ticket.webhooks.keeping import opened
from services.ticket.webhooks.message import body_of
from services.ticket.webhooks.model import (
    KEPT_FOR,
    Attempt,
    Delivery,
    Target,
    Webhook,
    WebhookState,
    a_jitter,
    outcome,
    wish_of,
)
from services.ticket.webhooks.ports import Behind, DeliveryQueue, WebhookLog
from services.ticket.webhooks.signing import signed_headers

SECONDS = 15.0
FIRST_BYTES = 1024
MOST_TARGETS, MOST_OF_A_TENANT, AT_ONCE = 64, 4, 4

_BATCH = 500
# After these it is looked up again: it may be stopped, or have another secret.
_MOST_ROUNDS = 25
_LEASE = timedelta(minutes=2)
_SECONDS_BETWEEN_PRUNINGS = 3600.0
_NOTHING_LEFT = "there is nothing to send"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

log = structlog.get_logger()


class Sender:
    def __init__(
        self,
        events: WebhookLog,
        queue: DeliveryQueue,
        outbound: Outbound,
        sealer: Sealer,
        clock: Clock,
        *,
        poll_seconds: float = 1.0,
    ) -> None:
        self._events = events
        self._queue = queue
        self._outbound = outbound
        self._sealer = sealer
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._busy: dict[tuple[TenantId, str], asyncio.Task[int]] = {}

    async def run(self) -> None:
        """A background job."""
        pruned = -_SECONDS_BETWEEN_PRUNINGS
        try:
            while True:
                await self.spread()
                await self.start_due()
                if time.monotonic() - pruned >= _SECONDS_BETWEEN_PRUNINGS:
                    pruned = time.monotonic()
                    await self._queue.prune(self._clock() - KEPT_FOR)
                await asyncio.sleep(self._poll_seconds)
        finally:
            for task in self._busy.values():
                task.cancel()

    async def spread(self) -> None:
        """Makes deliveries of all that is new in the log."""
        while behind := await self._events.list_behind(_BATCH):
            if not sum([await self._spread(each) for each in behind]):
                return

    async def send_due(self) -> int:
        """Returns how many were tried, once all are through."""
        tasks = await self.start_due()
        return sum(await asyncio.gather(*tasks))

    async def start_due(self) -> list[asyncio.Task[int]]:
        """One task for each webhook, so that none waits for another one's receiver."""
        of_tenant = Counter(tenant_id for tenant_id, _ in self._busy)
        tasks = []
        for target in await self._queue.list_targets(self._clock(), MOST_TARGETS * 2):
            key = (target.tenant_id, target.webhook.webhook_id)
            is_full = len(self._busy) >= MOST_TARGETS
            if is_full or key in self._busy or of_tenant[target.tenant_id] >= MOST_OF_A_TENANT:
                continue
            of_tenant[target.tenant_id] += 1
            task = self._busy[key] = asyncio.create_task(self._drain(target))
            task.add_done_callback(partial(self._end, key))
            tasks.append(task)
        return tasks

    def _end(self, key: tuple[TenantId, str], task: asyncio.Task[int]) -> None:
        del self._busy[key]
        if not task.cancelled() and task.exception() is not None:
            log.error("a webhook failed", webhook_id=key[1], exc_info=task.exception())

    async def _spread(self, behind: Behind) -> int:
        try:
            return await self._events.spread(behind, self._clock())
        except StorageUnavailable:
            raise
        except MeshError as error:
            log.warning("events were not taken", webhook_id=behind.webhook_id, reason=error.reason)
            return 0

    async def _drain(self, target: Target) -> int:
        """Sends until nothing is due, or until something is not taken."""
        tried = 0
        try:
            for _ in range(_MOST_ROUNDS):
                # A receiver that has failed gets one message, to show that it is back.
                limit = 1 if target.webhook.failures else AT_ONCE
                now = self._clock()
                claimed = await self._queue.claim(target, now, now + _LEASE, limit)
                if not claimed:
                    return tried
                tried += len(claimed)
                after = await asyncio.gather(*(self._deliver(target, each) for each in claimed))
                failed = [webhook for webhook in after if webhook.failures]
                if failed:
                    return tried
                target = replace(target, webhook=after[-1])
            return tried
        except MeshError as error:
            log.warning("a webhook was not told", tenant_id=target.tenant_id, reason=error.reason)
            return tried

    async def _deliver(self, target: Target, delivery: Delivery) -> Webhook:
        """Returns what the webhook is after it."""
        attempt = await self._try(target, delivery)
        if attempt is None:
            gone = replace(delivery, next_time=None, problem=_NOTHING_LEFT)
            await self._queue.keep(target, gone, target.webhook)
            return target.webhook
        webhook, delivery = outcome(target.webhook, delivery, attempt, a_jitter())
        await self._queue.keep(target, delivery, webhook)
        if webhook.state is WebhookState.FAILED:
            log.warning("webhook stopped", webhook_id=webhook.webhook_id)
        return webhook

    async def _try(self, target: Target, delivery: Delivery) -> Attempt | None:
        """None where there is nothing to be sent any more."""
        happened = None
        if delivery.seq:
            happened = await self._queue.find_happened(target, delivery)
            if happened is None:
                return None
        webhook, tenant_id = target.webhook, target.tenant_id
        now, begin = self._clock(), time.monotonic()
        body = body_of(delivery, webhook, tenant_id, happened)
        signing = [
            opened(self._sealer, sealed, tenant_id, webhook.webhook_id)
            for sealed in target.secrets.in_use(now)
        ]
        headers = {
            "content-type": "application/json",
            **signed_headers(delivery.delivery_id, now, body, signing),
        }
        try:
            answer = await self._outbound.push(webhook.url, body, FIRST_BYTES, headers)
        except OutboundRefused as error:
            return Attempt(now, _since(begin), problem=error.problem)
        text = _UNPRINTABLE.sub("", answer.body.decode(errors="replace"))
        attempt = Attempt(now, _since(begin), answer.status, text)
        if attempt.is_taken:
            return attempt
        problem = f"it answered {answer.status}"
        return replace(attempt, problem=problem, retry_after=wish_of(answer.retry_after, now))


def _since(begin: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - begin)
