"""Somebody with the database in hand changes one thing in a long chain: is it found, and named?

python -m tests.security --only audit-chain
"""

import gc
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from services.mesh.audit import chain as chain_module
from services.mesh.audit.anchors import Anchor
from services.mesh.audit.chain import ChainCheck, Fault
from services.mesh.audit.record import MAC, MacKey
from tests.security.chain_file import ChainFile
from tests.security.chains import ATTACKS, KEY, Attack, Chain, a_chain, attack, is_named_right
from tests.security.progress import Progress
from tests.security.section import Control, Figure, Outcome, Scale, Section

FIGURE = Figure("audit chain: tampering found, first bad record named", "1,000 of 1,000", 1000)

_WORKERS = 2
_TRIALS_AT_ONCE = 10
_LENGTH = {Scale.FULL: 100_000, Scale.SHORT: 2_000}
_TRIALS = {Scale.FULL: 1000, Scale.SHORT: 100}
_IN_A_FILE = {Scale.FULL: 25, Scale.SHORT: 5}
_CONTROLS = {Scale.FULL: 50, Scale.SHORT: 25}


@dataclass(frozen=True)
class Told:
    number: int
    kind: str
    what: str
    first_bad: int
    fault: Fault | None

    @property
    def is_right(self) -> bool:
        return self.fault is not None and self.fault.seq == self.first_bad

    @property
    def line(self) -> str:
        found = f"{self.fault.kind} at {self.fault.seq}" if self.fault else "nothing"
        return f"trial {self.number}, {self.kind} {self.what} at {self.first_bad}: found {found}"


async def run(scale: Scale, seed: int) -> Outcome:
    length, count = _LENGTH[scale], _TRIALS[scale]
    chain = a_chain(seed, length)
    begun = time.process_time()
    sound = verdict_on(chain.rows, chain, chain.anchors)
    seconds = time.process_time() - begun
    told = list(_all_trials(seed, length, count))
    failures = [each.line for each in told if not each.is_right]
    failures += [f"the sound chain: {sound.description}"] if sound else []
    failures += await _disagreements(chain, seed, _IN_A_FILE[scale])
    without = _missed_without(chain, seed, _CONTROLS[scale])
    return Outcome(
        len(told),
        failures,
        Control(
            "MACs or anchors", caught=all(missed == tried for missed, tried in without.values())
        ),
        [
            *_table(told),
            f"{length:,} records verified in {seconds * 1000:.0f} ms of processor time",
            f"{_IN_A_FILE[scale]} trials done by SQL in a file: same verdict",
            *(
                f"without {what}: {missed} of {tried} missed"
                for what, (missed, tried) in without.items()
            ),
        ],
    )


def verdict_on(
    rows: Iterable[Sequence[object]],
    chain: Chain,
    anchors: Sequence[Anchor],
    made: Attack | None = None,
) -> Fault | None:
    check = ChainCheck(lambda _: MacKey(KEY), anchors)
    check.feed(rows)
    return check.finish(made.head if made else chain.head)


def _all_trials(seed: int, length: int, count: int) -> Iterator[Told]:
    progress = Progress("trials", count)
    starts = range(0, count, _TRIALS_AT_ONCE)
    with ProcessPoolExecutor(_WORKERS, initializer=_prepare, initargs=(seed, length)) as pool:
        for some in pool.map(_some_trials, [(seed, start, count) for start in starts]):
            progress.step(len(some))
            yield from some


_chain: Chain | None = None


def _prepare(seed: int, length: int) -> None:
    global _chain  # noqa: PLW0603  each worker makes the chain once
    _chain = a_chain(seed, length)
    # Millions of values that stay: looking at them again would take longer than the trials.
    gc.freeze()


def _some_trials(which: tuple[int, int, int]) -> list[Told]:
    seed, start, count = which
    if _chain is None:
        raise RuntimeError("a worker that was not prepared")
    return [_trial(_chain, seed, n) for n in range(start, min(start + _TRIALS_AT_ONCE, count))]


def _trial(chain: Chain, seed: int, number: int) -> Told:
    made = _attack(chain, seed, number)
    fault = verdict_on(made.rows, chain, chain.anchors, made)
    return Told(number, made.kind, made.what, made.first_bad, fault)


def _attack(chain: Chain, seed: int, number: int) -> Attack:
    kind = list(ATTACKS)[number % len(ATTACKS)]
    return attack(chain, kind, random.Random(f"{seed} {number}"))


async def _disagreements(chain: Chain, seed: int, count: int) -> list[str]:
    """Where a file that was tampered with by SQL gets another verdict than the rows in memory."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-chain-") as folder:
        file = ChainFile(Path(folder), chain)
        await file.fill()
        sound = (await file.verdict_on(None)).fault
        found = [f"the sound file: {sound.description}"] if sound else []
        for number in range(count):
            made = _attack(chain, seed, number)
            expected = verdict_on(made.rows, chain, chain.anchors, made)
            fault = (await file.verdict_on(made)).fault
            if fault != expected or not is_named_right(fault, made):
                found.append(f"trial {number} in a file: {fault}, in memory: {expected}")
    return found


def _missed_without(chain: Chain, seed: int, count: int) -> dict[str, tuple[int, int]]:
    """With a defence away, how many attacks of the kind that it is there for go unnoticed."""
    attacks = [_attack(chain, seed, number) for number in range(count)]
    quiet = [made for made in attacks if made.kind in ("swap", "insert")]
    quiet += [made for made in attacks if made.kind == "mutate" and made.what not in ("seq", "mac")]
    cut = [made for made in attacks if made.kind == "truncate"]
    with _without_macs():
        missed = [made for made in quiet if verdict_on(made.rows, chain, (), made) is None]
    unanchored = [made for made in cut if verdict_on(made.rows, chain, (), made) is None]
    return {
        "the check of MACs": (len(missed), len(quiet)),
        "anchors, cut tails": (len(unanchored), len(cut)),
    }


@contextmanager
def _without_macs() -> Iterator[None]:
    with patch.object(chain_module, "mac_of", lambda row, *_: row[MAC]):
        yield


def _table(told: Sequence[Told]) -> list[str]:
    tried = Counter(each.kind for each in told)
    found = Counter(each.kind for each in told if each.fault is not None)
    named = Counter(each.kind for each in told if each.is_right)
    return [
        f"{kind:9} {tried[kind]:4} tried, {found[kind]:4} found, {named[kind]:4} named right"
        for kind in ATTACKS
    ]


SECTION = Section("audit-chain", FIGURE, run)
