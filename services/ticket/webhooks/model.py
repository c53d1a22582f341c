"""A webhook, what is sent to it, and when what was not taken is tried again."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from services.mesh.caller import TenantId

MOST_WEBHOOKS = 100
GIVE_UP_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
KEPT_FOR = timedelta(days=30)

_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=6)
_LONGEST_WISH = timedelta(days=1)
# A receiver that is away is asked this often whether it is back, whatever its deliveries wait for.
_LONGEST_REST = timedelta(minutes=30)
_SPREAD = 0.2
_TAKEN = range(200, 300)
_GONE = 410


class WebhookState(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class WebhookContent:
    """What an admin says of a webhook."""

    url: str
    event_types: tuple[str, ...] = ()
    description: str = ""
    include_personal_data: bool = False
    include_internal: bool = False


@dataclass(frozen=True)
class Webhook:
    webhook_id: str
    url: str
    event_types: tuple[str, ...]
    description: str
    include_personal_data: bool
    include_internal: bool
    create_time: datetime
    state: WebhookState = WebhookState.ENABLED
    failing_since: datetime | None = None
    failures: int = 0  # in a row
    resume_time: datetime | None = None
    problem: str = ""


@dataclass(frozen=True)
class SealedSecrets:
    """The newest one, and the one before as long as it signs as well."""

    newest: str
    previous: str = ""
    previous_expire_time: datetime | None = None

    def in_use(self, now: datetime) -> tuple[str, ...]:
        if self.previous and self.previous_expire_time and now < self.previous_expire_time:
            return self.newest, self.previous
        return (self.newest,)


@dataclass(frozen=True)
class Attempt:
    """What came of one try. A status of 0 is none: nothing was answered."""

    start_time: datetime
    duration: timedelta
    status_code: int = 0
    answer: str = ""
    problem: str = ""
    retry_after: timedelta = timedelta()

    @property
    def is_taken(self) -> bool:
        return self.status_code in _TAKEN

    @property
    def is_gone(self) -> bool:
        return self.status_code == _GONE


@dataclass(frozen=True)
class Delivery:
    """`begin_time` is when it was first to be sent, or was replayed last."""

    delivery_id: str
    webhook_id: str
    event_type: str
    create_time: datetime
    begin_time: datetime
    seq: int = 0
    ticket_id: str = ""
    about_webhook_id: str = ""  # where it is about none of a ticket
    tries: int = 0
    next_time: datetime | None = None
    delivered_time: datetime | None = None
    last_time: datetime | None = None
    duration_ms: int = 0
    status_code: int = 0
    answer: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Target:
    """A webhook that may be told something now."""

    tenant_id: TenantId
    webhook: Webhook
    secrets: SealedSecrets


def outcome(
    webhook: Webhook, delivery: Delivery, attempt: Attempt, jitter: float
) -> tuple[Webhook, Delivery]:
    """What both are after a try, which the delivery's `tries` count already."""
    delivery = replace(
        delivery,
        last_time=attempt.start_time,
        duration_ms=attempt.duration // timedelta(milliseconds=1),
        status_code=attempt.status_code,
        answer=attempt.answer,
        problem=attempt.problem,
        delivered_time=attempt.start_time if attempt.is_taken else None,
        next_time=None if attempt.is_taken else _next_try(delivery, attempt, jitter),
    )
    if attempt.is_taken:
        return working(webhook), delivery
    failures = webhook.failures + 1
    since = webhook.failing_since or attempt.start_time
    is_given_up = attempt.is_gone or attempt.start_time - since >= DISABLE_AFTER
    rest = max(_pause(failures, _LONGEST_REST, jitter), attempt.retry_after)
    failing = replace(
        webhook,
        failures=failures,
        failing_since=since,
        resume_time=attempt.start_time + rest,
        problem=attempt.problem,
        state=WebhookState.FAILED if is_given_up else webhook.state,
    )
    return failing, delivery


def working(webhook: Webhook) -> Webhook:
    """As one that has not failed."""
    return replace(webhook, failures=0, failing_since=None, resume_time=None, problem="")


def a_jitter() -> float:
    return random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - spreads load, hides nothing


def wish_of(retry_after: str, now: datetime) -> timedelta:
    """What a Retry-After header asks for, in seconds or as a date; within a day."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WISH)
    try:
        time = parsedate_to_datetime(text)
    except ValueError:
        return timedelta()
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return min(max(time - now, timedelta()), _LONGEST_WISH)


def _next_try(delivery: Delivery, attempt: Attempt, jitter: float) -> datetime | None:
    if attempt.start_time - delivery.begin_time >= GIVE_UP_AFTER:
        return None
    pause = _pause(delivery.tries, _LONGEST_PAUSE, jitter)
    return attempt.start_time + max(pause, attempt.retry_after)


def _pause(times: int, longest: timedelta, jitter: float) -> timedelta:
    doublings: int = 2 ** min(max(times - 1, 0), 20)
    return min(_FIRST_PAUSE * doublings, longest) * jitter
