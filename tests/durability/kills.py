"""Kills one thing after another while people write, and says what was lost or is there twice."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.durability.desk import Desk, Victim, running_desk
from tests.durability.left import what_is_left
from tests.durability.load import Writers, Written
from tests.durability.outgoing import MOST_COPIES, Outgoing, arrived, calls, faults, letters

CREATORS, COMMENTERS, MAILERS = 4, 2, 2
MAILED_TICKETS = 3
_LONGEST_PAUSE_SECONDS = 0.6
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    database: str
    kills: Counter[Victim]
    written: Written
    sent_twice: int
    faults: list[str]
    # How long nothing was acknowledged.
    longest_silence: float = field(default=0.0)


async def run(
    folder: Path,
    kills: int,
    *,
    on_postgresql: bool,
    with_request_id: bool = True,
    victims: list[Victim] | None = None,
    seed: int = 7,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    async with letters(folder) as mail, calls(folder) as webhook:
        more = {**mail.settings, **webhook.settings}
        with running_desk(folder / "desk", on_postgresql=on_postgresql, more=more) as desk:
            return await _run(
                desk,
                [mail, webhook],
                kills,
                victims or desk.victims,
                random.Random(seed),  # noqa: S311  the same kills each time
                with_request_id=with_request_id,
                say=say,
            )


async def _run(
    desk: Desk,
    outgoing: Sequence[Outgoing],
    kills: int,
    victims: list[Victim],
    dice: random.Random,
    *,
    with_request_id: bool,
    say: Callable[[str], None],
) -> Outcome:
    written = Written()
    writers = Writers(desk, written, with_request_id)
    for each in outgoing:
        await each.begin(desk)
    commented = await _mailed_tickets(desk, writers)
    killed: Counter[Victim] = Counter()
    silence = 0.0
    async with _working(writers, commented) as working:
        for turn in range(kills):
            victim = victims[turn % len(victims)]
            await asyncio.sleep(dice.uniform(0, _LONGEST_PAUSE_SECONDS))
            await desk.kill(victim)
            killed[victim] += 1
            silence = max(silence, await _until_more_is_written(written, working))
            say(f"{turn + 1} of {kills}: {victim}, {written.count:,} acknowledged")
        writers.stop()
        await asyncio.wait_for(asyncio.gather(*working), _LONGEST_WAIT_SECONDS)
    expected = set(written.comments)
    for each in outgoing:
        await _wait_for(each, desk, expected)
    left = await what_is_left(desk, commented)
    sent_twice = sum(n == MOST_COPIES for each in outgoing for n in arrived(each).values())
    found = [*written.faults, *left.faults(written)]
    found += [fault for each in outgoing for fault in faults(each, expected)]
    return Outcome(
        "PostgreSQL" if desk.postgresql else "SQLite", killed, written, sent_twice, found, silence
    )


async def _mailed_tickets(desk: Desk, writers: Writers) -> list[str]:
    """Comments on these go out by mail, too."""
    subjects = [await writers.mail_once() for _ in range(MAILED_TICKETS)]
    left = await what_is_left(desk, ())
    return [left.tickets[subject][0] for subject in subjects]


@asynccontextmanager
async def _working(
    writers: Writers, commented: list[str]
) -> AsyncIterator[list[asyncio.Task[None]]]:
    working = [
        *(asyncio.create_task(writers.create()) for _ in range(CREATORS)),
        *(asyncio.create_task(writers.comment(commented)) for _ in range(COMMENTERS)),
        *(asyncio.create_task(writers.mail()) for _ in range(MAILERS)),
    ]
    try:
        yield working
    finally:
        unfinished = set(working)
        # A library may take being cancelled for a broken connection, and the task tries again.
        while unfinished:
            for task in unfinished:
                task.cancel()
            _, unfinished = await asyncio.wait(unfinished, timeout=1)


async def _until_more_is_written(written: Written, working: list[asyncio.Task[None]]) -> float:
    """Of each kind, so that the next kill strikes all of them at work."""
    begun = time.monotonic()
    before = len(written.tickets), len(written.comments), len(written.mails)
    while True:
        for task in working:
            if task.done():
                task.result()
        now = len(written.tickets), len(written.comments), len(written.mails)
        if all(after > old for after, old in zip(now, before, strict=True)):
            return time.monotonic() - begun
        if time.monotonic() - begun > _LONGEST_WAIT_SECONDS:
            raise TimeoutError("nothing is acknowledged any more")
        await asyncio.sleep(0.02)


async def _wait_for(outgoing: Outgoing, desk: Desk, expected: set[str]) -> None:
    begun = time.monotonic()
    while expected - arrived(outgoing).keys():
        if time.monotonic() - begun > _LONGEST_WAIT_SECONDS:
            return
        await outgoing.hurry(desk)
        await asyncio.sleep(1)
